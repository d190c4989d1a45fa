// embed.html in a frame of a portal on another site: two servers, the protocol, and who may speak it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { oddMessages, revive } from './embed-messages.js';
import { FAKE_PKG, OUTPUT, Server, WWW, launch, noBrowser } from './harness.js';
import { examplePage, onPortal, startPortal } from './portal.js';
import { accessibilityProblems, appears, giveWidget, photoFile, sticksOut, textOf } from './upload-page.js';

/**
 * @import {Browser, ElementHandle, Frame, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

test('no message is ever sent to whoever is there', () => {
  for (const name of ['frame/embed.js', 'frame/embed-link.js', 'frame/smart-messaging.js', 'embed-host.js']) {
    assert.doesNotMatch(readFileSync(`${WWW}/${name}`, 'utf8'), /['"`]\*['"`]/, name);
  }
});

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`frame in a portal, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Server} */
    let portal;
    /** @type {Browser} */
    let browser;
    const photo = photoFile();

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      portal = await startPortal(server);
      browser = await launch(kind, server);
      // Without the portal's script, so that a test can speak for itself.
      const silent = examplePage('portal', server)
        .replace('<script type="module" src="portal.js"></script>', '')
        .replace('frame-src', "frame-src 'self'");
      portal.route('/silent', silent, 'text/html');
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      await portal?.stop();
    });

    const first = () => {
      if (window === top) {
        /** @type {unknown[]} */
        const heard = (/** @type {any} */ (globalThis).heard = []);
        addEventListener('message', ({ data, origin }) => data?.schema && heard.push({ ...data, origin }));
      }
    };
    /** @param {string} path @param {Parameters<typeof onPortal>[2]} options @param {Parameters<typeof onPortal>[3]} use */
    const onPage = (path, options, use) => onPortal({ browser, server, portal }, path, { ...options, first }, use);

    /** @param {Frame | Page} where @param {string} selector */
    async function choose(where, selector) {
      const input = /** @type {ElementHandle<HTMLInputElement>} */ (await where.$(selector));
      await input.uploadFile(photo);
    }
    /** @param {Page} page @returns {Promise<any[]>} */
    const heard = (page) => page.evaluate(() => /** @type {any} */ (globalThis).heard);
    /** @param {Page} page */
    const connected = (page) => page.waitForFunction(() => document.querySelector('#status')?.textContent === 'Connected to skintree.');
    /** Speaks to the frame by hand. @param {Page} page @param {object} message */
    const say = (page, message) =>
      page.evaluate(
        (message, origin) => {
          const { contentWindow } = /** @type {HTMLIFrameElement} */ (document.querySelector('iframe'));
          contentWindow?.postMessage({ schema: 'skintree.embed/1', ...message }, origin);
        },
        message,
        server.origin,
      );
    /** @param {Page} page @param {string} type */
    const hears = (page, type) =>
      page.waitForFunction((type) => /** @type {any} */ (globalThis).heard.find((/** @type {any} */ message) => message.type === type), {}, type);
    const pause = () => new Promise((resolve) => setTimeout(resolve, 300));

    test('the visitor’s photo: the portal is told the result and gets no pixels', () =>
      onPage('/', {}, async (page, frame) => {
        await connected(page);
        assert.match(await textOf(frame, '#host'), new RegExp(`^${new URL(portal.origin).host} is told the result`));
        await giveWidget(frame, photo);
        await page.waitForFunction(() => document.querySelector('#reading')?.textContent === 'Benign 85%, Malignant 15% (research use only)');
        assert.equal(await textOf(page, '#model'), 'fake-ham8 0.0.0');
        const results = (await heard(page)).filter(({ type }) => type === 'result');
        assert.deepEqual(results.map(({ id, report }) => [id, report.schema]), [[null, 'skintree.report/2']]);
        const binary = await page.evaluate(() => {
          /** @param {unknown} value @returns {boolean} */
          const has = (value) =>
            value instanceof Blob || value instanceof ArrayBuffer || ArrayBuffer.isView(value) || value instanceof ImageBitmap ||
            (typeof value === 'string' ? /^(data|blob):/.test(value) : typeof value === 'object' && value !== null && Object.values(value).some(has));
          return /** @type {any} */ (globalThis).heard.some(has);
        });
        assert.equal(binary, false);
        await page.click('#next');
        await frame.waitForFunction(() => document.querySelector('skintree-widget')?.report === null);
        assert.equal(await frame.$('skintree-widget >>> .result'), null);
      }));

    for (const { width, height, lang } of [
      { width: 320, height: 700, lang: 'ko' },
      { width: 1280, height: 900, lang: 'en' },
    ]) {
      test(`the portal hands over its own photo: ${width} pixels, ${lang}`, () =>
        onPage(`/?lang=${lang}`, { size: { width, height } }, async (page, frame) => {
          await connected(page);
          await choose(page, '#record-photo');
          await page.click('#send');
          await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'The model has answered.');
          const heading = await frame.$eval('skintree-widget >>> #result-heading', ({ textContent }) => textContent);
          assert.equal(heading, lang === 'ko' ? '모델의 답' : 'What the model says');
          assert.equal(await frame.evaluate(() => document.documentElement.lang), lang);
          await page.waitForFunction(() => Number.parseFloat(document.querySelector('iframe')?.style.height ?? '') > 900);
          await pause();
          assert.ok(await frame.evaluate(() => document.documentElement.scrollHeight <= innerHeight + 1), 'the frame is as high as what it shows');
          for (const where of [page, frame]) {
            assert.equal(await sticksOut(where), 0, 'nothing sticks out');
          }
          assert.deepEqual(await accessibilityProblems(page), []);
          assert.deepEqual(await accessibilityProblems(frame), []);
          await page.screenshot({ path: `${OUTPUT}/portal-${kind}-${width}-${lang}.png`, fullPage: true });
        }));
    }

    test('the portal says light or dark, in the URL and later on; the system does only if it may', () =>
      onPage('/', {}, async (page, frame) => {
        await connected(page);
        // Firefox cannot be told over BiDi which scheme the system has.
        if (kind === 'chromium') await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
        const surface = () => frame.$eval('skintree-widget >>> .frame', (box) => getComputedStyle(box).backgroundColor);
        const [light, dark] = ['rgb(255, 255, 255)', 'rgb(26, 33, 34)'];
        assert.equal(await surface(), light, 'theme=light in the URL');
        /** @param {string} theme */
        const set = (theme) => page.evaluate((theme) => /** @type {any} */ (globalThis).frame.setTheme(theme), theme);
        /** @param {string} scheme */
        const follows = (scheme) => frame.waitForFunction((scheme) => getComputedStyle(document.documentElement).colorScheme === scheme, {}, scheme);
        await set('dark');
        await follows('dark');
        assert.equal(await surface(), dark);
        await set('light');
        await follows('light');
        assert.equal(await surface(), light);
        await set('auto');
        await follows('light dark');
        if (kind === 'chromium') assert.equal(await surface(), dark);
        await set('mauve');
        await hears(page, 'error');
        assert.equal((await heard(page)).find(({ type }) => type === 'error').message, "theme is 'light', 'dark' or 'auto'");
      }));

    test('calls by script: answer, failure, cancelling, reloading', () =>
      onPage('/', { fake: { classify_ms: 300 } }, async (page, frame) => {
        await connected(page);
        const outcomes = await page.evaluate(async () => {
          /** @type {import('../../www/embed-host.js').SkintreeFrame} */
          const frame = /** @type {any} */ (globalThis).frame;
          const outcome = (/** @type {Promise<any>} */ promise) => promise.then(({ fine }) => fine.length, ({ code }) => code);
          const stop = new AbortController();
          setTimeout(() => stop.abort(), 100);
          const all = [];
          all.push(await outcome(frame.classify(new Blob(['a']), { topK: 2 })));
          all.push(await outcome(frame.classify(new Blob([]))));
          all.push(await outcome(frame.classify(new Blob(['a']), { signal: stop.signal })));
          all.push(await outcome(frame.classify(/** @type {any} */ ('not a photo'))));
          all.push(await outcome(frame.classify(new Blob(['a']), { topK: -1 })));
          all.push(await outcome(frame.classify(new Blob(['a']), { heatMaps: /** @type {any} */ ([7]) })));
          const { heat_maps } = await frame.classify(new Blob(['a']), { heatMaps: ['mel'] });
          all.push(heat_maps?.map(({ node, values }) => `${node} ${values.length}`).join());
          return all;
        });
        assert.deepEqual(outcomes, [2, 'photo-format', 'aborted', 'embed-message', 'embed-message', 'embed-message', 'mel 64']);
        const reloaded = page.evaluate(() =>
          /** @type {any} */ (globalThis).frame.classify(new Blob(['a'])).catch((/** @type {any} */ { code }) => code),
        );
        await frame.evaluate(() => location.reload());
        assert.equal(await reloaded, 'aborted');
        assert.equal(await page.evaluate(async () => (await /** @type {any} */ (globalThis).frame.classify(new Blob(['a']))).schema), 'skintree.report/2');
      }));

    test('a portal that is not on the list hears nothing; the visitor can use the widget all the same', () =>
      onPage('/silent', { origins: ['https://elsewhere.example'] }, async (page, frame) => {
        await say(page, { type: 'hello' });
        await say(page, { type: 'load' });
        await giveWidget(frame, photo);
        await appears(frame, '.result');
        await pause();
        assert.deepEqual(await heard(page), []);
        const code = await page.evaluate(async () => {
          const { SkintreeFrame } = await import(/** @type {any} */ ('/embed-host.js'));
          return SkintreeFrame.connect(document.querySelector('iframe'), { timeoutMs: 500 }).catch((/** @type {any} */ { code }) => code);
        });
        assert.equal(code, 'embed-timeout');
      }));

    test('before hello nothing is answered; another window of a listed origin is not the host', () =>
      onPage('/silent', {}, async (page, frame) => {
        await say(page, { type: 'load' });
        await pause();
        assert.deepEqual(await heard(page), []);
        // A second frame of the portal's own origin speaks to its neighbour.
        await page.evaluate(
          () =>
            new Promise((resolve) => {
              const beside = Object.assign(document.createElement('iframe'), { src: '/portal.css', onload: resolve });
              document.body.append(beside);
            }),
        );
        const neighbour = page.frames().find((one) => one.url().endsWith('/portal.css'));
        await neighbour?.evaluate((origin) => {
          const target = /** @type {Window} */ (parent.frames[0]);
          target.postMessage({ schema: 'skintree.embed/1', type: 'hello' }, origin);
          target.postMessage({ schema: 'skintree.embed/1', type: 'load' }, origin);
        }, server.origin);
        await pause();
        assert.deepEqual(await heard(page), []);
        assert.equal(await frame.$eval('skintree-widget', ({ info }) => info), null);
        await say(page, { type: 'hello' });
        await hears(page, 'welcome');
        assert.ok((await heard(page)).every(({ origin }) => origin === server.origin));
      }));

    test('what the frame does not understand is said, not swallowed', () =>
      onPage('/silent', {}, async (page) => {
        await say(page, { type: 'hello' });
        await hears(page, 'welcome');
        await say(page, { type: 'dance' });
        await say(page, { type: 'classify', id: 7 });
        await say(page, { schema: 'skintree.embed/2', type: 'load' });
        await pause();
        const errors = (await heard(page)).filter(({ type }) => type === 'error').map(({ id, code, message }) => [id, code, message]);
        assert.deepEqual(errors, [
          [null, 'embed-message', 'unknown type dance'],
          [7, 'embed-message', 'photo is a Blob or File'],
          [null, 'embed-message', 'this frame speaks skintree.embed/1, not skintree.embed/2'],
        ]);
      }));

    test('the host’s side believes the frame alone', () =>
      onPage('/', {}, async (page) => {
        await connected(page);
        await page.evaluate(() => {
          postMessage({ schema: 'skintree.embed/1', type: 'ready', info: { id: 'forged', version: '9' } }, location.origin);
        });
        await pause();
        assert.equal(await textOf(page, '#model'), 'not loaded');
      }));

    // ./build.sh fuzz sets the seconds.
    const seconds = Number(process.env.SKINTREE_FUZZ_SECONDS ?? 3);
    test(`messages that make no sense, for ${seconds} seconds: nothing is thrown, and the frame answers afterwards`, () =>
      onPage('/silent', {}, async (page, frame) => {
        // What is thrown in a frame of another site does not reach the page.
        await frame.evaluate(() => {
          /** @type {string[]} */
          const thrown = (/** @type {any} */ (globalThis).thrown = []);
          addEventListener('error', ({ message }) => thrown.push(message));
          addEventListener('unhandledrejection', ({ reason }) => thrown.push(String(reason)));
        });
        const end = Date.now() + seconds * 1000;
        const seed = Number(process.env.SKINTREE_FUZZ_SEED ?? Date.now() % 2 ** 31);
        let sent = 0;
        for (let round = 0; Date.now() < end; round++) {
          const messages = oddMessages(200, seed + round);
          sent += /** @type {number} */ (await page.evaluate(
            `(async (messages, origin) => {
              ${revive}
              const { contentWindow } = document.querySelector('iframe');
              for (const message of messages) contentWindow.postMessage(revive(message), origin);
              await new Promise((resolve) => setTimeout(resolve));
              globalThis.heard.splice(0, globalThis.heard.length - 50);
              return messages.length;
            })(${JSON.stringify(messages)}, ${JSON.stringify(server.origin)})`,
          ));
          assert.deepEqual(await frame.evaluate(() => /** @type {any} */ (globalThis).thrown), [], `SKINTREE_FUZZ_SEED=${seed + round}`);
        }
        assert.ok(sent >= 200, `${sent} messages`);
        console.log(`${sent} messages, SKINTREE_FUZZ_SEED=${seed}`);
        await say(page, { type: 'hello', lang: 'en' });
        await say(page, { type: 'reset' });
        await page.evaluate(
          (origin) => {
            const { contentWindow } = /** @type {HTMLIFrameElement} */ (document.querySelector('iframe'));
            contentWindow?.postMessage({ schema: 'skintree.embed/1', type: 'classify', id: 'last', photo: new Blob(['x']) }, origin);
          },
          server.origin,
        );
        await page.waitForFunction(() => /** @type {any} */ (globalThis).heard.some((/** @type {any} */ { type, id }) => type === 'result' && id === 'last'));
        assert.equal(await frame.evaluate(() => Object.keys(Object.prototype).length), 0, 'no prototype was written to');
      }));
  });
}
