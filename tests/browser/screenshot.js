// Makes docs/screenshot.webp from a true run of dist/ on a picture of ours: a desk in light colours, a phone in dark ones.
// Run it with: node tests/browser/screenshot.js

import { DIST, ROOT, Server, launch, noDist, noPack } from './harness.js';
import { answerOf, choose, openUploadPage, photoFile } from './upload-page.js';

const DESK = { width: 1120, height: 860 };
const PHONE = { width: 380, height: 800, touch: true };

if (noDist || noPack) {
  throw new Error(noDist || noPack || '');
}

const server = await new Server(DIST).start();
const browser = await launch('chromium', server);

/** @param {typeof DESK & {touch?: boolean}} size @param {'light' | 'dark'} scheme */
async function shoot(size, scheme) {
  const page = await openUploadPage(browser, server, size);
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
  await choose(page, photoFile());
  await answerOf(page);
  await page.evaluate(() => document.querySelector('.work')?.scrollIntoView());
  await page.evaluate(() => scrollBy(0, -16));
  const data = await page.screenshot({ encoding: 'base64' });
  await page.close();
  return `data:image/png;base64,${data}`;
}

const [desk, phone] = [await shoot(DESK, 'light'), await shoot(PHONE, 'dark')];

const page = await browser.newPage();
await page.setViewport({ width: DESK.width + PHONE.width + 96, height: DESK.height + 64 });
await page.setContent(`
  <style>
    body { margin: 0; height: 100vh; display: flex; gap: 32px; align-items: center; justify-content: center; background: #cfd8d6 }
    img { border-radius: 14px; box-shadow: 0 10px 40px rgb(0 0 0 / 25%) }
    .phone { border-radius: 28px; border: 6px solid #0b0f10; box-sizing: border-box }
  </style>
  <img src="${desk}" width="${DESK.width}" height="${DESK.height}">
  <img class="phone" src="${phone}" width="${PHONE.width}" height="${PHONE.height}">`);
await page.screenshot({ path: `${ROOT}docs/screenshot.webp`, type: 'webp', quality: 82 });
await browser.close();
await server.stop();
console.log('docs/screenshot.webp is made');
