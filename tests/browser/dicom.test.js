// DICOM files: their picture is classified and shown, and the module that reads them is only fetched when one comes.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { DIST, OUTPUT, ROOT, Server, TINY, blankPage, launch, newPage, noBrowser, noDist, noTiny, wrongOn } from './harness.js';
import { answerOf, choose, click, textOf } from './upload-page.js';

/**
 * @import {Browser} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

const photo = (/** @type {string} */ name) => `${ROOT}tests/photos/${name}`;
const base64 = (/** @type {string} */ name) => readFileSync(photo(name), 'base64');

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`DICOM, ${kind}`, { skip: noDist || noTiny || noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    const fetched = () => server.requests.filter(({ path }) => path.includes('skintree_dicom')).length;

    before(async () => {
      server = await new Server(DIST, { '/pack/': TINY }).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    test('the picture inside is classified as it is outside', async () => {
      const page = await blankPage(browser, server);
      const files = ['baseline-420.jpg', 'jpeg.dcm', 'picture.png', 'plain.dcm'].map(base64);
      const probabilities = await page.evaluate(async (files) => {
        const classifier = await api.Classifier.load();
        const bytes = files.map((file) => Uint8Array.from(atob(file), (char) => char.charCodeAt(0)));
        const all = [];
        for (const photo of [...bytes, new Blob([bytes[1]])]) {
          const { tree } = await classifier.classify(photo);
          all.push(tree.map(({ probability }) => probability));
        }
        const broken = await outcome(classifier.classify(bytes[3].subarray(0, -50)));
        classifier.free();
        return [...all, broken];
      }, files);
      assert.deepEqual(probabilities[1], probabilities[0]);
      assert.deepEqual(probabilities[3], probabilities[2]);
      assert.deepEqual(probabilities[4], probabilities[0]);
      assert.equal(probabilities[5], 'photo-broken');
      assert.ok(Number(probabilities[0]?.length) > 3);
      await page.close();
    });

    test('the page shows the picture and lets a part be chosen; broken files are named', async () => {
      const page = await newPage(browser);
      await page.goto(`${server.origin}/`);
      const before = fetched();
      await choose(page, photo('picture.png'));
      await answerOf(page);
      // Nor does the service worker fetch it.
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => null));
      assert.equal(fetched(), before, 'nobody needed the module yet');
      await click(page, '#clear');

      const input = /** @type {import('puppeteer-core').ElementHandle<HTMLInputElement>} */ (await page.$('#file'));
      await input.uploadFile(photo('plain.dcm'));
      await page.waitForSelector('.crop canvas');
      await page.$eval('.crop .primary', (button) => /** @type {HTMLElement} */ (button).click());
      await answerOf(page);
      assert.ok(fetched() > before);
      assert.equal(await textOf(page, '#photo-name'), 'plain.dcm');
      await page.waitForFunction(() => /** @type {HTMLImageElement | null} */ (document.querySelector('#preview'))?.naturalWidth);
      await page.waitForSelector('.photo-entry img');

      const broken = `${OUTPUT}/broken.dcm`;
      writeFileSync(broken, readFileSync(photo('plain.dcm')).subarray(0, 700));
      await input.uploadFile(broken);
      await page.waitForSelector('.photo-entry.failed');
      assert.match(await textOf(page, '#failure'), /DICOM file is damaged/);
      assert.deepEqual(await wrongOn(page), []);
    });
  });
}
