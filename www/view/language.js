// Which language the visitor wants: chosen on the page before, else what the browser asks for.

import { ofCopy } from '../interface/copy.js';
import { setLanguage } from './strings.js';

const KEY = ofCopy('language');
/** For browsers that refuse storage. @type {string | null} */
let chosen = null;

/** Takes up the wanted language. */
export function startLanguage() {
  return setLanguage(...[read()].filter((tag) => tag !== null), ...navigator.languages);
}

/**
 * Takes up a language and remembers it, on this device only.
 *
 * @param {string} tag
 */
export function chooseLanguage(tag) {
  chosen = setLanguage(tag);
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Denied or full: it lasts as long as the page, then.
  }
  return chosen;
}

/** Takes it out of this browser; it lasts as long as the page. */
export function forgetLanguage() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Denied, so nothing is in there.
  }
}

function read() {
  try {
    return chosen ?? localStorage.getItem(KEY);
  } catch {
    return chosen;
  }
}
