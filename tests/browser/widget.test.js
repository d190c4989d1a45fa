// <skintree-widget> on a page of the same origin, against a stand-in for the wasm module.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { servePack } from './fake.js';
import { FAKE_PKG, OUTPUT, ROOT, Server, WWW, launch, newPage, noBrowser, wrongOn } from './harness.js';
import { accessibilityProblems, appears, giveWidget, photoFile } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`widget, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    const photo = photoFile();

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG, '/examples/': `${ROOT}examples` }).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /**
     * @param {string} path
     * @param {object} fake how the pack behaves
     * @param {(page: Page) => Promise<void>} use
     * @param {Parameters<typeof newPage>[1]} [size]
     */
    async function onPage(path, fake, use, size) {
      servePack(server, '/pack/', fake);
      servePack(server, '/other-pack/', fake);
      const page = await newPage(browser, size);
      await page.goto(`${server.origin}${path}`);
      await appears(page, '.frame');
      await use(page);
      assert.deepEqual(await wrongOn(page), []);
      await page.close();
    }

    /**
     * A page whose body is this HTML; what the widgets tell is noted in `told`.
     *
     * @param {string} body
     * @param {object} fake
     * @param {(page: Page) => Promise<void>} use
     */
    async function onBody(body, fake, use) {
      server.route('/noting.js', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/javascript' });
        response.end(`import '/widget.js';
          globalThis.told = [];
          for (const type of ['ready', 'progress', 'result', 'error']) {
            document.addEventListener(type, ({ detail }) => detail && told.push({ type, detail, code: detail.code }), true);
          }`);
      });
      server.route('/body.html', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:" });
        response.end(`<!doctype html><html lang="en"><title>t</title><link rel="icon" href="data:,"><script type="module" src="/noting.js"></script><main><h1>A page</h1>${body}</main>`);
      });
      await onPage('/body.html', fake, use);
    }

    /** @param {Page} page @param {string} [widget] */
    const choose = (page, widget) => giveWidget(page, photo, widget);
    /** @param {Page} page @param {string} selector */
    const textOf = (page, selector) =>
      page.$eval(`skintree-widget >>> ${selector}`, (element) => /** @type {HTMLElement} */ (element).innerText);
    /** @param {Page} page */
    const told = (page) => page.evaluate(() => /** @type {{type: string, detail: any, code?: string}[]} */ (/** @type {any} */ (globalThis).told));

    for (const [width, height] of [[320, 700], [1280, 900]]) {
      test(`the plain example at ${width} pixels: from a photo to the answer`, () =>
        onPage(
          '/examples/plain/index.html',
          {},
          async (page) => {
            await page.waitForFunction(() => document.querySelector('#events')?.textContent?.includes('ready: fake-ham8'));
            assert.equal(await page.$eval('[slot=after-result]', (slotted) => slotted.checkVisibility()), false);
            await page.screenshot({ path: `${OUTPUT}/widget-${kind}-${width}-idle.png`, fullPage: true });
            await choose(page);
            await appears(page, '.result');
            assert.match(await textOf(page, '[part=notice]'), /not a medical device/);
            assert.match(await page.$eval('#events', (list) => list.textContent ?? ''), /result: nv, 0\.71/);
            assert.equal(await page.$eval('[slot=after-result]', (slotted) => slotted.checkVisibility()), true);
            assert.equal(await page.$eval('[slot=heading]', (slotted) => slotted.checkVisibility()), true);
            assert.deepEqual(await accessibilityProblems(page), []);
            assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, 'nothing sticks out');
            await page.screenshot({ path: `${OUTPUT}/widget-${kind}-${width}.png`, fullPage: true });
          },
          { width, height },
        ));
    }

    test('tells ready, progress and result; loads nothing before someone reaches for a photo', () =>
      onBody('<skintree-widget top-k="2" engine="cpu"></skintree-widget>', {}, async (page) => {
        server.requests = [];
        await new Promise((resolve) => setTimeout(resolve, 200));
        assert.equal(server.requests.length, 0);
        await choose(page);
        await appears(page, '.result');
        const all = await told(page);
        assert.deepEqual([...new Set(all.map(({ type }) => type))], ['progress', 'ready', 'result']);
        const { detail } = all[all.length - 1];
        assert.equal(detail.schema, 'skintree.report/2');
        assert.equal(detail.fine.length, 2);
        assert.equal(detail.engine.requested, 'cpu');
        const same = await page.$eval('skintree-widget', (widget) => [widget.report?.schema, widget.info?.id]);
        assert.deepEqual(same, ['skintree.report/2', 'fake-ham8']);
      }));

    test('a failure is shown, told and can be tried again', () =>
      onBody('<skintree-widget></skintree-widget>', { classify_error: 'engine-failed', classify_errors: 1 }, async (page) => {
        await choose(page);
        await appears(page, '.failure button');
        assert.equal((await told(page)).at(-1)?.code, 'engine-failed');
        assert.deepEqual(await accessibilityProblems(page), []);
        servePack(server, '/pack/', {});
        await page.$eval('skintree-widget >>> .failure button', (button) => /** @type {HTMLElement} */ (button).click());
        await appears(page, '.result');
        assert.equal(await page.evaluate(() => document.activeElement?.localName), 'skintree-widget');
      }));

    test('classify(), load() and reset() by script; the newest photo wins', () =>
      onBody('<skintree-widget></skintree-widget>', { classify_ms: 200 }, async (page) => {
        const outcomes = await page.$eval('skintree-widget', async (widget) => {
          const outcome = (/** @type {Promise<any>} */ promise) => promise.then(({ id, fine }) => id ?? fine.length, ({ code }) => code);
          const loaded = await outcome(widget.load());
          const stop = new AbortController();
          const calls = [
            widget.classify(new Blob(['a'])),
            widget.classify(new Blob(['b']), { signal: stop.signal }),
          ];
          setTimeout(() => stop.abort(), 50);
          const both = await Promise.all(calls.map(outcome));
          const third = await outcome(widget.classify(new Blob(['c']), { topK: 3 }));
          const empty = await outcome(widget.classify(new Blob([])));
          return [loaded, ...both, third, empty, widget.report];
        });
        assert.deepEqual(outcomes, ['fake-ham8', 'aborted', 'aborted', 3, 'photo-format', null]);
        assert.match(await textOf(page, '.failure'), /This kind of picture cannot be read here/);
        await page.$eval('skintree-widget', (widget) => widget.reset());
        assert.equal(await textOf(page, '.failure'), '');
        assert.equal(await page.$eval('skintree-widget >>> .work', (work) => work.checkVisibility()), false);
      }));

    test('the wait can be ended: the photo goes, and a call by script rejects', () =>
      onBody('<skintree-widget></skintree-widget>', { classify_ms: 60_000 }, async (page) => {
        const outcome = page.$eval('skintree-widget', (widget) => widget.classify(new Blob(['a'])).catch(({ code }) => code));
        await page.waitForFunction(() => document.querySelector('skintree-widget')?.info);
        await page.$eval('skintree-widget >>> .progress-end button', (button) => /** @type {HTMLElement} */ (button).click());
        assert.equal(await outcome, 'aborted');
        assert.equal(await page.$eval('skintree-widget >>> .work', (work) => work.checkVisibility()), false);
        assert.deepEqual((await told(page)).filter(({ type }) => type === 'error'), []);
        assert.ok(await page.$eval('skintree-widget', ({ info }) => info), 'the model stays');
      }));

    test('its parts take the page’s styles', () =>
      onBody('<link rel="stylesheet" href="/parts.css"><skintree-widget></skintree-widget>', {}, async (page) => {
        await choose(page);
        await appears(page, '.result');
        for (const part of ['frame', 'heading', 'notice', 'picker', 'button', 'button-primary', 'photo', 'result', 'foot']) {
          server.route('/parts.css', (_, response) => {
            response.writeHead(200, { 'content-type': 'text/css' }).end(`skintree-widget::part(${part}) { outline: 5px solid }`);
          });
          await page.evaluate(async () => {
            const link = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel=stylesheet]'));
            await new Promise((resolve) => {
              link.onload = resolve;
              link.href = `/parts.css?${Math.random()}`;
            });
          });
          const width = await page.$eval(`skintree-widget >>> [part~=${part}]`, (element) => getComputedStyle(element).outlineWidth);
          assert.equal(width, '5px', part);
        }
      }));

    test('another pack takes the loaded one away; moving the element does not, removing it does', () =>
      onBody('<div id="a"><skintree-widget preload></skintree-widget></div><div id="b"></div>', {}, async (page) => {
        const loads = () => server.requests.filter(({ path }) => path.endsWith('/manifest.json')).map(({ path }) => path);
        await page.waitForFunction(() => document.querySelector('skintree-widget')?.info);
        await page.evaluate(() => document.querySelector('#b')?.append(/** @type {Node} */ (document.querySelector('skintree-widget'))));
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.equal(await page.$eval('skintree-widget', ({ info }) => info?.id), 'fake-ham8');
        server.requests = [];
        await page.$eval('skintree-widget', (widget) => (widget.pack = '/other-pack/'));
        await page.waitForFunction(() => document.querySelector('skintree-widget')?.info);
        assert.deepEqual(loads(), ['/other-pack/manifest.json']);
        const after = await page.$eval('skintree-widget', async (widget) => {
          widget.remove();
          await Promise.resolve();
          return widget.info;
        });
        assert.equal(after, null);
        while (page.workers().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }));

    test('speaks the language of its place, each widget its own, also after a change', () =>
      onBody('<skintree-widget id="en"></skintree-widget><div lang="ko"><skintree-widget id="ko"></skintree-widget></div>', {}, async (page) => {
        await choose(page, '#ko');
        await appears(page, '.result', '#ko');
        await choose(page, '#en');
        await appears(page, '.result', '#en');
        const heading = (/** @type {string} */ id) => page.$eval(`${id} >>> #result-heading`, ({ textContent }) => textContent);
        assert.deepEqual([await heading('#en'), await heading('#ko')], ['What the model says', '모델의 답']);
        assert.deepEqual(await accessibilityProblems(page), []);
        await page.$eval('#en', (widget) => widget.setAttribute('lang', 'ko-KR'));
        assert.equal(await heading('#en'), '모델의 답');
        assert.equal(await textOf(page, '[part~=button-primary]'), '다른 사진 선택');
      }));

    test('takes a photo by dropping and by pasting', () =>
      onBody('<skintree-widget></skintree-widget>', {}, async (page) => {
        for (const type of ['drop', 'paste']) {
          await page.$eval(
            'skintree-widget >>> .frame',
            (frame, type) => {
              const data = new DataTransfer();
              data.items.add(new File(['a picture'], 'x.png', { type: 'image/png' }));
              const event = type === 'drop' ? new DragEvent('drop', { dataTransfer: data, cancelable: true }) : new Event('paste', { cancelable: true });
              // Firefox lets no script fill the clipboard of an event it makes.
              if (type === 'paste') Object.defineProperty(event, 'clipboardData', { value: data });
              frame.dispatchEvent(event);
            },
            type,
          );
          await appears(page, '.result');
          await page.$eval('skintree-widget', (widget) => widget.reset());
        }
      }));

    test('taken out during a call and put back, it goes on; without a call it rests', () =>
      onBody('<div lang="en"><skintree-widget></skintree-widget></div>', { classify_ms: 500 }, async (page) => {
        const shown = (/** @type {string} */ selector) =>
          page.$eval(`skintree-widget >>> ${selector}`, (element) => element.checkVisibility());
        const takeOut = (/** @type {number} */ ms) =>
          page.evaluate(async (ms) => {
            const widget = /** @type {HTMLElement} */ (document.querySelector('skintree-widget'));
            const place = /** @type {HTMLElement} */ (widget.parentElement);
            widget.remove();
            await new Promise((resolve) => setTimeout(resolve, ms));
            place.append(widget);
          }, ms);
        for (const ms of [0, 60, 700]) {
          await choose(page);
          await appears(page, '.progress');
          await takeOut(ms);
          await appears(page, '.result');
          assert.equal(await shown('.progress'), false);
          await takeOut(60);
          assert.deepEqual([await shown('.result'), await shown('.progress')], [true, false], 'an answer stays');
          await page.$eval('skintree-widget', (widget) => widget.reset());
        }
        // A call by script ends with the element; its photo is taken up again, as someone waits for it.
        const code = await page.$eval('skintree-widget', async (widget, bytes) => {
          const call = widget.classify(new Blob([new Uint8Array(bytes)]));
          const place = /** @type {HTMLElement} */ (widget.parentElement);
          await widget.load();
          widget.remove();
          const outcome = call.then(() => 'answered', (/** @type {any} */ error) => error.code);
          setTimeout(() => place.append(widget), 60);
          return outcome;
        }, [...readFileSync(photo)]);
        assert.equal(code, 'aborted');
        await appears(page, '.result');
      }));

    test('takes up what was set before its class was there', () =>
      onBody('<skintree-widget></skintree-widget>', {}, async (page) => {
        await page.evaluate(async () => {
          const early = document.createElement('skintree-early');
          Object.assign(early, { pack: '/other-pack/', topK: 3, heatMap: true, engine: 'cpu' });
          document.body.append(early);
          const { SkintreeWidget } = await import(/** @type {string} */ ('/widget.js'));
          customElements.define('skintree-early', class extends SkintreeWidget {});
        });
        const found = await page.$eval('skintree-early', (early) => {
          const { pack, topK, heatMap, engine } = /** @type {any} */ (early);
          return [pack, topK, heatMap, engine, Object.hasOwn(early, 'pack'), early.getAttribute('pack')];
        });
        assert.deepEqual(found, ['/other-pack/', 3, true, 'cpu', false, '/other-pack/']);
      }));

    test('speaks the language outside the shadow root it is in, also after a change', () =>
      onBody('<skintree-widget></skintree-widget><section lang="ko"><div id="host"></div></section>', {}, async (page) => {
        await page.evaluate(() => {
          const root = /** @type {HTMLElement} */ (document.querySelector('#host')).attachShadow({ mode: 'open' });
          const inner = document.createElement('div');
          root.append(inner);
          inner.attachShadow({ mode: 'open' }).append(document.createElement('skintree-widget'));
        });
        /** @param {RegExp} text */
        const heading = (text) =>
          page.waitForFunction(
            (source) => {
              const inner = document.querySelector('#host')?.shadowRoot?.querySelector('div')?.shadowRoot;
              return new RegExp(source).test(inner?.querySelector('skintree-widget')?.shadowRoot?.querySelector('.heading')?.textContent ?? '');
            },
            {},
            text.source,
          );
        await heading(/사진/);
        await page.$eval('section', (section) => (section.lang = 'en'));
        await heading(/photo/);
        await page.evaluate(() => {
          document.querySelector('section')?.removeAttribute('lang');
          document.documentElement.lang = 'ko';
        });
        await heading(/사진/);
        await page.waitForFunction(() => /사진/.test(document.querySelector('skintree-widget')?.shadowRoot?.querySelector('.heading')?.textContent ?? ''));
      }));

    test('shows which parts of the photo counted, where the page offers it', () =>
      onBody('<div lang="en"><skintree-widget></skintree-widget></div>', {}, async (page) => {
        const offered = () => page.$eval('skintree-widget >>> .photo .link', (button) => button.checkVisibility());
        await choose(page);
        await appears(page, '.result');
        assert.equal(await offered(), false);
        await page.$eval('skintree-widget', (widget) => (widget.heatMap = true));
        assert.equal(await page.$eval('skintree-widget', (widget) => widget.hasAttribute('heat-map')), true);
        assert.equal(await offered(), true);
        await page.click('skintree-widget >>> .photo .link');
        await appears(page, '.heat-map');
        assert.equal(await offered(), false);
        assert.equal((await told(page)).filter(({ type }) => type === 'result').length, 1, 'asking once more is no new result');
        const widths = await page.$eval('skintree-widget >>> .heat-map figure canvas', (canvas) => [canvas.clientWidth, canvas.closest('.photo')?.clientWidth]);
        assert.ok(Number(widths[0]) > 100 && Number(widths[0]) <= Number(widths[1]), `the map fits: ${widths}`);
        assert.deepEqual(await accessibilityProblems(page), []);
        await page.$eval('div', (div) => (div.lang = 'ko'));
        await page.$eval('skintree-widget', (widget) => widget.setAttribute('lang', 'ko'));
        assert.match(await textOf(page, '.heat-map h3'), /사진의 어느/);
        await choose(page);
        await appears(page, '.result');
        assert.equal(await page.$('skintree-widget >>> .heat-map'), null, 'another photo, another map');
        assert.equal(await page.$eval('skintree-widget >>> .photo img', (image) => image.checkVisibility()), true);
        await page.$eval('skintree-widget', (widget) => widget.reset());
        assert.equal(await offered(), false);
      }));

    test('docs/widget.md names every attribute, part and slot there is', () =>
      onBody('<skintree-widget></skintree-widget>', {}, async (page) => {
        const docs = readFileSync(`${ROOT}docs/widget.md`, 'utf8');
        const names = await page.$eval('skintree-widget', (widget) => {
          const { observedAttributes } = /** @type {any} */ (widget.constructor);
          const all = [.../** @type {ShadowRoot} */ (widget.shadowRoot).querySelectorAll('[part], slot')];
          return { observedAttributes, parts: all.flatMap((element) => [...element.part]), slots: all.map((element) => element.getAttribute('name')) };
        });
        const wanted = [...names.observedAttributes, ...names.parts, ...names.slots].filter((name) => name !== null);
        assert.ok(wanted.length > 15);
        for (const name of wanted) assert.ok(docs.includes(`\`${name}\``), name);
      }));
  });
}
