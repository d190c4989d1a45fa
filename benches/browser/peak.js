// What an adapter reaches at most: three products of large matrices in WGSL (benches/peak), the fastest counts.

import { readFileSync } from 'node:fs';

const shader = (/** @type {string} */ name) => readFileSync(new URL(`../peak/${name}.wgsl`, import.meta.url), 'utf8');
const PRODUCTS = [
  { wgsl: shader('tiles'), across: 64, down: 64 },
  { wgsl: shader('registers'), across: 128, down: 4 },
  { wgsl: shader('shared'), across: 32, down: 16 },
];
const ROUNDS = 5;

/**
 * The adapter of a page and its peak in GFLOP/s, `null` where there is no WebGPU. On a software adapter, per
 * second of CPU time, because it does other things too.
 *
 * @param {import('puppeteer-core').Page} page
 * @param {() => number} cpuMs CPU time of the GPU process so far
 */
export async function measureAdapter(page, cpuMs) {
  const adapter = await page.evaluate(async () => {
    const adapter = await /** @type {any} */ (navigator).gpu?.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) return null;
    const { vendor, architecture, description } = adapter.info;
    const name = `${vendor} ${architecture} ${description}`.trim();
    const software = /swiftshader|llvmpipe|basic render/i.test(name) || adapter.info.isFallbackAdapter === true;
    const features = ['shader-f16', 'subgroups'].filter((feature) => adapter.features.has(feature));
    /** @type {any} */ (globalThis).device = await adapter.requestDevice({ requiredFeatures: features });
    return { name, software, features };
  });
  if (!adapter) return null;
  const size = adapter.software ? 512 : 2048;
  let peak = 0;
  /** Why the last product did not run: without asking, its nothing would pass for speed. */
  const refused = () => page.evaluate(async () => (await /** @type {any} */ (globalThis).device.popErrorScope())?.message ?? null);
  for (const { wgsl, across, down } of PRODUCTS) {
    if (wgsl.includes('enable subgroups') && !adapter.features.includes('subgroups')) continue;
    await page.evaluate(
      (code, size) => {
        const { GPUBufferUsage, device } = /** @type {any} */ (globalThis);
        device.pushErrorScope('validation');
        const module = device.createShaderModule({ code });
        const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
        const entries = [0, 1, 2].map((binding) => {
          const buffer = device.createBuffer({ size: size * size * 4, usage: GPUBufferUsage.STORAGE });
          return { binding, resource: { buffer } };
        });
        const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
        /** @type {any} */ (globalThis).multiply = async (/** @type {number} */ times, /** @type {number[]} */ workgroups) => {
          const start = performance.now();
          const encoder = device.createCommandEncoder();
          const pass = encoder.beginComputePass();
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...workgroups);
          pass.end();
          device.queue.submit([encoder.finish()]);
          await device.queue.onSubmittedWorkDone();
          return performance.now() - start;
        };
      },
      wgsl.replace('SIZE = 512u', `SIZE = ${size}u`),
      size,
    );
    const multiply = async (/** @type {number} */ times) => {
      const cpu = cpuMs();
      const wall = await page.evaluate(
        (times, workgroups) => /** @type {any} */ (globalThis).multiply(times, workgroups),
        times,
        [size / across, size / down],
      );
      return adapter.software ? cpuMs() - cpu : wall;
    };
    await multiply(1);
    const reason = await refused();
    if (reason) {
      console.error(`a product is left out: ${reason}`);
      continue;
    }
    peak = Math.max(peak, (2 * size ** 3 * ROUNDS) / (await multiply(ROUNDS)) / 1e6);
  }
  return { ...adapter, peak_gflops: peak };
}
