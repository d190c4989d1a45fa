// Cuts a part out of a photo in a worker, by the decoder that the model's photos go through too.

import { WorkerCalls } from '../interface/worker-calls.js';

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
  /** @type {WorkerCalls<CutCalls>} */
  const calls = new WorkerCalls(new Worker(new URL('./cut-worker.js', import.meta.url), { type: 'module', name: 'skintree cut' }));
  try {
    return await calls.call('cut', [photo, part]);
  } finally {
    // It has given its picture; its memory is as large as the photo.
    calls.end({ code: 'aborted', message: 'the part was cut' });
  }
}
