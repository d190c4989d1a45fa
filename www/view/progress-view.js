// How far the work is: a line of text, a bar, a word on what it means. For any face of skintree.

import { el } from './dom.js';
import { duration, megabytes, say } from './strings.js';

/** @import {Progress} from '../skintree.js' */

/** A wait shorter than this needs no clock. */
const CLOCK_AFTER_MS = 2000;

export class ProgressView {
  #announce;
  #text = el('span', { id: 'progress-text' });
  #count = el('span', { className: 'progress-count' });
  #bar = el('progress', { 'aria-labelledby': 'progress-text' });
  #note = el('p', { className: 'hint' });
  #cancel = el('button', { type: 'button', className: 'link' });
  #clock = 0;
  #lastQuarter = 0;
  element = el(
    'div',
    { className: 'progress', hidden: true },
    el('p', { className: 'progress-line' }, this.#text, ' ', this.#count),
    this.#bar,
    this.#note,
    el('p', { className: 'progress-end' }, this.#cancel),
  );

  /**
   * @param {(text: string) => void} announce what those hear who do not see the bar
   * @param {(() => void) | null} cancel `null`: the face has a way of its own
   */
  constructor(announce, cancel) {
    this.#announce = announce;
    if (cancel) this.#cancel.addEventListener('click', cancel);
    else this.#cancel.parentElement?.remove();
  }

  /**
   * Something that takes its time and has no measure: the clock at least shows that it goes on.
   *
   * @param {string} text
   * @param {string} [note]
   */
  work(text, note = '') {
    this.#show(text, note);
    this.#bar.hidden = this.#cancel.hidden = false;
    this.#bar.removeAttribute('value');
    const start = performance.now();
    this.#clock = window.setInterval(() => {
      const passed = performance.now() - start;
      if (passed >= CLOCK_AFTER_MS) {
        this.#count.textContent = duration(Math.floor(passed / 1000) * 1000);
      }
    }, 500);
  }

  /** @param {Progress} progress */
  measure({ phase, loaded, total }) {
    if (phase === 'compile') {
      this.work(say('preparing'), say('preparingNote'));
      return;
    }
    clearInterval(this.#clock);
    this.#bar.max = total;
    this.#bar.value = loaded;
    this.#count.textContent = say('downloaded', { loaded: megabytes(loaded), total: megabytes(total) });
    this.#note.textContent = say('downloadNote');
    // A screen reader would read out every step; a quarter is news.
    const quarter = Math.floor((loaded / total) * 4);
    if (quarter !== this.#lastQuarter) {
      this.#lastQuarter = quarter;
      this.#announce(say('announceDownload', { percent: quarter * 25 }));
    }
  }

  /**
   * Something that is counted in steps.
   *
   * @param {string} text
   * @param {string} count how far it is, in words
   * @param {number} share 0 to 1
   */
  steps(text, count, share) {
    if (this.#text.textContent !== text || this.element.hidden) this.#show(text, '');
    clearInterval(this.#clock);
    this.#bar.hidden = this.#cancel.hidden = false;
    this.#bar.max = 1;
    this.#bar.value = share;
    this.#count.textContent = count;
  }

  /** @param {string} text */
  done(text) {
    this.#show(text, '');
    this.#bar.hidden = this.#cancel.hidden = true;
  }

  hide() {
    clearInterval(this.#clock);
    this.element.hidden = true;
  }

  /**
   * @param {string} text
   * @param {string} note
   */
  #show(text, note) {
    clearInterval(this.#clock);
    this.element.hidden = false;
    this.#text.textContent = text;
    this.#count.textContent = '';
    this.#note.textContent = note;
    this.#cancel.textContent = say('cancel');
    this.#announce(text);
  }
}
