// The worker behind cut-photo.js.

import { readBlob, startClassifierModule } from '../interface/worker-load.js';
import { serve } from '../interface/worker-serve.js';

/**
 * @import {CutCalls} from './messages.js'
 * @import {Handlers} from '../interface/messages.js'
 */

/** Sides of the picture that comes out, in pixels: enough for any network. */
const MOST = 2048;

/** @type {Handlers<CutCalls>} */
const handlers = {
  async cut(photo, part) {
    const [module, bytes] = await Promise.all([startClassifierModule(), readBlob(photo)]);
    const png = await module.partOfPhoto(bytes, part, MOST);
    return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (png)], { type: 'image/png' });
  },
};

serve(handlers);
