// Classifier.classify: the queue, aborting, the worker's death and what may be handed in, against a stand-in for the
// wasm module. Its reports carry the number of the call, `call`.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { servePack } from './fake.js';
import { FAKE_PKG, Server, WWW, blankPage, launch, noBrowser, wrongOn } from './harness.js';
import { spot } from './photos.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`classify, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      servePack(server, '/pack/');
      servePack(server, '/slow/', { classify_ms: 300 });
      servePack(server, '/endless/', { classify_ms: 60_000 });
      browser = await launch(kind, server);
      page = await blankPage(browser, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    test('answers in the order of the calls, also when a photo takes longer to read', async () => {
      const outcomes = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/slow/');
        /** @type {string[]} */
        const done = [];
        const image = new Image();
        image.src = '/icon.svg';
        const calls = [image, new Uint8Array([1]), new Blob(['x'])].map(async (photo, i) => {
          done.push(`${i}: ${await outcome(classifier.classify(photo))}`);
        });
        await Promise.all(calls);
        classifier.free();
        return done;
      });
      assert.deepEqual(outcomes, ['0: call 1', '1: call 2', '2: call 3']);
    });

    test('a failed photo leaves the queue running', async () => {
      const outcomes = await page.evaluate(async () => {
        const classifier = await api.Classifier.load();
        const broken = new Image();
        broken.src = '/blank.html';
        const canvas = document.createElement('canvas');
        canvas.width = 0;
        const photos = [new Uint8Array([1]), broken, canvas, /** @type {any} */ ('a string'), new Uint8Array(0), new Blob(['x'])];
        const outcomes = await Promise.all(photos.map((photo) => outcome(classifier.classify(photo))));
        classifier.free();
        return outcomes;
      });
      assert.deepEqual(outcomes, ['call 1', 'photo-broken', 'photo-broken', 'photo-format', 'photo-format', 'call 2']);
    });

    test('an aborted call in the queue never runs', async () => {
      const outcomes = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/slow/');
        const controller = new AbortController();
        const photo = new Uint8Array([1]);
        const calls = [
          classifier.classify(photo),
          classifier.classify(photo, { signal: controller.signal }),
          classifier.classify(photo),
          classifier.classify(photo, { signal: AbortSignal.abort() }),
        ];
        controller.abort();
        const outcomes = await Promise.all(calls.map(outcome));
        classifier.free();
        return outcomes;
      });
      assert.deepEqual(outcomes, ['call 1', 'aborted', 'call 2', 'aborted']);
    });

    test('an aborted running call rejects at once, and its late answer is nobody else’s', async () => {
      const { outcomes, waited } = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/slow/');
        const controller = new AbortController();
        const photo = new Uint8Array([1]);
        const first = outcome(classifier.classify(photo, { signal: controller.signal }));
        const second = outcome(classifier.classify(photo));
        await new Promise((resolve) => setTimeout(resolve, 100));
        const start = performance.now();
        controller.abort();
        const outcomes = [await first];
        const waited = performance.now() - start;
        outcomes.push(await second);
        classifier.free();
        return { outcomes, waited };
      });
      assert.deepEqual(outcomes, ['aborted', 'call 2']);
      assert.ok(waited < 100, `${waited} ms`);
    });

    test('free() rejects what is under way and what comes later', async () => {
      const outcomes = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/endless/');
        const photo = new Uint8Array([1]);
        const calls = [classifier.classify(photo), classifier.classify(photo)].map(outcome);
        classifier.free();
        classifier.free();
        calls.push(outcome(classifier.classify(photo)));
        return Promise.all(calls);
      });
      assert.deepEqual(outcomes, ['aborted', 'aborted', 'aborted']);
    });

    for (const [trap, how] of [
      ['classify_trap', 'a trap in the call'],
      ['stray_trap', 'a trap outside the call, whose promise stays open'],
    ]) {
      test(`${how} ends the classifier: internal`, async () => {
        servePack(server, `/${trap}/`, { [trap]: true });
        // Of its own, as Firefox prints a worker's trap as an error of the page, whoever handles it.
        const trapped = await blankPage(browser, server);
        const { outcomes, message } = await trapped.evaluate(async (pack) => {
          const classifier = await api.Classifier.load(pack);
          const photo = new Uint8Array([1]);
          const outcomes = await Promise.all([classifier.classify(photo), classifier.classify(photo)].map(outcome));
          const later = classifier.classify(photo);
          outcomes.push(await outcome(later));
          return { outcomes, message: await later.catch((error) => error.message) };
        }, `/${trap}/`);
        assert.deepEqual(outcomes, ['internal', 'internal', 'internal']);
        assert.match(message, /must be loaded again/);
        await trapped.close();
      });
    }

    test('an error of the engine goes to its call alone', async () => {
      servePack(server, '/lost/', { classify_error: 'gpu-lost', classify_errors: 1 });
      const outcomes = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/lost/');
        const calls = [new Uint8Array([1]), new Uint8Array([1])].map((photo) => outcome(classifier.classify(photo)));
        return Promise.all(calls);
      });
      assert.deepEqual(outcomes, ['gpu-lost', 'call 2']);
    });

    test('takes every kind of photo, at its natural size', async () => {
      server.route('/spot.png', spot(120, 90));
      const { photos, intact } = await page.evaluate(async () => {
        const classifier = await api.Classifier.load();
        const inputs = await everyInput('/spot.png');
        const sizes = () => Object.values(inputs).map((input) => /** @type {any} */ (input).byteLength ?? /** @type {any} */ (input).width);
        const before = String(sizes());
        /** @type {Record<string, string>} */
        const photos = {};
        for (const [name, input] of Object.entries(inputs)) {
          const { photo } = await classifier.classify(input);
          photos[name] = photo.format === 'pixels' ? `${photo.width} × ${photo.height}` : 'file';
        }
        classifier.free();
        return { photos, intact: String(sizes()) === before };
      });
      const [file, pixels] = ['file', '120 × 90'];
      assert.deepEqual(photos, {
        File: file,
        Blob: file,
        ArrayBuffer: file,
        Uint8Array: file,
        ImageData: pixels,
        ImageBitmap: pixels,
        HTMLImageElement: pixels,
        HTMLCanvasElement: pixels,
        OffscreenCanvas: pixels,
      });
      assert.ok(intact, 'what is handed to the worker is not taken from the caller');
    });

    test('hands topK on, and refuses numbers that are out of range', async () => {
      const [two, all, ...wrong] = await page.evaluate(async () => {
        const classifier = await api.Classifier.load();
        const photo = new Uint8Array([1]);
        const results = [
          (await classifier.classify(photo, { topK: 2 })).fine.length,
          (await classifier.classify(photo)).fine.length,
          await outcome(classifier.classify(photo, { topK: 0 })),
          await outcome(classifier.classify(photo, { views: 5 })),
        ];
        classifier.free();
        return results;
      });
      assert.deepEqual([two, all, ...wrong], [2, 5, 'TypeError', 'TypeError']);
    });

    test('hands heatMaps on, and refuses what is none', async () => {
      const { nodes, none, outcomes } = await page.evaluate(async () => {
        const classifier = await api.Classifier.load();
        const photo = new Uint8Array([1]);
        const { heat_maps } = await classifier.classify(photo, { heatMaps: ['mel', 'benign'] });
        const { heat_maps: none } = await classifier.classify(photo);
        const outcomes = [];
        for (const heatMaps of ['mel', [1], {}, null, ['naevus']]) {
          outcomes.push(await outcome(classifier.classify(photo, { heatMaps: /** @type {any} */ (heatMaps) })));
        }
        classifier.free();
        return { nodes: heat_maps?.map(({ node }) => node), none, outcomes };
      });
      assert.deepEqual(nodes, ['mel', 'benign']);
      assert.equal(none, undefined);
      assert.deepEqual(outcomes, ['TypeError', 'TypeError', 'TypeError', 'TypeError', 'heat-map']);
    });

    test('works inside a module worker', async () => {
      server.route('/inside.js', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/javascript' });
        response.end(`
          import { Classifier } from '/skintree.js';
          const classifier = await Classifier.load('/pack/');
          postMessage((await classifier.classify(new Uint8Array([1]))).call);
        `);
      });
      const call = await page.evaluate(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker('/inside.js', { type: 'module' });
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = (event) => reject(new Error(event.message));
          }),
      );
      assert.equal(call, 1);
    });

    test('nothing was left unhandled, and no policy violated', async () => {
      assert.deepEqual(await wrongOn(page), []);
    });
  });
}
