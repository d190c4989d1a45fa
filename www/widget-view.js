// What the widget shows, inside its shadow root.

import { isTooLarge } from './bitmap.js';
import { el } from './dom.js';
import { heatMapView } from './heat-map.js';
import { ProgressView } from './progress-view.js';
import { resultView, spokenResult } from './result-view.js';
import { currentLanguage, say } from './strings.js';
import { troubleView } from './trouble-view.js';

/**
 * @import {PhotoSource, Progress, Report, SkintreeError} from './skintree.js'
 * @import {Trouble} from './session.js'
 * @import {StringKey} from './strings.js'
 */

/** @typedef {{picked: (files: File[]) => void, reached: () => void, cancel: () => void}} Wishes what a visitor does */

export class WidgetView {
  /** @type {[HTMLElement, StringKey][]} */
  #texts = [];
  /** Says the current text once more, for a change of language. @type {(() => void) | null} */
  #again = null;
  #live = el('p', { className: 'visually-hidden', role: 'status' });
  #progress;
  #file = el('input', { type: 'file', id: 'file', className: 'visually-hidden', accept: 'image/*,.heic,.heif' });
  #fileLabel = el('label', { htmlFor: 'file', className: 'button primary', part: 'button button-primary' });
  #preview = el('img');
  /** What the preview shows. @type {Blob | null} */
  #source = null;
  #noPreview = this.#text('noPreview', el('p', { className: 'hint', hidden: true }));
  #explained = el('div');
  #explain = this.#text('heatMap', el('button', { type: 'button', className: 'link', hidden: true }));
  #photo = el(
    'figure',
    { className: 'photo', part: 'photo', hidden: true },
    this.#preview,
    this.#noPreview,
    this.#explained,
    el('figcaption', {}, this.#explain),
  );
  /** Draws the heat map once more, for a change of language. @type {(() => void) | null} */
  #mapAgain = null;
  #remark = el('p', { className: 'note', hidden: true });
  #failure = el('div', { className: 'failure', part: 'failure', role: 'alert' });
  #result = el('div', { part: 'result' });
  #afterResult = el('slot', { name: 'after-result', hidden: true });
  #work = el(
    'div',
    { className: 'work', hidden: true },
    this.#photo,
    el('div', { className: 'answer' }, this.#remark, this.#failure, this.#result, this.#afterResult),
  );
  element = el(
    'div',
    { className: 'frame', part: 'frame' },
    el('slot', { name: 'heading' }, this.#text('widgetHeading', el('h2', { className: 'heading', part: 'heading' }))),
    this.#text('notice', el('p', { className: 'note', part: 'notice' })),
    this.#picker(),
    this.#work,
    el(
      'div',
      { className: 'foot hint', part: 'foot' },
      this.#text('widgetPrivacy', el('p')),
      el('slot', { name: 'foot' }),
      this.#text('badge', el('p')),
    ),
    this.#live,
  );

  /** @param {Wishes} wishes */
  constructor(wishes) {
    this.#progress = new ProgressView(
      (text) => this.#announce(text),
      () => {
        this.#file.focus();
        wishes.cancel();
        this.#announce(say('cancelled'));
      },
    );
    this.#remark.after(this.#progress.element);
    const hidePreview = () => {
      this.#forgetPreview();
      this.#preview.hidden = true;
      this.#noPreview.hidden = false;
      this.#explain.hidden = true;
    };
    this.#preview.addEventListener('error', hidePreview);
    this.#preview.addEventListener('load', () => {
      if (this.#source && isTooLarge(this.#source, this.#preview)) hidePreview();
    });
    this.#listen(wishes);
  }

  #picker() {
    const camera = el('input', { type: 'file', id: 'camera', className: 'visually-hidden', accept: 'image/*' });
    camera.setAttribute('capture', 'environment');
    const cameraLabel = el('label', { htmlFor: 'camera', className: 'button', part: 'button' });
    return el(
      'div',
      { className: 'picker', part: 'picker' },
      el(
        'div',
        { className: 'buttons' },
        this.#file,
        this.#fileLabel,
        el('span', { className: 'camera' }, camera, this.#text('camera', cameraLabel)),
      ),
      this.#text('widgetDropHint', el('p', { className: 'hint drop-hint' })),
      this.#text('sizeHint', el('p', { className: 'hint' })),
    );
  }

  /**
   * @template {HTMLElement} T
   * @param {StringKey} key
   * @param {T} element
   * @returns {T}
   */
  #text(key, element) {
    this.#texts.push([element, key]);
    return element;
  }

  /** @param {Wishes} wishes */
  #listen({ picked, reached }) {
    for (const input of this.element.querySelectorAll('input')) {
      input.addEventListener('click', reached);
      input.addEventListener('change', () => {
        const files = [...(input.files ?? [])];
        // Else choosing the same file again would be no change.
        input.value = '';
        picked(files);
      });
    }
    /** @param {DragEvent} event */
    const bringsFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;
    this.element.addEventListener('dragover', (event) => {
      if (event.dataTransfer && bringsFiles(event)) {
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
        this.element.classList.add('dragging');
        reached();
      }
    });
    this.element.addEventListener('dragleave', (event) => {
      if (!this.element.contains(/** @type {Node | null} */ (event.relatedTarget))) {
        this.element.classList.remove('dragging');
      }
    });
    this.element.addEventListener('drop', (event) => {
      this.element.classList.remove('dragging');
      if (event.dataTransfer && bringsFiles(event)) {
        event.preventDefault();
        picked([...event.dataTransfer.files]);
      }
    });
    this.element.addEventListener('paste', (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) {
        event.preventDefault();
        picked(files);
      }
    });
  }

  /** All texts in the current language. */
  translate() {
    this.element.lang = currentLanguage();
    for (const [element, key] of this.#texts) {
      element.textContent = say(key);
    }
    this.#fileLabel.textContent = say(this.#photo.hidden ? 'choose' : 'chooseAnother');
    this.#preview.alt = say('photoAlt');
    this.#again?.();
    this.#mapAgain?.();
  }

  /** As if no photo had ever been there. */
  clear() {
    this.clearAnswer();
    this.#progress.hide();
    this.showRemark(null);
    this.#forgetPreview();
    this.#photo.hidden = true;
    this.#work.hidden = true;
    this.element.classList.remove('has-photo');
    this.#again = null;
    this.translate();
    this.#announce('');
  }

  /** Takes the last answer away. The progress stays, as the model may still be loading. */
  clearAnswer() {
    this.#failure.replaceChildren();
    this.#result.replaceChildren();
    this.#afterResult.hidden = true;
    this.offerHeatMap(null);
  }

  /**
   * A button below the photo, for as long as the answer is on show.
   *
   * @param {(() => Promise<void>) | null} explain comes to showHeatMap; `null` takes button and map away
   */
  offerHeatMap(explain) {
    this.#mapAgain = null;
    this.#explained.replaceChildren();
    this.#preview.hidden = !this.#noPreview.hidden;
    this.#explain.hidden = explain === null || this.#preview.hidden;
    this.#explain.disabled = false;
    this.#explain.onclick = () => {
      this.#explain.disabled = true;
      this.#announce(say('classifying'));
      explain?.();
    };
  }

  /** @param {Report | null} report with heat maps; `null` where there are none to be had */
  showHeatMap(report) {
    this.#explain.hidden = true;
    this.#mapAgain = () => {
      if (report?.heat_maps?.length) {
        this.#explained.replaceChildren(heatMapView(report, this.#preview).element);
        this.#preview.hidden = true;
      } else {
        this.#explained.replaceChildren(el('p', { className: 'hint' }, say('heatMapNone')));
        this.#announce(say('heatMapNone'));
      }
    };
    this.#mapAgain();
    this.#explained.querySelector('select')?.focus({ preventScroll: true });
  }

  /** @param {PhotoSource} photo pixels that have no file are not shown */
  showPhoto(photo) {
    this.#forgetPreview();
    this.#photo.hidden = !(photo instanceof Blob);
    this.#source = photo instanceof Blob ? photo : null;
    if (photo instanceof Blob) {
      this.#preview.src = URL.createObjectURL(photo);
      this.#preview.hidden = false;
      this.#noPreview.hidden = true;
    }
    this.#work.hidden = false;
    this.element.classList.toggle('has-photo', !this.#photo.hidden);
    this.translate();
  }

  #forgetPreview() {
    URL.revokeObjectURL(this.#preview.src);
    this.#preview.removeAttribute('src');
  }

  /** @param {string | null} text */
  showRemark(text) {
    this.#remark.hidden = text === null;
    this.#remark.textContent = text;
    if (text) {
      this.#work.hidden = false;
      this.#announce(text);
    }
  }

  /**
   * @param {StringKey} text
   * @param {StringKey} [note]
   */
  showWork(text, note) {
    this.#now(() => this.#progress.work(say(text), note && say(note)));
  }

  /** @param {Progress} progress */
  showProgress(progress) {
    this.#now(() => this.#progress.measure(progress));
  }

  showReady() {
    this.#now(() => this.#progress.done(say('ready')));
  }

  /** @param {Report} report */
  showResult(report) {
    this.#progress.hide();
    this.#afterResult.hidden = false;
    this.#now(() => {
      this.#result.replaceChildren(resultView(report));
      this.#announce(spokenResult(report));
    });
  }

  /**
   * @param {Trouble} trouble
   * @param {SkintreeError} error
   * @param {() => void} again
   */
  showTrouble(trouble, error, again) {
    this.#progress.hide();
    this.#now(() => {
      this.#failure.replaceChildren(
        ...troubleView(trouble, error, {
          again: () => {
            // The button is about to vanish, and with it the place of those who came by keyboard.
            this.#file.focus();
            again();
          },
          choose: () => this.#file.click(),
        }),
      );
      // The alert role says it.
      this.#announce('');
    });
  }

  /** @param {() => void} show */
  #now(show) {
    this.#work.hidden = false;
    this.#again = show;
    show();
  }

  /** @param {string} text */
  #announce(text) {
    this.#live.textContent = text;
  }
}
