// How much main memory the wasm module holds after loading the shipped pack, by engine; wasm memory never shrinks, so it
// is also the peak. `node benches/wasm-memory.js [DIST]`

import { Server, launch, newPage } from '../tests/browser/harness.js';

const dist = process.argv[2] ?? new URL('../dist', import.meta.url).pathname;
const server = await new Server(dist).start();
server.route('/', '<!doctype html><title>memory</title><link rel="icon" href="data:,">');
const browser = await launch('chromium', server);
for (const engine of ['wonnx', 'cpu', 'cpu-f32', 'auto']) {
  const page = await newPage(browser);
  await page.goto(server.origin);
  const [empty, loaded, milliseconds] = await page.evaluate(async (engine) => {
    const bytes = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
    // @ts-ignore: made by the build
    const wasm = await import('/pkg/skintree.js');
    const { memory } = await wasm.default();
    const empty = memory.buffer.byteLength;
    const manifest = await bytes('/pack/manifest.json');
    const { files } = JSON.parse(new TextDecoder().decode(manifest));
    /** @type {Uint8Array[]} */
    const [model, taxonomy, scope, kind] = await Promise.all(
      [files.model, files.taxonomy, files.scope, files.kind].map((file) => bytes(`/pack/${file.path}`)),
    );
    const start = performance.now();
    await wasm.WebClassifier.load(manifest, model, taxonomy, scope, kind, { engine });
    return [empty, memory.buffer.byteLength, performance.now() - start];
  }, engine);
  const mib = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(1);
  console.log(`${engine}: ${mib(empty)} MiB before, ${mib(loaded)} MiB after loading in ${Math.round(milliseconds)} ms`);
  await page.close();
}
await browser.close();
await server.stop();
