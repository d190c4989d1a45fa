// The heat map over a photo: what is drawn where, what is said, and that the keyboard reaches it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { FAKE_PKG, OUTPUT, Server, WWW, blankPage, launch, noBrowser, wrongOn } from './harness.js';
import { spot } from './photos.js';
import { accessibilityProblems, textOf } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

/** Of a photo of 600 x 450 the model sees 75 to 525. The maps of fake-pkg peak in cells 0, 3, 6, ... of 8 x 8. */
const [LEFT, CELL] = [75, 450 / 8];

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`heat map, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      server.route('/spot.png', spot(600, 450));
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** @param {{language?: string, photo?: 'grey' | 'image' | null, flat?: boolean}} [options] */
    async function open({ language = 'en', photo = 'grey', flat = false } = {}) {
      page = await blankPage(browser, server);
      await page.evaluate(
        async (language, photo, flat) => {
          const load = (/** @type {string} */ path) => import(path);
          const [{ heatMapView }, { setLanguage }, { makeHeatMaps, makeReport }] = await Promise.all(
            ['/view/heat-map.js', '/view/strings.js', '/pkg/report.js'].map(load),
          );
          for (const href of ['/view/theme.css', '/view/heat-map.css']) {
            const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href });
            await new Promise((resolve) => {
              link.onload = resolve;
              document.head.append(link);
            });
          }
          setLanguage(language);
          document.documentElement.lang = language;
          const report = makeReport({});
          report.heat_maps = makeHeatMaps(report, 'all');
          if (flat) report.heat_maps.forEach((/** @type {any} */ map) => map.values.fill(1));
          const grey = Object.assign(document.createElement('canvas'), { width: 600, height: 450 });
          const context = /** @type {CanvasRenderingContext2D} */ (grey.getContext('2d'));
          context.fillStyle = 'rgb(100 100 100)';
          context.fillRect(0, 0, 600, 450);
          // Not loaded yet when the view gets it.
          const image = Object.assign(new Image(), { src: '/spot.png' });
          const picture = photo === 'grey' ? grey : photo === 'image' ? image : null;
          const main = document.createElement('main');
          // The headings it stands below on the page.
          main.append(...['h1', 'h2'].map((tag) => Object.assign(document.createElement(tag), { textContent: 'Test' })));
          const view = heatMapView(report, picture);
          main.append(view.element);
          document.body.append(main);
          document.title = 'Test';
          Object.assign(globalThis, { view, nodes: report.heat_maps.map((/** @type {any} */ map) => map.node) });
          if (photo === 'image') await image.decode();
        },
        language,
        photo,
        flat,
      );
    }

    /** The colour the figure shows at a place of the photo. @param {number} x @param {number} y */
    const colourAt = (x, y) =>
      page.$eval(
        '.heat-map figure canvas',
        (canvas, x, y) => {
          const context = /** @type {HTMLCanvasElement} */ (canvas).getContext('2d');
          return [...(context?.getImageData(Math.floor(x), Math.floor(y), 1, 1).data ?? [])].slice(0, 3);
        },
        x,
        y,
      );

    /** @param {number} percent */
    const setOpacity = (percent) =>
      page.$eval(
        'input[type=range]',
        (input, percent) => {
          /** @type {HTMLInputElement} */ (input).value = String(percent);
          input.dispatchEvent(new Event('input'));
        },
        percent,
      );

    /** @param {number[]} found @param {number[]} expected @param {number} [tolerance] */
    function near(found, expected, tolerance = 6) {
      const far = found.some((value, i) => Math.abs(value - expected[i]) > tolerance);
      assert.ok(!far, `${found} is not ${expected}`);
    }

    /** The middle of a cell, in pixels of the photo. @param {number} cell @returns {[number, number]} */
    const middleOf = (cell) => [LEFT + ((cell % 8) + 0.5) * CELL, (Math.floor(cell / 8) + 0.5) * CELL];

    /** The node whose map peaks in a cell. @param {number} cell */
    const show = (cell) =>
      page.evaluate((at) => {
        const { view, nodes } = /** @type {any} */ (globalThis);
        view.show(nodes[at]);
        return nodes[at];
      }, cell / 3);

    test('lays the map over the part of the photo that the model sees', async () => {
      await open();
      await setOpacity(100);
      for (const cell of [0, 12, 21, 30]) {
        const node = await show(cell);
        assert.equal(await page.$eval('.heat-map select', (select) => /** @type {HTMLSelectElement} */ (select).value), node);
        near(await colourAt(...middleOf(cell)), [253, 231, 37], 20);
        near(await colourAt(...middleOf(cell < 16 ? 63 : 0)), [68, 1, 84], 24);
        // Outside: the photo, faded.
        near(await colourAt(LEFT - 4, 200), [185, 185, 185]);
        near(await colourAt(600 - LEFT + 4, 200), [185, 185, 185]);
      }
      await setOpacity(0);
      near(await colourAt(...middleOf(30)), [100, 100, 100], 2);
      await setOpacity(50);
      near(await colourAt(...middleOf(30)), [177, 166, 69], 10);
      assert.deepEqual(await wrongOn(page), []);
      await page.close();
    });

    test('says in words where the map is strongest', async () => {
      await open();
      for (const [cell, words] of /** @type {[number, RegExp][]} */ ([
        [0, /^.+: strongest in the upper left part of the photo\.$/],
        [6, /upper right/],
        [27, /in the middle of the photo/],
      ])) {
        await show(cell);
        const text = await textOf(page, '.heat-map figcaption');
        assert.match(text, words);
        // What a screen reader says in the picture's place.
        const label = await page.$eval('.heat-map canvas[role=img]', (canvas) => canvas.getAttribute('aria-labelledby'));
        assert.equal(await textOf(page, `#${label}`), text);
      }
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.close();
    });

    test('a map that is the same everywhere claims no place', async () => {
      await open({ flat: true });
      assert.match(await textOf(page, '.heat-map figcaption'), /no place stands out/);
      await setOpacity(100);
      near(await colourAt(...middleOf(3)), [33, 145, 140]);
      await page.close();
    });

    test('the keyboard reaches node and opacity', async () => {
      await open();
      const focused = () => page.evaluate(() => document.activeElement?.tagName);
      const before = await textOf(page, '.heat-map figcaption');
      await page.keyboard.press('Tab');
      assert.equal(await focused(), 'SELECT');
      await page.keyboard.press('ArrowUp');
      assert.notEqual(await textOf(page, '.heat-map figcaption'), before);
      await page.keyboard.press('Tab');
      assert.equal(await focused(), 'INPUT');
      const plain = await colourAt(300, 225);
      await page.keyboard.press('Home');
      assert.equal(await page.$eval('input[type=range]', (input) => input.getAttribute('aria-valuetext')), '0%');
      assert.notDeepEqual(await colourAt(300, 225), plain);
      await page.close();
    });

    test('waits for an image that is still loading', async () => {
      await open({ photo: 'image' });
      await setOpacity(0);
      // The spot's brown, not the grey of a photo that cannot be shown.
      await page.waitForFunction(() => {
        const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('.heat-map figure canvas'));
        const [red, , blue] = canvas.getContext('2d')?.getImageData(300, 225, 1, 1).data ?? [];
        return red > blue + 20;
      });
      await setOpacity(50);
      await page.screenshot({ path: `${OUTPUT}/heat-map-${kind}.png`, fullPage: true });
      await page.close();
    });

    test('works without the photo, in Korean', async () => {
      await open({ language: 'ko', photo: null });
      assert.match(await textOf(page, '.heat-map figcaption'), /사진의 .+에서 가장 강합니다\.$/);
      await setOpacity(0);
      near(await colourAt(300, 225), [138, 138, 138], 2);
      await page.close();
    });
  });
}
