// Inception v3 in every runtime that people would pick, in one Chromium, warm runs interleaved.
//
//   ./build.sh bench [--runs N] [--only PART-OF-NAME]...
//
// Needs dist/ (./build.sh dist) and the packages of package.json beside this file. CPU time is that of the GPU process
// and of the pages' processes together, from /proc; wall times of a machine that does other things mean little.
// Writes tests/output/bench.json and prints a Markdown table.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import puppeteer from 'puppeteer-core';
import sirv from 'sirv';

import { readOnnx } from './onnx.js';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, only: { type: 'string', multiple: true }, gpu: { type: 'boolean' } },
});

const NAMES = [
  'skintree wonnx',
  'onnxruntime-web webgpu',
  'tfjs webgpu',
  'tfjs webgl',
  'skintree cpu',
  'onnxruntime-web wasm',
  'tfjs wasm',
].filter((name) => !options.only || options.only.some((part) => name.includes(part)));
const CLOCK_MS = 10;

// --- what the pages are served ---
const DIST = here('../../../dist');
const model = readFileSync(`${DIST}/pack/model.onnx`);
const { nodes, weights } = readOnnx(model);
const GRAPH = JSON.stringify({ nodes, weights: weights.map(({ name, dims, values }) => ({ name, dims, length: values.length })) });
const WEIGHTS = Buffer.concat(weights.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)));
/** @type {Record<string, [string, string | Buffer]>} */
const ROUTES = {
  '/': ['text/html', '<!doctype html><title>bench</title><link rel="icon" href="data:,"><script type="module" src="/peers.js"></script>'],
  '/peers.js': ['text/javascript', readFileSync(here('peers.js'))],
  '/photo.png': ['image/png', readFileSync(here('../../golden/exact-299x299.png'))],
  '/graph.json': ['application/json', GRAPH],
  '/weights.bin': ['application/octet-stream', WEIGHTS],
};
const FOLDERS = /** @type {[string, ReturnType<typeof sirv>][]} */ ([
  ['/ort', sirv(here('../../../node_modules/onnxruntime-web/dist'))],
  ['/tfjs', sirv(here('node_modules/@tensorflow'))],
  ['', sirv(DIST)],
]);

/** A server a runtime, so that each has its own origin, process and count of bytes. */
async function serve() {
  let bytes = 0;
  const http = createServer((request, response) => {
    const path = request.url ?? '/';
    const { socket } = request;
    const before = socket.bytesWritten;
    response.on('finish', () => (bytes += socket.bytesWritten - before));
    const route = ROUTES[path];
    if (route) {
      response.writeHead(200, { 'content-type': route[0] }).end(route[1]);
      return;
    }
    const [prefix, folder] = /** @type {[string, ReturnType<typeof sirv>]} */ (FOLDERS.find(([prefix]) => path.startsWith(prefix)));
    request.url = path.slice(prefix.length);
    folder(request, response, () => response.writeHead(404).end());
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  return { origin: `http://127.0.0.1:${port}`, bytes: () => bytes, stop: () => http.close() };
}

// --- processes ---
const stat = (/** @type {number} */ pid) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
};

/** Chromium's processes of a type. @param {number} main @param {string} type */
function processes(main, type) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return all.filter((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--type=${type}`)) return false;
      for (let parent = pid; parent > 1; parent = stat(parent)[1]) if (parent === main) return true;
    } catch {
      // It has ended meanwhile.
    }
    return false;
  });
}

const cpuMs = (/** @type {number[]} */ pids) => pids.reduce((sum, pid) => sum + (stat(pid)[11] + stat(pid)[12]) * CLOCK_MS, 0);
const peakMiB = (/** @type {number} */ pid) => {
  const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
};
const median = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b)[values.length >> 1];

// --- measuring ---
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless=new',
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    '--disable-gpu-watchdog',
    '--no-first-run',
    '--site-per-process',
    ...(options.gpu ? ['--enable-features=Vulkan', '--use-angle=vulkan', '--ignore-gpu-blocklist'] : []),
  ],
  protocolTimeout: 1_200_000,
});
const main = /** @type {number} */ (browser.process()?.pid);
const [gpu] = processes(main, 'gpu-process');

/** @typedef {{logits: number[], ms: number}} Run */
const entries = [];
for (const name of NAMES) {
  const server = await serve();
  const page = await browser.newPage();
  await page.goto(server.origin);
  await page.waitForFunction('globalThis.bench');
  const measure = async (/** @type {() => Promise<Run | null>} */ work) => {
    // Only one page works at a time, so that all pages' processes together tell its share.
    const pids = [gpu, ...processes(main, 'renderer')];
    const [start, cpu] = [performance.now(), cpuMs(pids)];
    const run = await work();
    return { wall: run?.ms ?? performance.now() - start, cpu: cpuMs(pids) - cpu, logits: run?.logits ?? [] };
  };
  const run = () => measure(() => page.evaluate('bench.run()').then((run) => /** @type {Run} */ (run)));
  try {
    const load = await measure(() => page.evaluate((name) => /** @type {any} */ (globalThis).bench.load(name), name).then(() => null));
    const first = await run();
    const warm = /** @type {Awaited<ReturnType<typeof run>>[]} */ ([]);
    entries.push({ name, page, server, run, load, first, warm, bytes: server.bytes() });
    console.error(`${name}: loaded in ${Math.round(load.wall)} ms, first run ${Math.round(first.wall)} ms`);
  } catch (error) {
    console.error(`${name}: left out: ${error}`);
    await page.close();
  }
}
for (let round = 0; round < Number(options.runs); round++) {
  for (const entry of entries) {
    // A page in the background may be slowed down.
    await entry.page.bringToFront();
    entry.warm.push(await entry.run());
  }
}

const centred = (/** @type {number[]} */ logits) => logits.map((value) => value - logits.reduce((a, b) => a + b) / logits.length);
const reference = entries.find(({ name }) => name === 'onnxruntime-web wasm');
const rows = entries.map(({ name, load, first, warm, bytes }) => ({
  name,
  bytes: bytes,
  load_ms: Math.round(load.wall),
  load_cpu_ms: load.cpu,
  first_ms: Math.round(first.wall),
  first_cpu_ms: first.cpu,
  warm_ms: Math.round(median(warm.map(({ wall }) => wall))),
  warm_cpu_ms: median(warm.map(({ cpu }) => cpu)),
  max_abs_diff: reference
    ? Math.max(...centred(first.logits).map((value, i) => Math.abs(value - centred(reference.first.logits)[i])))
    : null,
}));
const adapter = await entries[0]?.page.evaluate(async () => {
  const found = await /** @type {any} */ (navigator).gpu?.requestAdapter();
  return found ? `${found.info.vendor} ${found.info.architecture} ${found.info.description}`.trim() : 'none';
});
const report = { adapter, browser: await browser.version(), runs: Number(options.runs), gpu_peak_mib: peakMiB(gpu), rows };
writeFileSync(here('../../output/bench.json'), `${JSON.stringify(report, null, 2)}\n`);

const seconds = (/** @type {number} */ ms) => (ms / 1000).toFixed(ms < 9950 ? 2 : 1);
const ours = rows.find(({ name }) => name === 'skintree wonnx');
console.log(`${report.browser}, adapter ${adapter}, median of ${report.runs} interleaved warm runs, CPU and wall seconds\n`);
console.log('| runtime | download MB | load CPU (wall) | first run CPU (wall) | warm run CPU (wall) | to skintree wonnx | logits differ by |');
console.log('|---|---|---|---|---|---|---|');
for (const row of rows) {
  const pair = (/** @type {'load' | 'first' | 'warm'} */ key) => `${seconds(row[`${key}_cpu_ms`])} (${seconds(row[`${key}_ms`])})`;
  const ratio = ours ? `${(row.warm_cpu_ms / ours.warm_cpu_ms).toFixed(1)}x` : '';
  const difference = row.max_abs_diff === null ? '' : row.max_abs_diff.toExponential(1);
  console.log(`| ${row.name} | ${(row.bytes / 1e6).toFixed(1)} | ${pair('load')} | ${pair('first')} | ${pair('warm')} | ${ratio} | ${difference} |`);
}
await browser.close();
for (const { server } of entries) server.stop();
