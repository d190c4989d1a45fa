// The pack that comes with skintree.

import { COPY } from './copy.js';

/** @import {PackAddress} from './messages.js' */

/**
 * Its files are written out so that bundlers find them, and take them along under names of their own.
 *
 * @type {PackAddress}
 */
export const OWN_PACK = {
  name: new URL('pack/manifest.json', COPY).href,
  manifest: new URL('../pack/manifest.json', import.meta.url).href,
  files: {
    'kind.f32': new URL('../pack/kind.f32', import.meta.url).href,
    'model.onnx': new URL('../pack/model.onnx', import.meta.url).href,
    'scope.f32': new URL('../pack/scope.f32', import.meta.url).href,
    'taxonomy.json': new URL('../pack/taxonomy.json', import.meta.url).href,
  },
};

/**
 * A pack whose files lie where its manifest says.
 *
 * @param {string} manifest its URL
 * @returns {PackAddress}
 */
export function packAt(manifest) {
  return { name: manifest, manifest, files: {} };
}
