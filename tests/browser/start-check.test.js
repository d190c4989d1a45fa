// Pages whose own scripts do not load: what is there says so, and names the file.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { FAKE_PKG, Server, WWW, launch, noBrowser } from './harness.js';
import { sticksOut } from './upload-page.js';

/**
 * @import {Browser} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`pages that cannot start, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** @param {string} path */
    async function said(path) {
      const page = await browser.newPage();
      await page.setViewport({ width: 320, height: 640 });
      await page.goto(server.origin + path);
      await page.waitForFunction(() => document.querySelectorAll('.not-started p').length === 3);
      // It looks at the files before it says which.
      await page.waitForFunction(() => /HTTP|served as|import|export|token|SyntaxError/.test(document.querySelector('.not-started')?.textContent ?? ''));
      assert.equal(await sticksOut(page), 0);
      const text = await page.$eval('.not-started', (section) => section.textContent ?? '');
      await page.close();
      return text;
    }

    for (const path of ['/index.html', '/evaluate.html', '/embed.html']) {
      test(`${path}: a script that is missing, or served wrongly`, async () => {
        const file = readFileSync(`${WWW}/view/strings.js`);
        const answer = (/** @type {number} */ status, /** @type {string} */ type, /** @type {Buffer | string} */ body) =>
          server.route('/view/strings.js', (_, response) => response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body));
        answer(404, 'text/html', 'not here');
        assert.match(await said(path), /This page could not start\..*view\/strings\.js: HTTP 404/);
        answer(200, 'text/plain', file);
        assert.match(await said(path), /view\/strings\.js is served as text\/plain/);
        // Of another build, or in a browser that does not know the syntax.
        answer(200, 'text/javascript', 'export const other = 1;');
        assert.match(await said(path), /This page could not start\./);
        answer(200, 'text/javascript', file);
        const page = await browser.newPage();
        await page.goto(server.origin + path);
        await page.waitForFunction(() => document.documentElement.dataset.started);
        assert.equal(await page.$('.not-started'), null);
        await page.close();
      });
    }

    test('a frame that is sandboxed without an origin says so', async () => {
      server.route('/portal.html', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<!doctype html><title>portal</title><iframe sandbox="allow-scripts" src="/embed.html" width="400" height="400"></iframe>');
      });
      const page = await browser.newPage();
      await page.goto(`${server.origin}/portal.html`);
      const frame = page.frames()[1];
      await frame.waitForFunction(() => document.querySelector('.not-started')?.textContent?.includes('lacks "allow-same-origin"'));
      await page.close();
    });
  });
}
