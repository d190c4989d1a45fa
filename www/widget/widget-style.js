// The widget's style sheets. Constructed ones, as a policy without 'unsafe-inline' allows; made once for all widgets on a page.

import { styleTexts } from './style-texts.js';

/** @type {Promise<CSSStyleSheet[]> | undefined} */
let sheets;

/** @returns {Promise<CSSStyleSheet[]>} */
export function styleSheets() {
  return (sheets ??= styleTexts().then((texts) => Promise.all(texts.map((text) => new CSSStyleSheet().replace(text)))));
}
