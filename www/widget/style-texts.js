// The style sheets of the widget as text: those of the page, and its own. The npm package has them written out in this file's
// place (tools/npm/style-texts.js), as bundlers turn style sheets into something else.

const FILES = [
  new URL('../view/theme.css', import.meta.url),
  new URL('../view/result.css', import.meta.url),
  new URL('../view/heat-map.css', import.meta.url),
  new URL('../view/progress.css', import.meta.url),
  new URL('./widget.css', import.meta.url),
];

/** @returns {Promise<string[]>} without those that could not be fetched */
export async function styleTexts() {
  return (await Promise.all(FILES.map(read))).flat();
}

/**
 * @param {URL} url
 * @returns {Promise<string[]>}
 */
async function read(url) {
  try {
    const response = await fetch(url);
    return response.ok ? [await response.text()] : [];
  } catch {
    // Plain, but all there: better than no widget.
    return [];
  }
}
