// The true thing: what ./build.sh dist has made, with the wasm module and its engines, in all three surroundings.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import {
  DATA,
  DIST,
  NATIVE,
  OUTPUT,
  ROOT,
  Server,
  TINY,
  blankPage,
  launch,
  missing,
  noBrowser,
  noDist,
  noPack,
  noTiny,
  wrongOn,
} from './harness.js';
import { ico, png, spot } from './photos.js';
import { accessibilityProblems, answerOf, choose, openFolded, openUploadPage, photoFile, textOf } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 * @import {EngineChoice, Report} from '../../www/skintree.js'
 */

/** Hosts that the browsers ask by themselves, whatever page is open and however much of them is switched off. */
const BROWSERS_OWN =
  /^((accounts|clients\d?|update|optimizationguide-pa|content-autofill|www)\.google(apis)?\.com|([\w-]+\.)*(mozilla\.(com|net|org)|firefox\.com))(:\d+)?$/;

const KINDS = /** @type {Kind[]} */ (['chromium', 'chromium-no-adapter', 'firefox']);

for (const kind of KINDS) {
  const hasAdapter = kind === 'chromium';

  describe(`built, ${kind}`, { skip: noDist || noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;

    before(async () => {
      server = await new Server(DIST, { '/tiny/': TINY, '/golden/': `${ROOT}tests/golden`, '/hurt/': DIST, '/first/': DIST, '/cut/': DIST }).start();
      browser = await launch(kind, server);
      page = await blankPage(browser, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** @param {string} pack @param {EngineChoice} engine @param {string[]} photos URLs @returns {Promise<Report[]>} */
    const classify = (pack, engine, photos) =>
      page.evaluate(
        async (pack, engine, photos) => {
          const classifier = await api.Classifier.load(pack, { engine });
          const reports = [];
          for (const photo of photos) {
            const blob = await (await fetch(photo)).blob();
            reports.push(await classifier.classify(blob, { topK: 1000 }));
          }
          classifier.free();
          return reports;
        },
        pack,
        engine,
        photos,
      );

    test('says which engine runs, and why not the GPU', { skip: noTiny }, async () => {
      const [{ engine, model }] = await classify('/tiny/', 'auto', ['/golden/exact-299x299.png']);
      assert.equal(model.id, 'skintree-tiny');
      assert.deepEqual([engine.name, engine.requested, engine.adapter], ['cpu', 'auto', null]);
      assert.equal(engine.fallback?.code, hasAdapter ? 'software-adapter' : 'engine-unavailable');
      assert.match(engine.fallback_reason ?? '', hasAdapter ? /swiftshader/i : /adapter|WebGPU/i);
    });

    test('downloads the wasm module that its engine may need, and the other one only where that does not come', { skip: noTiny }, async () => {
      const [wanted, other] = hasAdapter ? ['skintree', 'skintree_without_gpu'] : ['skintree_without_gpu', 'skintree'];
      for (const part of [`${wanted}.js`, `${wanted}_bg.wasm`]) server.route(`/cut/pkg/${part}`, (_, response) => void response.destroy());
      const load = (/** @type {string} */ baseUrl, /** @type {EngineChoice} */ engine) =>
        page.evaluate(
          async (baseUrl, engine) => {
            try {
              const classifier = await api.Classifier.load('/tiny/', { baseUrl, engine });
              classifier.free();
              return classifier.info.engine.name;
            } catch (error) {
              return /** @type {any} */ (error).code;
            }
          },
          baseUrl,
          engine,
        );
      const got = (/** @type {string} */ folder) =>
        [wanted, other].map((name) => server.requests.some(({ path }) => path === `${folder}pkg/${name}_bg.wasm`));
      assert.equal(await load('/first/', 'auto'), 'cpu');
      assert.deepEqual(got('/first/'), [true, false]);
      assert.equal(await load('/cut/', 'auto'), 'cpu');
      assert.deepEqual(got('/cut/'), [false, true]);
      // What an earlier worker has compiled is enough only where it can do what is wanted.
      assert.equal(await load('/first/', 'wonnx'), hasAdapter ? 'wonnx' : 'engine-unavailable');
      assert.deepEqual(got('/first/'), [true, !hasAdapter]);
    });

    test('wonnx runs where there is an adapter: the logits are onnxruntime’s', { skip: noTiny || (!hasAdapter && 'no adapter') }, async () => {
      await matchesGolden('tiny', 'wonnx');
    });

    test('wonnx runs the shipped network: the logits are onnxruntime’s', { skip: noPack || (!hasAdapter && 'no adapter') }, async () => {
      // One photo: a software adapter takes some 15 s for it.
      await matchesGolden('pack', 'wonnx', 1);
    });

    // A worker whose GPU misbehaves, as drivers do: the browser reports it to nobody who does not ask.
    const hurt = {
      'a shader that does not compile': [
        'engine-failed',
        `const make = GPUDevice.prototype.createShaderModule;
         GPUDevice.prototype.createShaderModule = function (shader) {
           return make.call(this, { ...shader, code: 'this is not WGSL' });
         };`,
      ],
      'a command that the GPU refuses': [
        'engine-failed',
        `const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
         GPUComputePassEncoder.prototype.dispatchWorkgroups = function (x, y, z) {
           return dispatch.call(this, 1e9, y, z);
         };`,
      ],
      'a GPU that computes nothing': [
        'engine-self-test',
        'GPUComputePassEncoder.prototype.dispatchWorkgroups = () => {};',
      ],
      'a GPU that is taken away': [
        'gpu-lost',
        `const submit = GPUQueue.prototype.submit;
         const open = GPUAdapter.prototype.requestDevice;
         GPUAdapter.prototype.requestDevice = async function (wish) {
           const device = await open.call(this, wish);
           GPUQueue.prototype.submit = function (commands) {
             submit.call(this, commands);
             device.destroy();
           };
           return device;
         };`,
      ],
    };
    /** Serves a worker with something done to its GPU. @param {string} injury */
    const serveHurt = (injury) =>
      server.route('/hurt/worker.js', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/javascript' });
        response.end(`${readFileSync(`${DIST}/worker.js`, 'utf8')}\n${injury}`);
      });
    for (const [what, [code, injury]] of Object.entries(hurt)) {
      test(`${what} is an error and not zeros`, { skip: noTiny || (!hasAdapter && 'no adapter') }, async () => {
        serveHurt(injury);
        const load = (/** @type {EngineChoice} */ engine) =>
          page.evaluate((engine) => outcome(api.Classifier.load('/tiny/', { engine, baseUrl: '/hurt/' })), engine);
        assert.equal(await load('wonnx'), code);
      });
    }

    test('a GPU that begins to compute wrongly is found out, at the latest after 20 answers', { skip: noTiny || (!hasAdapter && 'no adapter') }, async () => {
      // A part of the work is no longer done, from the fifth photo on.
      serveHurt(`
        const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
        let calls = 0;
        addEventListener('message', ({ data }) => data.method === 'classify' && calls++);
        GPUComputePassEncoder.prototype.dispatchWorkgroups = function (x, y, z) {
          return calls < 5 ? dispatch.call(this, x, y, z) : dispatch.call(this, 1, 1, 1);
        };`);
      const photos = [spot(), spot(450, 450)].map((photo) => photo.toString('base64'));
      const [after20, afterHidden] = await page.evaluate(async (photos) => {
        const bytes = photos.map((photo) => Uint8Array.from(atob(photo), (char) => char.charCodeAt(0)));
        const run = async (/** @type {boolean} */ hide) => {
          const classifier = await api.Classifier.load('/tiny/', { engine: 'wonnx', baseUrl: '/hurt/' });
          const codes = [];
          for (let i = 0; i < 20; i++) {
            if (hide && i === 6) {
              document.dispatchEvent(new Event('visibilitychange'));
            }
            codes.push(await classifier.classify(bytes[i % 2]).then(() => '', ({ code }) => code));
            if (codes[i]) break;
          }
          classifier.free();
          return codes;
        };
        return [await run(false), await run(true)];
      }, photos);
      assert.deepEqual(after20, [...Array(19).fill(''), 'engine-self-test']);
      assert.deepEqual(afterHidden, [...Array(6).fill(''), 'engine-self-test']);
    });

    test('wonnx without an adapter: engine-unavailable', { skip: noTiny || (hasAdapter && 'there is an adapter') }, async () => {
      const code = await page.evaluate(() => outcome(api.Classifier.load('/tiny/', { engine: 'wonnx' })));
      assert.equal(code, 'engine-unavailable');
    });

    test('the CPU engine on the tiny pack: the logits are onnxruntime’s', { skip: noTiny }, async () => {
      await matchesGolden('tiny', 'cpu');
    });

    test('the CPU engine on the shipped pack: the logits are onnxruntime’s', { skip: noPack }, async () => {
      await matchesGolden('pack', 'cpu');
    });

    test('heat maps are PyTorch’s', { skip: noTiny }, async () => {
      const { photos } = JSON.parse(readFileSync(`${ROOT}tests/golden/heat-maps.json`, 'utf8'));
      const photo = 'landscape-640x481.png';
      const [maps, wrong] = await page.evaluate(async (photo) => {
        const classifier = await api.Classifier.load('/tiny/', { engine: 'cpu' });
        const blob = await (await fetch(photo)).blob();
        const { heat_maps: maps } = await classifier.classify(blob, { heatMaps: 'all' });
        const wrong = [];
        for (const node of ['inflammatory', 'naevus']) {
          wrong.push(await outcome(classifier.classify(blob, { heatMaps: [node] })));
        }
        const [one, ...others] = (await classifier.classify(blob, { heatMaps: ['mel'] })).heat_maps ?? [];
        wrong.push(one.node, others.length, 'heat_maps' in (await classifier.classify(blob)));
        classifier.free();
        return /** @type {const} */ ([maps ?? [], wrong]);
      }, `/golden/${photo}`);
      assert.deepEqual(wrong, ['heat-map', 'heat-map', 'mel', 0, false]);
      const expected = photos[photo].tiny;
      assert.deepEqual(maps.map(({ node }) => node).sort(), Object.keys(expected).sort());
      for (const { node, region, values } of maps) {
        assert.deepEqual(region, { x: 79, y: 0, width: 481, height: 481 });
        assert.equal(values.length, expected[node].length);
        for (const [i, value] of values.entries()) {
          assert.ok(Math.abs(value - expected[node][i]) < 1e-4, `${node}: ${value} instead of ${expected[node][i]}`);
        }
      }
    });

    /** @param {'tiny' | 'pack'} pack @param {EngineChoice} engine @param {number} [count] how many of the photos */
    async function matchesGolden(pack, engine, count) {
      const golden = JSON.parse(readFileSync(`${ROOT}tests/golden/golden.json`, 'utf8'));
      const { model_sha256 } = golden;
      const photos = golden.photos.slice(0, count);
      const folder = pack === 'tiny' ? TINY : `${DIST}/pack`;
      const { classes, temperature: only, photo_kinds } = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8'));
      const names = photos.map((/** @type {{photo: string}} */ { photo }) => `/golden/${photo}`);
      const reports = await classify(`/${pack}/`, engine, names);
      for (const [i, { photo, logits }] of photos.entries()) {
        const { fine, model, engine: used, photo_kind } = reports[i];
        const kind = photo_kinds?.kinds.find((/** @type {{id: string}} */ { id }) => id === photo_kind?.id);
        const { offset = classes.map(() => 0), temperature = only } = kind ?? {};
        assert.equal(model.sha256, model_sha256[pack]);
        assert.equal(Boolean(kind), photo_kinds !== undefined);
        assert.equal(used.name, engine);
        const exps = logits[pack].map((/** @type {number} */ logit, /** @type {number} */ c) => Math.exp((logit + offset[c]) / temperature));
        const sum = exps.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b);
        for (const { id, probability } of fine) {
          const expected = exps[classes.indexOf(id)] / sum;
          // In integers logits may be 0.02 off, and a probability a quarter of that divided by the temperature.
          const close = used.kernels === 'int8' ? 0.02 / 4 / temperature : 1e-3;
          assert.ok(Math.abs(probability - expected) < close, `${photo}, ${id}: ${probability} instead of ${expected}`);
        }
        assert.equal(fine.length, classes.length);
      }
    }

    test('every kind of input gives the same probabilities', { skip: noTiny }, async () => {
      server.route('/spot.png', spot(320, 240));
      const all = await page.evaluate(async () => {
        const classifier = await api.Classifier.load('/tiny/', { engine: 'cpu' });
        /** @type {Record<string, number[]>} */
        const all = {};
        for (const [name, input] of Object.entries(await everyInput('/spot.png'))) {
          const { tree, photo } = await classifier.classify(input);
          all[name] = [photo.width, photo.height, ...tree.map((node) => node.probability)];
        }
        classifier.free();
        return all;
      });
      for (const [name, values] of Object.entries(all)) {
        assert.deepEqual(values, all.File, name);
      }
    });

    test('a format that only the browser knows is decoded by the browser', { skip: noTiny }, async () => {
      const picture = spot(120, 90);
      server.route('/spot-small.png', picture);
      server.route('/spot-small.ico', ico(picture));
      const [asPng, asIco] = await classify('/tiny/', 'cpu', ['/spot-small.png', '/spot-small.ico']);
      assert.notEqual(asIco.photo.format, asPng.photo.format);
      assert.deepEqual([asIco.photo.width, asIco.photo.height], [120, 90]);
      assert.deepEqual(asIco.tree, asPng.tree);
    });

    test('photos that are none: photo-format, photo-broken, photo-too-large', { skip: noTiny }, async () => {
      const whole = spot(64, 64);
      const huge = png(1, 1, () => [0, 0, 0], 1_000_000);
      const photos = [Buffer.from('not a picture'), Buffer.alloc(0), whole.subarray(0, whole.length / 2), huge];
      const codes = await page.evaluate(
        async (photos) => {
          const classifier = await api.Classifier.load('/tiny/', { engine: 'cpu' });
          const codes = [];
          for (const base64 of photos) {
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
            codes.push(await outcome(classifier.classify(bytes)));
          }
          classifier.free();
          return codes;
        },
        photos.map((photo) => photo.toString('base64')),
      );
      assert.deepEqual(codes, ['photo-format', 'photo-broken', 'photo-broken', 'photo-too-large']);
    });

    test('packs that are not whole: pack-manifest, pack-truncated, pack-hash, network', { skip: noTiny }, async () => {
      const read = (/** @type {string} */ name) => readFileSync(`${TINY}/${name}`);
      const model = read('model.onnx');
      const other = Buffer.from(model);
      other[other.length >> 1] ^= 1;
      /** @type {Record<string, [Record<string, Buffer>, string]>} */
      const packs = {
        whole: [{}, 'done'],
        manifest: [{ 'manifest.json': Buffer.from('{"schema": "skintree.pack/2"}') }, 'pack-manifest'],
        outside: [
          { 'manifest.json': Buffer.from(read('manifest.json').toString().replace('"model.onnx"', '"../model.onnx"')) },
          'pack-manifest',
        ],
        short: [{ 'model.onnx': model.subarray(0, -1) }, 'pack-truncated'],
        long: [{ 'model.onnx': Buffer.concat([model, model]) }, 'pack-truncated'],
        changed: [{ 'model.onnx': other }, 'pack-hash'],
        missing: [{ 'model.onnx': Buffer.alloc(0) }, 'site-setup'],
      };
      for (const [name, [changes, expected]] of Object.entries(packs)) {
        for (const file of ['manifest.json', 'model.onnx', 'taxonomy.json']) {
          server.route(`/${name}/${file}`, changes[file] ?? read(file));
        }
        if (name === 'missing') {
          server.route('/missing/model.onnx', (_, response) => response.writeHead(404).end());
        }
        const code = await page.evaluate(async (pack) => {
          await caches.delete('skintree-pack/2');
          return outcome(api.Classifier.load(pack, { engine: 'cpu' }));
        }, `/${name}/`);
        assert.equal(code, expected, name);
      }
    });

    for (const [width, height] of [[360, 740], [1280, 900]]) {
      test(`from a photo to the answer at ${width} pixels`, { skip: noPack }, async () => {
        const upload = await openUploadPage(browser, server, { width, height });
        await choose(upload, photoFile());
        assert.match(await answerOf(upload), /What the model says/i);
        await openFolded(upload);
        const answer = await answerOf(upload);
        assert.match(answer, /the model cannot know this/);
        assert.match(answer, /Ran on the main processor/);
        await upload.screenshot({ path: `${OUTPUT}/built-${kind}-${width}.png`, fullPage: true });
        assert.deepEqual(await accessibilityProblems(upload), []);
        assert.deepEqual(await wrongOn(upload), []);
        await upload.close();
      });
    }

    test('a browser gives what the command line gives', { skip: noPack || noData() || missing(NATIVE, 'cargo build --bin skintree') }, async () => {
      const folder = `${DATA}/ham10000/224`;
      const names = readdirSync(folder).filter((name) => name.endsWith('.jpg')).slice(0, 5);
      for (const name of names) {
        server.route(`/photos/${name}`, readFileSync(`${folder}/${name}`));
      }
      const files = names.map((name) => `${folder}/${name}`);
      const lines = execFileSync(NATIVE, ['classify', '--json', '--engine', 'cpu', '--top-k', '1000', '--pack', `${DIST}/pack`, ...files], { encoding: 'utf8', maxBuffer: 1e8 });
      /** @type {Report[]} */
      const native = lines.trim().split('\n').map((line) => JSON.parse(line));
      const web = await classify('/pack/', 'cpu', names.map((name) => `/photos/${name}`));
      for (const [i, report] of native.entries()) {
        assert.deepEqual(web[i].photo, report.photo);
        assert.deepEqual(web[i].warnings, report.warnings);
        for (const node of report.tree) {
          const same = web[i].tree.find(({ id }) => id === node.id);
          assert.ok(Math.abs((same?.probability ?? NaN) - node.probability) < 1e-3, `${names[i]}: ${node.id}`);
        }
      }
    });

    test('nothing was left unhandled, and no policy violated', async () => {
      assert.deepEqual(await wrongOn(page), []);
    });

    test('no request leaves during a classification', { skip: noPack }, async () => {
      const upload = await openUploadPage(browser, server);
      await choose(upload, photoFile());
      await answerOf(upload);
      // After the first answer the page is kept for use without network: its files are fetched once more, hash-checked.
      await upload.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === 'activated');
      server.requests = [];
      server.foreign = [];
      await choose(upload, photoFile('second.png'));
      await upload.waitForFunction(() => document.querySelector('#photo-name')?.textContent === 'second.png');
      await answerOf(upload);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      // Chromium looks for a newer service worker when it likes, by asking for the very files that make it up.
      const updates = ['GET /sw.js', 'GET /precache.js'];
      const requests = server.requests.map(({ method, path }) => `${method} ${path}`);
      assert.deepEqual(requests.filter((request) => !updates.includes(request)), [], 'not even to the page’s own server');
      assert.deepEqual(server.foreign.filter((host) => !BROWSERS_OWN.test(host)), []);

      // The instrument works: what is asked for elsewhere, here by a page without a policy, is seen.
      server.route('/open.html', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<title>open</title>'));
      await upload.goto(`${server.origin}/open.html`);
      await upload.evaluate(() => fetch('http://elsewhere.example/').catch(() => {}));
      assert.ok(server.foreign.includes('elsewhere.example'));
      await upload.close();
    });

    test('an answer comes without the network, once the model is here', { skip: noPack }, async () => {
      const upload = await openUploadPage(browser, server);
      await choose(upload, photoFile());
      await answerOf(upload);
      await server.stop();
      await choose(upload, photoFile('second.png'));
      await upload.waitForFunction(() => document.querySelector('#photo-name')?.textContent === 'second.png');
      await answerOf(upload);
      assert.match(await textOf(upload, '.technical summary'), /Technical details/);
      await upload.close();
    });
  });
}

function noData() {
  return existsSync(`${DATA}/ham10000/224`) ? false : `${DATA}/ham10000/224 is missing: name a folder of photos in SKINTREE_DATA`;
}
