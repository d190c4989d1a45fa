// What a visitor takes along from the page: text, files, paper.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { servePack } from './fake.js';
import { FAKE_PKG, OUTPUT, Server, WWW, launch, noBrowser, wrongOn } from './harness.js';
import { answerOf, choose, give, openUploadPage, photoFile } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`results out, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;
    const photo = photoFile();
    const second = photoFile('second.png');

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      servePack(server, '/pack/');
      browser = await launch(kind, server);
      page = await openUploadPage(browser, server);
      // Firefox is told at its start where to put files.
      if (kind === 'chromium') {
        const client = await page.createCDPSession();
        await client.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: OUTPUT });
      }
      await choose(page, photo);
      await answerOf(page);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /**
     * Presses a button and waits for the file that it gives.
     *
     * @param {string} action
     * @param {string} name
     */
    async function saved(action, name) {
      const file = `${OUTPUT}/${name}`;
      rmSync(file, { force: true });
      await page.click(`[data-action=${action}]`);
      for (let left = 100; left > 0; left--) {
        // Firefox makes an empty file of that name before it has one.
        if (existsSync(file)) {
          const text = readFileSync(file, 'utf8');
          if (text) return text;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return assert.fail(`${name} never came`);
    }

    test('copies the answer as text', async () => {
      await page.evaluate(() => {
        navigator.clipboard.writeText = async (text) => void (/** @type {any} */ (globalThis).copied = text);
      });
      await page.click('[data-action=copy]');
      await page.waitForFunction(() => document.querySelector('[data-action=copy]')?.textContent === 'Copied');
      const text = await page.evaluate(() => /** @type {any} */ (globalThis).copied);
      assert.match(text, /Most likely: Melanocytic naevus \(benign\)\. Benign 85%, Malignant 15%/);
      assert.match(text, /12% +Melanoma \(C43\)/);
      assert.match(text, /does not rule out cancer/);
    });

    test('JSON: the whole report', async () => {
      assert.equal(JSON.parse(await saved('saveJson', 'skintree-report.json')).schema, 'skintree.report/2');
    });

    test('FHIR, in the language of the page', async () => {
      await page.select('#language', 'ko');
      await answerOf(page);
      const { resourceType, entry } = JSON.parse(await saved('saveFhir', 'skintree-report.fhir.json'));
      const risk = entry.find((/** @type {any} */ { resource }) => resource.resourceType === 'RiskAssessment').resource;
      assert.deepEqual([resourceType, risk.status], ['Bundle', 'preliminary']);
      assert.ok(risk.prediction.some((/** @type {any} */ { outcome }) => outcome.text === '흑색종'));
      await page.select('#language', 'en');
      await answerOf(page);
    });

    test('CSV and JSON of many photos, one line or report each', async () => {
      await give(page, second, photo);
      await page.waitForFunction(() => document.querySelectorAll('.photo-entry.done').length === 3);
      await page.waitForSelector('[data-action=saveAllCsv]');
      const csv = await saved('saveAllCsv', 'skintree-report.csv');
      assert.ok(csv.startsWith('\ufeff'), 'spreadsheets are told that it is UTF-8');
      const lines = csv.trim().split('\r\n');
      assert.deepEqual(lines.slice(1).map((line) => line.split(',')[0]), ['spot.png', 'second.png', 'spot.png']);
      const all = JSON.parse(await saved('saveAllJson', 'skintree-report.json'));
      assert.deepEqual(all.map((/** @type {any} */ { name }) => name), ['spot.png', 'second.png', 'spot.png']);
      assert.match(await saved('saveCsv', 'skintree-report.csv'), /^[^\n]+\n[^\n]+\n$/);
    });

    test('on paper: the answer, and nothing to click on', async () => {
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      assert.ok(await page.$('.technical[open]'));
      // Firefox has no media emulation over BiDi: there the print sheet is put in force by hand.
      if (kind === 'chromium') await page.emulateMediaType('print');
      else await page.$eval('link[media=print]', (link) => (/** @type {HTMLLinkElement} */ (link).media = 'all'));
      const seen = (/** @type {string} */ selector) => page.$eval(selector, (element) => element.checkVisibility());
      for (const part of ['.headline', '#preview', '.intro .note', '.tree', '.icicle', '.technical dl', '.background']) assert.ok(await seen(part), part);
      for (const part of ['.actions', '.picker', '.history', '.language', '#crop', '#remove', '#photos']) assert.ok(!(await seen(part)), part);
      const surface = await page.$eval('.answer', (answer) => getComputedStyle(answer).borderTopWidth);
      assert.equal(surface, '0px');
      const pdf = Buffer.from(await page.pdf()).toString('latin1');
      assert.match(pdf, /^%PDF-/);
      await page.evaluate(() => dispatchEvent(new Event('afterprint')));
      assert.equal(await page.$('.technical[open]'), null);
    });

    test('nothing went wrong unseen', async () => assert.deepEqual(await wrongOn(page), []));
  });
}
