// Hundreds of answers and dozens of loads in one tab: does memory grow? Run by ./build.sh soak, which takes some minutes; the figures
// are in docs/reliability.md. With --shipped the pack of the repository in place of the tiny one, and fewer rounds.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

import { DIST, ROOT, Server, TINY, blankPage, launch } from '../tests/browser/harness.js';

/** @import {Kind} from '../tests/browser/harness.js' */

const shipped = process.argv.includes('--shipped');
const ANSWERS = shipped ? 60 : 500;
const LOADS = shipped ? 20 : 50;
/** Caches and arenas are full by then. */
const SETTLED = 10;
/** Garbage is collected when the browser likes: one number at the end would tell little. */
const PARTS = 4;

/** The processes that a process has started, with theirs. @param {number} root */
function descendants(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
    try {
      // The name may have spaces and brackets; the parent is the second field behind it.
      const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch {
      // It has ended.
    }
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** Memory of all processes of a browser that is not shared with others, in MB. @param {number} root */
function memory(root) {
  let kilobytes = 0;
  for (const pid of descendants(root)) {
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It has ended.
    }
  }
  return kilobytes / 1024;
}

const pack = shipped ? `${ROOT}model/pack` : TINY;
const server = await new Server(DIST, { '/pack/': pack }).start();
server.route('/photo.png', readFileSync(`${ROOT}tests/golden/landscape-640x481.png`));
console.log(`commit ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: ROOT }).trim()}, ${shipped ? 'shipped' : 'tiny'} pack`);
console.log('browser, engine | what | MB after 10 | after each quarter of the rest ... | growth');
for (const [kind, engine] of /** @type {[Kind, string][]} */ ([['chromium', 'wonnx'], ['chromium-no-adapter', 'cpu'], ['firefox', 'cpu']])) {
  if (shipped && engine === 'wonnx') continue;
  const browser = await launch(kind, server);
  const page = await blankPage(browser, server);
  const pid = browser.process()?.pid ?? 0;
  /** @param {'answers' | 'loads'} what @param {number} rounds */
  const run = (what, rounds) =>
    page.evaluate(
      async (what, rounds, engine) => {
        const { Classifier } = await import(/** @type {string} */ ('/skintree.js'));
        const self = /** @type {any} */ (globalThis);
        self.photo ??= await (await fetch('/photo.png')).blob();
        if (what === 'answers') {
          self.classifier ??= await Classifier.load('/pack/', { engine });
          for (let i = 0; i < rounds; i++) await self.classifier.classify(self.photo);
        } else {
          self.classifier?.free();
          self.classifier = null;
          for (let i = 0; i < rounds; i++) {
            const classifier = await Classifier.load('/pack/', { engine });
            await classifier.classify(self.photo);
            classifier.free();
          }
        }
      },
      what,
      rounds,
      engine,
    );
  /** Garbage is collected, and what ends has ended. */
  const settle = async () => {
    if (kind !== 'firefox') {
      const client = await page.createCDPSession();
      await client.send('HeapProfiler.collectGarbage');
      await client.detach();
    }
    await new Promise((resolve) => setTimeout(resolve, 5000));
  };
  for (const [what, rounds] of /** @type {['answers' | 'loads', number][]} */ ([['answers', ANSWERS], ['loads', LOADS]])) {
    await run(what, SETTLED);
    await settle();
    const samples = [memory(pid)];
    for (let part = 0; part < PARTS; part++) {
      await run(what, Math.round((rounds - SETTLED) / PARTS));
      await settle();
      samples.push(memory(pid));
    }
    console.log(`${kind}, ${engine} | ${rounds} ${what} | ${samples.map((one) => one.toFixed(0)).join(' | ')} | ${((samples[PARTS] / samples[0] - 1) * 100).toFixed(1)} %`);
  }
  await browser.close();
}
await server.stop();
