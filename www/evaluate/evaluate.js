// The page that evaluates the model on a visitor's labelled photos: `skintree evaluate` in the browser. This script
// only hands files to the worker, one after the other; all numbers are made in there.

import { messageOf, toFailure } from '../interface/errors.js';
import { packAt } from '../interface/own-pack.js';
import { WorkerCalls } from '../interface/worker-calls.js';
import { startWorker } from '../interface/worker-start.js';
import * as view from './evaluate-view.js';
import { chooseLanguage, startLanguage } from '../view/language.js';
import { PhotoFolder } from './photo-folder.js';
import { saveFile } from '../view/save-file.js';
import { troubleOf } from '../interface/session.js';
import { SkintreeError } from '../skintree.js';
import { say } from '../view/strings.js';

/**
 * @import {EvaluateCalls, StudyState} from './messages.js'
 * @import {Failure} from '../interface/messages.js'
 * @import {ClassifierInfo, EngineChoice} from '../skintree.js'
 * @import {Reports} from '../interface/wasm.js'
 */

const WORKER = new URL('./worker.js', import.meta.url).href;
const PACK = packAt(new URL('pack/manifest.json', document.baseURI).href);
/** The time left is said once so many photos have told how long one takes. */
const ETA_AFTER = 3;
/** After so many photos the answers are brought out of the worker. */
const KEEP_AFTER = 50;
/** More text than this is neither a table nor a saved run; it would fill the memory before anything could be said. */
const MOST_BYTES = 2 ** 28;
/** After so many photos in a row, each of which a worker did not survive, it is not the photos. */
const MOST_DEATHS = 3;
/** More names than this are not typed by anybody: the column is another one. */
const MOST_NAMES = 200;

/** Why a worker is ended. @type {Failure} */
const LEFT = { code: 'aborted', message: 'the evaluation was left' };

/**
 * Where the page is.
 *
 * @typedef {object} State
 * @property {WorkerCalls<EvaluateCalls> | null} worker
 * @property {Promise<ClassifierInfo> | null} loading
 * @property {ClassifierInfo | null} info
 * @property {EngineChoice} engine
 * @property {PhotoFolder} folder
 * @property {{name: string, bytes: Uint8Array, shown: boolean} | null} table
 * @property {string} labelColumn
 * @property {StudyState | null} study
 * @property {Set<string>} confirmed paths of photos whose answers are known to be theirs
 * @property {boolean} forget the answers so far are of photos that are no longer chosen
 * @property {string | null} kept the answers of a while ago, in case the worker breaks
 * @property {boolean} unsaved there are answers that neither a report nor a saved run holds
 * @property {(Failure & {file: string})[]} bad
 * @property {Reports | null} reports
 * @property {'idle' | 'running' | 'stopping' | 'computing'} run
 */

/** @type {State} */
const now = {
  worker: null,
  loading: null,
  info: null,
  engine: 'auto',
  folder: new PhotoFolder([]),
  table: null,
  labelColumn: '',
  study: null,
  confirmed: new Set(),
  forget: false,
  kept: null,
  unsaved: false,
  bad: [],
  reports: null,
  run: 'idle',
};

startLanguage();
view.start({
  choosePhotos(files) {
    // Without photos before, what is known comes from a saved run.
    now.forget ||= now.folder.size > 0;
    now.folder = new PhotoFolder(files);
    now.confirmed.clear();
    view.showPhotos(now.folder.name, now.folder.size);
    void attempt(readTable);
  },
  chooseTable: (file) => void attempt(() => takeTable(file)),
  change: () => void attempt(readTable),
  start: () => void attempt(run, view.showRunFailure),
  stop() {
    now.run = 'stopping';
    show();
  },
  figures: () => void attempt(compute, view.showRunFailure),
  save: () => void attempt(save),
  restore: (file) => void attempt(() => restore(file), view.showRunFailure),
  saveReport(kind) {
    if (!now.reports) return;
    now.unsaved = false;
    if (kind === 'html') saveFile(now.reports.html, 'text/html', 'report.html');
    else saveFile(now.reports.json, 'application/json', 'report.json');
  },
  changeLanguage(tag) {
    chooseLanguage(tag);
    view.translate();
    if (now.folder.size) view.showPhotos(now.folder.name, now.folder.size);
    view.showBad(now.bad);
    show();
  },
});
show();

// Hours of work must not end by a slip.
addEventListener('beforeunload', (event) => {
  if (now.run !== 'idle' || now.unsaved) event.preventDefault();
});

/**
 * Does something that may fail, and shows what went wrong.
 *
 * @param {() => Promise<void>} action
 * @param {(error: Failure) => void} showFailure for what the visitor has given
 */
async function attempt(action, showFailure = view.showTableFailure) {
  view.clearTrouble();
  try {
    await action();
  } catch (cause) {
    const error = cause instanceof SkintreeError ? cause : new SkintreeError('internal', messageOf(cause), { cause });
    now.run = 'idle';
    show();
    if (error.code === 'labels') {
      showFailure(toFailure(error));
      return;
    }
    const trouble = troubleOf(error, now.info && { info: now.info });
    view.showTrouble(trouble, error, () => {
      if (trouble === 'gpu') now.engine = 'cpu';
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
  const saved = (await now.worker?.call('saved', []).catch(() => null)) ?? now.kept;
  now.worker?.end(LEFT);
  now.worker = now.loading = now.info = now.study = null;
  await readTable();
  if (saved && now.study && (await current().call('restore', [saved]))) await readTable();
  show();
}

function start() {
  return startWorker(WORKER, () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'skintree evaluate' }));
}

/** @returns {WorkerCalls<EvaluateCalls>} */
function current() {
  return (now.worker ??= new WorkerCalls(start(), WORKER, view.showProgress));
}

/** Loads the model when it is first wanted. */
function load() {
  if (!now.loading) {
    view.showLoading();
    now.loading = current().call('load', [PACK, now.engine]);
    now.loading.then(
      async (found) => {
        now.info = found;
        view.showLoaded();
        view.showNodes(await current().call('nodes', []));
      },
      () => {
        now.worker?.end(LEFT);
        now.worker = now.loading = null;
      },
    );
  }
  return now.loading;
}

/** @param {File} file */
async function takeTable(file) {
  now.table = null;
  now.study = null;
  show();
  now.table = { name: file.name, bytes: await bytesOf(file), shown: false };
  await readTable();
}

/** @param {File} file */
async function bytesOf(file) {
  if (file.size > MOST_BYTES) {
    throw new SkintreeError('labels', say('evalTooLarge', { name: file.name, most: MOST_BYTES / 2 ** 20 }));
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new SkintreeError('labels', say('evalNotRead', { name: file.name, reason: messageOf(cause) }), { cause });
  }
}

/** Reads the table with the chosen columns, once both table and model are here. */
async function readTable() {
  if (!now.table) {
    return;
  }
  const read = now.table;
  now.study = null;
  view.showTableFailure('');
  await load();
  if (!read.shown) {
    const columns = await current().call('columns', [read.bytes]);
    // Another table may have been chosen meanwhile.
    if (now.table !== read) return;
    view.showColumns(read.name, columns);
    view.forgetNames();
    read.shown = true;
  }
  const options = view.labelOptions();
  if (options.labelColumn !== now.labelColumn) {
    now.labelColumn = options.labelColumn;
    view.forgetNames();
    options.map = {};
  }
  const unknown = await current().call('unknownLabels', [read.bytes, options]);
  if (now.table !== read) return;
  if (unknown.length > MOST_NAMES) {
    throw new SkintreeError('labels', say('evalTooManyNames', { column: now.labelColumn, count: unknown.length }));
  }
  view.askNames(unknown);
  if (unknown.length > 0) {
    show();
    return;
  }
  const begun = await current().call('study', [read.bytes, options, now.forget]);
  if (now.table !== read) return;
  const { folder } = now;
  folder.locate(begun.files, await current().call('findPhotos', [folder.paths, begun.files]));
  if (now.table !== read || now.folder !== folder) return;
  now.study = begun;
  if (now.forget) {
    now.kept = null;
    now.forget = now.unsaved = false;
  }
  now.bad = [];
  view.showBad(now.bad);
  now.reports = null;
  view.showReport(null);
  show();
}

async function run() {
  if (!now.study) {
    return;
  }
  now.run = 'running';
  // Figures of fewer photos are not to be saved as those of this run.
  now.reports = null;
  view.showReport(null);
  show();
  let todo = await placesToDo(now.study);
  let deaths = 0;
  const start = performance.now();
  view.showSteps(now.study.files.length - todo.length, now.study.files.length, null);
  // One at least, however soon it is stopped.
  for (let done = 1; todo.length > 0 && (done === 1 || now.run === 'running'); done++) {
    const file = now.study.files[todo[0]];
    const photo = now.folder.photoOrFailure(file);
    const outcome = await classify(file, photo);
    if (outcome.died) {
      if (++deaths === MOST_DEATHS) throw outcome.died;
      await replaceWorker();
      if (!now.study) throw outcome.died;
      todo = await placesToDo(now.study);
      continue;
    }
    if (photo instanceof File) deaths = 0;
    todo.shift();
    now.study.pending = todo;
    if (outcome.failure) {
      now.bad.push({ file, ...outcome.failure });
      view.showBad(now.bad);
    } else {
      now.confirmed.add(file);
      now.unsaved = true;
    }
    if (done % KEEP_AFTER === 0) now.kept = await current().call('saved', []);
    const each = (performance.now() - start) / done;
    const total = now.study.files.length;
    view.showSteps(total - todo.length, total, done < ETA_AFTER ? null : each * todo.length);
  }
  if (todo.length === 0) {
    await compute();
  }
  now.run = 'idle';
  show();
}

/**
 * A photo that the worker does not survive is remembered as one that cannot be used, so that the next worker is not given it.
 *
 * @param {string} file
 * @param {File | Failure} photo
 * @returns {Promise<{failure?: Failure | null, died?: SkintreeError}>}
 */
async function classify(file, photo) {
  const worker = current();
  let dead = false;
  worker.onDeath = () => (dead = true);
  try {
    return { failure: await worker.call('classify', [file, photo]) };
  } catch (cause) {
    const died = /** @type {SkintreeError} */ (cause);
    if (!dead) throw died;
    now.folder.breaks(file, { code: 'photo-broken', message: `its decoder cannot cope with it: ${died.message}` });
    return { died };
  } finally {
    worker.onDeath = () => {};
  }
}

/**
 * The places of the photos to classify, in the order of the table.
 *
 * @param {StudyState} study
 */
async function placesToDo(study) {
  return [...study.pending, ...(await ofOtherPhotos(study))].sort((a, b) => a - b);
}

/**
 * The places of photos for which an answer is known that is not theirs: a saved run knows its photos by path, and another folder
 * may have others of the same names.
 *
 * @param {StudyState} study
 */
async function ofOtherPhotos({ files, pending }) {
  const others = [];
  const waiting = new Set(pending);
  for (const [place, file] of files.entries()) {
    const photo = now.folder.find(file);
    if (waiting.has(place) || now.confirmed.has(file) || now.bad.some((bad) => bad.file === file)) continue;
    // Nor is it of a photo that is not there.
    if (photo && (await current().call('confirm', [file, photo]))) now.confirmed.add(file);
    else others.push(place);
  }
  return others;
}

async function compute() {
  now.run = 'computing';
  show();
  view.showComputing();
  now.kept = await current().call('saved', []);
  now.reports = await current().call('finish', []);
  now.run = 'idle';
  show();
  view.showReport(now.reports.html);
}

async function save() {
  saveFile(await current().call('saved', []), 'application/jsonl', 'predictions.jsonl');
  now.unsaved = false;
}

/** @param {File} file */
async function restore(file) {
  // Bytes that are no text are no saved run either.
  const text = new TextDecoder().decode(await bytesOf(file));
  if ((await current().call('restore', [text])) === null) {
    throw new SkintreeError('labels', say('evalNotRestored', { name: file.name }));
  }
  // Which of the photos that had failed are among them, the table says when it is read again.
  await readTable();
}

function show() {
  const files = now.study?.files ?? [];
  const pending = now.study?.pending.length ?? 0;
  view.showRun({
    state: now.run,
    total: files.length,
    pending,
    found: files.filter((file) => now.folder.find(file)).length,
    readable: files.length - pending - now.bad.length,
    photos: now.folder.size > 0,
  });
}

// For app/start-check.js.
document.documentElement.dataset.started = 'yes';
