// Below an answer: the visitor may put it into the record system that shows this frame, and say that this is all.

import { el } from '../view/dom.js';
import { say } from '../view/strings.js';

/** @typedef {'offered' | 'working' | 'put' | 'failed'} State */

export class RecordView {
  #button = el('button', { type: 'button', className: 'button primary' });
  #close = el('button', { type: 'button', className: 'button' });
  #text = el('p', { role: 'status' });
  /** The English words of the record system. */
  #reason = el('p', { className: 'hint', lang: 'en' });
  #host;
  /** @type {State} */
  #state = 'offered';
  element = el('section', { className: 'record', slot: 'after-result' }, this.#text, this.#reason, el('p', { className: 'buttons' }, this.#button, this.#close));

  /**
   * @param {string} host of the record system, for people
   * @param {{put: () => void, close: () => void}} handlers
   */
  constructor(host, { put, close }) {
    this.#host = host;
    this.#button.addEventListener('click', put);
    this.#close.addEventListener('click', close);
    this.show('offered');
  }

  /**
   * @param {State} state
   * @param {string} [reason] why it failed
   */
  show(state, reason = '') {
    this.#state = state;
    this.explain(reason);
    this.translate();
  }

  /** @param {string} reason in the words of the record system */
  explain(reason) {
    this.#reason.textContent = reason;
    this.#reason.hidden = !reason;
  }

  translate() {
    const [host, state] = [this.#host, this.#state];
    this.#text.textContent = say(`record-${state}`, { host });
    this.#button.textContent = say(state === 'failed' ? 'retry' : 'recordPut', { host });
    this.#button.hidden = state === 'put';
    this.#button.disabled = state === 'working';
    this.#close.textContent = say('recordClose');
  }
}
