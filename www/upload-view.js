// The parts of the upload page, and what they show at each step.

import { isTooLarge } from './bitmap.js';
import { hasCamera, takePhoto } from './camera-view.js';
import { CropView } from './crop-view.js';
import { byId, el, scrollTo } from './dom.js';
import { DRAWINGS, paintSpot } from './drawn-spots.js';
import { heatMapView } from './heat-map.js';
import { startLanguageMenu, translatePage } from './page-language.js';
import { photoList } from './photo-list.js';
import { ProgressView } from './progress-view.js';
import { asCsv, asFhir, asJson, asText } from './report-export.js';
import { resultView, spokenResult } from './result-view.js';
import { saveFile } from './save-file.js';
import { say } from './strings.js';
import { troubleView } from './trouble-view.js';

/**
 * @import {PhotoItem} from './photo-item.js'
 * @import {Progress, Report} from './skintree.js'
 * @import {StringKey} from './strings.js'
 */

/**
 * What a visitor does.
 *
 * @typedef {object} Wishes
 * @property {() => void} reached someone reaches for a photo
 * @property {(files: File[], framed?: boolean) => void} give
 * @property {(files: File[]) => void} examples
 * @property {(item: PhotoItem) => void} select
 * @property {(item: PhotoItem) => void} remove
 * @property {() => void} removeAll
 * @property {() => void} cancel ends the wait for the photo on show, and the download it waits for
 * @property {(item: PhotoItem, source: Blob) => void} ask
 * @property {(item: PhotoItem) => void} crop
 * @property {(item: PhotoItem) => Promise<Report | null>} explain gives a report with heat maps
 * @property {(item: PhotoItem, id: string) => void} changeKind
 * @property {(language: string) => void} speak
 */

const page = {
  language: byId('language', HTMLSelectElement),
  picker: byId('picker', HTMLElement),
  file: byId('file', HTMLInputElement),
  fileLabel: byId('file-label', HTMLLabelElement),
  camera: byId('camera', HTMLInputElement),
  openCamera: byId('open-camera', HTMLButtonElement),
  examples: byId('examples', HTMLElement),
  sizeHint: byId('size-hint', HTMLElement),
  loading: byId('loading', HTMLElement),
  work: byId('work', HTMLElement),
  photos: byId('photos', HTMLElement),
  photoList: byId('photo-list', HTMLElement),
  clear: byId('clear', HTMLButtonElement),
  photo: byId('photo', HTMLElement),
  preview: byId('preview', HTMLImageElement),
  noPreview: byId('no-preview', HTMLElement),
  photoName: byId('photo-name', HTMLElement),
  crop: byId('crop', HTMLButtonElement),
  remove: byId('remove', HTMLButtonElement),
  stage: byId('stage', HTMLElement),
  explain: byId('explain', HTMLButtonElement),
  explained: byId('explained', HTMLElement),
  remark: byId('remark', HTMLElement),
  answer: byId('answer', HTMLElement),
  failure: byId('failure', HTMLElement),
  result: byId('result', HTMLElement),
  live: byId('live', HTMLElement),
};

const progress = new ProgressView(announce, () => {
  page.file.focus();
  wishes.cancel();
  announce(say('cancelled'));
});
/** @type {Wishes} */
let wishes;
/** @type {PhotoItem | null} */
let shown = null;
/** The bar shows how far the model is, which must not be overwritten. */
let loading = false;
/** Whose answer has been announced. @type {PhotoItem | null} */
let told = null;
/** The photos that have an answer. @type {{name: string, report: Report}[]} */
let answered = [];

/** @param {Wishes} given */
export function start(given) {
  wishes = given;
  page.loading.append(progress.element);
  startLanguageMenu(page.language, (tag) => wishes.speak(tag));
  page.preview.addEventListener('error', hidePreview);
  page.preview.addEventListener('load', () => {
    if (shown?.source && isTooLarge(shown.source, page.preview)) hidePreview();
  });
  page.crop.addEventListener('click', () => shown && wishes.crop(shown));
  page.explain.addEventListener('click', () => shown && explain(shown));
  page.remove.addEventListener('click', () => {
    page.file.focus();
    if (shown) wishes.remove(shown);
  });
  page.clear.addEventListener('click', () => {
    page.file.focus();
    wishes.removeAll();
  });
  translate();
  listenToInputs();
  listenToPage();
  openForPrint();
}

function hidePreview() {
  URL.revokeObjectURL(page.preview.src);
  page.preview.removeAttribute('src');
  page.preview.hidden = true;
  page.noPreview.hidden = false;
  // What cannot be drawn can be neither cropped nor covered with a map.
  page.crop.hidden = page.explain.hidden = true;
}

function listenToInputs() {
  for (const input of [page.file, page.camera]) {
    // The model starts to load when someone reaches for a photo: by the time one is chosen much of it is there, and
    // those who only came to read don't pay tens of megabytes of their phone contract.
    input.addEventListener('click', () => wishes.reached());
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])];
      // Else choosing the same file again would be no change.
      input.value = '';
      wishes.give(files);
    });
  }
  document.body.classList.toggle('live-camera', hasCamera);
  page.openCamera.addEventListener('click', async () => {
    wishes.reached();
    const photo = await takePhoto(page.camera);
    if (photo) wishes.give([photo], true);
  });
}

function listenToPage() {
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) {
      event.preventDefault();
      wishes.give(files);
    }
  });
  // On the whole page: a photo dropped beside the frame would otherwise replace the page.
  addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      document.body.classList.add('dragging');
      wishes.reached();
    }
  });
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) {
      document.body.classList.remove('dragging');
    }
  });
  addEventListener('drop', (event) => {
    document.body.classList.remove('dragging');
    if (event.dataTransfer?.types.includes('Files')) {
      event.preventDefault();
      wishes.give([...event.dataTransfer.files]);
    }
  });
}

/** On paper nothing can be opened. */
function openForPrint() {
  /** @type {HTMLDetailsElement[]} */
  let closed = [];
  addEventListener('beforeprint', () => {
    // More than once before one printing, in some browsers.
    closed.push(...[...document.querySelectorAll('details')].filter((one) => !one.open && one.matches('.technical, .numbers')));
    for (const one of closed) one.open = true;
  });
  addEventListener('afterprint', () => {
    for (const one of closed) one.open = false;
    closed = [];
  });
}

export function translate() {
  translatePage();
  page.examples.replaceChildren(...DRAWINGS.map(exampleButton));
  page.photoList.setAttribute('aria-label', say('photosHeading'));
  told = null;
}

/** @param {import('./drawn-spots.js').Drawing} drawing */
function exampleButton(drawing) {
  const canvas = draw(drawing, 96, 72);
  const button = el('button', { type: 'button', className: 'example', 'aria-label': say(exampleName(drawing)) }, canvas);
  button.addEventListener('click', () => {
    draw(drawing, 600, 450).toBlob((blob) => {
      if (blob) wishes.examples([new File([blob], `${say(exampleName(drawing))}.png`, { type: 'image/png' })]);
    }, 'image/png');
  });
  return el('li', {}, button);
}

/** @param {import('./drawn-spots.js').Drawing} drawing */
function exampleName({ id }) {
  return /** @type {StringKey} */ (`drawing-${id}`);
}

/**
 * @param {import('./drawn-spots.js').Drawing} drawing
 * @param {number} width
 * @param {number} height
 */
function draw(drawing, width, height) {
  const canvas = el('canvas', { width, height });
  canvas.getContext('2d')?.putImageData(new ImageData(paintSpot(drawing, width, height), width, height), 0, 0);
  return canvas;
}

/** @param {string} text */
function announce(text) {
  page.live.textContent = text;
}

export function showLoaded() {
  loading = false;
  page.sizeHint.hidden = true;
}

/** @param {string | null} text */
export function showRemark(text) {
  page.remark.hidden = text === null;
  page.remark.textContent = text;
  if (text) {
    announce(text);
    page.remark.scrollIntoView({ block: 'nearest' });
  }
}

/** Nothing is waited for any more. */
export function showStopped() {
  loading = false;
  progress.hide();
}

export function showLoading() {
  loading = true;
  page.failure.replaceChildren();
  progress.work(say('downloading'));
}

/** @param {Progress} news */
export function showProgress(news) {
  progress.measure(news);
}

/** @param {boolean} idle no photo waits */
export function showReady(idle) {
  if (idle) progress.done(say('ready'));
  else progress.hide();
}

export function showClassifying() {
  if (shown?.state === 'running') progress.work(say('classifying'));
}

/** Brings what is new into view. */
export function arrive() {
  document.body.classList.add('has-photo');
  labelChoice('chooseMore');
  requestAnimationFrame(() => scrollTo(page.work, 'start'));
}

/** @param {'choosePhotos' | 'chooseMore'} key */
function labelChoice(key) {
  page.fileLabel.setAttribute('data-say', key);
  page.fileLabel.textContent = say(key);
}

/**
 * @param {PhotoItem[]} items
 * @param {PhotoItem | null} selected
 */
export function showList(items, selected) {
  page.work.classList.toggle('bare', items.length === 0);
  page.photos.hidden = items.length < 2;
  // The list is made anew; whoever stands in it by keyboard must not fall out.
  const place = [...page.photoList.querySelectorAll('button')].findIndex((button) => button === document.activeElement);
  page.photoList.replaceChildren(...photoList(items, selected, wishes));
  answered = named(items);
  offerAll();
  if (place >= 0) page.photoList.querySelectorAll('button')[place]?.focus();
}

/**
 * @param {PhotoItem | null} item
 */
export function showItem(item) {
  const same = shown === item;
  shown = item;
  page.result.replaceChildren();
  if (!same || item?.state !== 'framing') page.failure.replaceChildren();
  page.answer.dataset.state = item?.state ?? 'none';
  if (!item) {
    document.body.classList.remove('has-photo');
    labelChoice('choosePhotos');
    page.photo.hidden = true;
    progress.hide();
    return;
  }
  showPhoto(item, same);
  switch (item.state) {
    case 'done':
      progress.hide();
      showReport(item);
      break;
    case 'failed':
      progress.hide();
      if (item.trouble) showTrouble(item.trouble);
      break;
    case 'waiting':
    case 'running':
      if (!loading) progress.work(say(item.state === 'running' ? 'classifying' : 'stateWaiting'));
      break;
    case 'framing':
      if (!loading) progress.hide();
  }
}

/**
 * @param {PhotoItem} item
 * @param {boolean} same it was shown before
 */
function showPhoto({ source, thumbnail, name, original, state }, same) {
  page.photo.hidden = state === 'framing';
  page.photoName.textContent = name;
  page.explained.replaceChildren();
  page.stage.hidden = false;
  page.preview.alt = say('photoAlt');
  if (!same || page.preview.dataset.of !== state) {
    URL.revokeObjectURL(page.preview.src);
    page.preview.dataset.of = state;
    page.preview.src = source ? URL.createObjectURL(source) : (thumbnail ?? '');
    page.preview.hidden = false;
    page.noPreview.hidden = true;
  }
  const drawn = page.noPreview.hidden;
  page.crop.hidden = !original || page.photo.hidden || !drawn;
  page.explain.hidden = state !== 'done' || !source || !drawn;
}

/**
 * Puts the heat maps in the place of the plain photo.
 *
 * @param {PhotoItem} item
 */
async function explain(item) {
  page.explain.disabled = true;
  announce(say('classifying'));
  try {
    const report = await wishes.explain(item);
    if (report && item === shown && item.state === 'done') {
      const { element } = heatMapView(report, page.preview);
      page.explained.replaceChildren(element);
      page.stage.hidden = true;
      page.explain.hidden = true;
      element.querySelector('select')?.focus({ preventScroll: true });
    }
  } catch {
    if (item === shown) {
      page.explained.replaceChildren(el('p', { className: 'hint' }, say('heatMapNone')));
      page.explain.hidden = true;
      announce(say('heatMapNone'));
    }
  } finally {
    page.explain.disabled = false;
  }
}

/**
 * @param {PhotoItem} item
 * @param {ImageBitmap} bitmap
 */
export function showCrop(item, bitmap) {
  if (item !== shown) {
    return;
  }
  const crop = new CropView(bitmap, {
    ask: async () => {
      const { original } = item;
      if (!original) return;
      // As it came, if that is what is wanted: no pixel is then changed on the way.
      const source = crop.untouched ? original : await crop.cut();
      bitmap.close();
      // The button is about to vanish, and with it the place of those who came by keyboard.
      page.work.focus({ preventScroll: true });
      wishes.ask(item, source);
    },
    leave: () => {
      page.file.focus();
      wishes.remove(item);
    },
  });
  page.result.replaceChildren(crop.element);
  crop.element.querySelector('h2')?.focus({ preventScroll: true });
}

/**
 * @param {PhotoItem} item
 */
function showReport(item) {
  const { report } = item;
  if (!report) {
    return;
  }
  page.result.append(resultView(report, item.source ? (id) => askAsKind(item, id) : undefined), actions(item));
  offerAll();
  if (told !== item) {
    told = item;
    announce(spokenResult(report));
  }
}

/**
 * @param {PhotoItem} item
 * @param {string} id of the kind of photo
 */
function askAsKind(item, id) {
  // The button is about to vanish, and with it the place of those who came by keyboard.
  page.work.focus({ preventScroll: true });
  told = null;
  wishes.changeKind(item, id);
}

/**
 * @param {PhotoItem} item
 */
function actions(item) {
  const one = named([item]);
  return el(
    'section',
    { className: 'actions', 'aria-labelledby': 'actions-heading' },
    el('h3', { id: 'actions-heading' }, say('actionsHeading')),
    el(
      'div',
      { className: 'buttons' },
      action('copy', async () => {
        await navigator.clipboard.writeText(asText(one[0]));
        announce(say('copied'));
        return say('copied');
      }),
      action('print', () => print()),
      action('saveJson', () => save(asJson(one), 'json')),
      action('saveCsv', () => save(asCsv(one), 'csv')),
      action('saveFhir', () => save(asFhir(one[0]), 'fhir.json')),
      ...FOR_ALL.map(([key, act]) => action(key, act)),
    ),
    el('p', { className: 'hint' }, say('actionsNote')),
  );
}

/** What is done with all answers, whichever is on show. */
const FOR_ALL = /** @type {const} */ ([
  ['saveAllJson', () => save(asJson(answered), 'json')],
  ['saveAllCsv', () => save(asCsv(answered), 'csv')],
]);

/** More of them may have come since the answer on show. */
function offerAll() {
  for (const [key] of FOR_ALL) {
    const button = page.result.querySelector(`[data-action=${key}]`);
    if (button instanceof HTMLButtonElement) {
      button.hidden = answered.length < 2;
      button.textContent = say(key, { count: answered.length });
    }
  }
}

/** @param {PhotoItem[]} items */
function named(items) {
  return items.flatMap(({ name, report }) => (report ? [{ name, report }] : []));
}

/**
 * @param {StringKey} key
 * @param {() => unknown} act may give a new text for the button
 */
function action(key, act) {
  const button = el('button', { type: 'button', className: 'button', 'data-action': key }, say(key));
  button.addEventListener('click', async () => {
    try {
      const text = await act();
      if (typeof text === 'string') button.textContent = text;
    } catch {
      button.textContent = say('actionFailed');
      announce(say('actionFailed'));
    }
  });
  return button;
}

const MEDIA_TYPES = { csv: 'text/csv', json: 'application/json', 'fhir.json': 'application/fhir+json' };

/**
 * @param {string} text
 * @param {keyof typeof MEDIA_TYPES} kind
 */
function save(text, kind) {
  // The mark tells spreadsheets that the names in it are UTF-8.
  saveFile(kind === 'csv' ? `\ufeff${text}` : text, MEDIA_TYPES[kind], `skintree-report.${kind}`);
}

/** @param {NonNullable<PhotoItem['trouble']>} trouble */
function showTrouble({ kind, error, again }) {
  loading = false;
  const retry = () => {
    // The button is about to vanish, and with it the place of those who came by keyboard.
    page.file.focus();
    again();
  };
  // Said by the alert role of the element it goes into, so not announced once more.
  announce('');
  page.failure.append(...troubleView(kind, error, { again: retry, choose: () => page.file.click() }));
}

/** The model could not be loaded, and no photo waits for it. @param {NonNullable<PhotoItem['trouble']>} trouble */
export function showLoadTrouble(trouble) {
  progress.hide();
  showTrouble(trouble);
}
