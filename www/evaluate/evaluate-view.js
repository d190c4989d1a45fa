// The parts of the page that evaluates the model, and what they show at each step.

import { byId, el } from '../view/dom.js';
import { startLanguageMenu, translatePage } from '../view/page-language.js';
import { onFiles } from '../view/photo-inputs.js';
import { ProgressView } from '../view/progress-view.js';
import { currentLanguage, duration, local, say } from '../view/strings.js';
import { technicalWords, troubleView } from '../view/trouble-view.js';
import { troubleOf } from '../interface/session.js';

/**
 * @import {Node} from './messages.js'
 * @import {Failure} from '../interface/messages.js'
 * @import {Trouble} from '../interface/session.js'
 * @import {Progress, SkintreeError} from '../skintree.js'
 * @import {LabelOptions, TableColumns, UnknownLabel} from '../interface/wasm.js'
 */

/**
 * What a visitor does.
 *
 * @typedef {object} Handlers
 * @property {(files: File[]) => void} choosePhotos
 * @property {(file: File) => void} chooseTable
 * @property {() => void} change other columns, rows or names
 * @property {() => void} start
 * @property {() => void} stop
 * @property {() => void} figures
 * @property {() => void} save
 * @property {(file: File) => void} restore
 * @property {(kind: 'html' | 'json') => void} saveReport
 * @property {(language: string) => void} changeLanguage
 */

/**
 * Where the run is.
 *
 * @typedef {object} Run
 * @property {'idle' | 'running' | 'stopping' | 'computing'} state
 * @property {number} total photos of the table; 0 without one
 * @property {number} pending those still to be classified
 * @property {number} found those of the table that are among the chosen photos
 * @property {number} readable those classified so far
 * @property {boolean} photos some are chosen
 */

const page = {
  language: byId('language', HTMLSelectElement),
  folder: byId('folder', HTMLInputElement),
  files: byId('files', HTMLInputElement),
  photosStatus: byId('photos-status', HTMLElement),
  table: byId('table', HTMLInputElement),
  tableStatus: byId('table-status', HTMLElement),
  tableFailure: byId('table-failure', HTMLElement),
  columns: byId('columns', HTMLElement),
  only: byId('only', HTMLInputElement),
  names: byId('names', HTMLElement),
  nameList: byId('name-list', HTMLElement),
  nodes: byId('nodes', HTMLElement),
  useNames: byId('use-names', HTMLButtonElement),
  runHeading: byId('run-heading', HTMLElement),
  runStatus: byId('run-status', HTMLElement),
  loading: byId('loading', HTMLElement),
  failure: byId('failure', HTMLElement),
  start: byId('start', HTMLButtonElement),
  stop: byId('stop', HTMLButtonElement),
  figures: byId('figures', HTMLButtonElement),
  save: byId('save', HTMLButtonElement),
  restore: byId('restore', HTMLElement),
  saved: byId('saved', HTMLInputElement),
  bad: byId('bad', HTMLDetailsElement),
  badSummary: byId('bad-summary', HTMLElement),
  badList: byId('bad-list', HTMLElement),
  result: byId('result', HTMLElement),
  resultHeading: byId('result-heading', HTMLElement),
  saveHtml: byId('save-html', HTMLButtonElement),
  saveJson: byId('save-json', HTMLButtonElement),
  report: byId('report', HTMLElement),
  live: byId('live', HTMLElement),
};

/** The menus of columns: which of the likely ones each begins with, and whether one must be chosen. */
const MENUS = {
  fileColumn: { menu: byId('file-column', HTMLSelectElement), likely: /** @type {const} */ ('file'), needed: true },
  labelColumn: { menu: byId('label-column', HTMLSelectElement), likely: /** @type {const} */ ('label'), needed: true },
  lesionColumn: { menu: byId('lesion-column', HTMLSelectElement), likely: /** @type {const} */ ('lesion'), needed: false },
  foldColumn: { menu: byId('fold-column', HTMLSelectElement), likely: /** @type {const} */ ('fold'), needed: false },
  onePer: { menu: byId('one-per', HTMLSelectElement), likely: null, needed: false },
};

/** A list that is longer tells nobody more; the report has all. */
const MOST_LISTED = 100;

const progress = new ProgressView(announce, null);
/** @type {Handlers} */
let handlers;
/** @type {{name: string, columns: string} | null} */
let table = null;
/** Labels to what the visitor has typed for them. @type {Map<string, HTMLInputElement>} */
const named = new Map();
/** @type {Node[]} */
let nodes = [];

/** @param {Handlers} given */
export function start(given) {
  handlers = given;
  page.loading.append(progress.element);
  startLanguageMenu(page.language, (tag) => handlers.changeLanguage(tag));
  for (const input of [page.folder, page.files]) onFiles(input, (files) => files.length && handlers.choosePhotos(files));
  onFiles(page.table, ([file]) => file && handlers.chooseTable(file));
  onFiles(page.saved, ([file]) => file && handlers.restore(file));
  for (const { menu } of Object.values(MENUS)) menu.addEventListener('change', () => handlers.change());
  page.only.addEventListener('change', () => handlers.change());
  page.useNames.addEventListener('click', () => handlers.change());
  page.start.addEventListener('click', () => handlers.start());
  page.stop.addEventListener('click', () => handlers.stop());
  page.figures.addEventListener('click', () => handlers.figures());
  page.save.addEventListener('click', () => handlers.save());
  page.saveHtml.addEventListener('click', () => handlers.saveReport('html'));
  page.saveJson.addEventListener('click', () => handlers.saveReport('json'));
  translatePage();
}

export function translate() {
  translatePage();
  for (const { menu, needed } of Object.values(MENUS)) {
    if (!needed && menu.options[0]) menu.options[0].textContent = say('evalNoColumn');
  }
  sayTable();
  showNodes(nodes);
  // Made anew by whoever shows it next.
  page.badList.replaceChildren();
}

function sayTable() {
  page.tableStatus.textContent = table ? say('evalTableChosen', table) : '';
}

/** @param {string} text */
function announce(text) {
  page.live.textContent = text;
}

/** @param {string} name @param {number} count */
export function showPhotos(name, count) {
  page.photosStatus.textContent = name ? say('evalFolderChosen', { name, count }) : say('evalFilesChosen', { count });
}

/** @param {Node[]} all what a label can be */
export function showNodes(all) {
  nodes = all;
  page.nodes.replaceChildren(...all.map(({ id, name }) => el('option', { value: id }, local(name))));
}

/**
 * @param {string} file
 * @param {TableColumns} columns
 */
export function showColumns(file, columns) {
  table = { name: file, columns: columns.names.join(', ') };
  sayTable();
  for (const { menu, likely, needed } of Object.values(MENUS)) {
    const none = needed ? [] : [el('option', { value: '' }, say('evalNoColumn'))];
    menu.replaceChildren(...none, ...columns.names.map((name) => el('option', { value: name }, name)));
    menu.value = (likely && columns[likely]) ?? (needed ? columns.names[0] : '');
  }
  page.only.value = '';
  named.clear();
  page.columns.hidden = false;
}

/** @returns {LabelOptions} what the visitor has chosen */
export function labelOptions() {
  const column = (/** @type {keyof typeof MENUS} */ key) => MENUS[key].menu.value;
  return {
    fileColumn: column('fileColumn'),
    labelColumn: column('labelColumn'),
    lesionColumn: column('lesionColumn'),
    foldColumn: column('foldColumn'),
    onePer: column('onePer') || null,
    only: page.only.value
      .split(';')
      .filter((part) => part.trim())
      .map((part) => {
        const [name, ...value] = part.split('=');
        return [name.trim(), value.join('=').trim()];
      }),
    map: Object.fromEntries([...named].map(([name, input]) => [name, idOf(input.value)])),
  };
}

/** The id of a node that was given by id or by name; else what was typed, which the error then names. @param {string} text */
function idOf(text) {
  const wanted = text.trim().toLowerCase();
  const node = nodes.find(({ id, name }) => id === wanted || Object.values(name).some((one) => one?.toLowerCase() === wanted));
  return node?.id ?? wanted;
}

/** Asks what the names mean, and says which of those that were typed for them the tree does not have either. @param {UnknownLabel[]} unknown */
export function askNames(unknown) {
  const wrong = new Set(unknown.flatMap(({ name }) => named.get(name) ?? []));
  for (const input of named.values()) {
    if (wrong.has(input)) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
  if (wrong.size > 0) showTableFailure(say('evalNoSuchNode', { names: [...wrong].map(({ value }) => value).join(', ') }));
  for (const { name, rows } of unknown) {
    if (named.has(name)) continue;
    const input = el('input', { type: 'text', autocomplete: 'off', spellcheck: false });
    input.setAttribute('list', 'nodes');
    named.set(name, input);
    page.nameList.append(el('li', {}, el('label', {}, say('evalName', { name, count: rows }), input)));
  }
  page.names.hidden = named.size === 0;
}

/** A new table, or another column: earlier names mean nothing. */
export function forgetNames() {
  named.clear();
  page.nameList.replaceChildren();
  page.names.hidden = true;
}

/** @param {string | Failure} failure empty if all is well */
export function showTableFailure(failure) {
  page.tableFailure.replaceChildren(...failureView(failure));
}

/** What is wrong with what the visitor has given. @param {string | Failure} failure */
function failureView(failure) {
  if (typeof failure === 'string') return failure ? [el('p', {}, failure)] : [];
  const { code, message, reason = 'other' } = failure;
  return [el('p', {}, say(/** @type {'wrong-other'} */ (`wrong-${reason}`))), technicalWords(code, message)];
}

export function showLoading() {
  progress.work(say('downloading'));
}

/** @param {Progress} news */
export function showProgress(news) {
  progress.measure(news);
}

export function showLoaded() {
  progress.hide();
}

/**
 * @param {Trouble} kind
 * @param {SkintreeError} error
 * @param {() => void} again
 */
export function showTrouble(kind, error, again) {
  progress.hide();
  const retry = () => {
    // The button is about to vanish, and with it the place of those who came by keyboard.
    page.runHeading.focus();
    again();
  };
  page.failure.replaceChildren(...troubleView(kind, error, { again: retry, choose: () => page.files.click() }));
}

/** @param {string | Failure} failure */
export function showRunFailure(failure) {
  page.failure.replaceChildren(...failureView(failure));
}

export function clearTrouble() {
  page.failure.replaceChildren();
}

/** @param {Run} run */
export function showRun({ state, total, pending, found, readable, photos }) {
  const idle = state === 'idle';
  const begun = total > 0 && pending < total;
  const working = document.activeElement === page.start || document.activeElement === page.stop;
  const menus = Object.values(MENUS).map(({ menu }) => menu);
  for (const control of [page.folder, page.files, page.table, page.only, page.useNames, ...named.values(), ...menus]) {
    control.disabled = !idle;
  }
  page.start.hidden = !idle || (begun && pending === 0);
  page.start.disabled = !(total > 0 && photos);
  page.start.textContent = say(begun ? 'evalGoOn' : 'evalStart');
  page.stop.hidden = state !== 'running' && state !== 'stopping';
  page.stop.disabled = state === 'stopping';
  page.figures.hidden = !idle || readable === 0;
  page.figures.textContent = say(pending === 0 ? 'evalFiguresAll' : 'evalFigures');
  page.save.hidden = !idle || readable === 0;
  page.restore.hidden = !idle || total === 0;
  page.runStatus.textContent = total === 0 ? say('evalWaiting') : statusOf(total, pending, found, photos, begun);
  if (idle) progress.hide();
  // A button that vanishes must not take the focus with it.
  if (working && document.activeElement === document.body) (page.stop.hidden ? page.runHeading : page.stop).focus();
}

/** @param {number} total @param {number} pending @param {number} found @param {boolean} photos @param {boolean} begun */
function statusOf(total, pending, found, photos, begun) {
  const done = begun ? ` ${say('evalDone', { count: total - pending })}` : '';
  return (photos ? say('evalMatched', { count: total, found }) : say('evalNeedPhotos', { count: total })) + done;
}

/**
 * @param {number} done
 * @param {number} total
 * @param {number | null} left_ms
 */
export function showSteps(done, total, left_ms) {
  const count = say('evalCount', { done, total });
  const left = left_ms === null ? '' : `, ${say('evalLeft', { time: clock(left_ms) })}`;
  progress.steps(say('evalClassifying'), count + left, done / total);
}

/** @param {number} ms */
function clock(ms) {
  const minutes = ms / 60_000;
  return minutes < 1.5 ? duration(Math.max(1000, Math.round(ms / 1000) * 1000)) : say('evalMinutes', { count: Math.round(minutes) });
}

export function showComputing() {
  progress.work(say('evalComputing'), say('evalComputingNote'));
}

/** @param {(Failure & {file: string})[]} all */
export function showBad(all) {
  page.bad.hidden = all.length === 0;
  const listed = all.slice(0, MOST_LISTED);
  page.badSummary.textContent = say(listed.length < all.length ? 'evalBadMany' : 'evalBad', { count: all.length, listed: listed.length });
  // Of thousands that fail one after the other, each is added once.
  if (page.badList.childElementCount > listed.length) page.badList.replaceChildren();
  const more = listed.slice(page.badList.childElementCount);
  page.badList.append(...more.map((one) => el('li', {}, `${one.file}: [${one.code}] ${whyBad(one)}`)));
}

/** Why a photo is left out; the exact words are English. @param {Failure} failure */
function whyBad({ code, message }) {
  if (currentLanguage() === 'en') return message;
  return code === 'photo-missing' ? say('evalPhotoMissing') : say(`error-${troubleOf({ code }, null)}`);
}

const reportStyle = new CSSStyleSheet();
document.adoptedStyleSheets.push(reportStyle);

/** @param {string | null} html `report.html` */
export function showReport(html) {
  page.result.hidden = html === null;
  // The wasm module has escaped all that the table says. Its head is left out: this page's policy would not let its
  // style in, which is therefore adopted.
  const style = html?.match(/<style id="report-style">([^<]*)</)?.[1] ?? '';
  reportStyle.replaceSync(style);
  const body = html?.slice(html.indexOf('<body')) ?? '';
  const article = new DOMParser().parseFromString(body, 'text/html').querySelector('article');
  page.report.replaceChildren(...(article ? [document.importNode(article, true)] : []));
  if (article) page.resultHeading.focus();
}
