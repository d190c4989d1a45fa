// The worker behind a Classifier: fetches the pack, hands it to the wasm module, answers one call after the other.

import { SkintreeError } from './interface/errors.js';
import { decodable, readBlob } from './interface/photo-file.js';
import { load } from './interface/worker-load.js';
import { replyCompiled, replyProgress, serve } from './interface/worker-serve.js';

/**
 * @import {ClassifierCalls, Handlers} from './interface/messages.js'
 * @import {WasmClassifier} from './interface/wasm.js'
 */

/** @type {WasmClassifier | undefined} */
let classifier;

/** @type {Handlers<ClassifierCalls>} */
const handlers = {
  async load(pack, engine, compiled) {
    const loaded = await load(pack, engine, replyProgress, compiled);
    classifier = loaded.classifier;
    if (loaded.compiled && loaded.compiled.gpu !== compiled?.gpu) replyCompiled(loaded.compiled);
    return loaded.info;
  },
  async classify(photo, options) {
    if (!classifier) {
      throw new SkintreeError('internal', 'asked to classify before loading');
    }
    if (photo.kind === 'rgba') {
      const { data, width, height } = photo;
      return classifier.classifyRgba(new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, options);
    }
    const bytes = photo.kind === 'bytes' ? photo.bytes : await readBlob(photo.blob);
    return classifier.classify(await decodable(bytes), options);
  },
};

serve(handlers);
