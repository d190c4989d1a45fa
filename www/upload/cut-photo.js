// Cuts a part out of a photo in a worker, by the decoder that the model's photos go through too.

import { WorkerCalls } from '../interface/worker-calls.js';
import { startWorker } from '../interface/worker-start.js';

/**
 * @import {CutCalls} from './messages.js'
 * @import {Part} from '../interface/wasm.js'
 */

/**
 * @param {Blob} photo
 * @param {Part} part
 * @returns {Promise<Blob>} rejects with SkintreeError
 */
export async function cutPhoto(photo, part) {
  const { href } = new URL('./cut-worker.js', import.meta.url);
  const worker = startWorker(href, () => new Worker(new URL('./cut-worker.js', import.meta.url), { type: 'module', name: 'skintree cut' }));
  /** @type {WorkerCalls<CutCalls>} */
  const calls = new WorkerCalls(worker, href);
  try {
    return await calls.call('cut', [photo, part]);
  } finally {
    // It has given its picture; its memory is as large as the photo.
    calls.end({ code: 'aborted', message: 'the part was cut' });
  }
}
