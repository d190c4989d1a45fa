// A pack for the fake wasm module: right in form and hash, and saying in `fake` how the module shall behave.

import { createHash } from 'node:crypto';

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Big enough to come in several pieces. */
export const MODEL = Buffer.alloc(600_000, 'not a network ');
export const TAXONOMY = Buffer.from('{"schema": "skintree.taxonomy/1"}');

/**
 * Puts a pack at `prefix` of the server.
 *
 * @param {import('./harness.js').Server} server
 * @param {string} prefix such as `/pack/`
 * @param {object} [fake]
 */
export function servePack(server, prefix, fake = {}) {
  const files = {
    model: { path: 'model.onnx', bytes: MODEL.length, sha256: sha256(MODEL) },
    taxonomy: { path: 'taxonomy.json', bytes: TAXONOMY.length, sha256: sha256(TAXONOMY) },
  };
  server.route(`${prefix}manifest.json`, { schema: 'skintree.pack/1', id: 'fake-ham8', files, fake });
  server.route(`${prefix}model.onnx`, MODEL);
  server.route(`${prefix}taxonomy.json`, TAXONOMY);
}
