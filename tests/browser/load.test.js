// Classifier.load: downloading, storage and their failures, against a stand-in for the wasm module.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { MODEL, TAXONOMY, servePack } from './fake.js';
import { FAKE_PKG, Server, WWW, blankPage, launch, noBrowser } from './harness.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {ServerResponse} from 'node:http'
 * @import {Kind} from './harness.js'
 */

const TOTAL = MODEL.length + TAXONOMY.length;

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`load, ${kind}`, { skip: noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;

    before(async () => {
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      browser = await launch(kind, server);
      page = await blankPage(browser, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** Loads and frees. @param {string} pack */
    const load = (pack) =>
      page.evaluate(async (url) => {
        /** @type {import('../../www/skintree.js').Progress[]} */
        const progress = [];
        try {
          const classifier = await api.Classifier.load(url, { onProgress: (step) => progress.push(step) });
          const { info } = classifier;
          classifier.free();
          return { progress, info, code: null, message: '' };
        } catch (error) {
          const { code, message } = /** @type {import('../../www/skintree.js').SkintreeError} */ (error);
          return { progress, info: null, code, message };
        }
      }, pack);

    test('tells what it loaded, and counts bytes as the manifest does', async () => {
      servePack(server, '/first/');
      const { progress, info } = await load('/first/');
      assert.equal(info?.id, 'fake-ham8');
      assert.equal(info?.classes, 8);
      assert.equal(info?.engine.requested, 'auto');
      assert.equal(info?.load.fetched_bytes, TOTAL);
      assert.deepEqual([...new Set(progress.map((step) => step.phase))], ['download', 'compile']);
      assert.ok(progress.every((step, i) => step.total === TOTAL && step.loaded >= (progress[i - 1]?.loaded ?? 0)));
      assert.equal(progress.at(-2)?.loaded, TOTAL);
    });

    test('counts decoded bytes when the server compresses', async () => {
      servePack(server, '/gzip/');
      server.route('/gzip/model.onnx', (_, response) => {
        const small = gzipSync(MODEL);
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': small.length }).end(small);
      });
      await clearStorage(page);
      const { progress, code } = await load('/gzip/manifest.json');
      assert.equal(code, null);
      assert.equal(Math.max(...progress.map((step) => step.loaded)), TOTAL);
    });

    test('keeps the files, and asks only for the manifest the next time', async () => {
      servePack(server, '/kept/');
      await clearStorage(page);
      await load('/kept/');
      const { info, progress } = await load('/kept/');
      assert.equal(info?.load.fetched_bytes, 0);
      assert.equal(progress.at(-1)?.loaded, TOTAL);
      assert.equal(server.count('/kept/model.onnx'), 1);
      assert.equal(server.count('/kept/manifest.json'), 2);
    });

    test('fetches anew what storage gives back damaged', async () => {
      servePack(server, '/damaged/');
      await clearStorage(page);
      await load('/damaged/');
      await page.evaluate(async () => {
        const cache = await caches.open('skintree-pack/2');
        for (const request of await cache.keys()) {
          const response = /** @type {Response} */ (await cache.match(request));
          const bytes = new Uint8Array(await response.arrayBuffer());
          bytes[5] ^= 1;
          await cache.put(request, new Response(bytes, { headers: response.headers }));
        }
      });
      const { code, info } = await load('/damaged/');
      assert.equal(code, null);
      assert.equal(info?.load.fetched_bytes, TOTAL);
      assert.equal((await load('/damaged/')).info?.load.fetched_bytes, 0, 'and keeps the good one');
    });

    test('throws away the files of an earlier version of the same pack, and of no other', async () => {
      servePack(server, '/versions/');
      servePack(server, '/other/');
      await clearStorage(page);
      await page.evaluate(async (origin) => {
        const cache = await caches.open('skintree-pack/2');
        for (const key of ['old', 'foreign']) await cache.put(`/skintree-pack/${key}`, new Response('x'));
        const manifest = JSON.stringify({ files: { model: { sha256: 'foreign' } } });
        await cache.put(`/skintree-pack/manifest?of=${origin}/other/manifest.json&by=${origin}/other/`, new Response(manifest));
      }, server.origin);
      await load('/versions/');
      const kept = await page.evaluate(async () => {
        const cache = await caches.open('skintree-pack/2');
        return (await cache.keys()).map((request) => new URL(request.url).pathname.slice('/skintree-pack/'.length));
      });
      assert.equal(kept.length, 5, 'model, taxonomy, manifest, and the other pack’s manifest and model');
      assert.ok(kept.includes('foreign') && kept.includes('manifest') && !kept.includes('old'));
    });

    test('remembers what was found out about the device, until the browser is another one', async () => {
      const measured = { adapter: 'a small GPU', gpu_ms: 812.5, cpu_ms: 301 };
      const found = { adapter: 'a small GPU', kernels: 'tiles-16' };
      const known = async () => JSON.parse((await load('/device/')).info?.engine.fallback_reason ?? '');
      await clearStorage(page);
      servePack(server, '/device/', { tells_known: true, engine: { ...found, measured } });
      assert.equal(await known(), null);
      const all = { kernels: { adapter: 'a small GPU', chosen: 'tiles-16' }, measured };
      assert.deepEqual(await known(), all);
      // The CPU has no kernels that are worth keeping; those of the GPU are not forgotten.
      servePack(server, '/device/', { tells_known: true, engine: { adapter: null, kernels: 'int8', measured } });
      await known();
      assert.deepEqual(await known(), all);
      const change = (/** @type {string} */ json) =>
        page.evaluate(async (json) => {
          const cache = await caches.open('skintree-pack/2');
          const request = (await cache.keys()).find(({ url }) => url.includes('/skintree-pack/device?'));
          const kept = await (await cache.match(/** @type {Request} */ (request)))?.json();
          await cache.put(/** @type {Request} */ (request), new Response(JSON.stringify({ ...kept, ...JSON.parse(json) })));
        }, json);
      await change(JSON.stringify({ measured: { ...measured, gpu_ms: 'slow' } }));
      assert.deepEqual(await known(), { kernels: all.kernels }, 'what makes no sense is left out');
      await change('{"browser": "an older one"}');
      assert.equal(await known(), null);
    });

    test('goes on from memory where storage is denied', async () => {
      servePack(server, '/denied/');
      const source = readFileSync(`${WWW}/worker.js`, 'utf8');
      const deny = `Object.defineProperty(globalThis, 'caches', {
        get() { throw new DOMException('denied', 'SecurityError'); } });`;
      server.route('/denied-base/worker.js', javascript(source.replaceAll("'./", "'/") + deny));
      const fetched = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/denied/', { baseUrl: '/denied-base' });
        classifier.free();
        return classifier.info.load.fetched_bytes;
      });
      assert.equal(fetched, TOTAL);
    });

    test('takes up a broken download where it broke off', async () => {
      servePack(server, '/broken-once/');
      /** @type {(string | undefined)[]} */
      const ranges = [];
      server.route('/broken-once/model.onnx', (request, response) => {
        ranges.push(request.headers.range);
        if (ranges.length === 1) {
          breakOff(response, 200_000);
          return;
        }
        const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
        const range = `bytes ${start}-${MODEL.length - 1}/${MODEL.length}`;
        response.writeHead(206, { 'content-range': range, 'content-length': MODEL.length - start });
        response.end(MODEL.subarray(start));
      });
      await clearStorage(page);
      const { code, info } = await load('/broken-once/');
      assert.equal(code, null);
      assert.equal(ranges.length, 2);
      assert.match(ranges[1] ?? '', /^bytes=[1-9]\d*-$/);
      assert.equal(info?.load.fetched_bytes, TOTAL);
    });

    test('starts over when the server knows no ranges', async () => {
      servePack(server, '/no-ranges/');
      let count = 0;
      server.route('/no-ranges/model.onnx', (_, response) => {
        if (++count === 1) breakOff(response, 200_000);
        else response.writeHead(200).end(MODEL);
      });
      await clearStorage(page);
      assert.equal((await load('/no-ranges/')).code, null);
    });

    test('fetches the whole file when the two halves do not fit', async () => {
      servePack(server, '/halves/');
      let count = 0;
      server.route('/halves/model.onnx', (request, response) => {
        count++;
        if (count === 1) {
          breakOff(response, 200_000);
        } else if (request.headers.range) {
          const start = Number(/bytes=(\d+)-/.exec(request.headers.range)?.[1]);
          response.writeHead(206).end(Buffer.alloc(MODEL.length - start, 'of another release'));
        } else {
          response.writeHead(200).end(MODEL);
        }
      });
      await clearStorage(page);
      assert.equal((await load('/halves/')).code, null);
      assert.equal(count, 3);
    });

    test('gives up after the second failure: network', async () => {
      servePack(server, '/broken/');
      let count = 0;
      server.route('/broken/model.onnx', (_, response) => {
        count++;
        breakOff(response, 1000);
      });
      await clearStorage(page);
      assert.equal((await load('/broken/')).code, 'network');
      assert.equal(count, 2);
    });

    test('does not ask twice for what is not there: site-setup', async () => {
      servePack(server, '/missing/');
      server.route('/missing/model.onnx', (_, response) => response.writeHead(404).end());
      await clearStorage(page);
      const { code, message } = await load('/missing/');
      assert.equal(code, 'site-setup');
      assert.match(message, /model\.onnx: HTTP 404/);
      assert.equal(server.count('/missing/model.onnx'), 1);
      assert.equal((await load('/nowhere/')).code, 'site-setup');
      for (const file of ['manifest.json', 'model.onnx']) {
        servePack(server, '/web-page/');
        server.route(`/web-page/${file}`, (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'));
        const found = await load('/web-page/');
        assert.match(`${found.code}: ${found.message}`, new RegExp(`^site-setup: in the place of .*/${file.replace('.', '\\.')} there is a web page`));
      }
    });

    test('stops early when a file is longer than the manifest says: pack-truncated', async () => {
      servePack(server, '/endless/');
      /** @type {ServerResponse | undefined} */
      let endless;
      server.route('/endless/model.onnx', (_, response) => {
        endless = response;
        response.writeHead(200);
        response.write(MODEL);
        // Never ended: only a reader that stops by itself gets away from here.
        response.write(Buffer.alloc(200_000));
      });
      await clearStorage(page);
      assert.equal((await load('/endless/')).code, 'pack-truncated');
      if (kind === 'firefox') {
        // Firefox 153 leaves about one aborted connection in twenty open, so that nothing can be asked of it here.
        endless?.destroy();
      } else {
        for (let waited = 0; !endless?.destroyed && waited < 10_000; waited += 50) await sleep(50);
        assert.ok(endless?.destroyed, 'the browser has hung up');
      }
    });

    test('a file that is too short: pack-truncated', async () => {
      servePack(server, '/short/');
      server.route('/short/model.onnx', MODEL.subarray(1));
      await clearStorage(page);
      assert.equal((await load('/short/')).code, 'pack-truncated');
    });

    test('a file of another hash: pack-hash, fetched once and not kept', async () => {
      servePack(server, '/hash/');
      server.route('/hash/model.onnx', Buffer.alloc(MODEL.length, 'another network '));
      await clearStorage(page);
      assert.equal((await load('/hash/')).code, 'pack-hash');
      assert.equal(server.count('/hash/model.onnx'), 1);
      const kept = await page.evaluate(async () => (await (await caches.open('skintree-pack/2')).keys()).length);
      assert.equal(kept, 0);
    });

    test('what is no manifest: pack-manifest', async () => {
      server.route('/page/manifest.json', '<!doctype html><title>Not found, politely</title>');
      assert.equal((await load('/page/')).code, 'pack-manifest');
    });

    test('passes on what the wasm module says', async () => {
      servePack(server, '/refused/', { load_error: 'engine-self-test' });
      assert.equal((await load('/refused/')).code, 'engine-self-test');
    });

    test('a trap: internal', async () => {
      servePack(server, '/trap/', { load_trap: true });
      assert.equal((await load('/trap/')).code, 'internal');
    });

    test('a site that is set up wrongly: site-setup, with the file', async () => {
      servePack(server, '/set-up/');
      // (module (import "x" "y" (func)))
      const ofAnotherBuild = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x78, 1, 0x79, 0, 0]);
      const html = (/** @type {number} */ status) => (/** @type {any} */ _, /** @type {any} */ response) =>
        response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><title>Not here</title>');
      const plain = (/** @type {any} */ _, /** @type {any} */ response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('export {}');
      const wasm = 'export default () => WebAssembly.instantiateStreaming(fetch(new URL("./skintree_bg.wasm", import.meta.url)), {});';
      // What browsers without a GPU are given, too.
      const names = ['skintree', 'skintree_without_gpu'];
      const cases = /** @type {[string, string, any, RegExp][]} */ ([
        ['worker', 'worker.js', html(404), /worker\.js: HTTP 404/],
        ['forbidden', 'worker.js', html(403), /worker\.js: HTTP 403/],
        ['page', 'worker.js', html(200), /worker\.js is served as text\/html/],
        ['import', 'interface/worker-load.js', html(404), /worker-load\.js: HTTP 404/],
        ['plain', 'interface/errors.js', plain, /errors\.js is served as text\/plain/],
        ['module', 'pkg/skintree.js', html(404), /pkg\/skintree(_without_gpu)?\.js: HTTP 404/],
        ['wasm', 'pkg/skintree_bg.wasm', html(404), /skintree(_without_gpu)?_bg\.wasm: HTTP 404/],
        ['wasm-page', 'pkg/skintree_bg.wasm', html(200), /skintree(_without_gpu)?_bg\.wasm is no WebAssembly file but text\/html/],
        ['old-wasm', 'pkg/skintree_bg.wasm', wasmAnswer(ofAnotherBuild), /are of two builds/],
        ['trouble', 'worker.js', html(503), /worker\.js: HTTP 503; try again later/],
      ]);
      for (const [name, file, answer, message] of cases) {
        const base = `/wrong-${name}/`;
        server.route(`${base}worker.js`, javascript(readFileSync(`${WWW}/worker.js`, 'utf8')));
        for (const own of readdirSync(`${WWW}/interface`)) {
          server.route(`${base}interface/${own}`, javascript(readFileSync(`${WWW}/interface/${own}`, 'utf8')));
        }
        for (const own of names) {
          server.route(`${base}pkg/${own}.js`, javascript(wasm.replace('skintree', own)));
          server.route(base + file.replace('skintree', own), answer);
        }
        const found = await page.evaluate(
          (baseUrl) => api.Classifier.load('/set-up/', { baseUrl }).then(() => 'loaded', (e) => `${e.code}: ${e.message}`),
          base,
        );
        assert.match(found, message, name);
        assert.equal(found.split(':')[0], name === 'trouble' ? 'network' : 'site-setup', name);
      }
      const elsewhere = await page.evaluate(() => api.Classifier.load('/set-up/', { baseUrl: 'http://127.0.0.1:1/' }).catch((e) => `${e.code}: ${e.message}`));
      assert.match(String(elsewhere), /^site-setup: the worker .* does not lie on the page's own origin/);
    });

    test('what the page’s policy forbids: site-policy, with the rule', async () => {
      servePack(server, '/set-up/');
      for (const [policy, message] of /** @type {[string, RegExp][]} */ ([
        ["script-src 'self'; worker-src 'none'", /worker-src/],
        ["require-trusted-types-for 'script'; trusted-types 'none'", /may not be started/],
      ])) {
        server.route('/strict.html', (_, response) => {
          response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy }).end('<!doctype html><title>strict</title>');
        });
        const strict = await browser.newPage();
        await strict.goto(`${server.origin}/strict.html`);
        const found = await strict.evaluate(async () => {
          const { Classifier } = await import(/** @type {string} */ ('/skintree.js'));
          return Classifier.load('/set-up/').then(() => 'loaded', (/** @type {any} */ e) => `${e.code}: ${e.message}`);
        });
        if (found !== 'loaded') {
          assert.match(found, /^site-policy: /);
          assert.match(found, message);
        } else {
          // Firefox ESR knows no Trusted Types, so that nothing is forbidden.
          assert.ok(kind === 'firefox' && policy.startsWith('require'), policy);
        }
        await strict.close();
      }
      server.route('/trusted.html', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "require-trusted-types-for 'script'; trusted-types skintree" });
        response.end('<!doctype html><title>trusted</title>');
      });
      const trusted = await browser.newPage();
      await trusted.goto(`${server.origin}/trusted.html`);
      const found = await trusted.evaluate(async () => {
        const { Classifier } = await import(/** @type {string} */ ('/skintree.js'));
        return Classifier.load('/set-up/').then(() => 'loaded', (/** @type {any} */ e) => `${e.code}: ${e.message}`);
      });
      assert.equal(found, 'loaded');
      await trusted.close();
    });

    test('can be aborted, before and while it runs: aborted', async () => {
      servePack(server, '/slow/', { load_ms: 60_000 });
      const [early, late, stopped] = await page.evaluate(async () => {
        /** @param {unknown} error */
        const describe = (error) =>
          error instanceof api.SkintreeError ? `${error.name} ${error.code} ${/** @type {any} */ (error.cause)}` : 'else';
        const started = performance.now();
        const one = await api.Classifier.load('/slow/', { signal: AbortSignal.abort('early') }).catch(describe);
        const controller = new AbortController();
        const loading = api.Classifier.load('/slow/', {
          signal: controller.signal,
          onProgress: ({ phase }) => phase === 'compile' && controller.abort('late'),
        });
        return [one, await loading.catch(describe), performance.now() - started];
      });
      assert.equal(early, 'SkintreeError aborted early');
      assert.equal(late, 'SkintreeError aborted late');
      assert.ok(Number(stopped) < 30_000);
    });

    test('an engine that does not exist is a TypeError', async () => {
      const name = await page.evaluate(() =>
        api.Classifier.load('/first/', { engine: /** @type {any} */ ('gpu') }).catch((error) => error.name),
      );
      assert.equal(name, 'TypeError');
    });
  });
}

/** @param {Buffer} bytes */
function wasmAnswer(bytes) {
  return (/** @type {any} */ _, /** @type {ServerResponse} */ response) => response.writeHead(200, { 'content-type': 'application/wasm' }).end(bytes);
}

/** @param {Page} page */
function clearStorage(page) {
  return page.evaluate(() => caches.delete('skintree-pack/2'));
}

/**
 * Announces the whole model, sends a part and hangs up.
 *
 * @param {ServerResponse} response
 * @param {number} after
 */
function breakOff(response, after) {
  response.writeHead(200, { 'content-length': MODEL.length });
  response.write(MODEL.subarray(0, after), () => setTimeout(() => response.destroy(), 100));
}

/**
 * @param {string} source
 * @returns {import('./harness.js').Handler}
 */
function javascript(source) {
  return (_, response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(source);
}
