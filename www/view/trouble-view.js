// A failure in plain words, with what can be done about it. For any face of skintree.

import { el } from './dom.js';
import { currentLanguage, say } from './strings.js';

/**
 * @import {SkintreeError} from '../skintree.js'
 * @import {Trouble} from '../interface/session.js'
 */

/**
 * Nodes for an element with the role `alert`, which says them aloud.
 *
 * @param {Trouble} trouble
 * @param {SkintreeError} error
 * @param {{again: () => void, choose: () => void}} handlers `choose` opens the choice of a photo: the same one would fail again
 * @returns {Node[]}
 */
export function troubleView(trouble, { code, message }, { again, choose }) {
  const [label, act] = trouble.startsWith('photo-')
    ? /** @type {const} */ (['chooseAnother', choose])
    : /** @type {const} */ ([trouble === 'gpu' ? 'retryCpu' : 'retry', again]);
  const button = el('button', { type: 'button', className: 'button primary' }, say(label));
  button.addEventListener('click', act);
  return [
    el('h2', {}, say(`error-${trouble}`)),
    el('p', {}, say(`error-${trouble}-help`)),
    el('p', { className: 'buttons' }, button),
    technicalWords(code, message),
  ];
}

/**
 * What to tell those who run the site. It comes in English only, so that other readers open it where they want it.
 *
 * @param {string} code
 * @param {string} message
 */
export function technicalWords(code, message) {
  const words = el('details', { className: 'hint error-code' }, el('summary', {}, say('errorCode', { code })), el('p', { lang: 'en' }, message));
  words.open = currentLanguage() === 'en';
  return words;
}
