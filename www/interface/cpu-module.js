// What the CPU engine and its threads have in common: the wasm module, messages, and how they wait for each other. Apart from cpu-helpers.js,
// which starts the threads: bundlers would not come to an end with a worker that names itself.

import { startModule } from './wasm-module.js';

/** @import {CpuModule} from './wasm.js' */

/** A thread that has not answered for so long is taken for dead. */
export const RUN_MS = 60_000;
/** A tenth of a millisecond or so. */
const SPINS = 20_000;

/** Places in the memory that all threads read: a count of convolutions, which one it is, whether a thread failed, and from the last on for each the count that it has computed. */
export const TURN = 0;
export const CONVOLUTION = 1;
export const FAILED = 2;
export const DONE = 3;

/**
 * What a thread is told.
 *
 * @typedef {{type: 'start', module: WebAssembly.Module, floats: boolean, relaxed: boolean}
 *   | {type: 'add', share: Share}
 *   | {type: 'share', control: SharedArrayBuffer, done: number, image: SharedArrayBuffer, result: SharedArrayBuffer}
 *   | {type: 'run'}} ToHelper
 */

/** @typedef {[shape: Uint32Array, weights: Uint8Array, factors: Float32Array, biases: Float32Array]} Share as Rust's `Share` */

/**
 * @param {boolean} relaxed
 * @param {WebAssembly.Module} [compiled]
 * @returns {Promise<CpuModule>}
 */
export function startCpuModule(relaxed, compiled) {
  return relaxed
    ? // @ts-ignore: made by the build
      startModule('../pkg/skintree_cpu_relaxed', () => import('../pkg/skintree_cpu_relaxed.js'), compiled)
    : // @ts-ignore: made by the build
      startModule('../pkg/skintree_cpu', () => import('../pkg/skintree_cpu.js'), compiled);
}

/** @param {WebAssembly.Memory} memory @param {number} address @param {number} length */
export function bytesAt(memory, address, length) {
  return new Uint8Array(memory.buffer, address, length);
}

/**
 * Waits until a number in shared memory is another one: first without sleep, because waking a thread takes as long as a small convolution.
 *
 * @param {Int32Array} control
 * @param {number} place
 * @param {number} value what it is
 * @param {number} [timeout] in milliseconds
 * @returns {boolean} false if it has not changed until then
 */
export function waitForChange(control, place, value, timeout) {
  for (let i = 0; i < SPINS; i++) {
    if (Atomics.load(control, place) !== value) return true;
  }
  // It may be woken for an earlier change, which it saw before it slept.
  while (Atomics.load(control, place) === value) {
    if (Atomics.wait(control, place, value, timeout) === 'timed-out') return false;
  }
  return true;
}
