// The worker behind an Evaluator: a pack, a table of labels, and what the network gives for the photos. All numbers are
// made by the wasm module, from the same code as `skintree evaluate`.

import { SkintreeError } from './errors.js';
import { isTrap, load, readBlob, toFailure } from './worker-load.js';

/**
 * @import {Call, Calls, Reply, StudyState} from './evaluate-messages.js'
 * @import {WasmClassifier, WasmModule, WasmStudy} from './wasm.js'
 */

/** @typedef {{[M in keyof Calls]: (...args: Parameters<Calls[M]>) => ReturnType<Calls[M]> | Promise<ReturnType<Calls[M]>>}} Handlers */

/** @type {{wasm: WasmModule, classifier: WasmClassifier} | undefined} */
let loaded;
/** @type {WasmStudy | undefined} */
let study;

/** @type {Handlers} */
const handlers = {
  async load(packUrl, engine) {
    const { wasm, classifier, info } = await load(packUrl, engine, (progress) => reply({ type: 'progress', progress }));
    loaded = { wasm, classifier };
    return info;
  },
  nodes: () => model().wasm.WebStudy.nodes(model().classifier),
  columns: (csv) => model().wasm.tableColumns(csv),
  unknownLabels: (csv, options) => model().wasm.WebStudy.unknownLabels(model().classifier, csv, options),
  study(csv, options, forget) {
    const next = new (model().wasm.WebStudy)(model().classifier, csv, options);
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
