// The upload page in all its states, against a stand-in for the wasm module.

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { MODEL, servePack } from './fake.js';
import { FAKE_PKG, OUTPUT, Server, WWW, launch, noBrowser, wrongOn } from './harness.js';
import { accessibilityProblems, answerOf, choose, openUploadPage, photoFile, textOf } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`upload page, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    const photo = photoFile();
    const second = photoFile('second.png');

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /**
     * Opens the page with a pack behaving in that way, and checks in the end that nothing went wrong unseen.
     *
     * @param {object} fake
     * @param {(page: Page) => Promise<void>} use
     * @param {Parameters<typeof openUploadPage>[2]} [options]
     */
    async function onPage(fake, use, options) {
      servePack(server, '/pack/', fake);
      const page = await openUploadPage(browser, server, options);
      await use(page);
      assert.deepEqual(await wrongOn(page), []);
      await page.close();
    }

    for (const [width, height] of [[360, 740], [1280, 900]]) {
      test(`from a photo to the answer at ${width} pixels`, () =>
        onPage({ warnings: [{ code: 'small-photo', message: { en: 'The photo is small.' } }] }, async (page) => {
          await choose(page, photo);
          const answer = await answerOf(page);
          assert.match(answer, /Most likely: Melanocytic naevus\s+Benign 85%\s+Malignant 15%\s+Melanoma is less likely, but not ruled out\./);
          assert.match(answer, /Closest of the 8 diagnoses it knows\s+Melanocytic naevus\s+71%/);
          assert.match(answer, /The photo is small\./);
          assert.match(answer, /Melanoma 14%\s+Benign naevus 86%/);
          assert.match(answer, /dermoscopic photos/);
          assert.match(answer, /does not rule out cancer/);
          assert.match(answer, /Ran on the main processor in 321 ms/);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.equal(over, 0, 'nothing sticks out');
          await page.screenshot({ path: `${OUTPUT}/page-${kind}-${width}.png`, fullPage: true });
        }, { width, height }));
    }

    test('the tree says what the model cannot know, and not 0 %', () =>
      onPage({}, async (page) => {
        await choose(page, photo);
        await answerOf(page);
        await page.$$eval('.tree details', (all) => all.forEach((one) => (one.open = true)));
        const rows = (await page.$$eval('.row', (all) => all.map((row) => /** @type {HTMLElement} */ (row).innerText))).map(
          (row) => row.replace(/\s+/g, ' ').trim(),
        );
        assert.ok(rows.includes('Non-neoplastic the model cannot know this'));
        assert.ok(rows.includes('Cutaneous lymphoma and lymphoid infiltrates the model cannot know this'));
        assert.ok(rows.includes('Squamous cell carcinoma ICD-10 C44 < 1%'));
        assert.ok(rows.some((row) => row.startsWith('Benign keratosis ICD-10 L82 11% Seborrhoeic keratosis, solar')));
        assert.ok(!rows.some((row) => / 0\s?%/.test(row)), 'a probability is never shown as 0 %');
        const width = await page.$eval('.class .bar', (bar) => getComputedStyle(bar, '::before').width);
        assert.ok(parseFloat(width) > 100, `the bar has a length: ${width}`);
      }));

    test('a flagged photo is not called harmless, an undecided model not sure', () =>
      onPage({ operating_points: true }, async (page) => {
        await choose(page, photo);
        const flagged = await answerOf(page);
        assert.match(flagged, /Not ruled out: Melanoma, Keratinocyte carcinoma\. At the setting that misses few/);
        assert.doesNotMatch(flagged, /unlikely/);
        await page.click('.technical summary');
        assert.match(await textOf(page, '.technical'), /Melanoma\s+0\.100\s+95%\s+55%\s+0\.141, flagged/);
        assert.match(await textOf(page, '.technical'), /Melanoma\s+0\.350\s+83%\s+81%\s+0\.141, not flagged/);

        servePack(server, '/pack/', { own: { nv: 0.4, mel: 0.42 } });
        await page.reload();
        await choose(page, photo);
        assert.match(await answerOf(page), /The model cannot decide/);
        assert.ok(await page.$('.result.undecided'));
      }));

    test('a photo unlike those of the training gets that answer first, and its numbers folded away', () =>
      onPage({ scope: { score: 9.1, threshold: 4.2, in_scope: false } }, async (page) => {
        await choose(page, photo);
        const answer = await answerOf(page);
        assert.match(answer, /^What the model says\s+This does not look like a lesion photo/);
        assert.doesNotMatch(answer, /85%|71%/);
        await page.click('.numbers > summary');
        assert.match(await textOf(page, '.answer'), /Melanocytic naevus\s+71%/);
      }));

    test('a tree of 2,000 nodes is folded, opened where wanted, and searched', () =>
      onPage({ big: true }, async (page) => {
        await choose(page, photo);
        const answer = await answerOf(page);
        assert.match(answer, /Closest of the 757 diagnoses it knows/);
        const rows = (await page.$$('.tree .row')).length;
        assert.ok(rows < 60, `${rows} rows are shown`);
        await page.click('.tree .more button');
        assert.ok((await page.$$('.tree .row')).length > rows);
        assert.ok(await page.evaluate(() => document.activeElement?.matches('.tree li')));
        await page.type('input[type=search]', 'number 756');
        assert.match(await textOf(page, '.found'), /Benign|Malignant|Non-neoplastic/);
        assert.match(await textOf(page, '.found'), /Disorder number 756/);
        assert.match(await textOf(page, '.tree-view'), /1 found, 1 shown/);
        assert.deepEqual(await accessibilityProblems(page), []);
      }));

    test('shows the true progress, and asks for nothing before someone reaches for a photo', () =>
      onPage({ classify_ms: 500 }, async (page) => {
        server.requests = [];
        /** @type {() => void} */
        let goOn = () => {};
        server.route('/pack/model.onnx', (_, response) => {
          response.writeHead(200);
          response.write(MODEL.subarray(0, MODEL.length / 2));
          goOn = () => response.end(MODEL.subarray(MODEL.length / 2));
        });
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.equal(server.requests.filter(({ path }) => path.startsWith('/pack/')).length, 0);

        await choose(page, photo);
        await page.waitForFunction(() => Math.abs((document.querySelector('progress')?.position ?? 0) - 0.5) < 0.01);
        assert.equal(await textOf(page, '#progress-count'), '0.3 of 0.6 MB');
        assert.match(await page.$eval('#live', (live) => live.textContent ?? ''), /^(25|50)% of the model downloaded$/);
        assert.deepEqual(await accessibilityProblems(page), []);
        await page.screenshot({ path: `${OUTPUT}/page-${kind}-loading.png` });

        goOn();
        await page.waitForFunction(() => document.querySelector('#progress-text')?.textContent === 'Looking at the photo');
        assert.equal(await page.$eval('progress', (bar) => bar.position), -1, 'no measure, so none is shown');
        await answerOf(page);
        assert.match(
          await page.$eval('#live', (live) => live.textContent ?? ''),
          /^Most likely: Melanocytic naevus\. Benign 85%, Malignant 15%\. Melanoma is less likely, but not ruled out\.$/,
        );
      }));

    test('axe-core finds nothing, light or dark, idle or with an answer or an error', () =>
      onPage({}, async (page) => {
        const schemes = kind === 'chromium' ? ['light', 'dark'] : ['light'];
        for (const value of schemes) {
          // Firefox has no media emulation over BiDi.
          if (kind === 'chromium') await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
          servePack(server, '/pack/', {});
          await page.reload();
          assert.deepEqual(await accessibilityProblems(page), [], `idle, ${value}`);
          await choose(page, photo);
          await answerOf(page);
          await page.$$eval('details', (all) => all.forEach((one) => (one.open = true)));
          assert.deepEqual(await accessibilityProblems(page), [], `answer, ${value}`);
          servePack(server, '/pack/', { classify_error: 'gpu-lost' });
          await page.reload();
          await choose(page, photo);
          await page.waitForSelector('.failure button');
          assert.deepEqual(await accessibilityProblems(page), [], `error, ${value}`);
          await page.screenshot({ path: `${OUTPUT}/page-${kind}-error-${value}.png` });
        }
      }));

    for (const [code, heading, button] of [
      ['photo-format', 'This kind of picture cannot be read here', null],
      ['photo-broken', 'The picture file is damaged', null],
      ['photo-too-large', 'The picture is too large', null],
      ['engine-failed', 'Something went wrong in this page', 'Try again'],
    ]) {
      test(`says in plain words: ${code}`, () =>
        onPage({ classify_error: code }, async (page) => {
          await choose(page, photo);
          await page.waitForSelector('.failure > *');
          const failure = await textOf(page, '.failure');
          assert.ok(failure.startsWith(String(heading)), failure);
          assert.match(failure, new RegExp(`Error ${code}: made up for a test`));
          assert.equal(await page.$$eval('.failure button', ([one]) => one?.textContent ?? null), button);
          assert.equal(await page.$eval('#progress', (element) => element.checkVisibility()), false);
        }));
    }

    test('offers the main processor when the graphics processor fails', () =>
      onPage({ classify_error: 'gpu-lost', engine: { name: 'wonnx', adapter: 'a card', fallback_reason: null } }, async (page) => {
        await choose(page, photo);
        await page.waitForSelector('.failure button');
        assert.match(await textOf(page, '.failure'), /The graphics processor gave up/);
        assert.equal(await textOf(page, '.failure button'), 'Try again without the graphics processor');
        servePack(server, '/pack/', { engine: { name: 'cpu', requested: 'cpu', fallback_reason: null } });
        await page.click('.failure button');
        await answerOf(page);
        await page.click('.technical summary');
        assert.match(await textOf(page, '.technical'), /cpu \(asked for: cpu\)/);
        assert.equal(await page.$eval('.failure', (element) => element.childElementCount), 0);
      }));

    test('after a trap the model is loaded anew', () =>
      onPage({ stray_trap: true }, async (page) => {
        // Firefox prints the worker's trap as an error of the page, though it is handled.
        page.removeAllListeners('pageerror');
        await choose(page, photo);
        await page.waitForSelector('.failure button');
        servePack(server, '/pack/', {});
        await page.click('.failure button');
        await answerOf(page);
      }));

    test('a download that failed can be tried again', () =>
      onPage({}, async (page) => {
        server.route('/pack/model.onnx', (_, response) => response.writeHead(404).end());
        await choose(page, photo);
        await page.waitForSelector('.failure button');
        assert.match(await textOf(page, '.failure'), /The model could not be downloaded/);
        server.route('/pack/model.onnx', MODEL);
        await page.click('.failure button');
        await answerOf(page);
      }));

    test('the newest photo wins', () =>
      onPage({ classify_ms: 400 }, async (page) => {
        await choose(page, photo);
        await page.waitForFunction(() => document.querySelector('#progress-text')?.textContent === 'Looking at the photo');
        await choose(page, second);
        await answerOf(page);
        assert.equal(await textOf(page, 'figcaption'), 'second.png');
        assert.equal((await page.$$('.result')).length, 1);
        await new Promise((resolve) => setTimeout(resolve, 600));
        assert.equal((await page.$$('.result')).length, 1, 'the first answer does not come after');
        assert.equal(await page.$eval('#progress', (element) => element.checkVisibility()), false);
      }));

    test('takes a photo by dropping and by pasting, one of many', () =>
      onPage({}, async (page) => {
        const dropped = await page.evaluate(() => {
          const data = new DataTransfer();
          data.items.add(new File(['a note'], 'note.txt', { type: 'text/plain' }));
          data.items.add(new File(['a picture'], 'dropped.png', { type: 'image/png' }));
          /** @param {string} type */
          const fire = (type) =>
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
          fire('dragover');
          const marked = document.body.classList.contains('dragging');
          return { marked, kept: fire('drop'), after: document.body.classList.contains('dragging') };
        });
        assert.deepEqual(dropped, { marked: true, kept: false, after: false });
        await answerOf(page);
        assert.equal(await textOf(page, 'figcaption'), 'dropped.png');
        assert.equal(await textOf(page, '#remark'), 'You gave 2 files; only the first is used.');

        await page.evaluate(() => {
          const data = new DataTransfer();
          data.items.add(new File(['a picture'], 'pasted.png', { type: 'image/png' }));
          // Firefox lets no script fill the clipboard of an event it makes.
          const event = new Event('paste', { bubbles: true, cancelable: true });
          document.body.dispatchEvent(Object.defineProperty(event, 'clipboardData', { value: data }));
        });
        await page.waitForFunction(() => document.querySelector('figcaption')?.textContent === 'pasted.png');
        await answerOf(page);
        assert.equal(await page.$eval('#remark', (element) => element.checkVisibility()), false);
      }));

    test('speaks the language that is chosen on the page, and remembers it', () =>
      onPage({}, async (page) => {
        await choose(page, photo);
        await answerOf(page);
        await page.select('#language', 'ko');
        assert.equal(await page.$eval('html', ({ lang }) => lang), 'ko');
        assert.match(await textOf(page, '.result'), /모델의 답/);
        await page.reload();
        assert.match(await textOf(page, 'h1'), /연구용 모델/);
        assert.equal(await page.$eval('#language', (select) => /** @type {HTMLSelectElement} */ (select).value), 'ko');
        await page.evaluate(() => localStorage.clear());
        await page.reload();
        assert.equal(await page.$eval('html', ({ lang }) => lang), 'en');
      }));

    test('gives the report as a file', { skip: kind === 'firefox' && 'no choice of the download folder over BiDi' }, () =>
      onPage({}, async (page) => {
        const file = `${OUTPUT}/skintree-report.json`;
        rmSync(file, { force: true });
        const client = await page.createCDPSession();
        await client.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: OUTPUT, eventsEnabled: true });
        const done = new Promise((resolve) => {
          client.on('Browser.downloadProgress', ({ state }) => state === 'completed' && resolve(null));
        });
        await choose(page, photo);
        await answerOf(page);
        await page.click('.save a');
        await done;
        assert.equal(JSON.parse(readFileSync(file, 'utf8')).schema, 'skintree.report/1');
      }));

    test('the keyboard is enough', { skip: kind === 'firefox' && 'no file dialogue over BiDi' }, () =>
      onPage({}, async (page) => {
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
        await answerOf(page);

        await tabTo('.tree .group details:not([open]) > summary');
        await page.keyboard.press('Enter');
        assert.ok(await page.evaluate(() => document.activeElement?.parentElement?.matches('details[open]')));
        assert.notEqual(await page.evaluate(() => getComputedStyle(/** @type {Element} */ (document.activeElement)).outlineStyle), 'none');
        await tabTo('.technical summary');
        await page.keyboard.press('Space');
        assert.match(await textOf(page, '.technical'), /SHA-256/);
        await tabTo('.save a');
      }));

    test('moves nothing where motion is not wanted', { skip: kind === 'firefox' && 'no media emulation over BiDi' }, () =>
      onPage({ load_ms: 500 }, async (page) => {
        await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
        await choose(page, photo);
        await page.waitForSelector('progress:indeterminate', { visible: true });
        assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
        await answerOf(page);
      }));
  });
}
