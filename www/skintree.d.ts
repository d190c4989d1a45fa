/**
 * Types of skintree's JavaScript interface. The report is described in docs/formats.md; a field's meaning is
 * explained there, its type here.
 */

/** A text in human languages. English is always there; others may be. */
export interface LocalText {
  en: string;
  [language: string]: string | undefined;
}

export type EngineName = 'wonnx' | 'cpu';

/** `auto` takes the GPU where it works and gives right numbers, else the CPU, and says why. */
export type EngineChoice = 'auto' | EngineName;

export type Level = 'class' | 'group' | 'disease';

export interface EngineInfo {
  name: EngineName;
  requested: EngineChoice;
  /** What the GPU driver calls itself; `null` on the CPU. */
  adapter: string | null;
  /** Which kernels ran on the GPU, such as `tiles`; not there on the CPU. */
  kernels?: string;
  /** Why `auto` did not take the GPU, in one English sentence. */
  fallback_reason: string | null;
  /** The largest absolute difference from the pack's self-test logits. */
  self_test_max_abs_diff: number;
}

export interface ModelInfo {
  id: string;
  version: string;
  /** Of the ONNX file. */
  sha256: string;
  manifest_sha256: string;
  licence: string;
  trained_on: LocalText;
  intended_use: LocalText;
}

export interface PhotoInfo {
  format: string;
  width: number;
  height: number;
  /** The EXIF orientation that was undone; 1 means upright as stored. */
  orientation: number;
  sha256: string;
}

export interface FineResult {
  id: string;
  name: LocalText;
  icd10: string | null;
  probability: number;
}

export interface NodeResult extends FineResult {
  /** `false`: the model has no class below this node, so its 0 means "cannot know". */
  covered: boolean;
}

export interface TreeNode extends NodeResult {
  parent: string | null;
  level: Level;
  note: LocalText | null;
  /** The node is one of the model's own classes. */
  fine: boolean;
}

export interface TaskSide {
  name: LocalText;
  probability: number;
}

export interface TaskResult {
  id: string;
  name: LocalText;
  positive: TaskSide;
  negative: TaskSide;
  /** How much of the whole probability both sides have together; small means the photo probably shows neither. */
  mass: number;
  operating_points: OperatingPoint[];
}

/** A threshold on the probability of a question's positive side. */
export interface OperatingPoint {
  id: string;
  threshold: number;
  /** What the threshold did on photos held out from the training. */
  sensitivity: number;
  specificity: number;
  /** The probability reaches the threshold. */
  positive: boolean;
}

/** How the photo was taken, in numbers; docs/formats.md explains them. */
export interface Quality {
  sharpness: number;
  brightness: number;
  contrast: number;
  dark_clipped: number;
  bright_clipped: number;
}

/** How far the photo is from those the model was trained on. */
export interface Scope {
  /** 0 to 1; the farther, the higher. */
  score: number;
  threshold: number;
  in_scope: boolean;
}

/** How much each part of the photo adds to one node, as a class activation map. */
export interface HeatMap {
  node: string;
  /** The part of the upright photo that the map covers, in pixels. */
  region: { x: number; y: number; width: number; height: number };
  /** Columns and rows. */
  width: number;
  height: number;
  /** `width * height` values, row by row, in the unit of logits. */
  values: number[];
}

export interface Warning {
  code: string;
  message: LocalText;
}

export interface Timings {
  decode_ms: number;
  input_ms: number;
  engine_ms: number;
  rollup_ms: number;
  total_ms: number;
}

/** Which kind of photo it was taken for; temperature, operating points and limits are those of the kind. */
export interface PhotoKind {
  /** E.g. `dermoscopic` or `clinical`. */
  id: string;
  name: LocalText;
  /** Probability of this kind by the pack's kind file, 0 to 1. */
  probability: number;
  /** The caller said so (`photoKind`). */
  given: boolean;
  /** How good the model is on such photos. */
  figures: LocalText | null;
  /** The other kinds that the pack knows. */
  others: { id: string; name: LocalText }[];
}

export interface Report {
  schema: 'skintree.report/1';
  disclaimer: LocalText;
  model: ModelInfo;
  engine: EngineInfo;
  photo: PhotoInfo;
  /** `null` if the pack knows one kind of photo only. */
  photo_kind?: PhotoKind | null;
  quality: Quality;
  /** `null` if the pack does not say how to tell. */
  scope: Scope | null;
  /** Over how many views of the photo the logits were averaged. */
  views: number;
  /** The top-k training classes, most probable first. */
  fine: FineResult[];
  /** Every node of the level, most probable first. */
  groups: NodeResult[];
  classes: NodeResult[];
  tasks: TaskResult[];
  /** Every node, parents before children, children by falling probability. */
  tree: TreeNode[];
  /** Only if asked for with `heatMaps`. */
  heat_maps?: HeatMap[];
  warnings: Warning[];
  timings: Timings;
}

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
  /** Of the page that evaluates the model (evaluate.html) only. */
  | 'labels'
  | 'aborted'
  | 'internal';

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
  classify(photo: PhotoSource, options?: ClassifyOptions): Promise<Report>;

  /** Ends the worker and gives back its memory. Calls under way and later ones reject with `aborted`. */
  free(): void;
}
