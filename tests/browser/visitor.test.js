// What a visitor's system, browser and hands ask of the page: colours, calm, larger text, another language, the keyboard
// alone.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { servePack } from './fake.js';
import { FAKE_PKG, ROOT, Server, WWW, launch, newPage, noBrowser, wrongOn } from './harness.js';
import { accessibilityProblems, answerOf, appears, choose, give, openUploadPage, photoFile, sticksOut, textOf } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

/** As the real module gives them for a bad photo. */
const WARNINGS = [{ code: 'blurred', message: { en: 'The photo is blurred.', ko: '사진이 흐립니다.' } }];

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`visitor, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser | null} */
    let browser = null;
    const photo = photoFile();
    const second = photoFile('second.png');

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG, '/examples/': `${ROOT}examples` }).start();
    });
    afterEach(async () => {
      await browser?.close();
      browser = null;
    });
    after(() => server?.stop());

    /** @param {object} fake @param {Parameters<typeof launch>[2]} wishes @param {(page: Page) => Promise<void>} use */
    async function onPage(fake, wishes, use) {
      servePack(server, '/pack/', fake);
      browser = await launch(kind, server, wishes);
      const page = await openUploadPage(browser, server);
      await use(page);
      assert.deepEqual(await wrongOn(page), []);
    }

    test('in the dark, in Korean, without motion: as the system and the browser say', () =>
      onPage({ load_ms: 500 }, { dark: true, calm: true, languages: 'ko-KR,ko,en' }, async (page) => {
        assert.equal(await page.$eval('html', ({ lang }) => lang), 'ko');
        assert.match(await textOf(page, 'h1'), /연구용 모델/);
        assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(17, 22, 23)');
        await choose(page, photo);
        await page.waitForSelector('progress:indeterminate', { visible: true });
        assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
        assert.match(await answerOf(page), /가능성이 가장 높은 답: 멜라닌세포모반\(양성\)/);
        assert.deepEqual(await accessibilityProblems(page), []);
      }));

    test('a widget follows the colour scheme of the page or its own, not of the system', () =>
      onPage({}, { dark: true }, async (page) => {
        await page.goto(`${server.origin}/examples/plain/index.html`);
        await appears(page, '.frame');
        const surface = () => page.$eval('skintree-widget >>> .frame', (frame) => getComputedStyle(frame).backgroundColor);
        await page.evaluate(() => (document.documentElement.style.colorScheme = 'normal'));
        assert.equal(await surface(), 'rgb(255, 255, 255)');
        await page.evaluate(() => (document.documentElement.style.colorScheme = 'light dark'));
        assert.equal(await surface(), 'rgb(26, 33, 34)');
        await page.$eval('skintree-widget', (widget) => (widget.style.colorScheme = 'light'));
        assert.equal(await surface(), 'rgb(255, 255, 255)', 'its own scheme comes first');
      }));

    test('where the system sets the colours, bars and what is selected are still seen', () =>
      onPage({}, { forcedColours: true }, async (page) => {
        await give(page, photo, second);
        await answerOf(page);
        const [bar, dot, plain, selected] = await page.evaluate(() => {
          /** @param {string} selector @param {string} [part] */
          const style = (selector, part) => getComputedStyle(/** @type {Element} */ (document.querySelector(selector)), part);
          return [
            style('.tree .bar', '::before').backgroundColor,
            style('.dot').backgroundColor,
            style('.answer').backgroundColor,
            style('.photo-open[aria-current]').borderTopWidth,
          ];
        });
        assert.notEqual(bar, plain);
        assert.notEqual(dot, plain);
        assert.equal(selected, '3px');
      }));

    test('nothing sticks out at 320 pixels, at a zoom of 200 %, nor with text of twice the size', () =>
      onPage({ operating_points: true, warnings: WARNINGS }, {}, async (page) => {
        for (const [width, height, text] of [[320, 640, 100], [390, 844, 200], [640, 450, 100], [640, 450, 200], [1280, 900, 200]]) {
          for (const language of ['en', 'ko']) {
            const at = `${width} pixels, text ${text} %, ${language}`;
            await page.setViewport({ width, height });
            await page.select('#language', language);
            await page.reload();
            await page.evaluate((text) => (document.documentElement.style.fontSize = `${text}%`), text);
            assert.equal(await sticksOut(page), 0, `idle, ${at}`);
            await give(page, photo, second);
            await answerOf(page);
            await page.$$eval('details', (all) => all.forEach((one) => (one.open = true)));
            assert.equal(await sticksOut(page), 0, `answer, ${at}`);
            await page.click('#crop');
            await page.waitForSelector('.crop');
            assert.equal(await sticksOut(page), 0, `framing, ${at}`);
          }
        }
      }));

    test('the keyboard is enough', () =>
      onPage({}, {}, async (page) => {
        /** @param {string} selector */
        const tabTo = async (selector) => {
          for (let i = 0; i < 40; i++) {
            await page.keyboard.press('Tab');
            if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
          }
          assert.fail(`Tab never comes to ${selector}`);
        };
        await tabTo('#file');
        const outline = await page.$eval('#file-label', (label) => getComputedStyle(label).outlineStyle);
        assert.equal(outline, 'solid', 'the focus is seen on what stands for the input');
        const chosen = page.waitForFileChooser();
        // A round trip, so that the browser hands the dialogue to us before the key opens it.
        await page.evaluate(() => document.activeElement?.id);
        await page.keyboard.press('Enter');
        await (await chosen).accept([photo]);
        await page.waitForSelector('.crop');
        await tabTo('.crop-frame');
        await page.keyboard.press('+');
        await page.keyboard.press('ArrowLeft');
        await tabTo('.crop .primary');
        await page.keyboard.press('Enter');
        await answerOf(page);

        await tabTo('.tree .group details:not([open]) > summary');
        await page.keyboard.press('Enter');
        assert.ok(await page.evaluate(() => document.activeElement?.parentElement?.matches('details[open]')));
        assert.notEqual(await page.evaluate(() => getComputedStyle(/** @type {Element} */ (document.activeElement)).outlineStyle), 'none');
        await tabTo('.technical summary');
        await page.keyboard.press(' ');
        assert.match(await textOf(page, '.technical'), /SHA-256/);
        await tabTo('[data-action=saveCsv]');
        await page.keyboard.down('Shift');
        await tabTo('#remove');
        await page.keyboard.up('Shift');
        await page.keyboard.press('Enter');
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'file', 'the focus does not fall out of the page');
        assert.equal(await page.$('.result'), null);
      }));

    test('who speaks no language of ours gets English', () =>
      onPage({}, { languages: 'fr-FR,de' }, async (page) => {
        assert.equal(await page.$eval('html', ({ lang }) => lang), 'en');
        const embed = await newPage(/** @type {Browser} */ (browser));
        await embed.goto(`${server.origin}/embed.html?lang=ko`);
        await appears(embed, '.frame');
        assert.equal(await embed.$eval('html', ({ lang }) => lang), 'ko', 'a portal says which');
      }));
  });
}
