// Hands the visitor a file.

import { el } from './dom.js';

/**
 * @param {string} text
 * @param {string} type the media type
 * @param {string} name
 */
export function saveFile(text, type, name) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  el('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
