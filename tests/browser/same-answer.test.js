// One photo, one answer: the CPU engine gives the same bits in every browser, and natively nearly so.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { DIST, NATIVE, ROOT, Server, TINY, blankPage, launch, missing, noBrowser, noDist, noTiny } from './harness.js';

/** @import {Kind} from './harness.js' */

const GOLDEN = `${ROOT}tests/golden`;
/** Natively the engine uses wider vectors and fused multiplications, which round otherwise. */
const CLOSE = 1e-5;

const skip = noDist || noTiny || noBrowser('chromium') || noBrowser('firefox') || missing(NATIVE, 'cargo build --bin skintree');

test('the CPU engine gives the same bits in Chromium and Firefox, and natively within 1e-5', { skip }, async (context) => {
  const names = readdirSync(GOLDEN).filter((name) => /^[a-z-]+[0-9x]+.*\.png$/.test(name) && !name.includes('.input.'));
  assert.ok(names.length >= 5);
  const server = await new Server(DIST, { '/pack/': TINY }).start();
  for (const name of names) server.route(`/photos/${name}`, readFileSync(`${GOLDEN}/${name}`));
  const answers = /** @type {number[][][]} */ ([]);
  for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
    const browser = await launch(kind, server);
    const page = await blankPage(browser, server);
    answers.push(
      await page.evaluate(async (names) => {
        const { Classifier } = await import(/** @type {string} */ ('/skintree.js'));
        const classifier = await Classifier.load('/pack/', { engine: 'cpu' });
        const reports = [];
        for (const name of names) reports.push(await classifier.classify(await (await fetch(`/photos/${name}`)).blob(), { topK: 100 }));
        classifier.free();
        return reports.map((report) => report.tree.map((/** @type {any} */ node) => node.probability));
      }, names),
    );
    await browser.close();
  }
  await server.stop();
  // As JSON has them, every bit of a number counts.
  assert.deepEqual(answers[0], answers[1]);

  const output = execFileSync(NATIVE, ['classify', '--json', '--engine', 'cpu', '--pack', TINY, ...names.map((name) => `${GOLDEN}/${name}`)], { encoding: 'utf8' });
  const native = output.trim().split('\n').map((line) => JSON.parse(line).tree.map((/** @type {any} */ node) => node.probability));
  const differences = native.flatMap((tree, i) => tree.map((/** @type {number} */ one, /** @type {number} */ j) => Math.abs(one - answers[0][i][j])));
  const largest = Math.max(...differences);
  context.diagnostic(`${names.length} photos; natively the largest difference of a probability is ${largest.toExponential(1)}`);
  assert.ok(largest <= CLOSE, `${largest}`);
});
