// How soon a visitor has an answer, and whether the page ever stood still meanwhile: from opening the upload page to the answer for a
// photo that is given at once, on the first visit and on the second, whose files are all kept.
//
//   node benches/start.js [--runs N] [--slower N]  needs dist/ (./build.sh dist)
//
// --slower divides the processor's speed as the browser's developer tools do. Network time is next to nothing: the server is this machine.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { DIST, ROOT, Server, launch, newPage } from '../tests/browser/harness.js';
import { answerOf, choose } from '../tests/browser/upload-page.js';
import { median } from './browser/median.js';

const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, slower: { type: 'string', default: '1' } },
});

const PHOTO = fileURLToPath(new URL('../tests/golden/large-1200x801.png', import.meta.url));

/** Tells of everything that keeps the page busy for longer than 50 ms, the limit of the Long Tasks API. */
const WATCH = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ startTime, duration }) => [startTime, duration]))).observe({ type: 'longtask', buffered: true });
`;

const server = await new Server(DIST, { '/pack/': `${ROOT}model/pack` }).start();
/** @typedef {{answer: number[], given: number[], start: number[], longest: number[]}} Visit */
/** @returns {Visit} */
const visit = () => ({ answer: [], given: [], start: [], longest: [] });
const visits = { first: visit(), second: visit() };
for (let run = 0; run < Number(options.runs); run++) {
  // A browser of its own each time: nothing is kept from the run before.
  const browser = await launch('chromium-no-adapter', server);
  for (const [name, { answer, given, start, longest }] of Object.entries(visits)) {
    const page = await newPage(browser);
    if (name === 'second') {
      // All files are here by now.
      await page.goto(`${server.origin}/`);
      await page.waitForFunction(async () => Boolean((await navigator.serviceWorker.ready).active));
    }
    await page.evaluateOnNewDocument(WATCH);
    await page.emulateCPUThrottling(Number(options.slower));
    const begin = performance.now();
    await page.goto(`${server.origin}/`);
    const opened = performance.now();
    const photoAt = Number(await page.evaluate('performance.now()'));
    await choose(page, PHOTO);
    await answerOf(page);
    answer.push(performance.now() - begin);
    given.push(performance.now() - opened);
    const tasks = /** @type {[number, number][]} */ (await page.evaluate('longTasks'));
    const longestOf = (/** @type {boolean} */ late) => Math.max(0, ...tasks.filter(([at]) => at >= photoAt === late).map(([, duration]) => duration));
    start.push(longestOf(false));
    longest.push(longestOf(true));
    await page.close();
  }
  await browser.close();
}
await server.stop();
const of = (/** @type {number[]} */ times) => `${Math.round(median(times))} (${Math.round(Math.min(...times))})`;
console.log('Milliseconds, median (least)\n\n| visit | answer after opening the page | after the photo was given | longest task while the page starts | from the photo to the answer |\n|---|---|---|---|---|');
for (const [name, { answer, given, start, longest }] of Object.entries(visits)) {
  console.log(`| ${[name, ...[answer, given, start, longest].map(of)].join(' | ')} |`);
}
