// What the page has done in a worker because it would keep the page itself busy for too long.

import { WorkerCalls } from '../interface/worker-calls.js';
import { startWorker } from '../interface/worker-start.js';
import { paintSpot } from './drawn-spots.js';

/**
 * @import {Drawing} from './drawn-spots.js'
 * @import {DrawingCalls} from './messages.js'
 */

/**
 * Pixels of drawings, as `paintSpot` gives them, one after the other.
 *
 * @param {Drawing[]} drawings
 * @param {number} width
 * @param {number} height
 * @param {(pixels: Uint8ClampedArray<ArrayBuffer>, place: number) => void} take
 */
export async function paint(drawings, width, height, take) {
  let place = 0;
  try {
    await inWorker(async (calls) => {
      for (; place < drawings.length; place++) take(await calls.call('paint', [drawings[place], width, height]), place);
    });
  } catch {
    // No worker may be started here.
    for (; place < drawings.length; place++) take(paintSpot(drawings[place], width, height), place);
  }
}

/**
 * Has a worker load what the browser writes numbers with; all of its process has it then. The page would stand still for a
 * thirtieth of a second, or a tenth on a phone.
 *
 * @param {string} language
 */
export async function loadNumbers(language) {
  await inWorker((calls) => calls.call('numbers', [language])).catch(() => {});
}

/** While there is work for it. @type {WorkerCalls<DrawingCalls> | null} */
let worker = null;
/** Pieces of work under way. */
let pieces = 0;

/**
 * @template T
 * @param {(calls: WorkerCalls<DrawingCalls>) => Promise<T>} work
 */
async function inWorker(work) {
  const calls = (worker ??= start());
  pieces += 1;
  try {
    return await work(calls);
  } finally {
    pieces -= 1;
    if (pieces === 0) {
      calls.end({ code: 'aborted', message: 'its work is done' });
      worker = null;
    }
  }
}

/** @returns {WorkerCalls<DrawingCalls>} */
function start() {
  const { href } = new URL('./drawing-worker.js', import.meta.url);
  return new WorkerCalls(startWorker(href, () => new Worker(new URL('./drawing-worker.js', import.meta.url), { type: 'module', name: 'skintree drawing' })), href);
}
