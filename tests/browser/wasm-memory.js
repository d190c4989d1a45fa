// Main memory of the wasm module; it never shrinks, so what it holds is also its peak.

import { newPage } from './harness.js';

/**
 * @import {Browser} from 'puppeteer-core'
 * @import {Server} from './harness.js'
 */

/**
 * MiB before and after loading the shipped pack in a page of its own, and how long that took.
 *
 * @param {Browser} browser
 * @param {Server} server of `dist/`
 * @param {string} engine
 * @param {boolean} [plainHttp] as on a page that has no `crypto.subtle`
 */
export async function loadAndMeasure(browser, server, engine, plainHttp = false) {
  server.route('/', '<!doctype html><title>memory</title><link rel="icon" href="data:,">');
  const page = await newPage(browser);
  await page.goto(server.origin);
  const found = await page.evaluate(async (engine, plainHttp) => {
    let digests = 0;
    const { subtle } = crypto;
    const counted = { digest: (/** @type {string} */ name, /** @type {Uint8Array<ArrayBuffer>} */ bytes) => ((digests += 1), subtle.digest(name, bytes)) };
    Object.defineProperty(crypto, 'subtle', { value: plainHttp ? undefined : counted });
    const bytes = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
    // @ts-ignore: made by the build
    const wasm = await import('/pkg/skintree.js');
    const { memory } = await wasm.default();
    const mib = () => memory.buffer.byteLength / 2 ** 20;
    const empty = mib();
    const manifest = await bytes('/pack/manifest.json');
    const { files } = JSON.parse(new TextDecoder().decode(manifest));
    /** @type {Uint8Array[]} */
    const [model, taxonomy, scope, kind] = await Promise.all(
      [files.model, files.taxonomy, files.scope, files.kind].map((file) => bytes(`/pack/${file.path}`)),
    );
    const start = performance.now();
    await wasm.WebClassifier.load(manifest, model, taxonomy, scope, kind, { engine });
    return { empty, loaded: mib(), milliseconds: performance.now() - start, digests };
  }, engine, plainHttp);
  await page.close();
  return found;
}
