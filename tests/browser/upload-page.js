// Driving the upload page, and others that begin like it.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { OUTPUT, newPage } from './harness.js';
import { spot } from './photos.js';

/**
 * @import {Browser, ElementHandle, Frame, Page} from 'puppeteer-core'
 * @import {Server} from './harness.js'
 */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A picture of ours as a file. @param {string} [name] */
export function photoFile(name = 'spot.png') {
  const path = `${OUTPUT}/${name}`;
  writeFileSync(path, spot());
  return path;
}

/**
 * @param {Browser} browser
 * @param {Server} server
 * @param {Parameters<typeof newPage>[1]} [options]
 * @param {string} [path] of another page
 */
export async function openUploadPage(browser, server, options, path = '/index.html') {
  const page = await newPage(browser, options);
  // Two pages of one test must not share what the first has downloaded or kept.
  await page.goto(`${server.origin}/blank.html`);
  await page.evaluate(async () => {
    localStorage.clear();
    indexedDB.deleteDatabase(`skintree-history ${location.origin}/`);
    await Promise.all((await navigator.serviceWorker.getRegistrations()).map((one) => one.unregister()));
    await caches.delete('skintree-pack/2');
  });
  await page.goto(`${server.origin}${path}`);
  return page;
}

/** What lies beyond the right edge of the window, in pixels. @param {Page | Frame} where */
export function sticksOut(where) {
  return where.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Waits until an element contains a text. @param {Page} page @param {string} selector @param {string} text */
export function says(page, selector, text) {
  return page.waitForFunction((selector, text) => document.querySelector(selector)?.textContent?.includes(text), {}, selector, text);
}

/** A click that needs no scrolling, so that the page stays as the visitor left it, and frames out of sight are reached. @param {Page | Frame} where @param {string} selector */
export function click(where, selector) {
  return where.$eval(selector, (element) => /** @type {HTMLElement} */ (element).click());
}

/**
 * Gives the page photos. A single one is framed first; it is then asked about as it is.
 *
 * @param {Page} page
 * @param {...string} files
 */
export async function choose(page, ...files) {
  await give(page, ...files);
  if (files.length === 1) {
    await page.waitForSelector('.crop .primary');
    await page.$eval('.crop .primary', (button) => /** @type {HTMLElement} */ (button).click());
  }
}

/**
 * @param {Page} page
 * @param {...string} files
 */
export async function give(page, ...files) {
  const input = /** @type {ElementHandle<HTMLInputElement>} */ (await page.$('#file'));
  await input.uploadFile(...files);
}

/** @param {Page} page */
export async function answerOf(page) {
  await page.waitForSelector('.result:not([aria-busy]), .failure > *');
  const answer = await page.$eval('.answer', (element) => /** @type {HTMLElement} */ (element).innerText);
  assert.ok(await page.$('.result'), `there is an answer, not: ${answer}`);
  return answer;
}

/** Opens what a phone has folded to its headings, as a visitor does: by a tap on each. @param {Page} page */
export async function openFolded(page) {
  await page.$$eval('#result .fold:not([open]) > summary', (all) => all.forEach((one) => /** @type {HTMLElement} */ (one).click()));
  await page.waitForFunction(() => !document.querySelector('#result .fold:not([open])'));
}

/** @param {Page | Frame} page @param {string} selector */
export function textOf(page, selector) {
  return page.$eval(selector, (element) => /** @type {HTMLElement} */ (element).innerText);
}

/**
 * Waits for something inside a widget; changes in there are not seen by waitForSelector.
 *
 * @param {Page | Frame} where
 * @param {string} selector inside the widget
 * @param {string} [widget]
 */
export async function appears(where, selector, widget = 'skintree-widget') {
  try {
    await where.waitForFunction(
      (widget, selector) => document.querySelector(widget)?.shadowRoot?.querySelector(selector),
      {},
      widget,
      selector,
    );
  } catch (cause) {
    const shown = await where.evaluate((widget) => {
      const parts = document.querySelector(widget)?.shadowRoot?.children ?? [];
      return [...parts].map((part) => /** @type {HTMLElement} */ (part).innerText).join('\n');
    }, widget);
    throw new Error(`no ${selector} in ${widget}, which says: ${shown}`, { cause });
  }
}

/**
 * Gives a widget a photo, as a visitor chooses one.
 *
 * @param {Page | Frame} where
 * @param {string} file
 * @param {string} [widget]
 */
export async function giveWidget(where, file, widget = 'skintree-widget') {
  const input = /** @type {ElementHandle<HTMLInputElement>} */ (await where.$(`${widget} >>> #file`));
  await input.uploadFile(file);
}

/**
 * What axe-core has against the page, in a form that reads well when a test fails.
 *
 * @param {Page | Frame} page
 * @returns {Promise<string[]>}
 */
export async function accessibilityProblems(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, {
      iframes: false,
      // WCAG 2.2's rule about the size of what is pressed, which axe-core leaves out unless asked.
      rules: { 'target-size': { enabled: true } },
    });
    return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html).join(' ')}`);
  });
}
