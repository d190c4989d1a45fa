// The CPU engine with helpers: threads where the page is isolated from other origins, relaxed SIMD in f32. What they compute, and what happens where
// they cannot be had.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';

import { DIST, ISOLATED, ROOT, Server, TINY, blankPage, launch, newPage, noBrowser, noDist, noTiny } from './harness.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {EngineChoice} from '../../www/skintree.js'
 * @import {Kind} from './harness.js'
 */

const PHOTO = readFileSync(`${ROOT}tests/golden/large-1200x801.png`);
const HELPER = '/interface/cpu-helper.js';
/** As many as there are processors, four at most. */
const THREADS = Math.min(availableParallelism(), 4);
const oneCore = THREADS < 2 && 'this machine has one processor, so there are no threads';

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`threads, ${kind}`, { skip: noDist || noTiny || noBrowser(kind) || oneCore }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;

    before(async () => {
      server = await new Server(DIST, { '/pack/': `${ROOT}model/pack`, '/tiny/': TINY, '/moved/': DIST }).start();
      server.route('/photo.png', PHOTO);
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** Opens a page anew, isolated or not. @param {Record<string, string>} headers */
    const open = async (headers) => {
      await page?.close();
      server.headers = headers;
      page = await blankPage(browser, server);
    };

    /** Loads, classifies a few times and frees. @param {string} pack @param {EngineChoice} engine @param {number} [times] */
    const answer = (pack, engine, times = 2) =>
      page.evaluate(
        async (pack, engine, times) => {
          const photo = await (await fetch('/photo.png')).blob();
          const reports = [];
          const start = performance.now();
          const classifier = await api.Classifier.load(pack, { engine });
          const load_ms = performance.now() - start;
          const { kernels, threads } = classifier.info.engine;
          let code = null;
          try {
            for (let i = 0; i < times; i++) reports.push(await classifier.classify(photo, { topK: 100, heatMaps: 'all' }));
          } catch (error) {
            code = /** @type {any} */ (error).code;
          }
          classifier.free();
          const trees = reports.map(({ tree }) => tree.map(({ probability }) => probability));
          const maps = reports.map(({ heat_maps }) => JSON.stringify(heat_maps));
          return { isolated: crossOriginIsolated, kernels, threads, trees, maps, code, load_ms };
        },
        pack,
        engine,
        times,
      );

    test('in integers, threads give the same bits as one alone, heat maps too', async () => {
      await open({});
      const alone = await answer('/pack/', 'cpu');
      assert.deepEqual([alone.isolated, alone.kernels, alone.threads], [false, 'int8', undefined]);
      assert.deepEqual(server.requests.map(({ path }) => path).filter((path) => /pkg\/skintree_cpu|cpu-helper\.js/.test(path)), [], 'no helper was fetched');
      await open(ISOLATED);
      const together = await answer('/pack/', 'cpu', 12);
      assert.deepEqual([together.isolated, together.kernels, together.threads], [true, 'int8', THREADS]);
      for (const i of together.trees.keys()) assert.deepEqual([together.trees[i], together.maps[i]], [alone.trees[0], alone.maps[0]], `run ${i}`);
    });

    test('in f32, relaxed SIMD gives what one alone gives but for the last digits, and each time the same', async () => {
      await open({});
      const alone = await answer('/tiny/', 'cpu-f32');
      assert.equal(alone.kernels, 'f32, relaxed SIMD');
      await open(ISOLATED);
      const together = await answer('/tiny/', 'cpu-f32');
      assert.deepEqual([together.kernels, together.threads], ['f32, relaxed SIMD', THREADS]);
      assert.deepEqual(together.trees, alone.trees);
      assert.deepEqual(alone.trees[0], alone.trees[1]);
    });

    test('engines of one page load and compute at the same time', async () => {
      await open(ISOLATED);
      // In Firefox the second one often did not get its threads while the first computed, and then no answer ever.
      const results = await page.evaluate(async () => {
        const photo = await (await fetch('/photo.png')).blob();
        const answer = async (/** @type {number} */ i) => {
          await new Promise((resolve) => setTimeout(resolve, i * 200));
          const classifier = await api.Classifier.load('/pack/', { engine: 'cpu' });
          const { tree, engine } = await classifier.classify(photo);
          classifier.free();
          return { threads: engine.threads, tree: tree.map(({ probability }) => probability) };
        };
        const rounds = [];
        for (let round = 0; round < 5; round++) rounds.push(...(await Promise.all([0, 1, 2, 3].map(answer))));
        return rounds;
      });
      for (const result of results) assert.deepEqual(result, { threads: THREADS, tree: results[0].tree });
    });

    test('threads are started from the folder that a page names', async () => {
      await open(ISOLATED);
      const before = server.requests.length;
      const threads = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/tiny/', { engine: 'cpu', baseUrl: '/moved/' });
        const { threads } = classifier.info.engine;
        classifier.free();
        return threads;
      });
      const asked = new Set(server.requests.slice(before).map(({ path }) => path));
      assert.equal(threads, THREADS);
      assert.deepEqual([asked.has(`/moved${HELPER}`), asked.has(HELPER)], [true, false]);
    });

    for (const [what, status, script] of /** @type {[string, number, string][]} */ ([
      ['is missing', 404, ''],
      ['does not start', 200, 'throw new Error("no");'],
      ['does not answer', 200, 'postMessage; onmessage = () => {};'],
    ])) {
      test(`a thread whose script ${what}: the engine computes alone`, async () => {
        server.route(HELPER, (_, response) => void response.writeHead(status, { 'content-type': 'text/javascript' }).end(script));
        await open(ISOLATED);
        const { threads, code, trees, load_ms } = await answer('/pack/', 'cpu', 1);
        assert.deepEqual([threads, code, trees.length], [undefined, null, 1]);
        assert.ok(load_ms < 20_000, `${load_ms}`);
      });
    }

    test('a thread that fails later is an error and not a wrong number', async () => {
      const text = readFileSync(`${DIST}${HELPER}`, 'utf8');
      // The self-test is the first run, the next is not; a convolution of the tiny pack has the number 0 in each.
      const failing = text.replace('function compute(convolution, image, result) {', '$&\n  if (convolution === 0 && (globalThis.runs = (globalThis.runs ?? 0) + 1) === 3) throw new Error("no");');
      assert.notEqual(failing, text);
      server.route(HELPER, failing, 'text/javascript');
      await open(ISOLATED);
      const { code, trees } = await answer('/tiny/', 'cpu', 3);
      assert.deepEqual([trees.length, code], [1, 'engine-failed']);
    });

    test('a server that isolates the page and not the worker is told what it lacks', async () => {
      // One that has not yet sent the worker with the header, which browsers would keep.
      const other = await new Server(DIST, { '/tiny/': TINY }).start();
      server.peers.set(other.origin, other);
      other.route('/isolated.html', (_, response) => void response.writeHead(200, { 'content-type': 'text/html', ...ISOLATED }).end('<!doctype html><title>isolated</title>'));
      const isolated = await newPage(browser);
      await isolated.goto(`${other.origin}/isolated.html`);
      const failure = await isolated.evaluate(async () => {
        const { Classifier } = await import(/** @type {string} */ ('/skintree.js'));
        return Classifier.load('/tiny/').then(
          () => null,
          (/** @type {any} */ { code, message }) => ({ code, message }),
        );
      });
      await isolated.close();
      await other.stop();
      assert.equal(failure?.code, 'site-setup');
      assert.match(failure?.message ?? '', /worker\.js.*Cross-Origin-Embedder-Policy/);
    });
  });
}
