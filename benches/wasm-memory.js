// How much main memory the wasm module holds after loading the shipped pack, by engine. `node benches/wasm-memory.js [DIST]`

import { Server, launch } from '../tests/browser/harness.js';
import { loadAndMeasure } from '../tests/browser/wasm-memory.js';

const dist = process.argv[2] ?? new URL('../dist', import.meta.url).pathname;
const server = await new Server(dist).start();
const browser = await launch('chromium', server);
for (const engine of ['wonnx', 'cpu', 'cpu-f32', 'auto']) {
  const { empty, loaded, milliseconds } = await loadAndMeasure(browser, server, engine);
  console.log(`${engine}: ${empty.toFixed(1)} MiB before, ${loaded.toFixed(1)} MiB after loading in ${Math.round(milliseconds)} ms`);
}
await browser.close();
await server.stop();
