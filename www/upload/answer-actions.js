// What can be done with answers: copy, print, save; one of them, or all.

import { el, fold } from '../view/dom.js';
import { asCsv, asFhir, asJson, asText } from '../view/report-export.js';
import { saveFile } from '../view/save-file.js';
import { say } from '../view/strings.js';

/**
 * @import {Named} from '../view/report-export.js'
 * @import {StringKey} from '../view/strings.js'
 */

const MEDIA_TYPES = { csv: 'text/csv', json: 'application/json', 'fhir.json': 'application/fhir+json' };

export class AnswerActions {
  #announce;
  /** All answers of the page. @type {Named[]} */
  #all = [];
  /** The buttons for all, of the answer on show. @type {[StringKey, HTMLButtonElement][]} */
  #forAll = [];

  /** @param {(text: string) => void} announce */
  constructor(announce) {
    this.#announce = announce;
  }

  /**
   * The buttons of an answer.
   *
   * @param {Named} one
   */
  element(one) {
    const all = /** @type {const} */ ([
      ['saveAllJson', () => save(asJson(this.#all), 'json')],
      ['saveAllCsv', () => save(asCsv(this.#all), 'csv')],
    ]);
    this.#forAll = all.map(([key, act]) => [key, this.#button(key, act)]);
    this.#offerAll();
    return fold(
      'actions',
      say('actionsHeading'),
      el(
        'div',
        { className: 'buttons' },
        this.#button('copy', async () => {
          await navigator.clipboard.writeText(asText(one));
          this.#announce(say('copied'));
          return say('copied');
        }),
        this.#button('print', () => print()),
        this.#button('saveJson', () => save(asJson([one]), 'json')),
        this.#button('saveCsv', () => save(asCsv([one]), 'csv')),
        this.#button('saveFhir', async () => save(await asFhir(one), 'fhir.json')),
        ...this.#forAll.map(([, button]) => button),
      ),
      el('p', { className: 'hint' }, say('actionsNote')),
    );
  }

  /** More answers may have come since the one on show. @param {Named[]} all */
  setAll(all) {
    this.#all = all;
    this.#offerAll();
  }

  #offerAll() {
    for (const [key, button] of this.#forAll) {
      button.hidden = this.#all.length < 2;
      button.textContent = say(key, { count: this.#all.length });
    }
  }

  /**
   * @param {StringKey} key
   * @param {() => unknown} act may give a new text for the button
   */
  #button(key, act) {
    const button = el('button', { type: 'button', className: 'button', 'data-action': key }, say(key, { count: this.#all.length }));
    button.addEventListener('click', async () => {
      try {
        const text = await act();
        if (typeof text === 'string') button.textContent = text;
      } catch {
        button.textContent = say('actionFailed');
        this.#announce(say('actionFailed'));
      }
    });
    return button;
  }
}

/** Opens what is folded while the page is printed: on paper nothing can be opened. */
export function openForPrint() {
  /** @type {HTMLDetailsElement[]} */
  let closed = [];
  addEventListener('beforeprint', () => {
    // More than once before one printing, in some browsers.
    closed.push(...[...document.querySelectorAll('details')].filter((one) => !one.open && one.matches('.fold')));
    for (const one of closed) one.open = true;
  });
  addEventListener('afterprint', () => {
    for (const one of closed) one.open = false;
    closed = [];
  });
}

/**
 * @param {string} text
 * @param {keyof typeof MEDIA_TYPES} kind
 */
function save(text, kind) {
  // The mark tells spreadsheets that the names in it are UTF-8.
  saveFile(kind === 'csv' ? `\ufeff${text}` : text, MEDIA_TYPES[kind], `skintree-report.${kind}`);
}
