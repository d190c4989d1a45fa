// The parts of the upload page, and what they show at each step.

import { byId, el, scrollTo } from '../view/dom.js';
import { heatMapView } from '../view/heat-map.js';
import { startLanguageMenu, translatePage } from '../view/page-language.js';
import { onChosen, onDropped } from '../view/photo-inputs.js';
import { PhotoPreview } from '../view/photo-preview.js';
import { ProgressView } from '../view/progress-view.js';
import { growingResultView, spokenResult } from '../view/result-view.js';
import { say } from '../view/strings.js';
import { troubleView } from '../view/trouble-view.js';
import { AnswerActions, openForPrint } from './answer-actions.js';
import { hasCamera, takePhoto } from './camera-view.js';
import { CropView } from './crop-view.js';
import { exampleButtons } from './example-photos.js';
import { photoList } from './photo-list.js';

/**
 * @import {PhotoItem} from './photo-item.js'
 * @import {Part} from '../interface/wasm.js'
 * @import {Progress, Report} from '../skintree.js'
 */

/**
 * What a visitor does.
 *
 * @typedef {object} Handlers
 * @property {() => void} prepare someone reaches for a photo: the model may start to load
 * @property {(files: File[], framed?: boolean) => void} addPhotos
 * @property {(files: File[]) => void} addExamples
 * @property {(item: PhotoItem) => void} select
 * @property {(item: PhotoItem) => void} remove
 * @property {() => void} removeAll
 * @property {() => void} cancel ends the wait for the photo on show, and the download it waits for
 * @property {(item: PhotoItem, part: Part | null) => Promise<void>} classify about a part of the photo, or all of it
 * @property {(item: PhotoItem) => void} crop
 * @property {(item: PhotoItem) => Promise<Report | null>} explain gives a report with heat maps
 * @property {(item: PhotoItem, id: string) => void} changeKind
 * @property {(language: string) => void} changeLanguage
 */

const page = {
  language: byId('language', HTMLSelectElement),
  picker: byId('picker', HTMLElement),
  file: byId('file', HTMLInputElement),
  fileLabel: byId('file-label', HTMLLabelElement),
  camera: byId('camera', HTMLInputElement),
  openCamera: byId('open-camera', HTMLButtonElement),
  examples: byId('examples', HTMLElement),
  examplesHint: byId('examples-hint', HTMLElement),
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
  handlers.cancel();
  announce(say('cancelled'));
});
const actions = new AnswerActions(announce);
// What cannot be drawn can be neither cropped nor covered with a map.
const preview = new PhotoPreview(page.preview, page.noPreview, () => (page.crop.hidden = page.explain.hidden = true));
/** @type {Handlers} */
let handlers;
/** @type {PhotoItem | null} */
let shown = null;
/** The bar shows how far the model is, which must not be overwritten. */
let loading = false;
/** Whose answer has been announced. @type {PhotoItem | null} */
let announced = null;

/** @param {Handlers} given */
export function start(given) {
  handlers = given;
  page.loading.append(progress.element);
  startLanguageMenu(page.language, (tag) => handlers.changeLanguage(tag));
  page.crop.addEventListener('click', () => shown && handlers.crop(shown));
  page.explain.addEventListener('click', () => shown && explain(shown));
  page.remove.addEventListener('click', () => {
    page.file.focus();
    if (shown) handlers.remove(shown);
  });
  page.clear.addEventListener('click', () => {
    page.file.focus();
    handlers.removeAll();
  });
  translate();
  for (const input of [page.file, page.camera]) onChosen(input, handlers);
  // On the whole page: a photo dropped beside the frame would otherwise replace the page.
  onDropped(globalThis, document.body, handlers);
  document.body.classList.toggle('live-camera', hasCamera);
  page.openCamera.addEventListener('click', async () => {
    handlers.prepare();
    const photo = await takePhoto(page.camera);
    if (photo) handlers.addPhotos([photo], true);
  });
  openForPrint();
}

export function translate() {
  translatePage();
  page.examples.replaceChildren(...exampleButtons((photo) => handlers.addExamples([photo])));
  page.examplesHint.hidden = page.examples.childElementCount === 0;
  page.photoList.setAttribute('aria-label', say('photosHeading'));
  announced = null;
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
  page.photoList.replaceChildren(...photoList(items, selected, handlers));
  actions.setAll(named(items));
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
    page.preview.dataset.of = state;
    preview.show(source ?? thumbnail ?? '');
  }
  page.crop.hidden = !original || page.photo.hidden || !preview.drawn;
  page.explain.hidden = state !== 'done' || !source || !preview.drawn;
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
    const report = await handlers.explain(item);
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
      crop.busy = true;
      // The button is about to vanish, and with it the place of those who came by keyboard.
      page.work.focus({ preventScroll: true });
      // As it came, if that is what is wanted: no pixel is then changed on the way.
      await handlers.classify(item, crop.untouched ? null : crop.part);
      bitmap.close();
    },
    leave: () => {
      page.file.focus();
      handlers.remove(item);
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
  const changeKind = item.source ? (/** @type {string} */ id) => askAsKind(item, id) : undefined;
  const { article, whole } = growingResultView(report, changeKind);
  page.result.append(article);
  void whole.then((isWhole) => isWhole && article.after(actions.element({ name: item.name, report })));
  if (announced !== item) {
    announced = item;
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
  announced = null;
  handlers.changeKind(item, id);
}

/** @param {PhotoItem[]} items */
function named(items) {
  return items.flatMap(({ name, report }) => (report ? [{ name, report }] : []));
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
