/** What `pkg/skintree.js`, `pkg/skintree_evaluate.js`, `pkg/skintree_dicom.js` and `pkg/skintree_fhir.js`, made by wasm-bindgen, offer. */
import type { HelperStarter } from './cpu-helpers.js';
import type { ClassifierInfo, ClassifyOptions, EngineChoice, EngineInfo, LocalText, Measured, Report } from '../skintree.js';

export interface PackFile {
  role: 'model' | 'taxonomy' | 'scope' | 'kind';
  path: string;
  bytes: number;
  sha256: string;
}

/** What an earlier visit has found out about the device. */
export interface KnownDevice {
  /** What a trial of kernels chose on an adapter. */
  kernels?: { adapter: string; chosen: string };
  measured?: Measured;
}

export type WasmOptions = Pick<ClassifyOptions, 'topK' | 'heatMaps' | 'views' | 'photoKind'> & {
  /** The engine proves itself before it answers. */
  verify?: boolean;
};

export interface WasmClassifier {
  classify(bytes: Uint8Array, options: WasmOptions): Promise<Report>;
  classifyRgba(
    data: Uint8Array,
    width: number,
    height: number,
    options: WasmOptions,
  ): Promise<Report>;
  /** One a class, in the order of the manifest. */
  logits(bytes: Uint8Array): Promise<Float32Array>;
  info(): Omit<ClassifierInfo, 'load'>;
  free(): void;
}

/** How a table of labels is read: `LabelOptions` in crates/evaluate/src/labels.rs. */
export interface LabelOptions {
  fileColumn: string;
  labelColumn: string;
  lesionColumn: string;
  foldColumn: string;
  /** Labels to ids of nodes; an empty id leaves their photos out. */
  map: Record<string, string>;
  only: [column: string, pattern: string][];
  onePer: string | null;
}

export interface UnknownLabel {
  name: string;
  rows: number;
}

/** `report.json` and `report.html`. */
export interface Reports {
  json: string;
  html: string;
}

/** Where a photo of a table is: its place among the paths of the files that are there, or why there is none. */
export interface LocatedPhoto {
  place: number | null;
  failure: string | null;
}

export interface WasmStudy {
  /** The paths of the photos, as the table has them. */
  files(): string[];
  /** The places in `files()` of the photos still to be classified. */
  pending(): Uint32Array;
  answered(file: string, photo: Uint8Array, logits: Float32Array): void;
  /** Whether what is known for this path is the answer to a photo of these bytes; if not, it is forgotten. */
  confirm(file: string, photo: Uint8Array): boolean;
  failed(file: string, code: string, message: string): void;
  saved(): string;
  /** `undefined` if the text is of another pack or engine. */
  restore(text: string): number | undefined;
  finish(): Reports;
  free(): void;
}

/** A square of a photo as a person sees it, turned by quarters clockwise: `Part` in src/photo_part.rs. */
export interface Part {
  turns: number;
  x: number;
  y: number;
  side: number;
}

export interface WasmModule {
  default(init?: { module_or_path?: string | URL | WebAssembly.Module }): Promise<unknown>;
  /** Compiled, once it runs. Not there in the stand-ins of tests. */
  wasmModule?: WebAssembly.Module;
  /** Checks the manifest and lists what it names. */
  packFiles(manifest: Uint8Array): PackFile[];
  /** The part as a PNG file of at most `most` x `most` pixels. */
  partOfPhoto(bytes: Uint8Array, part: Part, most: number): Promise<Uint8Array>;
  WebClassifier: {
    load(
      manifest: Uint8Array,
      model: Uint8Array,
      taxonomy: Uint8Array,
      scope: Uint8Array | undefined,
      kind: Uint8Array | undefined,
      options: { engine: EngineChoice; kernels?: string; known?: KnownDevice },
      helpers?: HelperStarter,
    ): Promise<WasmClassifier>;
  };
}

export interface WasmEvaluation {
  unknownLabels(table: Uint8Array, options: LabelOptions): UnknownLabel[];
  /** What a label can be: all nodes of the taxonomy. */
  nodes(): { id: string; name: LocalText }[];
  study(table: Uint8Array, options: LabelOptions): WasmStudy;
}

export interface TableColumns {
  /** All that can be chosen. */
  names: string[];
  /** The likely ones. */
  file: string | null;
  label: string | null;
  lesion: string | null;
  fold: string | null;
}

export interface EvaluateModule {
  default(init?: { module_or_path?: string | URL | WebAssembly.Module }): Promise<unknown>;
  /** Tables are given as the bytes of their files. */
  tableColumns(table: Uint8Array): TableColumns;
  findPhotos(paths: string[], files: string[]): LocatedPhoto[];
  WebEvaluation: { new (manifest: Uint8Array, taxonomy: Uint8Array, engine: EngineInfo): WasmEvaluation };
}

export interface DicomModule {
  default(init?: { module_or_path?: string | URL | WebAssembly.Module }): Promise<unknown>;
  /** The JPEG or PNG file in a DICOM file, and any other file as it is. */
  photoFile(bytes: Uint8Array): Uint8Array;
}

export interface FhirModule {
  default(init?: { module_or_path?: string | URL | WebAssembly.Module }): Promise<unknown>;
  /** Both are JSON. */
  toFhir(report: string, options: string): string;
}

/** Shares of the convolutions of one network: `WebShares` in crates/cpu/src/web.rs. */
export interface WebShares {
  add(shape: Uint32Array, weights: Uint8Array, factors: Float32Array, biases: Float32Array): void;
  /** Addresses of what the next run reads, and of what it has made. */
  image(): number;
  run(convolution: number): number;
  free(): void;
}

/** `pkg/skintree_cpu.js` and, compiled with relaxed SIMD, `pkg/skintree_cpu_relaxed.js`. */
export interface CpuModule {
  default(init?: { module_or_path?: string | URL | WebAssembly.Module }): Promise<{ memory: WebAssembly.Memory }>;
  wasmModule?: WebAssembly.Module;
  WebShares: { new (floats: boolean): WebShares };
}
