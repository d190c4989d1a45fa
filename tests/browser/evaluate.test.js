// The page that evaluates the model: the same figures as the command line gives, from the true wasm module.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { give } from './evaluate-states.js';
import { DIST, NATIVE, OUTPUT, ROOT, Server, TINY, launch, missing, newPage, noBrowser, noDist, noTiny, wrongOn } from './harness.js';
import { accessibilityProblems, click, says, sticksOut, textOf } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

const GOLDEN = `${ROOT}tests/golden`;
const LABELS = `${ROOT}tests/golden/labels.csv`;
const CHOICES = ['--pack', TINY, '--engine', 'cpu', '--no-map', '--label-column', 'diagnosis', '--map', 'Mole=nv'];
/** Logits of two builds of one network differ by about 1e-6. */
const CLOSE = 1e-5;

const skip = noDist || noTiny || missing(NATIVE, 'cargo build --bin skintree');

/** @param {string} out @param {string} labels */
function commandLine(out, labels = LABELS) {
  // No dermatologists, whom the page does not have.
  const env = { ...process.env, SKINTREE_DATA: '/nonexistent' };
  execFileSync(NATIVE, ['evaluate', '--data', GOLDEN, '--labels', labels, '--out', out, ...CHOICES], { stdio: 'pipe', env });
  return withoutRun(readFileSync(join(out, 'report.json'), 'utf8'));
}

/** An evaluation without what says how and where it was run. @param {string} json */
function withoutRun(json) {
  const { engine, ...figures } = JSON.parse(json);
  return { ...figures, engine: engine.name };
}

/**
 * What differs between two values, numbers with a fraction by more than they may.
 *
 * @param {any} found
 * @param {any} expected
 * @param {string} [path]
 * @returns {string[]}
 */
function differences(found, expected, path = '') {
  if (typeof found === 'number' && typeof expected === 'number') {
    const allowed = Number.isInteger(found) && Number.isInteger(expected) ? 0 : CLOSE;
    return Math.abs(found - expected) <= allowed ? [] : [`${path}: ${found}, not ${expected}`];
  }
  if (found === null || expected === null || typeof found !== 'object' || typeof expected !== 'object') {
    return found === expected ? [] : [`${path}: ${found}, not ${expected}`];
  }
  const keys = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return [...keys].flatMap((key) => differences(found[key], expected[key], `${path}/${key}`));
}

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`evaluation, ${kind}`, { skip: skip || noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;
    const folder = mkdtempSync(join(OUTPUT, 'evaluate-'));
    const photos = readdirSync(GOLDEN, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => `${GOLDEN}/${name}`);

    before(async () => {
      server = await new Server(DIST, { '/pack/': TINY }).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      rmSync(folder, { recursive: true });
    });

    /** @param {{width?: number, height?: number}} [size] */
    async function open(size) {
      page = await newPage(browser, size);
      await page.evaluateOnNewDocument(() => {
        // What the page gives to be saved.
        const create = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
          /** @type {any} */ (globalThis).saved = /** @type {Blob} */ (blob).text();
          return create.call(URL, blob);
        };
      });
      await page.goto(`${server.origin}/blank.html`);
      // Another test may have chosen a language.
      await page.evaluate(() => localStorage.clear());
      await page.goto(`${server.origin}/evaluate.html`);
    }
    /** @param {string} button @returns {Promise<string>} */
    async function save(button) {
      await page.evaluate(() => (/** @type {any} */ (globalThis).saved = null));
      await click(page, button);
      await page.waitForFunction(() => /** @type {any} */ (globalThis).saved);
      return page.evaluate(() => /** @type {any} */ (globalThis).saved);
    }
    /** @param {string} name @param {string | Buffer} content */
    function file(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    }
    /** Photos and table, with the name that the tree does not have. @param {string} [labels] */
    async function giveAll(labels = LABELS) {
      await give(page, '#files', ...photos);
      await give(page, '#table', labels);
      await page.waitForSelector('#name-list input');
      await page.type('#name-list input', 'nv');
      await click(page, '#use-names');
      await page.waitForSelector('#start:not([disabled])');
    }

    test('gives the figures of the command line, and asks the server for nothing', async () => {
      await open();
      await says(page, '#run-status', 'once there are photos and a table');
      assert.deepEqual(await accessibilityProblems(page), []);
      await giveAll();
      await says(page, '#run-status', 'The table has 7 photos; 6 of them are here.');
      assert.deepEqual(await accessibilityProblems(page), []);
      server.requests = [];
      await click(page, '#start');
      await page.waitForSelector('#report article');
      assert.deepEqual(server.requests, []);
      const json = await save('#save-json');
      const expected = commandLine(join(folder, 'native'));
      assert.deepEqual(differences(withoutRun(json), expected), []);
      assert.equal(expected.data.photos, 5);

      assert.match(await textOf(page, '#bad summary'), /2/);
      await says(page, '#bad-list', 'golden.json: [photo-format]');
      await says(page, '#bad-list', 'absent.png: [photo-missing]');
      assert.match(await textOf(page, '#report'), /Evaluation of skintree-tiny/);
      assert.match(await textOf(page, '#report'), /Research use only/);
      assert.match(await textOf(page, '#report'), /Only the command line draws one/);
      assert.deepEqual(await accessibilityProblems(page), []);
      const html = await save('#save-html');
      assert.ok(html.startsWith('<!DOCTYPE html>') && !/<script|https?:\/\//.test(html));
      assert.deepEqual(await wrongOn(page), []);
      assert.deepEqual(server.foreign.filter((host) => host.startsWith('127.')), []);
    });

    test('from the same answers they are the same to the last digit', async () => {
      const out = join(folder, 'resumed');
      mkdirSync(out);
      writeFileSync(join(out, 'predictions.jsonl'), await save('#save'));
      const json = await save('#save-json');
      assert.deepEqual(withoutRun(json), commandLine(out));
      await page.close();
    });

    test('stops, gives the figures so far, is saved, and goes on after a reload', async () => {
      await open();
      await giveAll();
      await page.evaluate(() => {
        for (const id of ['start', 'stop']) document.getElementById(id)?.click();
      });
      await page.waitForSelector('#figures:not([hidden])');
      await says(page, '#run-status', '1 is done');
      await click(page, '#figures');
      await page.waitForSelector('#report article');
      assert.equal(JSON.parse(await save('#save-json')).data.photos, 1);
      const saved = file('predictions.jsonl', await save('#save'));
      await click(page, '#start');
      await says(page, '#run-status', '7 are done');
      await page.waitForSelector('#report article');
      const whole = withoutRun(await save('#save-json'));
      assert.equal(whole.data.photos, 5);
      await page.close();

      await open();
      await giveAll();
      await give(page, '#saved', file('other.jsonl', readFileSync(saved, 'utf8').replace(/"manifest_sha256":"\w/, '"manifest_sha256":"x')));
      await says(page, '#failure', 'has no answers of this model');
      await give(page, '#saved', saved);
      await says(page, '#run-status', '1 is done');
      await click(page, '#start');
      await page.waitForSelector('#report article');
      assert.deepEqual(withoutRun(await save('#save-json')), whole);
      await page.close();

      // The answer to another photo of the same name is not taken.
      const ofAnother = readFileSync(saved, 'utf8').replace(/"sha256":"\w{8}/, '"sha256":"00000000').replace(/"logits":\[[^,]+/, '"logits":[1000');
      assert.match(ofAnother, /00000000.*1000/s);
      await open();
      await giveAll();
      await give(page, '#saved', file('another.jsonl', ofAnother));
      await says(page, '#run-status', '1 is done');
      await click(page, '#start');
      await page.waitForSelector('#report article');
      assert.deepEqual(withoutRun(await save('#save-json')), whole);
      await page.close();
    });

    test('finds photos that the table writes in another way', async () => {
      await open();
      await give(page, '#files', ...photos);
      await give(page, '#table', file('names.csv', 'file,diagnosis\nC:\\photos\\EXACT-299x299,nv\nnowhere.png,nv\n'));
      await page.waitForSelector('#start:not([disabled])');
      await click(page, '#start');
      await page.waitForSelector('#report article');
      const { photos: count, skipped } = JSON.parse(await save('#save-json')).data;
      assert.equal(count, 1);
      assert.deepEqual(skipped.map((/** @type {{file: string, code: string}} */ { file, code }) => [file, code]), [['nowhere.png', 'photo-missing']]);
      await page.close();
    });

    test('says what is wrong with a table', async () => {
      await open();
      await give(page, '#files', ...photos);
      for (const [content, text] of /** @type {[string | Buffer, string][]} */ ([
        ['file,diagnosis\na.png\n', 'cannot be read as CSV'],
        ['', 'no rows below the header line'],
        [Buffer.from([0x66, 0x69, 0x6c, 0x65, 0x2c, 0xc1, 0xf8, 0x0a]), 'written neither in UTF-8 nor in UTF-16'],
        ['file,diagnosis\na.png,nv\na.png,mel\n', 'name a.png twice'],
      ])) {
        await give(page, '#table', file('bad.csv', content));
        await says(page, '#table-failure', text);
        assert.equal(await page.$eval('#start', (button) => /** @type {HTMLButtonElement} */ (button).disabled), true);
      }
      assert.deepEqual(await accessibilityProblems(page), []);
      // No column for the labels, so another one was taken.
      await give(page, '#table', file('columns.csv', 'file,what\nexact-299x299.png,nv\nupscale-37x53.png,mel\n'));
      await says(page, '#names', 'exact-299x299.png (1)');
      await page.select('#label-column', 'what');
      await page.waitForSelector('#start:not([disabled])');
      assert.equal(await page.$eval('#names', (names) => /** @type {HTMLElement} */ (names).hidden), true);
      await page.type('#only', 'other=1');
      await page.keyboard.press('Enter');
      await says(page, '#table-failure', 'no column "other"');
      assert.deepEqual(await wrongOn(page), []);
      await page.close();
    });

    test('photos that are nowhere make no report', async () => {
      await open();
      await give(page, '#files', ...photos);
      await give(page, '#table', file('nowhere.csv', 'file,label\nnowhere.png,nv\n'));
      await page.waitForSelector('#start:not([disabled])');
      await click(page, '#start');
      await says(page, '#failure', 'none of the 1 photos could be classified');
      await page.close();
    });

    test('on a phone, in Korean, in the dark, nothing sticks out', async () => {
      await open({ width: 360, height: 740 });
      await page.select('#language', 'ko');
      // What is wrong is said in Korean; the exact words are English, marked as such and folded.
      await give(page, '#table', file('bad.csv', 'file,diagnosis\na.png\n'));
      await says(page, '#table-failure', '이 표는 쓸 수 없습니다');
      assert.equal(await page.$eval('#table-failure details', (details) => /** @type {HTMLDetailsElement} */ (details).open), false);
      assert.match(await page.$eval('#table-failure [lang=en]', (words) => words.textContent ?? ''), /cannot be read as CSV/);
      assert.doesNotMatch(await textOf(page, '#table-failure > p'), /[a-z]{4}/);
      await page.emulateMediaFeatures?.([{ name: 'prefers-color-scheme', value: 'dark' }]).catch(() => {});
      await giveAll();
      await click(page, '#start');
      await page.waitForSelector('#report article');
      assert.match(await textOf(page, 'h1'), /모델 시험하기/);
      assert.deepEqual(await accessibilityProblems(page), []);
      assert.equal(await sticksOut(page), 0);
      await page.screenshot({ path: `${OUTPUT}/evaluate-${kind}-phone.png`, fullPage: true });
      await page.close();
    });

    test('takes a folder, whose photos the table names by their paths in it', { skip: kind === 'firefox' && 'the driver cannot choose folders' }, async () => {
      const cases = join(folder, 'cases');
      mkdirSync(join(cases, 'a b'), { recursive: true });
      copyFileSync(`${GOLDEN}/exact-299x299.png`, join(cases, 'a b', '사진.png'));
      copyFileSync(`${GOLDEN}/upscale-37x53.png`, join(cases, 'one.png'));
      await open();
      await give(page, '#folder', cases);
      await says(page, '#photos-status', '2 files in the folder “cases”');
      await give(page, '#table', file('paths.csv', 'file;label\na b\\사진.png;nv\n./one.png;MEL\n'));
      await says(page, '#run-status', 'The table has 2 photos; 2 of them are here.');
      // By keyboard alone.
      await page.focus('#start');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#report article');
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'result-heading');
      await page.screenshot({ path: `${OUTPUT}/evaluate-${kind}.png`, fullPage: true });
      await page.close();
    });
  });
}
