// The page as an app: kept, opened without network, updated, shared to, removed. On what ./build.sh dist has made, with
// the tiny pack in place of the large one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { DIST, ISOLATED, OUTPUT, Server, TINY, WWW, keptAtOnce, launch, newPage, noBrowser, noDist, noTiny, precache, wrongOn } from './harness.js';
import { accessibilityProblems, answerOf, choose, photoFile, textOf } from './upload-page.js';

/**
 * @import {Browser, ElementHandle, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

const sha256 = (/** @type {Buffer | string} */ data) => createHash('sha256').update(data).digest('hex');

test('the manifest names icons that are there, in the size it says', () => {
  const manifest = JSON.parse(readFileSync(`${WWW}/manifest.webmanifest`, 'utf8'));
  const pngs = manifest.icons.filter((/** @type {{type: string}} */ { type }) => type === 'image/png');
  assert.deepEqual(pngs.map((/** @type {{purpose?: string}} */ { purpose }) => purpose), [undefined, undefined, 'maskable']);
  for (const { src, sizes } of pngs) {
    const png = readFileSync(`${WWW}/${src}`);
    assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src);
  }
});

test('the precache lists every file of dist/ but the pack, the frame and the documents, with its hash', { skip: noDist }, () => {
  const { files } = precache();
  const listed = files.map(({ path }) => path);
  const there = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(`${DIST}/${path}`).isFile());
  const leftOut = there.filter((path) => !listed.includes(path) && !path.endsWith('.d.ts'));
  assert.deepEqual(leftOut.filter((path) => !/^((?:pack|docs)\/.*|embed.*|frame\/.*|sw\.js|precache\.js|integrity\.json|sbom\.cdx\.json)$/.test(path)), []);
  for (const { path, sha256: hash } of files) {
    assert.equal(hash, sha256(readFileSync(`${DIST}/${path}`)), path);
  }
});

/** What is kept without being used. */
const atOnce = () => keptAtOnce(false);

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`app, ${kind}`, { skip: noDist || noTiny || noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;
    const photo = photoFile();

    before(async () => {
      server = await new Server(DIST, { '/pack/': TINY }).start();
      // As the configurations in examples/hosting/ have it.
      server.headers = ISOLATED;
      browser = await launch(kind, server);
      page = await newPage(browser);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    const open = () => page.goto(`${server.origin}/`);
    /** @param {RegExp} text */
    const status = (text) =>
      page.waitForFunction((source) => new RegExp(source).test(document.querySelector('#device-status')?.textContent ?? ''), {}, text.source);
    const version = () =>
      page.evaluate(
        () =>
          new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => resolve(data);
            navigator.serviceWorker.controller?.postMessage('version', [port2]);
          }),
      );
    /** Serves another dist. @param {(list: ReturnType<typeof precache>) => void} change */
    const serveList = (change) => {
      const list = precache();
      change(list);
      server.route('/precache.js', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(`self.skintreePrecache = ${JSON.stringify(list)};`);
      });
    };
    const caches = () => page.evaluate(() => globalThis.caches.keys());

    test('who only reads the page pays for nothing more', async () => {
      await open();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(server.count('/sw.js'), 0);
      assert.equal(server.requests.filter(({ path }) => path.endsWith('.wasm')).length, 0);
      assert.match(await textOf(page, '#device'), /it works in flight mode too/);
    });

    test('a file that is not what the list says keeps the whole version out', async () => {
      serveList(({ files }) => (files[0].sha256 = sha256('something else')));
      await page.click('#device-keep');
      await status(/^That did not work: the files of this page could not be stored/);
      assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active ?? null), null);
    });

    test('after one classification the page is kept; the next visit works in flight mode', async () => {
      serveList(() => {});
      await open();
      await choose(page, photo);
      await answerOf(page);
      await status(/^The page and the model are kept/);
      assert.equal(await version(), precache().version);
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.screenshot({ path: `${OUTPUT}/app-${kind}.png`, fullPage: true });

      const { origin } = server;
      await server.stop();
      const flight = await newPage(browser, { width: 360, height: 740 });
      await flight.goto(`${origin}/?from=home-screen`);
      await choose(flight, photo);
      assert.match(await answerOf(flight), /What the model says/i);
      assert.equal(await flight.evaluate(() => fetch('/favicon.ico').then(() => 'network', () => 'none')), 'none');
      assert.deepEqual(await wrongOn(flight), []);
      await flight.close();
      await server.start(Number(new URL(origin).port));
    });

    test('the model is kept once: by the pack’s store, not by the service worker too', async () => {
      const kept = await page.evaluate(async () => {
        const app = await globalThis.caches.open(`skintree-app/2 ${location.origin}/`);
        return (await app.keys()).map(({ url }) => new URL(url).pathname);
      });
      assert.deepEqual(kept.sort(), atOnce().map(({ path }) => `/${path}`).sort());
      assert.deepEqual((await caches()).sort(), [`skintree-app/2 ${server.origin}/`, 'skintree-pack/2']);
    });

    test('a new version is fetched in its changed parts, offered, and let in on a click', async () => {
      const css = `${readFileSync(`${DIST}/app/device.css`, 'utf8')}\n.top { outline: 7px solid red }\n`;
      server.route('/app/device.css', (_, response) => response.writeHead(200, { 'content-type': 'text/css' }).end(css));
      serveList((list) => {
        list.version = 'next';
        const file = list.files.find(({ path }) => path === 'app/device.css');
        if (file) file.sha256 = sha256(css);
      });
      server.requests = [];
      const outline = () => page.$eval('.top', (top) => getComputedStyle(top).outlineWidth);
      await open();
      await page.waitForSelector('.update');
      assert.match(await textOf(page, '.update'), /A new version of this page is ready/);
      assert.notEqual(await outline(), '7px', 'the old version is whole');
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.screenshot({ path: `${OUTPUT}/app-${kind}-update.png` });
      await Promise.all([page.waitForNavigation(), page.click('.update .primary')]);
      assert.equal(await outline(), '7px');
      assert.equal(await version(), 'next');
      const fetched = new Set(server.requests.map(({ path }) => path));
      assert.deepEqual([...fetched].sort(), ['/app/device.css', '/precache.js', '/sw.js']);
      const left = await page.evaluate(async () => (await (await globalThis.caches.open(`skintree-app/2 ${location.origin}/`)).keys()).length);
      assert.equal(left, atOnce().length, 'the old file is gone');
    });

    test('takes a photo that was shared from the gallery, and forgets it', async () => {
      server.requests = [];
      // What the phone does: open the app with the photo in a POST.
      const form = '<form action="share" method="post" enctype="multipart/form-data"><input type="file" name="photo"></form>';
      server.route('/gallery.html', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(form));
      await page.goto(`${server.origin}/gallery.html`);
      const input = /** @type {ElementHandle<HTMLInputElement>} */ (await page.$('input'));
      await input.uploadFile(photo);
      await Promise.all([page.waitForNavigation(), page.$eval('form', (form) => form.submit())]);
      await answerOf(page);
      assert.equal(await textOf(page, '#photo-name'), 'spot.png');
      assert.equal(page.url(), `${server.origin}/`);
      assert.equal(server.count('/share'), 0, 'the photo did not reach the server');
      await page.goto(`${server.origin}/?shared`);
      await page.waitForFunction(() => document.querySelector('#remark')?.textContent?.startsWith('The shared photo did not arrive'));
    });

    test('offers to be installed where the browser does', async () => {
      await page.evaluate(() => {
        const prompt = async () => ({ outcome: 'dismissed' });
        dispatchEvent(Object.assign(new Event('beforeinstallprompt', { cancelable: true }), { prompt }));
      });
      await page.click('#device-install');
      await page.waitForFunction(() => document.querySelector('#device-install')?.checkVisibility() === false);
      assert.equal(await page.$eval('#device-menu', (hint) => hint.checkVisibility()), kind === 'firefox');
    });

    test('removing it leaves nothing behind', async () => {
      await page.select('#language', 'ko');
      assert.equal(await page.$eval('#device-remove', (button) => button.textContent), '이 기기에서 삭제');
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.evaluate(
        () => new Promise((resolve) => (indexedDB.open(`skintree-history ${location.origin}/`).onsuccess = ({ target }) => resolve(/** @type {any} */ (target).result.close()))),
      );
      await page.click('#device-remove');
      await page.waitForFunction(() => document.querySelector('#device-status')?.getAttribute('data-say') === 'deviceRemoved');
      assert.deepEqual(await caches(), []);
      const left = await page.evaluate(async () => [
        localStorage.length,
        (await navigator.serviceWorker.getRegistrations()).length,
        (await indexedDB.databases()).length,
      ]);
      assert.deepEqual(left, [0, 0, 0]);
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'device-keep');
      assert.deepEqual(await wrongOn(page), []);
    });
  });
}

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`two copies on one origin, ${kind}`, { skip: noDist || noTiny || noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;

    before(async () => {
      const packs = { '/prod/pack/': TINY, '/test/pack/': TINY, '/pack/': TINY };
      server = await new Server(DIST, { ...packs, '/prod/': DIST, '/test/': DIST }).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** @param {Page} page @param {string} key */
    const says = (page, key) => page.waitForFunction((key) => document.querySelector('#device-status')?.getAttribute('data-say') === key, {}, key);
    /** @param {string} path */
    const open = async (path) => {
      const page = await newPage(browser);
      await page.goto(`${server.origin}${path}`);
      return page;
    };
    /** @param {string} path */
    const keep = async (path) => {
      const page = await open(path);
      await page.click('#device-keep');
      await says(page, 'deviceKept');
      await page.click('#keep');
      await page.waitForSelector('#forget:not([hidden])');
      return page;
    };

    test('each keeps and removes its own', async () => {
      const prod = await keep('/prod/');
      const unkept = await open('/test/');
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(await unkept.$eval('#device-remove', (button) => /** @type {HTMLElement} */ (button).hidden), true, 'the other copy is kept, not this one');
      assert.equal(await unkept.$eval('#keep', (box) => /** @type {HTMLInputElement} */ (box).checked), false);
      await unkept.close();
      // Also one whose folder covers the other's.
      for (const path of ['/test/', '/']) {
        const other = await keep(path);
        await other.select('#language', 'ko');
        await other.click('#device-remove');
        await says(other, 'deviceRemoved');
        await other.close();

        const again = await open('/prod/');
        await says(again, 'deviceKept');
        assert.equal(await again.$eval('#keep', (box) => /** @type {HTMLInputElement} */ (box).checked), true);
        assert.equal(await again.$eval('html', ({ lang }) => lang), 'en');
        await again.close();
      }
      const { origin } = server;
      await server.stop();
      const flight = await open('/prod/');
      await choose(flight, photoFile());
      assert.match(await answerOf(flight), /What the model says/i);
      await flight.close();
      await server.start(Number(new URL(origin).port));
      await prod.close();
    });

    test('a file that the browser has thrown away is missed', async () => {
      const page = await open('/prod/');
      await page.evaluate(async () => {
        const packs = await caches.open('skintree-pack/2');
        const model = (await packs.keys()).find(({ url }) => !new URL(url).search);
        if (model) await packs.delete(model);
      });
      await page.reload();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(await page.$eval('#device-keep', (button) => /** @type {HTMLElement} */ (button).hidden), false);
      await page.click('#device-keep');
      await says(page, 'deviceKept');
      await page.evaluate(async () => {
        const app = await caches.open(`skintree-app/2 ${location.origin}/prod/`);
        await app.delete((await app.keys())[3]);
      });
      await page.reload();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(await page.$eval('#device-keep', (button) => /** @type {HTMLElement} */ (button).hidden), false);
      await page.click('#device-keep');
      await says(page, 'deviceKept');
      await page.close();
    });
  });
}
