// A thread of the CPU engine (cpu-helpers.js): takes shares in, then computes them in each run.

import { CONVOLUTION, FAILED, RUN_MS, TURN, bytesAt, startCpuModule, waitForChange } from './cpu-module.js';

/**
 * @import {ToHelper} from './cpu-module.js'
 * @import {WebShares} from './wasm.js'
 */

/** @type {WebShares} */
let shares;
/** @type {WebAssembly.Memory} */
let memory;
/** Of each share: bytes that it reads and makes. @type {[number, number][]} */
const bytes = [];
let broken = false;
/** @type {{control: Int32Array, done: number, image: Uint8Array, result: Uint8Array}} */
let shared;
/** How many convolutions it has computed. */
let turn = 0;

addEventListener('message', ({ data: port }) => {
  port.onmessage = (/** @type {MessageEvent<ToHelper>} */ { data }) => onMessage(data, port);
});

/** @param {ToHelper} message @param {MessagePort} engine */
async function onMessage(message, engine) {
  if (message.type === 'start') {
    const wasm = await startCpuModule(message.relaxed, message.module);
    ({ memory } = await wasm.default());
    shares = new wasm.WebShares(message.floats);
    engine.postMessage('ready');
  } else if (message.type === 'add') {
    const [image, result] = message.share[0].slice(-2);
    bytes.push([image, result]);
    try {
      shares.add(...message.share);
    } catch {
      broken = true;
    }
  } else if (message.type === 'share') {
    const { control, done, image, result } = message;
    shared = { control: new Int32Array(control), done, image: new Uint8Array(image), result: new Uint8Array(result) };
  } else {
    run(shared);
  }
}

/** Computes one convolution after the other, to the last. @param {typeof shared} memory */
function run({ control, done, image, result }) {
  let convolution;
  do {
    if (!waitForChange(control, TURN, turn, RUN_MS)) return;
    turn = (turn + 1) | 0;
    convolution = Atomics.load(control, CONVOLUTION);
    try {
      compute(convolution, image, result);
    } catch {
      broken = true;
    }
    if (broken) Atomics.store(control, FAILED, 1);
    Atomics.store(control, done, turn);
    Atomics.notify(control, done);
  } while (convolution < bytes.length - 1);
}

/** @param {number} convolution @param {Uint8Array} image @param {Uint8Array} result */
function compute(convolution, image, result) {
  const [reads, makes] = bytes[convolution];
  bytesAt(memory, shares.image(), reads).set(image.subarray(0, reads));
  result.set(bytesAt(memory, shares.run(convolution), makes));
}
