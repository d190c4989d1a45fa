// The parts of the upload page, and what they show at each step.

import { byId, el } from './dom.js';
import { resultView, spokenResult } from './result-view.js';
import { SkintreeError } from './skintree.js';
import { currentLanguage, duration, languages, megabytes, say } from './strings.js';

/**
 * @import {Progress, Report} from './skintree.js'
 * @import {StringKey} from './strings.js'
 */

/** @typedef {'photo-format' | 'photo-broken' | 'photo-too-large' | 'network' | 'pack' | 'engine' | 'gpu' | 'internal'} Trouble */

/** A wait shorter than this needs no clock. */
const CLOCK_AFTER_MS = 2000;

const page = {
  language: byId('language', HTMLSelectElement),
  picker: byId('picker', HTMLElement),
  file: byId('file', HTMLInputElement),
  fileLabel: byId('file-label', HTMLLabelElement),
  camera: byId('camera', HTMLInputElement),
  sizeHint: byId('size-hint', HTMLElement),
  work: byId('work', HTMLElement),
  photo: byId('photo', HTMLElement),
  preview: byId('preview', HTMLImageElement),
  noPreview: byId('no-preview', HTMLElement),
  photoName: byId('photo-name', HTMLElement),
  remark: byId('remark', HTMLElement),
  progress: byId('progress', HTMLElement),
  progressText: byId('progress-text', HTMLElement),
  progressCount: byId('progress-count', HTMLElement),
  progressBar: byId('progress-bar', HTMLProgressElement),
  progressNote: byId('progress-note', HTMLElement),
  failure: byId('failure', HTMLElement),
  result: byId('result', HTMLElement),
  live: byId('live', HTMLElement),
};

export const inputs = [page.file, page.camera];

page.preview.addEventListener('error', () => {
  page.preview.hidden = true;
  page.noPreview.hidden = false;
});

export function translate() {
  document.documentElement.lang = currentLanguage();
  for (const element of document.querySelectorAll('[data-say]')) {
    element.textContent = say(/** @type {StringKey} */ (element.getAttribute('data-say')));
  }
  if (shown) {
    const report = shown;
    clearAnswer();
    showResult(report);
  }
}

/** @param {(tag: string) => void} choose */
export function offerLanguages(choose) {
  page.language.append(...languages.map(({ tag, name }) => el('option', { value: tag, lang: tag }, name)));
  page.language.value = currentLanguage();
  page.language.addEventListener('change', () => choose(page.language.value));
}

/** @param {boolean} over */
export function dragging(over) {
  document.body.classList.toggle('dragging', over);
}

export function hideSizeHint() {
  page.sizeHint.hidden = true;
}

let clock = 0;
/** @type {Report | null} */
let shown = null;

/** Takes the last answer away. The progress stays, as the model may still be loading. */
export function clearAnswer() {
  shown = null;
  page.failure.replaceChildren();
  const save = page.result.querySelector('a');
  if (save) {
    URL.revokeObjectURL(save.href);
  }
  page.result.replaceChildren();
}

function hideProgress() {
  clearInterval(clock);
  page.progress.hidden = true;
}

/** @param {string | null} text */
export function showRemark(text) {
  page.remark.hidden = text === null;
  page.remark.textContent = text;
  if (text) {
    page.work.hidden = false;
    announce(text);
  }
}

/** @param {string} text */
function announce(text) {
  page.live.textContent = text;
}

/** @param {File} file */
export function showPhoto(file) {
  URL.revokeObjectURL(page.preview.src);
  page.preview.src = URL.createObjectURL(file);
  page.preview.alt = say('photoAlt');
  page.preview.hidden = false;
  page.noPreview.hidden = true;
  page.photoName.textContent = file.name;
  page.photo.hidden = false;
  page.work.hidden = false;
  page.fileLabel.setAttribute('data-say', 'chooseAnother');
  page.fileLabel.textContent = say('chooseAnother');
  document.body.classList.add('has-photo');
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  page.picker.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'start' });
}

/**
 * Something that takes its time and has no measure: the clock at least shows that it goes on.
 *
 * @param {string} text
 * @param {string} [note]
 */
export function showWork(text, note = '') {
  clearInterval(clock);
  page.work.hidden = false;
  page.progress.hidden = false;
  page.progressBar.hidden = false;
  page.progressBar.removeAttribute('value');
  page.progressText.textContent = text;
  page.progressCount.textContent = '';
  page.progressNote.textContent = note;
  announce(text);
  const start = performance.now();
  clock = window.setInterval(() => {
    const passed = performance.now() - start;
    if (passed >= CLOCK_AFTER_MS) {
      page.progressCount.textContent = duration(Math.floor(passed / 1000) * 1000);
    }
  }, 500);
}

let lastQuarter = 0;

/** @param {Progress} progress */
export function showProgress({ phase, loaded, total }) {
  if (phase === 'compile') {
    showWork(say('preparing'), say('preparingNote'));
    return;
  }
  clearInterval(clock);
  page.progressBar.max = total;
  page.progressBar.value = loaded;
  page.progressCount.textContent = say('downloaded', { loaded: megabytes(loaded), total: megabytes(total) });
  page.progressNote.textContent = say('downloadNote');
  // A screen reader would read out every step; a quarter is news.
  const quarter = Math.floor((loaded / total) * 4);
  if (quarter !== lastQuarter) {
    lastQuarter = quarter;
    announce(say('announceDownload', { percent: quarter * 25 }));
  }
}

export function showReady() {
  clearInterval(clock);
  page.progressBar.hidden = true;
  page.progressText.textContent = say('ready');
  page.progressCount.textContent = '';
  page.progressNote.textContent = '';
  announce(say('ready'));
}

/** @param {Report} report */
export function showResult(report) {
  shown = report;
  hideProgress();
  const file = new Blob([JSON.stringify(report, null, 2)], { type: 'application/json' });
  const save = el('a', { className: 'button', href: URL.createObjectURL(file), download: 'skintree-report.json' }, say('save'));
  page.result.append(resultView(report), el('p', { className: 'save' }, save));
  announce(spokenResult(report));
}

/**
 * @param {Trouble} trouble
 * @param {unknown} error
 * @param {() => void} again
 */
export function showTrouble(trouble, error, again) {
  hideProgress();
  const { code, message } = error instanceof SkintreeError ? error : { code: 'internal', message: String(error) };
  const aboutPhoto = trouble.startsWith('photo-');
  const retry = el('button', { type: 'button', className: 'button' }, say(trouble === 'gpu' ? 'retryCpu' : 'retry'));
  retry.addEventListener('click', () => {
    // The button is about to vanish, and with it the place of those who came by keyboard.
    page.file.focus();
    again();
  });
  // Said by the alert role of the element it goes into, so not announced once more.
  page.failure.append(
    el('h2', {}, say(`error-${trouble}`)),
    el('p', {}, say(`error-${trouble}-help`)),
    el('p', { className: 'hint' }, say('errorCode', { code, message })),
    ...(aboutPhoto ? [] : [el('p', { className: 'buttons' }, retry)]),
  );
  announce('');
}
