// A thread of the CPU engine (cpu-helpers.js): takes shares in, then computes them until it is ended from outside.

import { CONVOLUTION, FAILED, TURN, bytesAt, startCpuModule, waitForChange } from './cpu-helpers.js';

/**
 * @import {ToHelper} from './cpu-helpers.js'
 * @import {WebShares} from './wasm.js'
 */

/** @type {WebShares} */
let shares;
/** @type {WebAssembly.Memory} */
let memory;
/** Of each share: bytes that it reads and makes. @type {[number, number][]} */
const bytes = [];
let broken = false;

addEventListener('message', async ({ data }) => {
  const message = /** @type {ToHelper} */ (data);
  if (message.type === 'start') {
    const wasm = await startCpuModule(message.relaxed, message.module);
    ({ memory } = await wasm.default());
    shares = new wasm.WebShares(message.floats);
    postMessage('ready');
  } else if (message.type === 'add') {
    const [image, result] = message.share[0].slice(-2);
    bytes.push([image, result]);
    try {
      shares.add(...message.share);
    } catch {
      broken = true;
    }
  } else {
    work(message);
  }
});

/** @param {{control: SharedArrayBuffer, done: number, image: SharedArrayBuffer, result: SharedArrayBuffer}} message */
function work(message) {
  const control = new Int32Array(message.control);
  const [image, result] = [new Uint8Array(message.image), new Uint8Array(message.result)];
  for (let turn = 0; ; ) {
    waitForChange(control, TURN, turn);
    turn = (turn + 1) | 0;
    try {
      compute(Atomics.load(control, CONVOLUTION), image, result);
    } catch {
      broken = true;
    }
    if (broken) Atomics.store(control, FAILED, 1);
    Atomics.store(control, message.done, turn);
    Atomics.notify(control, message.done);
  }
}

/** @param {number} convolution @param {Uint8Array} image @param {Uint8Array} result */
function compute(convolution, image, result) {
  const [reads, makes] = bytes[convolution];
  bytesAt(memory, shares.image(), reads).set(image.subarray(0, reads));
  result.set(bytesAt(memory, shares.run(convolution), makes));
}
