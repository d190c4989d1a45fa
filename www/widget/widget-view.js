// What the widget shows, inside its shadow root.

import { el } from '../view/dom.js';
import { heatMapView } from '../view/heat-map.js';
import { onChosen, onDropped } from '../view/photo-inputs.js';
import { PhotoPreview } from '../view/photo-preview.js';
import { ProgressView } from '../view/progress-view.js';
import { resultView, spokenResult } from '../view/result-view.js';
import { currentLanguage, say } from '../view/strings.js';
import { troubleView } from '../view/trouble-view.js';

/**
 * @import {PhotoSource, Progress, Report, SkintreeError} from '../skintree.js'
 * @import {Trouble} from '../interface/session.js'
 * @import {StringKey} from '../view/strings.js'
 */

/** @typedef {import('../view/photo-inputs.js').PhotoHandlers & {cancel: () => void}} Handlers what a visitor does */

export class WidgetView {
  /** @type {[HTMLElement, StringKey][]} */
  #texts = [];
  /** Says the current text once more, for a change of language. @type {(() => void) | null} */
  #again = null;
  #live = el('p', { className: 'visually-hidden', role: 'status' });
  #progress;
  #file = el('input', { type: 'file', id: 'file', className: 'visually-hidden', accept: 'image/*,.heic,.heif,.dcm,.dicom' });
  #fileLabel = el('label', { htmlFor: 'file', className: 'button primary', part: 'button button-primary' });
  #image = el('img');
  #noPreview = this.#text('noPreview', el('p', { className: 'hint', hidden: true }));
  #explained = el('div');
  #explain = this.#text('heatMap', el('button', { type: 'button', className: 'link', hidden: true }));
  #photo = el(
    'figure',
    { className: 'photo', part: 'photo', hidden: true },
    this.#image,
    this.#noPreview,
    this.#explained,
    el('figcaption', {}, this.#explain),
  );
  #preview = new PhotoPreview(this.#image, this.#noPreview, () => (this.#explain.hidden = true));
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

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.#progress = new ProgressView(
      (text) => this.#announce(text),
      () => {
        this.#file.focus();
        handlers.cancel();
        this.#announce(say('cancelled'));
      },
    );
    this.#remark.after(this.#progress.element);
    for (const input of this.element.querySelectorAll('input')) onChosen(input, handlers);
    onDropped(this.element, this.element, handlers);
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

  /** All texts in the current language. */
  translate() {
    this.element.lang = currentLanguage();
    for (const [element, key] of this.#texts) {
      element.textContent = say(key);
    }
    this.#fileLabel.textContent = say(this.#photo.hidden ? 'choose' : 'chooseAnother');
    this.#image.alt = say('photoAlt');
    this.#again?.();
    this.#mapAgain?.();
  }

  /** As if no photo had ever been there. */
  clear() {
    this.clearAnswer();
    this.#progress.hide();
    this.showRemark(null);
    this.#preview.forget();
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
    this.#image.hidden = !this.#preview.drawn;
    this.#explain.hidden = explain === null || this.#image.hidden;
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
        this.#explained.replaceChildren(heatMapView(report, this.#image).element);
        this.#image.hidden = true;
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
    this.#preview.forget();
    this.#photo.hidden = !(photo instanceof Blob);
    if (photo instanceof Blob) this.#preview.show(photo);
    this.#work.hidden = false;
    this.element.classList.toggle('has-photo', !this.#photo.hidden);
    this.translate();
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

  /** Nothing is under way any more. A photo and its answer stay. */
  hideWork() {
    this.#progress.hide();
    this.#announce('');
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
