// The switch for keeping answers, and the answers kept.

import { byId, el } from '../view/dom.js';
import * as history from './history.js';
import { inShort } from '../view/report-export.js';
import { isReadable } from '../view/report-nodes.js';
import { currentLanguage, say } from '../view/strings.js';

/**
 * @import {Entry} from './history.js'
 * @import {PhotoItem} from './photo-item.js'
 */

const page = {
  keep: byId('keep', HTMLInputElement),
  list: byId('kept', HTMLElement),
  forget: byId('forget', HTMLButtonElement),
  note: byId('keep-note', HTMLElement),
};

/** @type {(entry: Entry) => void} */
let openEntry = () => {};

/** @param {(entry: Entry) => void} open what to do with an entry that is chosen */
export async function startHistory(open) {
  openEntry = open;
  page.keep.checked = await history.isKept();
  page.keep.addEventListener('change', async () => {
    page.note.textContent = '';
    try {
      await (page.keep.checked ? history.keep() : history.forget());
    } catch {
      page.keep.checked = false;
      page.note.textContent = say('keepDenied');
    }
    await showHistory();
  });
  page.forget.addEventListener('click', async () => {
    await history.forget();
    page.keep.checked = false;
    page.keep.focus();
    page.note.textContent = say('keepForgotten');
    await showHistory();
  });
  await showHistory();
}

/** @param {PhotoItem} item one with a report */
export async function remember({ name, thumbnail, report }) {
  if (!page.keep.checked || !report) {
    return;
  }
  try {
    await history.add({ date: Date.now(), name, thumbnail, report });
  } catch {
    page.note.textContent = say('keepDenied');
  }
  await showHistory();
}

/** Also after a change of language. */
export async function showHistory() {
  /** @type {Entry[]} */
  const entries = page.keep.checked ? await history.all().catch(() => []) : [];
  page.forget.hidden = !page.keep.checked;
  // The browser takes its time to make one: only where there are dates.
  const format = entries.length ? new Intl.DateTimeFormat(currentLanguage(), { dateStyle: 'medium', timeStyle: 'short' }) : null;
  page.list.replaceChildren(
    ...entries.map((entry) => {
      const readable = isReadable(entry.report);
      const open = el(
        'button',
        { type: 'button', className: 'photo-open', disabled: !readable },
        entry.thumbnail ? el('img', { src: entry.thumbnail, alt: '' }) : el('span', { className: 'no-thumbnail', 'aria-hidden': true }),
        el(
          'span',
          { className: 'photo-words' },
          el('span', { className: 'photo-file' }, readable ? inShort(entry.report) : say('keptOld')),
          ' ',
          el('span', { className: 'hint one-line' }, entry.name),
          ' ',
          el('span', { className: 'hint' }, format?.format(entry.date) ?? ''),
        ),
      );
      open.addEventListener('click', () => openEntry(entry));
      return el('li', { className: 'photo-entry' }, open);
    }),
  );
}
