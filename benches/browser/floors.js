// What the way to the GPU and back costs in a browser, without any network: runs of 62 small dispatches with one thing changed in each,
// interleaved.
//
//   node benches/browser/floors.js [--runs N] [--gpu]
//
// `base` uploads what Inception v3 does in f32 and reads a feature map back, and asks for errors when that is there. The other rows
// change one thing after the other and keep it. Prints medians in milliseconds.

import { parseArgs } from 'node:util';

import { launchChromium } from './chromium.js';
import { median } from './median.js';
import { serve } from './serve.js';

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '30' }, gpu: { type: 'boolean', default: false } } });

/** In the page. @param {number} runs @returns {Promise<Record<string, number[]>>} milliseconds */
async function measure(runs) {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return {};
  const device = await adapter.requestDevice();
  const { queue } = device;
  const WGSL = `
    @group(0) @binding(0) var<storage, read> a: array<f32>;
    @group(0) @binding(1) var<storage, read_write> b: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      var value = a[id.x];
      for (var i = 0; i < 400; i++) { value = fma(value, 0.999, 0.001); }
      b[id.x] = value;
    }`;
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: WGSL }) },
  });
  const buffer = (/** @type {number} */ size, usage = 0x80 | 0x4 | 0x8) => device.createBuffer({ size, usage });
  const [a, b] = [buffer(299 * 299 * 16), buffer(299 * 299 * 16)];
  const bind = (/** @type {GPUBuffer} */ from, /** @type {GPUBuffer} */ to) =>
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [from, to].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
  const groups = [bind(a, b), bind(b, a)];
  const stagings = new Map([8 * 8 * 2048 * 4, 2048 * 4, 32].map((size) => [size, buffer(size, 0x1 | 0x8)]));
  const channel = new MessageChannel();
  const task = () => new Promise((resolve) => {
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });
  const base = { upload: 299 * 299 * 16, read: 8 * 8 * 2048 * 4, scopes: 3, late: true, dispatches: 62, poke: '' };
  /** @type {Record<string, Partial<typeof base>>} */
  const changes = {
    base: {},
    'scopes end with the submit': { late: false },
    'means instead of the map': { late: false, read: 2048 * 4 },
    'no scopes': { late: false, read: 2048 * 4, scopes: 0 },
    'upload of bytes': { late: false, read: 2048 * 4, upload: 299 * 299 * 4 },
    'no upload': { late: false, read: 2048 * 4, upload: 0 },
    'asked again and again, work done': { late: false, read: 2048 * 4, poke: 'work' },
    'asked again and again, scopes': { late: false, read: 2048 * 4, poke: 'scopes' },
    'asked again and again, submits': { late: false, read: 2048 * 4, poke: 'submits' },
    '31 dispatches': { late: false, read: 2048 * 4, dispatches: 31 },
    '1 dispatch': { late: false, read: 2048 * 4, dispatches: 1 },
    'nothing but 1 dispatch and 32 bytes': { late: false, read: 32, dispatches: 1, upload: 0, scopes: 0 },
  };
  const bytes = new Uint8Array(base.upload);
  const run = async (/** @type {Partial<typeof base>} */ change) => {
    const { upload, read, scopes, late, dispatches, poke } = { ...base, ...change };
    const start = performance.now();
    for (let i = 0; i < scopes; i++) device.pushErrorScope(/** @type {const} */ (['out-of-memory', 'internal', 'validation'])[i]);
    if (upload) queue.writeBuffer(a, 0, bytes, 0, upload);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < dispatches; i++) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, groups[i & 1]);
      pass.dispatchWorkgroups(32);
    }
    pass.end();
    const reads = (read > 32 ? [read, 32] : [32]).map((size) => /** @type {GPUBuffer} */ (stagings.get(size)));
    for (const staging of reads) encoder.copyBufferToBuffer(b, 0, staging, 0, staging.size);
    queue.submit([encoder.finish()]);
    let there = false;
    const mapped = Promise.all(reads.map((staging) => staging.mapAsync(0x1))).then(() => (there = true));
    const pop = () => Promise.all(Array.from({ length: scopes }, () => device.popErrorScope()));
    const errors = late ? null : pop();
    while (poke && !there) {
      await task();
      if (poke === 'work') void queue.onSubmittedWorkDone();
      if (poke === 'submits') queue.submit([]);
      if (poke === 'scopes') {
        device.pushErrorScope('internal');
        void device.popErrorScope();
      }
    }
    await mapped;
    for (const staging of reads) {
      new Uint8Array(staging.getMappedRange()).slice();
      staging.unmap();
    }
    await (errors ?? pop());
    return performance.now() - start;
  };
  /** @type {Record<string, number[]>} */
  const times = {};
  for (let i = 0; i < runs + 3; i++) {
    for (const [name, change] of Object.entries(changes)) {
      // As a page is between two photos.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const ms = await run(change);
      if (i >= 3) (times[name] ??= []).push(ms);
    }
  }
  return times;
}

const browser = await launchChromium(options.gpu);
const server = await serve();
const page = await browser.newPage();
await page.goto(server.origin);
const times = await page.evaluate(measure, Number(options.runs));
console.log('| run | ms |\n|---|---|');
for (const [name, all] of Object.entries(times)) console.log(`| ${name} | ${median(all).toFixed(2)} |`);
await browser.close();
server.stop();
