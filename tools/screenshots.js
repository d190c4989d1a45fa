// A picture of every state of every face, in both languages, on a phone and on a desk, the main ones also in the dark;
// and contact sheets of them. To be looked at by a person before a release. Nothing need be built. Run by:
//   node tools/screenshots.js [--out FOLDER] [--only TEXT] [--docs]
// --only takes the states whose name contains TEXT; --docs also writes the sheets in docs/states/.

import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { ROOT, launch } from '../tests/browser/harness.js';
import { STATES, openState, startServers } from '../tests/browser/states.js';

/** @import {State} from '../tests/browser/states.js' */

const { values: wishes } = parseArgs({
  options: { out: { type: 'string', default: join(tmpdir(), 'skintree-screenshots') }, only: { type: 'string', default: '' }, docs: { type: 'boolean' } },
});
const OUT = /** @type {string} */ (wishes.out);
const SIZES = [
  { width: 360, height: 740, touch: true },
  { width: 1280, height: 900, touch: false },
];

mkdirSync(OUT, { recursive: true });
const servers = await startServers();
const browser = await launch('chromium', servers.server, { calm: true });

/** @type {{state: State, size: number, language: string, scheme: string, path: string}[]} */
const shots = [];
for (const state of STATES.filter(({ name }) => name.includes(/** @type {string} */ (wishes.only)))) {
  for (const size of SIZES) {
    for (const language of /** @type {const} */ (['en', 'ko'])) {
      const page = await openState(browser, servers, state, size, language);
      for (const scheme of state.main && size.width < 500 ? ['light', 'dark'] : ['light']) {
        await page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        if (state.media) await page.emulateMediaType(state.media);
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))));
        // Of a frame from another site only what the window shows is drawn.
        if (state.path === 'portal') {
          const height = await page.evaluate(() => document.documentElement.scrollHeight);
          await page.setViewport({ width: size.width, height, hasTouch: size.touch, isMobile: size.touch });
        }
        const path = join(OUT, `${state.name}-${size.width}-${language}-${scheme}.webp`);
        await page.screenshot({ path: /** @type {`${string}.webp`} */ (path), type: 'webp', quality: 90, fullPage: !state.window });
        shots.push({ state, size: size.width, language, scheme, path });
      }
      await page.close();
    }
  }
  console.log(state.name);
}

/**
 * Pictures side by side, cut off at one height.
 *
 * @param {string} path
 * @param {typeof shots} which
 * @param {{width: number, height: number, columns: number}} each width and most height of each, in pixels
 * @param {'webp' | 'png'} type
 */
async function sheet(path, which, { width, height, columns }, type) {
  const page = await browser.newPage();
  await page.setViewport({ width: Math.min(which.length, columns) * (width + 12) + 12, height: 600 });
  const figures = which.map(({ path: file, state, scheme }) => {
    const data = readFileSync(file).toString('base64');
    return `<figure><img src="data:image/webp;base64,${data}"><figcaption>${state.name}${scheme === 'dark' ? ', dark' : ''}</figcaption></figure>`;
  });
  await page.setContent(`<style>
    body { margin: 6px; display: flex; flex-wrap: wrap; align-items: start; background: #cfd8d6; font: 13px sans-serif }
    figure { margin: 6px; width: ${width}px }
    img { display: block; width: 100%; max-height: ${height}px; object-fit: cover; object-position: top; border-radius: 4px }
    figcaption { padding-top: 2px; color: #233 }
  </style>${figures.join('')}`);
  await page.screenshot({ path: /** @type {`${string}.webp`} */ (path), type, ...(type === 'webp' ? { quality: 40 } : {}), fullPage: true });
  await page.close();
}

for (const { width } of SIZES) {
  const phone = width < 500;
  for (const language of ['en', 'ko']) {
    const which = shots.filter((shot) => shot.size === width && shot.language === language);
    if (which.length === 0) continue;
    await sheet(join(OUT, `sheet-${width}-${language}.png`), which, { width: phone ? 300 : 480, height: phone ? 1100 : 700, columns: 6 }, 'png');
    if (wishes.docs) {
      mkdirSync(`${ROOT}docs/states`, { recursive: true });
      const light = which.filter(({ scheme }) => scheme === 'light');
      await sheet(`${ROOT}docs/states/${language}-${width}.webp`, light, phone ? { width: 180, height: 600, columns: 9 } : { width: 400, height: 400, columns: 5 }, 'webp');
    }
  }
}
if (wishes.docs) {
  const dark = shots.filter(({ scheme, language }) => scheme === 'dark' && language === 'en');
  await sheet(`${ROOT}docs/states/dark.webp`, dark, { width: 180, height: 600, columns: 9 }, 'webp');
}
await browser.close();
await servers.stop();
console.log(`${shots.length} pictures and their contact sheets are in ${OUT}`);
