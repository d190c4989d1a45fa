// A browser that puts noise in the place of pixels that a page reads back: what can do without reads the file, and what
// cannot says so. In the end no noise is classified.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { DIST, ROOT, Server, TINY, blankPage, launch, noBrowser, noDist, noTiny } from './harness.js';
import { click, openUploadPage, says } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 */

const PHOTOS = new URL('../photos/', import.meta.url);

describe('canvases that give noise, firefox', { skip: noDist || noTiny || noBrowser('firefox') || noBrowser('chromium') }, () => {
  /** @type {Server} */
  let server;
  /** @type {Browser} */
  let firefox;
  /** @type {Browser} */
  let chromium;

  before(async () => {
    server = await new Server(DIST, { '/pack/': TINY }).start();
    for (const name of ['photo.avif', 'orientation-6.tif']) server.route(`/${name}`, readFileSync(new URL(name, PHOTOS)));
    server.route('/landscape.png', readFileSync(`${ROOT}tests/golden/landscape-640x481.png`));
    firefox = await launch('firefox', server, { hidesPixels: true });
    chromium = await launch('chromium-no-adapter', server);
  });
  after(async () => {
    await Promise.all([firefox?.close(), chromium?.close()]);
    await server?.stop();
  });

  /** @param {Page} page */
  const cuts = (page) =>
    page.evaluate(async () => {
      const { cutPhoto } = await import(/** @type {string} */ ('/upload/photo-calls.js'));
      const hex = (/** @type {ArrayBuffer} */ bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      const found = [];
      for (const name of ['landscape.png', 'orientation-6.tif']) {
        const photo = await (await fetch(`/${name}`)).blob();
        for (const turns of [0, 1, 2, 3]) {
          const cut = await cutPhoto(photo, { turns, x: 3, y: 5, side: 8 });
          found.push(hex(await crypto.subtle.digest('SHA-256', await cut.arrayBuffer())));
        }
      }
      return found;
    });

  test('the browser of this test does give noise', async () => {
    const page = await blankPage(firefox, server);
    assert.equal(await page.evaluate(async () => (await import(/** @type {string} */ ('/interface/canvas-probe.js'))).pageReadsBack()), false);
    await page.close();
  });

  test('a part of a photo is cut to the bit as in another browser', async () => {
    const [blocked, open] = await Promise.all([firefox, chromium].map((browser) => blankPage(browser, server)));
    const found = await cuts(blocked);
    assert.equal(new Set(found).size, 8);
    assert.deepEqual(found, await cuts(open));
    await Promise.all([blocked.close(), open.close()]);
  });

  test('what must be read from a canvas is refused by name', async () => {
    const page = await blankPage(firefox, server);
    const codes = await page.evaluate(async () => {
      const { Classifier } = await import(/** @type {string} */ ('/skintree.js'));
      const classifier = await Classifier.load('/pack/manifest.json', { engine: 'cpu' });
      const avif = await (await fetch('/photo.avif')).blob();
      const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 40 });
      canvas.getContext('2d')?.fillRect(0, 0, 40, 40);
      const outcome = (/** @type {any} */ photo) =>
        classifier.classify(photo).then(
          () => 'classified',
          (/** @type {any} */ error) => `${error.code}: ${/allow this page to read canvases/.test(error.message)}`,
        );
      const png = await (await fetch('/landscape.png')).blob();
      return [await outcome(avif), await outcome(canvas), await outcome(png)];
    });
    assert.deepEqual(codes, ['photo-blocked: true', 'photo-blocked: true', 'classified']);
    await page.close();
  });

  test('the upload page offers no drawings, no pictures of noise, and says why the camera is of no use', async () => {
    const page = await openUploadPage(firefox, server);
    assert.equal(await page.$eval('#examples-hint', (hint) => /** @type {HTMLElement} */ (hint).checkVisibility()), false);
    await click(page, '#open-camera');
    await says(page, '.camera-view [role=alert]', 'This browser hides pictures from pages');
    await page.close();
  });
});
