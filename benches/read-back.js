// What reading a buffer back from the GPU costs in Chromium: 32 bytes (eight logits) and 512 KiB (the feature map of
// Inception v3). `node benches/read-back.js`

import { Server, WWW, launch, newPage } from '../tests/browser/harness.js';

const SIZES = [32, 2048 * 8 * 8 * 4];
const RUNS = 60;

const server = await new Server(WWW).start();
const browser = await launch('chromium', server);
const page = await newPage(browser);
await page.goto(`${server.origin}/blank.html`);
const { adapter, medians } = await page.evaluate(
  async (sizes, runs) => {
    const gpu = /** @type {any} */ (navigator).gpu;
    const { GPUBufferUsage, GPUMapMode } = /** @type {any} */ (globalThis);
    const adapter = await gpu.requestAdapter();
    const device = await adapter.requestDevice();
    const medians = [];
    for (const size of sizes) {
      const source = device.createBuffer({ size, usage: GPUBufferUsage.COPY_SRC });
      const times = [];
      for (let run = 0; run < runs; run++) {
        const start = performance.now();
        const target = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(source, 0, target, 0, size);
        device.queue.submit([encoder.finish()]);
        await target.mapAsync(GPUMapMode.READ);
        new Float32Array(target.getMappedRange()).slice();
        target.destroy();
        times.push(performance.now() - start);
      }
      medians.push(times.sort((a, b) => a - b)[runs >> 1]);
    }
    return { adapter: `${adapter.info.vendor} ${adapter.info.architecture}`, medians };
  },
  SIZES,
  RUNS,
);
console.log(adapter);
SIZES.forEach((size, i) => console.log(`${size} bytes: median ${medians[i].toFixed(2)} ms of ${RUNS} runs`));
await browser.close();
await server.stop();
