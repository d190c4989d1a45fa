// The worker behind an Evaluator: a pack, a table of labels, and what the network gives for the photos. All numbers are
// made by the wasm modules, from the same code as `skintree evaluate`.

import { SkintreeError } from './errors.js';
import { isTrap, load, readBlob, startModule, toFailure } from './worker-load.js';

/**
 * @import {Call, Calls, Reply, StudyState} from './evaluate-messages.js'
 * @import {EvaluateModule, WasmClassifier, WasmEvaluation, WasmStudy} from './wasm.js'
 */

/** @typedef {{[M in keyof Calls]: (...args: Parameters<Calls[M]>) => ReturnType<Calls[M]> | Promise<ReturnType<Calls[M]>>}} Handlers */

/** @type {{module: EvaluateModule, classifier: WasmClassifier, evaluation: WasmEvaluation} | undefined} */
let loaded;
/** @type {WasmStudy | undefined} */
let study;

/** @type {Handlers} */
const handlers = {
  async load(packUrl, engine) {
    const [module, { classifier, info, manifest, taxonomy }] = await Promise.all([
      startEvaluateModule(),
      load(packUrl, engine, (progress) => reply({ type: 'progress', progress })),
    ]);
    loaded = { module, classifier, evaluation: new module.WebEvaluation(manifest, taxonomy, info.engine) };
    return info;
  },
  nodes: () => model().evaluation.nodes(),
  columns: (csv) => model().module.tableColumns(csv),
  unknownLabels: (csv, options) => model().evaluation.unknownLabels(csv, options),
  study(csv, options, forget) {
    const next = model().evaluation.study(csv, options);
    if (study && !forget) next.restore(study.saved());
    study?.free();
    study = next;
    return state();
  },
  async classify(file, photo) {
    if (!photo) {
      return toFailure(table().missing(file));
    }
    try {
      table().answered(file, await model().classifier.logits(await readBlob(photo)));
      return null;
    } catch (error) {
      const failure = toFailure(error);
      // Another failure is not this photo's: the next one would meet it too.
      if (!failure.code.startsWith('photo-')) throw error;
      table().failed(file, failure.code, failure.message);
      return failure;
    }
  },
  saved: () => table().saved(),
  restore: (text) => table().restore(text) ?? null,
  finish: () => table().finish(),
};

addEventListener('message', async ({ data }) => {
  const { id, method, args } = /** @type {Call} */ (data);
  try {
    const handler = /** @type {(...args: any[]) => unknown} */ (handlers[method]);
    reply({ type: 'result', id, result: await handler(...args) });
  } catch (error) {
    const failure = toFailure(error);
    reply(isTrap(error) ? { type: 'dead', failure } : { type: 'failed', id, failure });
  }
});

// A trap inside a Rust future surfaces here, while the promise of the call it belongs to stays open for ever.
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  reply({ type: 'dead', failure: toFailure(event.reason) });
});

/** @param {Reply} message */
function reply(message) {
  postMessage(message);
}

/** @returns {Promise<EvaluateModule>} */
function startEvaluateModule() {
  // @ts-ignore: made by the build
  return startModule(() => import('./pkg/skintree_evaluate.js'));
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
