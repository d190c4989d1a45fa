/** Types of skintree's JavaScript interface. Those of reports are in report.d.ts, which is made from the Rust code. */

import type { EngineInfo, ModelInfo, Report } from './report.js';

export type * from './report.js';

export type EngineName = EngineInfo['name'];

/** `auto` takes the GPU where it works and gives right numbers, else the CPU, and says why. */
export type EngineChoice = 'auto' | EngineName | 'cpu-f32';

/** What `classify` takes. Everything from `ImageData` on is read as pixels, at its natural size. */
export type PhotoSource =
  | Blob
  | ArrayBuffer
  | Uint8Array
  | ImageData
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement;

export interface Progress {
  /**
   * `download`: the pack's files, from the network or this browser's storage. `compile`: checking, compiling and the
   * self-test, which is also the warm-up run; it has no measure, so `loaded` stays at `total`.
   */
  phase: 'download' | 'compile';
  /** The file that moved, as the manifest names it; `null` outside `download`. */
  file: string | null;
  /** Bytes of all files of the pack together, after HTTP decoding. */
  loaded: number;
  /** Taken from the manifest, so it is right under any content encoding. */
  total: number;
}

export interface LoadOptions {
  engine?: EngineChoice;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
  /**
   * The folder that holds `worker.js` and `pkg/`, where a bundler or a server has moved them away from this module.
   * It must be of the page's own origin, as browsers start workers from nowhere else.
   */
  baseUrl?: string | URL;
}

export interface ClassifyOptions {
  /** How many entries `report.fine` has at most; 5 when left out. */
  topK?: number;
  /**
   * Over how many views of the photo (as it is, mirrored, upside down, both) the answer is averaged: 1, the default, to
   * 4. Each costs one run of the network; the model card says what it gains.
   */
  views?: number;
  /**
   * Of which nodes `report.heat_maps` shows where in the photo their probability comes from: ids of `report.tree`, or
   * every node that is covered. A node without a class, or a pack without a feature map, rejects with `heat-map`.
   */
  heatMaps?: 'all' | readonly string[];
  /** The kind of photo, if it is known: an id of the pack. Left out, the pack tells; unknown ids reject with `photo-kind`. */
  photoKind?: string;
  signal?: AbortSignal;
}

export interface LoadTimings {
  /** Fetching or reading the pack, in wall-clock milliseconds. */
  download_ms: number;
  /** Checking, compiling, self-test. */
  compile_ms: number;
  /** Bytes that came over the network; 0 when storage had it all. */
  fetched_bytes: number;
}

export interface ClassifierInfo extends Pick<ModelInfo, 'id' | 'version' | 'sha256' | 'manifest_sha256'> {
  /** How many diagnoses the model tells apart. */
  classes: number;
  engine: EngineInfo;
  load: LoadTimings;
}

export type ErrorCode =
  | 'photo-format'
  | 'photo-broken'
  | 'photo-too-large'
  /** The browser gives noise to those who read a picture's pixels (protection against fingerprinting). */
  | 'photo-blocked'
  | 'photo-kind'
  /** Of the page that evaluates the model (evaluate.html) only. */
  | 'photo-missing'
  | 'pack-manifest'
  | 'pack-truncated'
  | 'pack-hash'
  | 'pack-graph'
  | 'taxonomy'
  | 'heat-map'
  | 'engine-unavailable'
  | 'engine-self-test'
  | 'engine-failed'
  | 'gpu-lost'
  | 'gpu-memory'
  | 'network'
  /** The site is not set up as it should be, or a rule of it or of the browser forbids what is needed: its owner must act. */
  | 'site-setup'
  | 'site-policy'
  /** Of the page that evaluates the model (evaluate.html) only. */
  | 'labels'
  /** Of `toFHIR`: what is not a report of this version, and options that FHIR does not allow. */
  | 'report'
  | 'fhir-option'
  | 'aborted'
  | 'internal';

/** FHIR's `Reference`; at least one of `reference`, `identifier.value` and `display`. */
export interface FhirReference {
  /** A URL, absolute or relative to the server: `Patient/7`. */
  reference?: string;
  /** Which kind of resource it is: `Patient`. */
  type?: string;
  identifier?: { system?: string; value?: string };
  display?: string;
}

export interface FhirOptions {
  /** The patient; without it the record names none. */
  subject?: FhirReference;
  /** When the photo was taken: a year, a month, a day, or a moment with its time zone. */
  effectiveDateTime?: string;
  /** The time of the record: a moment with its time zone; now, if left out. */
  issued?: string;
  /** Of names and notes: `en` (the default), `ko`, or another that the pack has. */
  language?: string;
}

/** A report as `classify` gives it. The method is of this object only: a copy of it (JSON, `postMessage`, storage) has none, see fhir.js. */
export interface ClassifiedReport extends Report {
  /**
   * The report as FHIR R4: a `Bundle` as JSON in one line, the same bytes as `skintree classify --fhir` writes. Rejects with
   * `fhir-option`, `report`, and with `network` and the like where the module that writes it cannot be fetched.
   */
  toFHIR(options?: FhirOptions): Promise<string>;
}

/** The only error that `load` and `classify` reject with. */
export class SkintreeError extends Error {
  constructor(code: ErrorCode, message: string, options?: ErrorOptions);
  readonly name: 'SkintreeError';
  readonly code: ErrorCode;
}

export class Classifier {
  private constructor();

  /**
   * Downloads, checks and compiles a model pack in a worker of its own.
   *
   * @param packUrl the manifest, or the folder (ending in `/`) it lies in, relative to the page. By default
   *   `pack/manifest.json` beside this module.
   */
  static load(packUrl?: string | URL, options?: LoadOptions): Promise<Classifier>;

  readonly info: ClassifierInfo;

  /**
   * Classifies one photo. Calls run one after the other, in the order they were made. The photo is read when the
   * call is made (a `Blob` when its turn comes), so a canvas or a video may change afterwards.
   */
  classify(photo: PhotoSource, options?: ClassifyOptions): Promise<ClassifiedReport>;

  /** Ends the worker and gives back its memory. Calls under way and later ones reject with `aborted`. */
  free(): void;
}
