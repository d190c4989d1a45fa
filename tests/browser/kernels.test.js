// The shaders of src/operators in a browser's own compiler, against the plain computations of the tests beside them.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { ROOT, Server, WWW, launch, missing, newPage, noBrowser } from './harness.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 */

const FOLDER = `${ROOT}tests/output/kernels`;

describe('kernels in Chromium', { skip: noBrowser('chromium') || missing(FOLDER, 'cargo test --lib operators writes it') }, () => {
  /** @type {Server} */
  let server;
  /** @type {Browser} */
  let browser;
  /** @type {Page} */
  let page;

  before(async () => {
    server = await new Server(WWW).start();
    const files = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
    server.route('/kernels.json', JSON.stringify(files.flatMap((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')))));
    browser = await launch('chromium', server);
    page = await newPage(browser);
    await page.goto(`${server.origin}/blank.html`);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('every kernel gives what a plain computation gives', async (context) => {
    const { checked, skipped, wrong } = await page.evaluate(async () => {
      const gpu = /** @type {any} */ (navigator).gpu;
      const adapter = await gpu.requestAdapter();
      const features = ['subgroups', 'shader-f16'].filter((feature) => adapter.features.has(feature));
      const device = await adapter.requestDevice({ requiredFeatures: features });
      // GPUBufferUsage: STORAGE, UNIFORM, COPY_SRC; MAP_READ, COPY_DST.
      const [STORAGE, READBACK] = [0x80 | 0x40 | 0x4, 0x1 | 0x8];
      const fill = (/** @type {ArrayBufferLike} */ bytes) => {
        const buffer = device.createBuffer({ size: bytes.byteLength, usage: STORAGE, mappedAtCreation: true });
        new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(bytes));
        buffer.unmap();
        return buffer;
      };
      const wrong = [];
      let checked = 0;
      let skipped = 0;
      for (const { name, wgsl, workgroups, unused, inputs, expected, shape } of await (await fetch('/kernels.json')).json()) {
        const needs = [['enable subgroups', 'subgroups'], ['enable f16', 'shader-f16']];
        if (needs.some(([line, feature]) => wgsl.includes(line) && !features.includes(feature))) {
          skipped += 1;
          continue;
        }
        device.pushErrorScope('validation');
        const module = device.createShaderModule({ code: wgsl });
        const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
        // Not zero, so that an output that is never written is seen.
        const output = fill(new Float32Array(expected.length).fill(1e9).buffer);
        const given = inputs.map((/** @type {number[]} */ words) => fill(new Uint32Array(words).buffer));
        const others = Array.from({ length: unused }, () => fill(new ArrayBuffer(16)));
        const buffers = [...given, output, ...others];
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        const layout = pipeline.getBindGroupLayout(0);
        pass.setBindGroup(0, device.createBindGroup({ layout, entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })) }));
        pass.dispatchWorkgroups(...workgroups);
        pass.end();
        const readback = device.createBuffer({ size: output.size, usage: READBACK });
        encoder.copyBufferToBuffer(output, 0, readback, 0, output.size);
        device.queue.submit([encoder.finish()]);
        const error = await device.popErrorScope();
        if (error) {
          wrong.push(`${name}: ${error.message}`);
          continue;
        }
        await readback.mapAsync(1);
        const found = new Float32Array(readback.getMappedRange().slice(0));
        const [channels, height, width] = shape;
        const used = (/** @type {number} */ i) => Math.floor(i / 4 / (height * width)) * 4 + (i % 4) < channels;
        const bad = found.findIndex(
          (value, i) => used(i) && !(Math.abs(value - expected[i]) <= 2e-5 * Math.max(1, Math.abs(expected[i]))),
        );
        if (bad >= 0) wrong.push(`${name}: [${bad}] is ${found[bad]}, not ${expected[bad]}`);
        checked += 1;
        for (const buffer of [...buffers, readback]) buffer.destroy();
      }
      device.destroy();
      return { checked, skipped, wrong };
    });
    assert.deepEqual(wrong, []);
    assert.ok(checked > 50, `${checked} kernels`);
    context.diagnostic(`${checked} kernels checked, ${skipped} skipped: the adapter lacks what they need`);
  });
});
