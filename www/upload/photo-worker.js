// The worker behind photo-calls.js.

import { startClassifierModule } from '../interface/classifier-module.js';
import { decodable, readBlob } from '../interface/photo-file.js';
import { serve } from '../interface/worker-serve.js';

/**
 * @import {PhotoCalls} from './messages.js'
 * @import {Handlers} from '../interface/messages.js'
 */

/** Sides of a part, in pixels: enough for any network. */
const MOST = 2048;

/** @type {Handlers<PhotoCalls>} */
const handlers = {
  async cut(photo, part) {
    const [{ wasm }, bytes] = await Promise.all([startClassifierModule('auto'), readBlob(photo).then(decodable)]);
    return blobOf(await wasm.partOfPhoto(bytes, part, MOST));
  },
  open: async (photo) => blobOf(await decodable(await readBlob(photo))),
};

/** @param {Uint8Array} bytes of a PNG or JPEG file */
function blobOf(bytes) {
  return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], { type: bytes[0] === 0xff ? 'image/jpeg' : 'image/png' });
}

serve(handlers);
