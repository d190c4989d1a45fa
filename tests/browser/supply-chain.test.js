// What ./build.sh dist says of itself: hashes of its scripts, and the libraries in it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import cyclonedx from '@cyclonedx/cyclonedx-library';

import { DIST, Server, TINY, launch, newPage, noBrowser, noDist, noTiny } from './harness.js';

/**
 * @import {Browser} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

describe('what a build says of itself', { skip: noDist }, () => {
  const read = (/** @type {string} */ name) => readFileSync(`${DIST}/${name}`);

  test('integrity.json has the hashes of all scripts', () => {
    const hashes = JSON.parse(read('integrity.json').toString());
    for (const name of ['skintree.js', 'widget.js', 'embed-host.js', 'worker.js', 'pkg/skintree.js', 'sw.js', 'precache.js']) assert.ok(hashes[name], name);
    for (const [name, hash] of Object.entries(hashes)) {
      assert.equal(hash, `sha384-${createHash('sha384').update(read(name)).digest('base64')}`, name);
    }
  });

  test('sbom.cdx.json is valid CycloneDX and names the libraries with their hashes', async () => {
    const text = read('sbom.cdx.json').toString();
    const { Spec, Validation } = cyclonedx;
    assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
    /** @type {{name: string, version: string, type: string, hashes?: {alg: string, content: string}[], licenses?: unknown[]}[]} */
    const components = JSON.parse(text).components;
    const find = (/** @type {string} */ name) => components.find((one) => one.name === name);
    for (const name of ['wonnx', 'image', 'zune-jpeg', 'wide', 'wasm-bindgen', 'csv', 'dicom-parser']) {
      assert.equal(find(name)?.hashes?.[0].alg, 'SHA-256', name);
    }
    for (const { name, licenses } of components) assert.ok(licenses?.length, `${name} has no licence`);
    const lock = readFileSync(`${DIST}/../Cargo.lock`, 'utf8');
    for (const { name, version, type } of components) {
      if (type === 'library') assert.ok(lock.includes(`name = "${name}"\nversion = "${version}"`), name);
    }
    const model = components.find(({ type }) => type === 'machine-learning-model');
    assert.equal(model?.hashes?.[0].content, createHash('sha256').update(read('pack/manifest.json')).digest('hex'));
  });

  for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
    describe(`docs/hosting.md, "Scripts that are what was built", ${kind}`, { skip: noTiny || noBrowser(kind) }, () => {
      /** @type {Server} */
      let server;
      /** @type {Browser} */
      let browser;

      before(async () => {
        server = await new Server(DIST, { '/pack/': TINY }).start();
        browser = await launch(kind, server);
      });
      after(async () => {
        await browser?.close();
        await server?.stop();
      });

      /** @param {Record<string, string>} integrity */
      async function modelLoadedWith(integrity) {
        server.route('/portal.html', (_, response) => {
          response.writeHead(200, { 'content-type': 'text/html' });
          response.end(`<!doctype html><script type="importmap">${JSON.stringify({ integrity })}</script>
            <script type="module">
              globalThis.outcome = import('/skintree.js').then(({ Classifier }) => Classifier.load()).then(({ info }) => info.id, String);
            </script>`);
        });
        const page = await newPage(browser);
        await page.goto(`${server.origin}/portal.html`);
        await page.waitForFunction(() => 'outcome' in globalThis);
        const outcome = await page.evaluate(() => /** @type {any} */ (globalThis).outcome);
        await page.close();
        return outcome;
      }

      test('an import map with these hashes lets them in, and no others', async () => {
        /** @type {Record<string, string>} */
        const hashes = JSON.parse(read('integrity.json').toString());
        const map = Object.fromEntries(Object.entries(hashes).map(([name, hash]) => [`/${name}`, hash]));
        assert.equal(await modelLoadedWith(map), JSON.parse(readFileSync(`${TINY}/manifest.json`, 'utf8')).id);
        // As if the script had been exchanged on the server.
        const other = { ...map, '/interface/worker-calls.js': `sha384-${createHash('sha384').update('other').digest('base64')}` };
        assert.match(await modelLoadedWith(other), /TypeError|Error/);
      });
    });
  }
});
