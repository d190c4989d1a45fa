// One photo, one answer: the CPU engine computes the shipped pack in integers, which give the same bits in every browser and natively. Other
// packs it computes in f32, whose last bits depend on the processor where relaxed SIMD is used.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { DIST, NATIVE, ROOT, Server, TINY, blankPage, launch, missing, noBrowser, noDist, noTiny } from './harness.js';

/** @import {Kind} from './harness.js' */

const GOLDEN = `${ROOT}tests/golden`;

const PACKS = [
  { name: 'the shipped pack, in integers', folder: `${ROOT}model/pack`, kernels: 'int8', within: 0 },
  { name: 'the tiny pack, in f32', folder: TINY, kernels: 'f32, relaxed SIMD', within: 1e-6 },
];

const skip = noDist || noTiny || noBrowser('chromium') || noBrowser('firefox') || missing(NATIVE, 'cargo build --bin skintree');

for (const { name, folder, kernels, within } of PACKS) {
  test(`the CPU engine on ${name}: the same in Chromium, in Firefox and natively but for ${within}`, { skip }, async () => {
    const names = readdirSync(GOLDEN).filter((name) => /^[a-z-]+[0-9x]+.*\.png$/.test(name) && !name.includes('.input.'));
    assert.ok(names.length >= 5);
    const server = await new Server(DIST, { '/pack/': folder }).start();
    for (const name of names) server.route(`/photos/${name}`, readFileSync(`${GOLDEN}/${name}`));
    const answers = /** @type {number[][][]} */ ([]);
    for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
      const browser = await launch(kind, server);
      const page = await blankPage(browser, server);
      const { ran, trees } = await page.evaluate(async (names) => {
        const { Classifier } = await import(/** @type {string} */ ('/skintree.js'));
        const classifier = await Classifier.load('/pack/', { engine: 'cpu' });
        const reports = [];
        for (const name of names) reports.push(await classifier.classify(await (await fetch(`/photos/${name}`)).blob(), { topK: 100 }));
        classifier.free();
        const trees = reports.map((report) => report.tree.map((/** @type {any} */ node) => node.probability));
        return { ran: classifier.info.engine.kernels, trees };
      }, names);
      assert.equal(ran, kernels);
      answers.push(trees);
      await browser.close();
    }
    await server.stop();

    const photos = names.map((name) => `${GOLDEN}/${name}`);
    const output = execFileSync(NATIVE, ['classify', '--json', '--engine', 'cpu', '--pack', folder, ...photos], { encoding: 'utf8' });
    const native = output.trim().split('\n').map((line) => JSON.parse(line).tree.map((/** @type {any} */ node) => node.probability));
    for (const answer of answers) {
      assert.deepEqual(answer.map((tree) => tree.length), native.map((tree) => tree.length));
      // As JSON has them, every bit of a number counts.
      const differences = answer.flatMap((tree, photo) => tree.map((value, node) => Math.abs(value - native[photo][node])));
      assert.ok(Math.max(...differences) <= within, `${Math.max(...differences)}`);
    }
  });
}
