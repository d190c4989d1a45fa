// Whether a classifier gives the GPU's memory back: a page that opens one after the other, or a portal that takes its widget away,
// would run out of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { memoryMiB, processes } from '../../benches/browser/processes.js';
import { DIST, Server, blankPage, launch, noBrowser, noDist } from './harness.js';

/** @import {Browser, Page} from 'puppeteer-core' */

/** The weights in f32, as the GPU has them. */
const WEIGHTS_MIB = 83;
/** So much of what was taken may stay: what the allocator of the process keeps. */
const REST = 0.1;

describe('memory of the GPU process', { skip: noDist || noBrowser('chromium') }, () => {
  /** @type {Server} */
  let server;
  /** @type {Browser} */
  let browser;
  /** @type {Page} */
  let page;

  before(async () => {
    server = await new Server(DIST).start();
    browser = await launch('chromium', server);
    page = await blankPage(browser, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('is back after free()', async (context) => {
    const [gpu] = processes(/** @type {number} */ (browser.process()?.pid), 'gpu-process');
    const now = () => memoryMiB(gpu, 'VmRSS');
    const load = () =>
      page.evaluate(async () => {
        /** @type {any} */ (globalThis).loaded = await api.Classifier.load('/pack/', { engine: 'wonnx' });
      });
    const free = () => page.evaluate(() => /** @type {any} */ (globalThis).loaded.free());
    // The first one also starts what stays: the software adapter's compiler.
    await load();
    await free();
    await sleep(3000);
    const before = now();
    await load();
    const loaded = now();
    await free();
    const rests = () => (now() - before) / (loaded - before);
    for (let tries = 0; tries < 40 && rests() > REST; tries++) await sleep(500);
    context.diagnostic(`${before.toFixed(0)} MiB before, ${loaded.toFixed(0)} loaded, ${now().toFixed(0)} after free()`);
    assert.ok(loaded - before > WEIGHTS_MIB * 0.9, `${loaded - before} MiB taken`);
    assert.ok(rests() <= REST, `${rests() * 100} % stay`);
  });
});
