// What becomes of a photo: nothing leaves the page, and nothing of it stays. Watched by the server, by the browser's own network log
// where there is one, and by a search for a mark that the photo carries in its EXIF data, as a phone writes the place where it was
// taken.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { DIST, OUTPUT, ROOT, Server, TINY, launch, newPage, noBrowser, noDist, noTiny, wrongOn } from './harness.js';
import { answerOf, choose, click, give } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

const PHOTOS = 20;
const MARK = 'POSITION-48.2082N-16.3738E';

/** Of a patient, of whom a hospital has written this into the file (tests/photos/make.py). */
const DICOM = `${ROOT}tests/photos/jpeg.dcm`;
const PATIENT = 'Mustermann';

/** A JPEG with the mark in its EXIF data. */
function markedPhoto() {
  const jpeg = readFileSync(`${ROOT}tests/photos/baseline-420.jpg`);
  const exif = Buffer.from(`Exif\0\0MM\0*\0\0\0\b\0\0${MARK}`, 'latin1');
  const head = Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 0xff]);
  const path = `${OUTPUT}/marked.jpg`;
  writeFileSync(path, Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]));
  return path;
}

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`privacy, ${kind}`, { skip: noDist || noTiny || noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;
    /** @type {string[]} */
    const logged = [];
    const photo = markedPhoto();

    before(async () => {
      server = await new Server(DIST, { '/pack/': TINY }).start();
      browser = await launch(kind, server);
      page = await newPage(browser);
      page.on('console', (message) => logged.push(message.text()));
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    test(`${PHOTOS} classifications cause no request, and the photo is nowhere afterwards`, async () => {
      await page.goto(`${server.origin}/`);
      await click(page, '#keep');
      await choose(page, DICOM);
      await answerOf(page);
      await page.waitForFunction(() => document.querySelector('#device-status')?.getAttribute('data-say') === 'deviceKept');
      // Several at once come to the classifier as they are; the module for them is loaded there too.
      await give(page, DICOM, photo);
      await page.waitForFunction(() => document.querySelectorAll('.photo-entry.done').length === 3);
      const before = server.requests.length;
      server.foreign.length = 0;
      /** The browser's own log of this page, which may tell of a worker's earlier requests only now. @type {string[]} */
      const network = [];
      page.on('request', (request) => network.push(request.url()));
      await give(page, ...Array(PHOTOS).fill(photo));
      await page.waitForFunction((count) => document.querySelectorAll('.photo-entry.done').length === count, {}, PHOTOS + 3);
      await click(page, '#explain');
      await page.waitForSelector('#explained canvas');
      // The browser itself looks for a newer service worker, seconds after a page was opened.
      const asked = server.requests.slice(before).map(({ path }) => path);
      assert.deepEqual(asked.filter((path) => !['/sw.js', '/precache.js'].includes(path)), []);
      assert.deepEqual(server.foreign, []);
      assert.deepEqual(network.filter((url) => ![server.origin, 'blob:', 'data:'].some((start) => url.startsWith(start))), []);

      const texts = await page.evaluate(async () => {
        const found = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie, document.documentElement.outerHTML];
        for (const name of await caches.keys()) {
          const cache = await caches.open(name);
          for (const request of await cache.keys()) found.push(request.url, new TextDecoder('latin1').decode(await (await cache.match(request))?.arrayBuffer()));
        }
        for (const { name } of await indexedDB.databases()) {
          const database = await new Promise((resolve) => (indexedDB.open(String(name)).onsuccess = ({ target }) => resolve(/** @type {any} */ (target).result)));
          for (const store of database.objectStoreNames) {
            const rows = await new Promise((resolve) => (database.transaction(store).objectStore(store).getAll().onsuccess = (/** @type {any} */ { target }) => resolve(target.result)));
            // Small pictures are kept where the visitor has asked for it; they are drawn anew, without what the file says.
            found.push(JSON.stringify(rows), ...rows.map((/** @type {any} */ { thumbnail }) => atob(String(thumbnail).split(',')[1] ?? '')));
          }
          database.close();
        }
        return found;
      });
      // What is saved, in every form: the page gives it as the text of a Blob.
      const exported = await page.evaluate(async () => {
        const texts = /** @type {Promise<string>[]} */ ([]);
        const make = URL.createObjectURL;
        URL.createObjectURL = (/** @type {any} */ blob) => {
          texts.push(blob.text());
          return make(blob);
        };
        for (const action of ['saveJson', 'saveCsv', 'saveFhir', 'saveAllJson', 'saveAllCsv']) {
          /** @type {HTMLElement | null} */ (document.querySelector(`[data-action=${action}]`))?.click();
        }
        // The module that writes FHIR is fetched now.
        for (let left = 100; texts.length < 5 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 100));
        URL.createObjectURL = make;
        return Promise.all(texts);
      });
      assert.equal(exported.length, 5);
      for (const mark of [MARK, PATIENT]) {
        for (const text of [...texts, ...exported, ...logged]) assert.ok(!text.includes(mark) && !text.includes(btoa(mark)), text.slice(0, 200));
      }
      // The search itself finds what is there.
      assert.ok(texts.some((text) => text.includes('"report"')), 'the answers are kept');
      assert.ok(readFileSync(photo, 'latin1').includes(MARK));
      assert.ok(readFileSync(DICOM, 'latin1').includes(PATIENT));
      assert.deepEqual(await wrongOn(page), []);
    });
  });
}
