// A failure in plain words, with what can be done about it. For any face of skintree.

import { el } from './dom.js';
import { say } from './strings.js';

/**
 * @import {SkintreeError} from './skintree.js'
 * @import {Trouble} from './session.js'
 */

/**
 * Nodes for an element with the role `alert`, which says them aloud.
 *
 * @param {Trouble} trouble
 * @param {SkintreeError} error
 * @param {() => void} again
 * @returns {Node[]}
 */
export function troubleView(trouble, { code, message }, again) {
  const aboutPhoto = trouble.startsWith('photo-');
  const retry = el('button', { type: 'button', className: 'button' }, say(trouble === 'gpu' ? 'retryCpu' : 'retry'));
  retry.addEventListener('click', again);
  return [
    el('h2', {}, say(`error-${trouble}`)),
    el('p', {}, say(`error-${trouble}-help`)),
    el('p', { className: 'hint' }, say('errorCode', { code, message })),
    ...(aboutPhoto ? [] : [el('p', { className: 'buttons' }, retry)]),
  ];
}
