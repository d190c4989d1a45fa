// The page that evaluates the model on a visitor's labelled photos: `skintree evaluate` in the browser. This script
// only hands files to the worker, one after the other; all numbers are made in there.

import { messageOf } from './errors.js';
import { Evaluator } from './evaluator.js';
import * as view from './evaluate-view.js';
import { chooseLanguage, startLanguage } from './language.js';
import { PhotoFolder } from './photo-folder.js';
import { saveFile } from './save-file.js';
import { troubleOf } from './session.js';
import { SkintreeError } from './skintree.js';
import { say } from './strings.js';

/**
 * @import {StudyState} from './evaluate-messages.js'
 * @import {Failure} from './messages.js'
 * @import {ClassifierInfo, EngineChoice} from './skintree.js'
 * @import {Reports} from './wasm.js'
 */

const PACK = new URL('pack/manifest.json', document.baseURI).href;
/** The time left is said once so many photos have told how long one takes. */
const ETA_AFTER = 3;
/** After so many photos the answers are brought out of the worker. */
const KEEP_AFTER = 50;
/** More text than this is neither a table nor a saved run; it would fill the memory before anything could be said. */
const MOST_BYTES = 2 ** 28;
/** More names than this are not typed by anybody: the column is another one. */
const MOST_NAMES = 200;

/** @type {Evaluator | null} */
let evaluator = null;
/** @type {Promise<ClassifierInfo> | null} */
let loading = null;
/** @type {ClassifierInfo | null} */
let info = null;
/** @type {EngineChoice} */
let engine = 'auto';

let folder = new PhotoFolder([]);
/** @type {{name: string, csv: string, shown: boolean} | null} */
let table = null;
/** @type {StudyState | null} */
let study = null;
/** The answers so far are of photos that are no longer chosen. */
let forget = false;
/** The answers of a while ago, in case the worker breaks. @type {string | null} */
let kept = null;
/** There are answers that neither a report nor a saved run holds. */
let unsaved = false;
/** @type {(Failure & {file: string})[]} */
let bad = [];
/** @type {Reports | null} */
let reports = null;
/** @type {'idle' | 'running' | 'stopping' | 'computing'} */
let state = 'idle';
let labelColumn = '';

startLanguage();
view.start({
  givePhotos(files) {
    // Without photos before, what is known comes from a saved run.
    forget ||= folder.size > 0;
    folder = new PhotoFolder(files);
    view.showPhotos(folder.name, folder.size);
    void attempt(readTable);
  },
  giveTable: (file) => void attempt(() => takeTable(file)),
  change: () => void attempt(readTable),
  start: () => void attempt(run, view.showRunFailure),
  stop() {
    state = 'stopping';
    show();
  },
  figures: () => void attempt(compute, view.showRunFailure),
  save: () => void attempt(save),
  restore: (file) => void attempt(() => restore(file), view.showRunFailure),
  saveReport(kind) {
    if (!reports) return;
    unsaved = false;
    if (kind === 'html') saveFile(reports.html, 'text/html', 'report.html');
    else saveFile(reports.json, 'application/json', 'report.json');
  },
  speak(tag) {
    chooseLanguage(tag);
    view.translate();
    if (folder.size) view.showPhotos(folder.name, folder.size);
    view.showBad(bad);
    show();
  },
});
show();

// Hours of work must not end by a slip.
addEventListener('beforeunload', (event) => {
  if (state !== 'idle' || unsaved) event.preventDefault();
});

/**
 * Does something that may fail, and shows what went wrong.
 *
 * @param {() => Promise<void>} action
 * @param {(text: string) => void} showFailure for what the visitor has given
 */
async function attempt(action, showFailure = view.showTableFailure) {
  view.clearTrouble();
  try {
    await action();
  } catch (cause) {
    const error = cause instanceof SkintreeError ? cause : new SkintreeError('internal', messageOf(cause), { cause });
    state = 'idle';
    show();
    if (error.code === 'labels') {
      showFailure(error.message);
      return;
    }
    const trouble = troubleOf(error, info && { info });
    view.showTrouble(trouble, error, () => {
      if (trouble === 'gpu') engine = 'cpu';
      void attempt(async () => {
        if (trouble === 'gpu' || trouble === 'internal') await replaceWorker();
        await action();
      }, showFailure);
    });
  }
}

/**
 * After a failure of the worker or its engine a new one is begun. What the old one knew is lost where another engine goes
 * on, as answers of two engines must not be mixed.
 */
async function replaceWorker() {
  const saved = (await evaluator?.call('saved').catch(() => null)) ?? kept;
  evaluator?.end();
  evaluator = loading = info = study = null;
  await readTable();
  if (saved && study && (await current().call('restore', saved))) await readTable();
  show();
}

function current() {
  return (evaluator ??= new Evaluator(view.showProgress));
}

/** Loads the model when it is first wanted. */
function load() {
  if (!loading) {
    view.showLoading();
    loading = current().call('load', PACK, engine);
    loading.then(
      async (found) => {
        info = found;
        view.showLoaded();
        view.showNodes(await current().call('nodes'));
      },
      () => {
        evaluator?.end();
        evaluator = loading = null;
      },
    );
  }
  return loading;
}

/** @param {File} file */
async function takeTable(file) {
  table = null;
  study = null;
  show();
  const csv = await textOf(file);
  table = { name: file.name, csv, shown: false };
  await readTable();
}

/** @param {File} file */
async function textOf(file) {
  if (file.size > MOST_BYTES) {
    throw new SkintreeError('labels', say('evalTooLarge', { name: file.name, most: MOST_BYTES / 2 ** 20 }));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new SkintreeError('labels', say('evalNotUtf8', { name: file.name }));
  }
}

/** Reads the table with the chosen columns, once both table and model are here. */
async function readTable() {
  if (!table) {
    return;
  }
  const read = table;
  study = null;
  view.showTableFailure('');
  await load();
  if (!read.shown) {
    const columns = await current().call('columns', read.csv);
    // Another table may have been chosen meanwhile.
    if (table !== read) return;
    view.showColumns(read.name, columns);
    view.forgetNames();
    read.shown = true;
  }
  const options = view.labelOptions();
  if (options.labelColumn !== labelColumn) {
    labelColumn = options.labelColumn;
    view.forgetNames();
    options.map = {};
  }
  const unknown = await current().call('unknownLabels', read.csv, options);
  if (table !== read) return;
  if (unknown.length > MOST_NAMES) {
    throw new SkintreeError('labels', say('evalTooManyNames', { column: labelColumn, count: unknown.length }));
  }
  view.askNames(unknown);
  if (unknown.length > 0) {
    show();
    return;
  }
  const begun = await current().call('study', read.csv, options, forget);
  if (table !== read) return;
  study = begun;
  if (forget) {
    kept = null;
    forget = unsaved = false;
  }
  bad = [];
  view.showBad(bad);
  reports = null;
  view.showReport(null);
  show();
}

async function run() {
  if (!study) {
    return;
  }
  const { files, pending } = study;
  const already = files.length - pending.length;
  const todo = [...pending];
  const start = performance.now();
  state = 'running';
  show();
  view.showSteps(already, files.length, null);
  for (let done = 1; todo.length > 0 && state === 'running'; done++) {
    const file = files[todo[0]];
    const failure = await current().call('classify', file, folder.find(file));
    todo.shift();
    study.pending = todo;
    if (failure) {
      bad.push({ file, ...failure });
      view.showBad(bad);
    } else unsaved = true;
    if (done % KEEP_AFTER === 0) kept = await current().call('saved');
    const each = (performance.now() - start) / done;
    view.showSteps(already + done, files.length, done < ETA_AFTER ? null : each * todo.length);
  }
  if (todo.length === 0) {
    await compute();
  }
  state = 'idle';
  show();
}

async function compute() {
  state = 'computing';
  show();
  view.showComputing();
  kept = await current().call('saved');
  reports = await current().call('finish');
  state = 'idle';
  show();
  view.showReport(reports.html);
}

async function save() {
  saveFile(await current().call('saved'), 'application/jsonl', 'predictions.jsonl');
  unsaved = false;
}

/** @param {File} file */
async function restore(file) {
  if ((await current().call('restore', await textOf(file))) === null) {
    throw new SkintreeError('labels', say('evalNotRestored', { name: file.name }));
  }
  // Which of the photos that had failed are among them, the table says when it is read again.
  await readTable();
}

function show() {
  const files = study?.files ?? [];
  const pending = study?.pending.length ?? 0;
  view.showRun({
    state,
    total: files.length,
    pending,
    found: files.filter((file) => folder.find(file)).length,
    readable: files.length - pending - bad.length,
    photos: folder.size > 0,
  });
}
