// The page that evaluates the model, with a stand-in for the model: what happens when things are given in another order,
// in great numbers, or go wrong.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { PhotoFolder } from '../../www/evaluate/photo-folder.js';
import { give, path, photos, table } from './evaluate-states.js';
import { servePack } from './fake.js';
import { launch, noBrowser, wrongOn } from './harness.js';
import { startServers } from './states.js';
import { click, openUploadPage, says, textOf } from './upload-page.js';

/** @import {Browser, Page} from 'puppeteer-core' */

const ROWS = 3000;

test('a folder knows its photos by the paths of the table', () => {
  const file = (/** @type {string} */ name) => /** @type {File} */ ({ name, webkitRelativePath: `cases/${name}` });
  const folder = new PhotoFolder([file('a/1.jpg'), file('b.jpg')]);
  assert.deepEqual(folder.paths, ['a/1.jpg', 'b.jpg']);
  assert.equal(folder.find('b'), null);
  folder.locate(['b', 'c'], [{ place: 1, failure: null }, { place: null, failure: 'not there' }]);
  assert.equal(folder.find('b')?.name, 'b.jpg');
  assert.deepEqual([folder.find('c'), folder.photoOrFailure('c')], [null, { code: 'photo-missing', message: 'not there' }]);
  const failure = { code: 'photo-broken', message: 'too deep' };
  folder.breaks('b', failure);
  assert.equal(folder.photoOrFailure('b'), failure);
});

describe('the page that evaluates', { skip: noBrowser('chromium') }, () => {
  /** @type {Awaited<ReturnType<typeof startServers>>} */
  let servers;
  /** @type {Browser} */
  let browser;
  /** @type {Page} */
  let page;

  before(async () => {
    servers = await startServers();
    browser = await launch('chromium', servers.server);
  });
  after(async () => {
    await browser?.close();
    await servers?.stop();
  });
  afterEach(async () => {
    assert.deepEqual(await wrongOn(page), []);
    await page.close();
  });

  /** @param {object} [fake] */
  async function open(fake) {
    servePack(servers.server, '/pack/', fake);
    page = await openUploadPage(browser, servers.server, {}, path);
  }
  const leavingIsAsked = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  const labels = table('order', 'file,label\nspot.png,nv\nsecond.png,mel\n');

  test('answers of a saved run stay when the photos are chosen after it', async () => {
    await open();
    await give(page, '#table', labels);
    await page.waitForSelector('#restore:not([hidden])');
    await give(page, '#saved', table('saved', 'spot.png'));
    await says(page, '#run-status', '1 is done.');
    await give(page, '#files', ...photos);
    await says(page, '#run-status', '2 of them are here. 1 is done.');
    // Those of other photos go.
    await give(page, '#files', photos[1]);
    await says(page, '#run-status', '1 of them are here.');
    assert.doesNotMatch(await textOf(page, '#run-status'), /(is|are) done/);
  });

  test('thousands of photos that are nowhere are counted, and the first listed', async () => {
    await open();
    await give(page, '#files', ...photos);
    const rows = Array.from({ length: ROWS }, (_, i) => `nowhere-${i}.png,nv\n`).join('');
    await give(page, '#table', table('nowhere', `file,label\n${rows}`));
    await page.waitForSelector('#start:not([disabled])');
    await click(page, '#start');
    await says(page, '#bad-summary', `${ROWS.toLocaleString('en')}. Here are the first 100;`);
    assert.equal(await page.$$eval('#bad-list li', (all) => all.length), 100);
    await page.waitForSelector('#report article');
  });

  test('names that no tree has are refused, too many before they are asked for', async () => {
    await open();
    const rows = Array.from({ length: ROWS }, (_, i) => `spot.png,patient ${i}\n`).join('');
    await give(page, '#table', table('many', `file,label\n${rows}`));
    await says(page, '#table-failure', `The column label has ${ROWS.toLocaleString('en')} names`);
    assert.equal(await page.$('#name-list li'), null);
    await give(page, '#table', table('names', 'file,label\nspot.png,Mole\nsecond.png,mel\n'));
    await page.waitForSelector('#name-list input');
    assert.equal(await textOf(page, '#table-failure'), '');
    await page.type('#name-list input', 'mole');
    await click(page, '#use-names');
    await says(page, '#table-failure', 'no diagnosis with the id or name mole');
    await page.$eval('#name-list input', (input) => (/** @type {HTMLInputElement} */ (input).value = 'Melanoma'));
    await click(page, '#use-names');
    await says(page, '#run-status', 'The table has 2 photos');
    assert.equal(await page.$('[aria-invalid]'), null);
    assert.equal(await textOf(page, '#table-failure'), '');
  });

  test('while it runs, no choice can be changed, and leaving is asked until the report is saved', async () => {
    await open({ classify_ms: 300 });
    assert.equal(await leavingIsAsked(), false);
    await give(page, '#files', ...photos);
    await give(page, '#table', table('running', 'file,label\nspot.png,Mole\nsecond.png,mel\n'));
    await page.waitForSelector('#name-list input');
    await page.type('#name-list input', 'nv');
    await click(page, '#use-names');
    await page.waitForSelector('#start:not([disabled])');
    await click(page, '#start');
    const changeable = await page.$$eval('.step :is(input, select, #use-names)', (all) =>
      all.flatMap((one) => (/** @type {HTMLInputElement} */ (one).disabled || one.id === 'saved' ? [] : [one.id])),
    );
    assert.deepEqual(changeable, []);
    assert.equal(await leavingIsAsked(), true);
    await page.waitForSelector('#report article');
    assert.equal(await leavingIsAsked(), true);
    await click(page, '#save-json');
    assert.equal(await leavingIsAsked(), false);
  });

  test('what it says of the table is said in the other language too', async () => {
    await open();
    await give(page, '#table', labels);
    await says(page, '#table-status', 'with the columns file, label');
    await page.select('#language', 'ko');
    await says(page, '#table-status', '열: file, label');
  });

  /** Gives photos of these names, and a table that has them. @param {string[]} names */
  async function giveMany(names) {
    await page.$eval(
      '#files',
      (input, names) => {
        const given = new DataTransfer();
        for (const name of names) given.items.add(new File(['a photo'], name));
        /** @type {HTMLInputElement} */ (input).files = given.files;
        input.dispatchEvent(new Event('change'));
      },
      names,
    );
    await give(page, '#table', table('crash', `file,label\n${names.map((name) => `${name},nv\n`).join('')}`));
    await page.waitForSelector('#start:not([disabled])');
    await click(page, '#start');
  }
  const numbered = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => `${i}.png`);

  test('a photo that a worker does not survive is named, and the others go on', async () => {
    await open({ classify_trap: true, trap_after: 55 });
    await giveMany(numbered(60));
    await page.waitForSelector('#report article');
    await says(page, '#run-status', '60 are done.');
    assert.deepEqual(await page.$$eval('#bad-list li', (all) => all.map((one) => one.textContent?.slice(0, 22))), ['55.png: [photo-broken]']);
    assert.equal(await page.$('#failure button'), null);
  });

  test('a page on which no worker survives says so', async () => {
    await open({ classify_trap: true });
    await giveMany(numbered(5));
    await page.waitForSelector('#failure button');
    await says(page, '#run-status', '5 of them are here');
    assert.equal(await page.$('#report article'), null);
  });

  test('answers outlive a crash while the figures are computed', async () => {
    await open({ finish_trap: true });
    await page.evaluate(() => {
      const send = Worker.prototype.postMessage;
      /** @type {any} */ (globalThis).classified = 0;
      Worker.prototype.postMessage = function (/** @type {any} */ message, .../** @type {any[]} */ rest) {
        if (message.method === 'classify') /** @type {any} */ (globalThis).classified++;
        /** @type {any} */ (send).call(this, message, ...rest);
      };
    });
    await give(page, '#files', ...photos);
    await give(page, '#table', labels);
    await page.waitForSelector('#start:not([disabled])');
    await click(page, '#start');
    await page.waitForSelector('#failure button');
    const before = await page.$('#failure button');
    await before?.click();
    await page.waitForFunction((button) => !button?.isConnected, {}, before);
    await page.waitForSelector('#failure button');
    await says(page, '#run-status', '2 are done.');
    assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).classified), 2);
  });
});
