// The worker behind a Classifier: fetches the pack, hands it to the wasm module, answers one call after the other.

import { SkintreeError } from './errors.js';
import { isTrap, load, readBlob, toFailure } from './worker-load.js';

/**
 * @import {WasmClassifier, WasmOptions} from './wasm.js'
 * @import {Answer, Photo, Request} from './messages.js'
 */

/** @type {WasmClassifier | undefined} */
let classifier;

addEventListener('message', async ({ data }) => {
  const request = /** @type {Request} */ (data);
  try {
    if (request.type === 'load') {
      const loaded = await load(request.packUrl, request.engine, (progress) => answer({ type: 'progress', progress }));
      classifier = loaded.classifier;
      answer({ type: 'loaded', info: loaded.info });
    } else {
      const report = await classify(request.photo, request.options);
      answer({ type: 'report', id: request.id, report });
    }
  } catch (error) {
    const failure = toFailure(error);
    if (isTrap(error)) answer({ type: 'dead', failure });
    else if (request.type === 'load') answer({ type: 'load-failed', failure });
    else answer({ type: 'failed', id: request.id, failure });
  }
});

// A trap inside a Rust future surfaces here, while the promise of the call it belongs to stays open for ever.
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  answer({ type: 'dead', failure: toFailure(event.reason) });
});

/** @param {Answer} message */
function answer(message) {
  postMessage(message);
}

/**
 * @param {Photo} photo
 * @param {WasmOptions} options
 */
async function classify(photo, options) {
  if (!classifier) {
    throw new SkintreeError('internal', 'asked to classify before loading');
  }
  if (photo.kind === 'rgba') {
    return classifier.classifyRgba(photo.data, photo.width, photo.height, options);
  }
  return classifier.classify(photo.kind === 'bytes' ? photo.bytes : await readBlob(photo.blob), options);
}
