// The documents as pages: every link leads somewhere, and they can be read on a phone, by keyboard and by a screen reader.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { DIST, OUTPUT, Server, launch, missing, newPage, noBrowser, wrongOn } from './harness.js';
import { accessibilityProblems, sticksOut } from './upload-page.js';

/** @import {Browser} from 'puppeteer-core' */

const SITE = join(DIST, 'docs');
const skip = missing(`${SITE}/index.html`, 'run ./build.sh dist');
const names = skip ? [] : readdirSync(SITE).filter((name) => name.endsWith('.html'));
const read = (/** @type {string} */ path) => readFileSync(path, 'utf8');

describe('the documents as a site', { skip }, () => {
  test('every document is a page, named in the list of each', () => {
    const documents = readdirSync(new URL('../../docs/', import.meta.url)).filter((name) => name.endsWith('.md'));
    assert.deepEqual(documents.map((name) => name.replace(/md$/, 'html')).filter((name) => !names.includes(name)), []);
    for (const name of names) for (const other of names) assert.ok(read(join(SITE, name)).includes(`href="${other}"`), `${name} lists ${other}`);
  });

  test('links lead to pages, headings and files that are there; nothing comes from elsewhere, no script runs', () => {
    let checked = 0;
    for (const name of names) {
      const html = read(join(SITE, name));
      assert.doesNotMatch(html, /<script|\sstyle="|\son\w+="/i, name);
      assert.doesNotMatch(html, /(?:src|<link[^>]* href)="(?:https?:)?\/\//, name);
      for (const [, target] of html.matchAll(/(?:href|src)="((?!https?:)[^"]*)"/g)) {
        const [path, anchor] = target.split('#');
        const file = path ? normalize(join(dirname(join(SITE, name)), path)) : join(SITE, name);
        assert.ok(existsSync(file), `${name}: ${target}`);
        if (anchor) assert.ok(read(file).includes(`id="${decodeURIComponent(anchor)}"`), `${name}: ${target} has no such heading`);
        checked += 1;
      }
    }
    assert.ok(checked > 200, `${checked} links`);
  });

  const kind = 'chromium-no-adapter';
  describe(`looked at, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    before(async () => {
      server = await new Server(DIST).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    for (const [width, height] of [[360, 740], [1280, 900]]) {
      test(`${width} pixels`, async () => {
        for (const name of names) {
          const page = await newPage(browser, { width, height });
          await page.goto(`${server.origin}/docs/${name}`);
          assert.equal(await sticksOut(page), 0, `${name}: something sticks out`);
          assert.deepEqual(await accessibilityProblems(page), [], name);
          assert.match(await page.$eval('header', ({ innerText }) => innerText), /rule out cancer|암을 배제할 수 없습니다/);
          if (name.startsWith('quick-start')) await page.screenshot({ path: `${OUTPUT}/docs-${name}-${width}.png`, fullPage: true });
          assert.deepEqual(await wrongOn(page), [], name);
          await page.close();
        }
      });
    }
  });
});
