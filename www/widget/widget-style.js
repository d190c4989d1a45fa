// The widget's style sheets: those of the page, and its own. Constructed ones, as a policy without 'unsafe-inline'
// allows; read once for all widgets on a page.

const FILES = [
  new URL('../view/theme.css', import.meta.url),
  new URL('../view/result.css', import.meta.url),
  new URL('../view/heat-map.css', import.meta.url),
  new URL('../view/progress.css', import.meta.url),
  new URL('./widget.css', import.meta.url),
];

/** @type {Promise<CSSStyleSheet[]> | undefined} */
let sheets;

/** @returns {Promise<CSSStyleSheet[]>} without those that could not be fetched */
export function styleSheets() {
  return (sheets ??= Promise.all(FILES.map(read)).then((all) => all.flat()));
}

/**
 * @param {URL} url
 * @returns {Promise<CSSStyleSheet[]>}
 */
async function read(url) {
  try {
    const response = await fetch(url);
    return response.ok ? [await new CSSStyleSheet().replace(await response.text())] : [];
  } catch {
    // Plain, but all there: better than no widget.
    return [];
  }
}
