/** What pages and workers say to each other: calls of functions, one answer each. */
import type { ClassifierInfo, EngineChoice, Progress, Report } from '../skintree.js';
import type { WasmOptions } from './wasm.js';

export interface Call {
  id: number;
  method: string;
  args: unknown[];
}

export interface Failure {
  code: string;
  message: string;
  /** Which of several things it is that have one code, where a page says it in the visitor's words. */
  reason?: string;
}

export type Reply =
  /** The worker's script runs. */
  | { type: 'started' }
  | { type: 'progress'; progress: Progress }
  /** What the worker has compiled, for the next one. */
  | { type: 'compiled'; compiled: CompiledClassifier }
  /** The CPU engine wants threads: a port for each, and one as `startThreads` takes it. */
  | { type: 'threads'; ports: MessagePort[]; control: MessagePort }
  | { type: 'result'; id: number; result: unknown }
  | { type: 'failed'; id: number; failure: Failure }
  /** The wasm instance can't be trusted any more (a trap); the worker is of no more use. */
  | { type: 'dead'; failure: Failure };

export type Photo =
  | { kind: 'blob'; blob: Blob }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'rgba'; data: Uint8ClampedArray; width: number; height: number };

/** Where the files of a pack are. */
export interface PackAddress {
  /** Under which this browser keeps it: that of the manifest, unless a bundler gives that another one with each version. */
  name: string;
  /** URL of the manifest. */
  manifest: string;
  /** URLs of the files that do not lie where the manifest says, by the names that it gives them. */
  files: Record<string, string>;
}

/** The wasm module that classifies, compiled; `gpu`: the one with the GPU engine. */
export interface CompiledClassifier {
  gpu: boolean;
  module: WebAssembly.Module;
}

/** What worker.js does. Each call is answered before the next is made. */
export interface ClassifierCalls {
  /** `compiled` is of an earlier worker. */
  load(pack: PackAddress, engine: EngineChoice, compiled: CompiledClassifier | undefined): ClassifierInfo;
  classify(photo: Photo, options: WasmOptions): Report;
}

/** How a worker does them: at once or later. */
export type Handlers<C> = {
  [M in keyof C]: C[M] extends (...args: infer A) => infer R ? (...args: A) => R | Promise<R> : never;
};
