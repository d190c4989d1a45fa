// The worker behind the evaluation page: a pack, a table of labels, and what the network gives for the photos. All numbers are
// made by the wasm modules, from the same code as `skintree evaluate`.

import { SkintreeError, toFailure } from '../interface/errors.js';
import { decodable, readBlob } from '../interface/photo-file.js';
import { startModule } from '../interface/wasm-module.js';
import { load } from '../interface/worker-load.js';
import { replyProgress, serve } from '../interface/worker-serve.js';

/**
 * @import {EvaluateCalls, StudyState} from './messages.js'
 * @import {Handlers} from '../interface/messages.js'
 * @import {EvaluateModule, WasmClassifier, WasmEvaluation, WasmStudy} from '../interface/wasm.js'
 */

/** @type {{module: EvaluateModule, classifier: WasmClassifier, evaluation: WasmEvaluation} | undefined} */
let loaded;
/** @type {WasmStudy | undefined} */
let study;

/** @type {Handlers<EvaluateCalls>} */
const handlers = {
  async load(pack, engine) {
    const [module, { classifier, info, manifest, taxonomy }] = await Promise.all([
      startEvaluateModule(),
      load(pack, engine, replyProgress),
    ]);
    loaded = { module, classifier, evaluation: new module.WebEvaluation(manifest, taxonomy, info.engine) };
    return info;
  },
  nodes: () => model().evaluation.nodes(),
  columns: (file) => model().module.tableColumns(file),
  unknownLabels: (file, options) => model().evaluation.unknownLabels(file, options),
  study(file, options, forget) {
    const next = model().evaluation.study(file, options);
    if (study && !forget) next.restore(study.saved());
    study?.free();
    study = next;
    return state();
  },
  findPhotos: (paths, files) => model().module.findPhotos(paths, files),
  async classify(file, photo) {
    if (!(photo instanceof Blob)) {
      table().failed(file, photo.code, photo.message);
      return photo;
    }
    try {
      const bytes = await readBlob(photo);
      table().answered(file, bytes, await model().classifier.logits(await decodable(bytes)));
      return null;
    } catch (error) {
      const failure = toFailure(error);
      // Another failure is not this photo's: the next one would meet it too.
      if (!failure.code.startsWith('photo-')) throw error;
      table().failed(file, failure.code, failure.message);
      return failure;
    }
  },
  async confirm(file, photo) {
    const bytes = await readBlob(photo).catch(() => null);
    return bytes ? table().confirm(file, bytes) : false;
  },
  saved: () => table().saved(),
  restore: (text) => table().restore(text) ?? null,
  finish: () => table().finish(),
};

serve(handlers);

/** @returns {Promise<EvaluateModule>} */
function startEvaluateModule() {
  // @ts-ignore: made by the build
  return startModule('../pkg/skintree_evaluate', () => import('../pkg/skintree_evaluate.js'));
}

function model() {
  if (!loaded) {
    throw new SkintreeError('internal', 'asked before a model was loaded');
  }
  return loaded;
}

function table() {
  if (!study) {
    throw new SkintreeError('internal', 'asked before a table was read');
  }
  return study;
}

/** @returns {StudyState} */
function state() {
  return { files: table().files(), pending: [...table().pending()] };
}
