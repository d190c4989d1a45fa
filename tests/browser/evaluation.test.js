// The report of `skintree evaluate`, one file that is opened as it is: small, on the tiny pack, made by the command line.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { NATIVE, OUTPUT, ROOT, Server, TINY, WWW, launch, missing, newPage, noBrowser, wrongOn } from './harness.js';
import { accessibilityProblems, sticksOut } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 */

const LABELS = `${ROOT}tests/golden/labels.csv`;
const skip = noBrowser('chromium') || missing(NATIVE, 'cargo build --bin skintree');

test('the report beside the model card is of the model that ships', () => {
  const { files, version } = JSON.parse(readFileSync(`${ROOT}model/pack/manifest.json`, 'utf8'));
  const report = readFileSync(`${ROOT}model/evaluation.html`, 'utf8');
  assert.ok(report.includes(files.model.sha256) && report.includes(version), 'make it anew: model/train/README.md has the commands');
});

describe('report of an evaluation', { skip }, () => {
  /** @type {Server} */
  let server;
  /** @type {Browser} */
  let browser;
  const folder = mkdtempSync(join(OUTPUT, 'evaluation-'));

  before(async () => {
    const wishes = ['--label-column', 'diagnosis', '--map', 'Mole=nv', '--engine', 'cpu', '--resamples', '50'];
    execFileSync(NATIVE, ['evaluate', '--pack', TINY, '--data', `${ROOT}tests/golden`, '--labels', LABELS, '--out', folder, ...wishes], { stdio: 'pipe' });
    // Only as the browser's proxy.
    server = await new Server(WWW).start();
    browser = await launch('chromium', server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** @param {{width: number, height: number}} size @param {'light' | 'dark'} scheme @param {'screen' | 'print'} media @param {(page: Page) => Promise<void>} use */
  async function onReport(size, scheme, media, use) {
    const page = await newPage(browser, size);
    // Puppeteer's own functions set one or the other.
    /** @type {string[]} */
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    const session = await page.createCDPSession();
    await session.send('Emulation.setEmulatedMedia', { media, features: [{ name: 'prefers-color-scheme', value: scheme }] });
    const url = pathToFileURL(join(folder, 'report.html')).href;
    await page.goto(url);
    await use(page);
    assert.deepEqual(await wrongOn(page), []);
    assert.deepEqual(asked, [url], 'it asks for nothing else');
    await page.close();
  }

  for (const scheme of /** @type {const} */ (['light', 'dark'])) {
    test(`axe-core finds nothing, and nothing sticks out of a phone: ${scheme}`, () =>
      onReport({ width: 320, height: 700 }, scheme, 'screen', async (page) => {
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(paper, scheme === 'dark' ? 'rgb(17, 22, 23)' : 'rgb(246, 244, 239)');
        assert.deepEqual(await accessibilityProblems(page), []);
        assert.equal(await sticksOut(page), 0);
      }));
  }

  test('on paper it is black on white and no table is cut off', () =>
    // A4 less margins of 1 cm, at 96 pixels an inch.
    onReport({ width: 718, height: 1046 }, 'dark', 'print', async (page) => {
      const [paper, over] = await page.evaluate(() => {
        const edge = document.documentElement.clientWidth;
        const cut = [...document.querySelectorAll('table')].filter((table) => table.getBoundingClientRect().right > edge + 1);
        return [getComputedStyle(document.body).backgroundColor, cut.map((table) => table.parentElement?.getAttribute('aria-label'))];
      });
      assert.equal(paper, 'rgb(255, 255, 255)');
      assert.deepEqual(over, []);
    }));
});
