// The states of the page that evaluates the model.

import { writeFileSync } from 'node:fs';

import { OUTPUT } from './harness.js';
import { click, photoFile } from './upload-page.js';

/**
 * @import {ElementHandle, Page} from 'puppeteer-core'
 * @import {State} from './states.js'
 */

export const path = '/evaluate.html';
export const photos = ['spot.png', 'second.png'].map((name) => photoFile(name));

/** @param {Page} page @param {string} input @param {string[]} files */
export async function give(page, input, ...files) {
  await /** @type {ElementHandle<HTMLInputElement>} */ (await page.$(input)).uploadFile(...files);
}
/** @param {string} name @param {string} csv */
export function table(name, csv) {
  const file = `${OUTPUT}/${name}.csv`;
  writeFileSync(file, csv);
  return file;
}
/** @param {Page} page @param {string} selector */
const show = (page, selector) => page.$eval(selector, (element) => element.scrollIntoView());
/** The first photo of the table is nowhere. */
const labels = table('labels', 'file,label,age\nabsent.png,nv,40\nspot.png,mel,50\nsecond.png,nv,60\n');
const unknown = table('unknown', 'file,label\nspot.png,Mole\nsecond.png,<b>Spot</b>\n');
const empty = table('empty', 'file,label\n');

/** @param {Page} page */
async function run(page) {
  await give(page, '#files', ...photos);
  await give(page, '#table', labels);
  await page.waitForSelector('#start:not([disabled])');
  await click(page, '#start');
  await page.waitForSelector('#bad:not([hidden])');
  await page.$eval('#bad', (bad) => (/** @type {HTMLDetailsElement} */ (bad).open = true));
  await show(page, '#run-heading');
}

/** @type {State[]} */
export const EVALUATE_STATES = [
  { name: 'evaluate-idle', path },
  {
    name: 'evaluate-names',
    path,
    go: async (page) => {
      await give(page, '#files', ...photos);
      await give(page, '#table', unknown);
      await page.waitForSelector('#name-list input');
      await page.type('#name-list input', 'mole');
      await click(page, '#use-names');
      await page.waitForSelector('#name-list [aria-invalid]');
      await show(page, '#names');
    },
    window: true,
  },
  { name: 'evaluate-running', path, fake: { classify_ms: 60_000 }, go: run, window: true },
  {
    name: 'evaluate-finished',
    path,
    go: async (page) => {
      await run(page);
      await page.waitForSelector('#report article');
      await show(page, '#result-heading');
    },
    window: true,
  },
  {
    name: 'evaluate-bad-table',
    path,
    go: async (page) => {
      await give(page, '#table', empty);
      await page.waitForSelector('#table-failure p');
      await show(page, '#columns');
    },
    window: true,
  },
  {
    name: 'evaluate-failed',
    path,
    fake: { classify_error: 'gpu-lost', engine: { name: 'wonnx', adapter: 'a card' } },
    go: async (page) => {
      await run(page);
      await page.waitForSelector('#failure h2');
      await show(page, '#run-heading');
    },
    window: true,
  },
];
