// The photos of this visit, as a strip of thumbnails to choose from.

import { el } from '../view/dom.js';
import { inShort } from '../view/report-export.js';
import { say } from '../view/strings.js';

/** @import {PhotoItem} from './photo-item.js' */

/**
 * @param {PhotoItem[]} items
 * @param {PhotoItem | null} selected
 * @param {{select: (item: PhotoItem) => void, remove: (item: PhotoItem) => void}} handlers
 * @returns {HTMLElement[]}
 */
export function photoList(items, selected, { select, remove }) {
  return items.map((item) => {
    const status = statusOf(item);
    const open = el(
      'button',
      { type: 'button', className: 'photo-open' },
      item.thumbnail ? el('img', { src: item.thumbnail, alt: '' }) : el('span', { className: 'no-thumbnail', 'aria-hidden': true }),
      el('span', { className: 'photo-words' }, el('span', { className: 'photo-file one-line' }, item.name), ' ', el('span', { className: 'hint' }, status)),
    );
    if (item === selected) open.setAttribute('aria-current', 'true');
    open.addEventListener('click', () => select(item));
    const away = el('button', { type: 'button', className: 'photo-remove', 'aria-label': say('removePhoto', { name: item.name }) }, '×');
    away.addEventListener('click', () => remove(item));
    return el('li', { className: `photo-entry ${item.state}` }, open, away);
  });
}

/** @param {PhotoItem} item */
function statusOf({ state, report }) {
  if (report) return inShort(report);
  return state === 'failed' ? say('stateFailed') : state === 'framing' ? say('stateFraming') : say(state === 'running' ? 'classifying' : 'stateWaiting');
}
