// Inception v3 in every runtime that people would pick, in one Chromium, warm runs interleaved.
//
//   ./build.sh bench [--runs N] [--only PART-OF-NAME]... [--kernels NAME]... [--gpu]
//
// --kernels adds rows of skintree with these kernels (src/shaders/variant.rs has their names). --gpu runs Chromium
// on Vulkan and adds all kernels that suit a GPU; ratios are then those of wall time. On a software adapter
// they are those of CPU time: that of the GPU process and of the pages' processes together, from /proc; wall times of a
// machine that does other things mean little.
//
// Needs dist/ (./build.sh dist) and the packages of package.json beside this file. Writes tests/output/bench.json and
// prints a Markdown table.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { launchChromium } from './chromium.js';
import { median } from './median.js';
import { measureAdapter } from './peak.js';
import { cpuMs, forgetPeak, memoryMiB, processes, rendererOf } from './processes.js';
import { OPERATIONS, PEERS, serve } from './serve.js';
import { compareWithPeers, markdown } from './table.js';

const OUTPUT = fileURLToPath(new URL('../../tests/output', import.meta.url));
const list = /** @type {const} */ ({ type: 'string', multiple: true, default: [] });
const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, only: list, kernels: list, gpu: { type: 'boolean', default: false } },
});

const kernels = [...options.kernels, ...(options.gpu ? ['tiles-16', 'tiles-40', 'tiles-132'] : [])];
const libraries = ['rten', 'tract'].filter((name) => existsSync(`${OUTPUT}/cpu-engines/${name}/cpu_engines_bg.wasm`));
/** Rows, and the file of benches/peers that they need. @type {[name: string, form?: string][]} */
const ROWS = [
  ['skintree wonnx'],
  ...kernels.map((name) => /** @type {[string]} */ ([`skintree wonnx ${name}`])),
  ['onnxruntime-web webgpu'],
  ['tfjs webgpu'],
  ['tfjs webgl'],
  ['LiteRT.js webgpu', 'f32.tflite'],
  ['MediaPipe gpu', 'mediapipe.tflite'],
  ['skintree cpu'],
  ['skintree cpu-f32'],
  ['LiteRT.js wasm', 'f32.tflite'],
  ['LiteRT.js wasm plain', 'f32.tflite'],
  ['LiteRT.js wasm dynamic-int8', 'dynamic-int8.tflite'],
  ['LiteRT.js wasm int8', 'int8.tflite'],
  ['MediaPipe cpu', 'mediapipe.tflite'],
  ['onnxruntime-web wasm int8', 'int8.onnx'],
  ['onnxruntime-web wasm'],
  ['tfjs wasm'],
  ...libraries.map((name) => /** @type {[string]} */ ([`${name} wasm`])),
];
const wanted = ROWS.filter(([name]) => !options.only.length || options.only.some((part) => name.includes(part)));
/** What the peers' forms of the model cost, if benches/peers has made them. @type {Record<string, import('./table.js').Accuracy>} */
const accuracy = existsSync(`${PEERS}/accuracy.json`) ? JSON.parse(readFileSync(`${PEERS}/accuracy.json`, 'utf8')) : {};
/** @type {string[]} */
const leftOut = [];

/** A runtime whose first run takes longer than this does one warm run only, or the bench would take an hour. */
const PATIENCE_MS = 20_000;

const browser = await launchChromium(options.gpu, ['--disable-gpu-watchdog', '--site-per-process']);
const main = /** @type {number} */ (browser.process()?.pid);
const [gpu] = processes(main, 'gpu-process');

const first = await serve();
const page = await browser.newPage();
await page.goto(first.origin);
const adapter = await measureAdapter(page, () => cpuMs([gpu]));
await page.close();
first.stop();
console.error(`adapter: ${JSON.stringify(adapter)}`);

/** @typedef {{logits: number[], ms: number}} Run */

/** Only one page works at a time, so that all pages' processes together tell its share. @param {() => Promise<Run | null>} work */
async function measure(work) {
  const pids = [gpu, ...processes(main, 'renderer')];
  const [start, cpu] = [performance.now(), cpuMs(pids)];
  const run = await work();
  return { wall: run?.ms ?? performance.now() - start, cpu: cpuMs(pids) - cpu, logits: run?.logits ?? [] };
}

/** Opens a page with a runtime and runs it once. @param {string} name @param {string} [form] */
async function open(name, form) {
  const server = await serve();
  const page = await browser.newPage();
  const call = (/** @type {string} */ code) => /** @type {Promise<any>} */ (page.evaluate(code));
  try {
    await page.goto(server.origin);
    await page.waitForFunction('globalThis.bench');
    const renderer = await rendererOf(page, main);
    const empty = [renderer, gpu].map((pid) => memoryMiB(pid, 'VmRSS'));
    [renderer, gpu].forEach(forgetPeak);
    const run = () => measure(() => call('bench.run()'));
    await call(`bench.fetch(${JSON.stringify(name)})`);
    const load = await measure(() => call('bench.load()').then(() => null));
    const first = await run();
    const [peak, gpuPeak] = [renderer, gpu].map((pid, i) => memoryMiB(pid, 'VmHWM') - empty[i]);
    const info = await call('bench.info()');
    console.error(`${name}: loaded in ${Math.round(load.wall)} ms, first run ${Math.round(first.wall)} ms`);
    // Loading skintree contains a whole run, the self-test.
    const warm = name.startsWith('skintree') ? [first] : [];
    return { name, of_photos: (form && accuracy[form]) || null, page, server, run, load, first, warm, bytes: server.bytes(), peak, gpuPeak, info };
  } catch (error) {
    leftOut.push(`${name}: ${error}`);
    await page.close();
    server.stop();
    return null;
  }
}

const entries = [];
for (const [name, form] of wanted) {
  if (form && !existsSync(`${PEERS}/${form}`)) {
    leftOut.push(`${name}: benches/peers/models.py has not made ${form}`);
    continue;
  }
  const entry = await open(name, form);
  if (entry) entries.push(entry);
}
for (let round = 0; round < Number(options.runs); round++) {
  for (const entry of entries.filter(({ first, warm }) => !warm.length || first.wall < PATIENCE_MS)) {
    // A page in the background may be slowed down.
    await entry.page.bringToFront();
    entry.warm.push(await entry.run());
  }
}

const centred = (/** @type {number[]} */ logits) => logits.map((value) => value - logits.reduce((a, b) => a + b) / logits.length);
const reference = entries.find(({ name }) => name === 'onnxruntime-web wasm');
const difference = (/** @type {number[]} */ logits) =>
  reference
    ? Math.max(...centred(logits).map((value, i) => Math.abs(value - centred(reference.first.logits)[i])))
    : null;
const rows = entries.map(({ name, of_photos, load, first, warm, bytes, peak, gpuPeak, info }) => {
  const warm_ms = median(warm.map(({ wall }) => wall));
  const warm_cpu_ms = median(warm.map(({ cpu }) => cpu));
  const gflops = OPERATIONS / (adapter?.software ? warm_cpu_ms : warm_ms) / 1e6;
  const usesAdapter = /wonnx|webgpu|webgl|gpu$/.test(name);
  return {
    name,
    adapter: usesAdapter,
    bytes,
    load_ms: load.wall,
    load_cpu_ms: load.cpu,
    first_ms: first.wall,
    first_cpu_ms: first.cpu,
    warm_ms,
    warm_cpu_ms,
    warm_runs: warm.length,
    peak_mib: peak + gpuPeak,
    gpu_process_peak_mib: gpuPeak,
    max_abs_diff: difference(first.logits),
    of_photos,
    gflops,
    of_peak: usesAdapter && adapter ? gflops / adapter.peak_gflops : null,
    to_best_peer: /** @type {number | null} */ (null),
    ...info,
  };
});
compareWithPeers(rows, adapter?.software ? 'warm_cpu_ms' : 'warm_ms');
const report = { date: new Date().toISOString().slice(0, 10), browser: await browser.version(), adapter, runs: Number(options.runs), rows };
mkdirSync(OUTPUT, { recursive: true });
writeFileSync(`${OUTPUT}/bench.json`, `${JSON.stringify(report, null, 2)}\n`);
console.log(
  `${report.browser}, adapter ${adapter?.name ?? 'none'} (${adapter?.features.join(', ')}), whose matrix product reaches ` +
    `${adapter?.peak_gflops.toFixed(0)} GFLOP/s; median of ${report.runs} interleaved warm runs, CPU and wall seconds\n`,
);
console.log(markdown(rows));
for (const row of leftOut) console.log(`\nLeft out: ${row}`);
await browser.close();
for (const { server } of entries) server.stop();
