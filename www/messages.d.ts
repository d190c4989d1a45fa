/** What skintree.js and worker.js say to each other. */
import type { ClassifierInfo, EngineChoice, Progress, Report } from './skintree.js';
import type { WasmOptions } from './wasm.js';

export type Photo =
  | { kind: 'blob'; blob: Blob }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'rgba'; data: Uint8ClampedArray; width: number; height: number };

export type Request =
  | { type: 'load'; packUrl: string; engine: EngineChoice }
  | { type: 'classify'; id: number; photo: Photo; options: WasmOptions };

export interface Failure {
  code: string;
  message: string;
}

export type Answer =
  | { type: 'progress'; progress: Progress }
  | { type: 'loaded'; info: ClassifierInfo }
  | { type: 'load-failed'; failure: Failure }
  | { type: 'report'; id: number; report: Report }
  | { type: 'failed'; id: number; failure: Failure }
  /** The wasm instance can't be trusted any more (a trap); the worker is of no more use. */
  | { type: 'dead'; failure: Failure };
