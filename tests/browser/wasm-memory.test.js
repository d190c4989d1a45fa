// How much main memory the wasm module takes for the shipped pack: phones close pages that take too much.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { DIST, Server, launch, noBrowser, noDist } from './harness.js';
import { loadAndMeasure } from './wasm-memory.js';

/** @import {Browser} from 'puppeteer-core' */

const MOST_MIB = 60;

describe('main memory of the wasm module', { skip: noDist || noBrowser('chromium') }, () => {
  /** @type {Server} */
  let server;
  /** @type {Browser} */
  let browser;

  before(async () => {
    server = await new Server(DIST).start();
    browser = await launch('chromium', server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const engine of ['cpu', 'wonnx']) {
    test(`${engine} loads the shipped pack within ${MOST_MIB} MiB`, async (context) => {
      const { empty, loaded, digests } = await loadAndMeasure(browser, server, engine);
      assert.equal(digests, 1, 'the browser computes the hash of the model');
      context.diagnostic(`${empty.toFixed(1)} MiB before, ${loaded.toFixed(1)} MiB after`);
      // The file alone has 22 MB.
      assert.ok(loaded > empty + 20, 'the pack was loaded');
      assert.ok(loaded <= MOST_MIB, `${loaded}`);
    });
  }

  test('on a page over plain http the module computes the hash of the model itself', async () => {
    const { empty, loaded, digests } = await loadAndMeasure(browser, server, 'cpu', true);
    assert.equal(digests, 0);
    assert.ok(loaded > empty + 20 && loaded <= MOST_MIB, `${loaded}`);
  });
});
