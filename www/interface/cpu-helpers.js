// Helpers of the CPU engine: each computes a share of every convolution. They are threads where the page is isolated from other
// origins and so may share memory with them; in f32, they are also compiled with relaxed SIMD where the browser has it.

import { CONVOLUTION, DONE, FAILED, RUN_MS, TURN, bytesAt, startCpuModule, waitForChange } from './cpu-module.js';
import { SkintreeError } from './errors.js';
import { askForThreads } from './worker-serve.js';

/**
 * @import {Share, ToHelper} from './cpu-module.js'
 * @import {WebShares} from './wasm.js'
 */

/** With more, sending images to them costs what they save. */
const MOST_THREADS = 4;
/** Without an answer for so long they are taken for dead. */
const START_MS = 5_000;

/** Starts helpers when the engine asks for them, or before. */
export class HelperStarter {
  /** @type {{floats: boolean, helpers: Promise<CpuHelpers | null>} | null} */
  #prepared = null;

  /**
   * Begins to start them.
   *
   * @param {boolean} floats
   */
  prepare(floats) {
    this.#prepared ??= { floats, helpers: startHelpers(floats) };
  }

  /**
   * @param {boolean} floats for a network in f32, else for one in integers
   * @returns {Promise<CpuHelpers | null>} `null` where the engine does better alone
   */
  async start(floats) {
    const prepared = this.#prepared;
    this.#prepared = null;
    if (prepared?.floats === floats) return prepared.helpers;
    void this.#stop(prepared);
    return startHelpers(floats);
  }

  /** What was prepared and not asked for goes. */
  stop() {
    void this.#stop(this.#prepared);
    this.#prepared = null;
  }

  /** @param {{helpers: Promise<CpuHelpers | null>} | null} prepared */
  async #stop(prepared) {
    (await prepared?.helpers)?.stop();
  }
}

/** @param {boolean} floats @returns {Promise<CpuHelpers | null>} */
async function startHelpers(floats) {
  const relaxed = floats && hasRelaxedSimd();
  const threads = mostThreads();
  if (threads === 1 && !relaxed) return null;
  try {
    const wasm = await startCpuModule(relaxed);
    const { memory } = await wasm.default();
    const { wasmModule: module } = wasm;
    const started = module ? await startThreads(threads - 1, { type: 'start', module, floats, relaxed }) : NO_THREADS;
    if (started.ports.length === 0 && !relaxed) return null;
    return new CpuHelpers({ shares: new wasm.WebShares(floats), memory, threads: started, relaxed });
  } catch {
    // The engine computes alone.
    return null;
  }
}

/** This one included. */
function mostThreads() {
  const shared = globalThis.crossOriginIsolated && typeof SharedArrayBuffer === 'function' && typeof Worker === 'function';
  return shared ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
}

/** Whether a function with `f32x4.relaxed_madd` in it compiles. */
function hasRelaxedSimd() {
  const zero = [0x41, 0, 0xfd, 0x0f];
  const body = [0, ...zero, ...zero, ...zero, 0xfd, 0x85, 0x02, 0x0b];
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 0x0a, body.length + 2, 1, body.length, ...body];
  return WebAssembly.validate(new Uint8Array(bytes));
}

/** Threads that answer. @typedef {{ports: MessagePort[], stop: () => void}} Threads */

/** @type {Threads} */
const NO_THREADS = { ports: [], stop() {} };

/**
 * @param {number} count
 * @param {ToHelper} start
 * @returns {Promise<Threads>} none if one does not answer
 */
async function startThreads(count, start) {
  if (count === 0) return NO_THREADS;
  const channels = Array.from({ length: count }, () => new MessageChannel());
  const ports = channels.map(({ port1 }) => port1);
  const { port1: control, port2 } = new MessageChannel();
  const stop = () => control.postMessage('stop');
  const failed = new Promise((_, reject) => (control.onmessage = reject));
  try {
    askForThreads(channels.map(({ port2 }) => port2), port2);
    await Promise.race([failed, Promise.all(ports.map((port) => answer(port, start)))]);
    return { ports, stop };
  } catch {
    stop();
    return NO_THREADS;
  }
}

/** @param {MessagePort} port @param {ToHelper} start */
function answer(port, start) {
  return new Promise((resolve, reject) => {
    port.onmessage = resolve;
    setTimeout(reject, START_MS);
    port.postMessage(start);
  });
}

/** This thread and others, if there are any. */
export class CpuHelpers {
  /** @type {WebShares} */
  #shares;
  /** @type {WebAssembly.Memory} */
  #memory;
  /** @type {Threads} */
  #threads;
  /** @type {boolean} */
  #relaxed;
  /** Bytes that each convolution's shares make. @type {number[][]} */
  #bytes = [];
  /** The largest of all. */
  #mostImage = 0;
  #mostResult = 0;
  /** @type {{control: Int32Array, image: Uint8Array, results: Uint8Array[]} | null} */
  #shared = null;
  /** Whether all threads have computed something. */
  #proven = false;

  /** @param {{shares: WebShares, memory: WebAssembly.Memory, threads: Threads, relaxed: boolean}} parts */
  constructor({ shares, memory, threads, relaxed }) {
    this.#shares = shares;
    this.#memory = memory;
    this.#threads = threads;
    this.#relaxed = relaxed;
  }

  get count() {
    return this.#threads.ports.length + 1;
  }

  /** What reports say of their code, if its numbers may be other ones. */
  get kernels() {
    return this.#relaxed ? 'relaxed SIMD' : undefined;
  }

  /**
   * Hands over a share, those of one convolution after the other.
   *
   * @param {number} helper
   * @param {Share} share parts of the caller's memory
   */
  add(helper, ...share) {
    const [image, result] = share[0].slice(-2);
    if (helper === 0) {
      this.#shares.add(...share);
      this.#bytes.push([]);
    } else {
      this.#tell(helper, { type: 'add', share: /** @type {Share} */ (share.map(sharedCopy)) });
    }
    this.#bytes[this.#bytes.length - 1].push(result);
    this.#mostImage = Math.max(this.#mostImage, image);
    this.#mostResult = Math.max(this.#mostResult, result);
  }

  /**
   * Computes a convolution; the thread waits for the others. A run computes all of them in their order.
   *
   * @param {number} convolution
   * @param {Uint8Array} image
   * @param {Uint8Array} results all shares one after the other
   */
  run(convolution, image, results) {
    const [own, ...others] = this.#bytes[convolution];
    const shared = this.#threads.ports.length > 0 ? (this.#shared ??= this.#share()) : null;
    // Between runs threads wait for a message, because browsers, too, want to talk to them: Firefox lets no service worker start while one blocks.
    if (shared && convolution === 0) this.#threads.ports.forEach((_, index) => this.#tell(index + 1, { type: 'run' }));
    if (shared) begin(shared, convolution, image);
    bytesAt(this.#memory, this.#shares.image(), image.length).set(image);
    results.set(bytesAt(this.#memory, this.#shares.run(convolution), own));
    if (shared) finish(shared, others, results.subarray(own), this.#proven ? RUN_MS : START_MS);
    this.#proven = true;
  }

  stop() {
    this.#threads.stop();
    this.#shares.free();
  }

  /** Memory for the largest image and results. */
  #share() {
    const [control, image] = [new SharedArrayBuffer(4 * (DONE + this.#threads.ports.length)), new SharedArrayBuffer(this.#mostImage)];
    const results = this.#threads.ports.map((_, index) => {
      const result = new SharedArrayBuffer(this.#mostResult);
      this.#tell(index + 1, { type: 'share', control, done: DONE + index, image, result });
      return new Uint8Array(result);
    });
    return { control: new Int32Array(control), image: new Uint8Array(image), results };
  }

  /** @param {number} helper @param {ToHelper} message */
  #tell(helper, message) {
    this.#threads.ports[helper - 1].postMessage(message);
  }
}

/**
 * In memory that the receiver reads too; Firefox would send other memory through another process.
 *
 * @template {Uint8Array | Uint32Array | Float32Array} T
 * @param {T} part
 * @returns {T}
 */
function sharedCopy(part) {
  const copy = new /** @type {any} */ (part.constructor)(new SharedArrayBuffer(part.byteLength));
  copy.set(part);
  return copy;
}

/** @param {{control: Int32Array, image: Uint8Array}} shared @param {number} convolution @param {Uint8Array} image */
function begin({ control, image: memory }, convolution, image) {
  memory.set(image);
  Atomics.store(control, CONVOLUTION, convolution);
  Atomics.add(control, TURN, 1);
  Atomics.notify(control, TURN);
}

/** @param {{control: Int32Array, results: Uint8Array[]}} shared @param {number[]} bytes @param {Uint8Array} results @param {number} timeout */
function finish({ control, results: memories }, bytes, results, timeout) {
  const turn = Atomics.load(control, TURN);
  let start = 0;
  for (const [index, length] of bytes.entries()) {
    const place = DONE + index;
    for (let done = Atomics.load(control, place); done !== turn; done = Atomics.load(control, place)) {
      if (!waitForChange(control, place, done, timeout)) throw new SkintreeError('engine-failed', 'a thread does not answer');
    }
    results.set(memories[index].subarray(0, length), start);
    start += length;
  }
  if (Atomics.load(control, FAILED)) throw new SkintreeError('engine-failed', 'a thread failed');
}
