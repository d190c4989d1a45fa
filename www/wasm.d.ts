/** What `pkg/skintree.js`, made from src/web by wasm-bindgen, offers to the worker. */
import type { ClassifierInfo, ClassifyOptions, EngineChoice, Report } from './skintree.js';

export interface PackFile {
  role: 'model' | 'taxonomy' | 'scope';
  path: string;
  bytes: number;
  sha256: string;
}

export type WasmOptions = Pick<ClassifyOptions, 'topK' | 'heatMaps' | 'views'>;

export interface WasmClassifier {
  classify(bytes: Uint8Array, options: WasmOptions): Promise<Report>;
  classifyRgba(
    data: Uint8Array | Uint8ClampedArray,
    width: number,
    height: number,
    options: WasmOptions,
  ): Promise<Report>;
  info(): Omit<ClassifierInfo, 'load'>;
  free(): void;
}

export interface WasmModule {
  default(init?: { module_or_path?: string | URL }): Promise<unknown>;
  /** Checks the manifest and lists what it names. */
  packFiles(manifest: Uint8Array): PackFile[];
  WebClassifier: {
    load(
      manifest: Uint8Array,
      model: Uint8Array,
      taxonomy: Uint8Array,
      scope: Uint8Array | undefined,
      options: { engine: EngineChoice; kernels?: string },
    ): Promise<WasmClassifier>;
  };
}
