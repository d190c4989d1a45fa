// What threads save the CPU engine, and what relaxed SIMD saves it in f32: one page as any site has it beside one that is isolated from other
// origins, runs interleaved. `node benches/threads.js [--runs N] [--browser firefox]`

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import { DIST, ISOLATED, ROOT, Server, blankPage, launch } from '../tests/browser/harness.js';

/** @import {EngineChoice} from '../www/skintree.js' */

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, browser: { type: 'string', default: 'chromium-no-adapter' } } });
const photo = readFileSync(`${ROOT}tests/golden/large-1200x801.png`);

const rows = [];
for (const engine of /** @type {EngineChoice[]} */ (['cpu', 'cpu-f32'])) {
  for (const headers of [{}, ISOLATED]) {
    const server = await new Server(DIST, { '/pack/': `${ROOT}model/pack` }).start();
    server.headers = headers;
    server.route('/photo.png', photo);
    const browser = await launch(/** @type {import('../tests/browser/harness.js').Kind} */ (values.browser), server);
    const page = await blankPage(browser, server);
    const kernels = await page.evaluate(async (engine) => {
      const state = /** @type {any} */ (globalThis);
      state.photo = await (await fetch('/photo.png')).blob();
      state.classifier = await api.Classifier.load('/pack/', { engine });
      const { kernels, threads = 1 } = state.classifier.info.engine;
      return `${kernels}, ${threads} thread${threads > 1 ? 's' : ''}`;
    }, engine);
    rows.push({ kernels, server, browser, page, times: /** @type {number[]} */ ([]) });
  }
}
for (let run = 0; run < Number(values.runs); run++) {
  for (const { page, times } of rows) {
    await page.bringToFront();
    times.push(
      await page.evaluate(async () => {
        const { classifier, photo } = /** @type {any} */ (globalThis);
        return (await classifier.classify(photo)).timings.engine_ms;
      }),
    );
  }
}
console.log(`${availableParallelism()} processors, ${values.browser}, ${values.runs} interleaved runs\n\n| | median ms | least ms |\n|---|---|---|`);
for (const { kernels, server, browser, times } of rows) {
  times.sort((a, b) => a - b);
  console.log(`| ${kernels} | ${Math.round(times[times.length >> 1])} | ${Math.round(times[0])} |`);
  await browser.close();
  await server.stop();
}
