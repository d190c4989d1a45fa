// What the page has done to photos in a worker, by the decoders that the model's photos go through too.

import { isDicomFile } from '../interface/dicom-mark.js';
import { WorkerCalls } from '../interface/worker-calls.js';
import { startWorker } from '../interface/worker-start.js';

/**
 * @import {PhotoCalls} from './messages.js'
 * @import {Part} from '../interface/wasm.js'
 */

/**
 * A part of a photo.
 *
 * @param {Blob} photo
 * @param {Part} part
 * @returns {Promise<Blob>} rejects with SkintreeError
 */
export function cutPhoto(photo, part) {
  return inWorker((calls) => calls.call('cut', [photo, part]));
}

/** Pictures that were taken out of files already. @type {WeakMap<Blob, Promise<Blob>>} */
const opened = new WeakMap();

/**
 * A photo as browsers can draw it, if they can at all: the picture in a DICOM file, and any other file as it is.
 *
 * @param {Blob} photo
 * @returns {Promise<Blob>} a DICOM file that has no readable picture is given back; the classifier says what is wrong with it
 */
export async function pictureIn(photo) {
  if (!(await isDicomFile(photo))) return photo;
  const picture = opened.get(photo) ?? inWorker((calls) => calls.call('open', [photo])).catch(() => photo);
  opened.set(photo, picture);
  return picture;
}

/**
 * @template T
 * @param {(calls: WorkerCalls<PhotoCalls>) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function inWorker(work) {
  const { href } = new URL('./photo-worker.js', import.meta.url);
  const worker = startWorker(href, () => new Worker(new URL('./photo-worker.js', import.meta.url), { type: 'module', name: 'skintree photo' }));
  /** @type {WorkerCalls<PhotoCalls>} */
  const calls = new WorkerCalls(worker, href);
  try {
    return await work(calls);
  } finally {
    // It has given its picture; its memory is as large as the photo.
    calls.end({ code: 'aborted', message: 'the photo was read' });
  }
}
