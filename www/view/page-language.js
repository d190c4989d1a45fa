// The language of a whole page: its menu, and the words that stand in its HTML.

import { el } from './dom.js';
import { currentLanguage, languages, say } from './strings.js';

/** @import {StringKey} from './strings.js' */

/**
 * @param {HTMLSelectElement} menu
 * @param {(tag: string) => void} onChoice
 */
export function startLanguageMenu(menu, onChoice) {
  menu.append(...languages.map(({ tag, name }) => el('option', { value: tag, lang: tag }, name)));
  menu.value = currentLanguage();
  menu.addEventListener('change', () => onChoice(menu.value));
}

/** Every element with `data-say`, whose English text stands in the HTML. */
export function translatePage() {
  document.documentElement.lang = currentLanguage();
  for (const element of document.querySelectorAll('[data-say]')) {
    const text = say(/** @type {StringKey} */ (element.getAttribute('data-say')));
    // In English it stands there already, and need not be laid out again.
    if (element.textContent !== text) element.textContent = text;
  }
}
