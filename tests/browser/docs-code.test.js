// Every piece of JavaScript and HTML in README.md and docs/ runs, in a page with what the text around it speaks of.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { DIST, ROOT, Server, blankPage, launch, missing, noBrowser, noDist, noPack, withoutBundler, wrongOn } from './harness.js';
import { spot } from './photos.js';
import { appears, giveWidget, photoFile } from './upload-page.js';

/** @import {Browser, Page} from 'puppeteer-core' */
/** @typedef {{document: string, language: string, code: string}} Block */

const PACKAGE = `${ROOT}target/npm/skintree`;
const DOCUMENTS = ['README.md', ...readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
/** What is no code, and what tests/tools/docs.test.js runs. */
const NOT_HERE = ['', 'text', 'sh', 'json'];
/** Pieces of pages that the tests build with frameworks. */
const FRAMEWORKS = [
  { language: 'jsx', file: 'tests/frameworks/react/main.jsx' },
  { language: 'vue', file: 'tests/frameworks/vue/Examination.vue' },
  { language: 'ts', file: 'tests/frameworks/angular/src/main.ts' },
  { language: 'js', has: 'isCustomElement', file: 'tests/frameworks/vue/vite.config.js' },
];

/** @type {Block[]} */
const blocks = DOCUMENTS.flatMap((document) =>
  [...readFileSync(`${ROOT}${document}`, 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, code]) => ({ document, language, code })),
);
const built = (/** @type {Block} */ { language, code }) => FRAMEWORKS.find((one) => one.language === language && code.includes(one.has ?? ''));
const here = blocks.filter((block) => !NOT_HERE.includes(block.language) && !built(block));

/**
 * What the text around a block speaks of, by what the block begins with; and what shows that it has done what it is for.
 *
 * @type {Record<string, {given?: (page: Page) => Promise<unknown>, shown: (page: Page) => Promise<unknown>}>}
 */
const AROUND = {
  'import { Classifier } ': {
    given: (page) => giveBlob(page, 'file'),
    shown: async () => {},
  },
  "import 'skintree/widget'": { shown: (page) => page.waitForFunction(() => customElements.get('skintree-widget')) },
  '<script type="module" src="/skintree/widget.js">': { shown: (page) => appears(page, '.frame') },
  '<skintree-widget lang="en">': { given: loadWidget, shown: (page) => appears(page, '.frame') },
  'import { toFhir }': {
    given: async (page) => {
      await giveBlob(page, 'file');
      await page.evaluate(async () => {
        const { Classifier } = await import(/** @type {any} */ ('/skintree.js'));
        const classifier = await Classifier.load();
        Object.assign(globalThis, { report: await classifier.classify(/** @type {any} */ (globalThis).file) });
      });
    },
    shown: async () => {},
  },
  "widget.addEventListener('result'": {
    given: async (page) => {
      await loadWidget(page);
      await page.evaluate(() => {
        const widget = document.body.appendChild(document.createElement('skintree-widget'));
        Object.assign(globalThis, { widget });
      });
    },
    shown: async (page) => {
      const [record] = await Promise.all([
        page.waitForRequest((request) => request.url().endsWith('/records')),
        appears(page, '.frame').then(() => giveWidget(page, photoFile())),
      ]);
      assert.equal(record.method(), 'POST');
    },
  },
  '<iframe src=': { shown: (page) => page.waitForSelector('iframe') },
  '<iframe id="skintree"': { shown: (page) => page.waitForSelector('#skintree') },
  'import { SkintreeFrame }': {
    given: async (page) => {
      await giveBlob(page, 'blob');
      await page.evaluate(() => {
        const iframe = Object.assign(document.createElement('iframe'), { id: 'skintree', src: '/embed.html?lang=ko', title: 'skintree' });
        document.body.append(iframe);
        Object.assign(globalThis, { iframe, save: (/** @type {unknown} */ report) => Object.assign(globalThis, { saved: report }) });
      });
    },
    shown: (page) => page.waitForFunction(() => /** @type {any} */ (globalThis).saved?.fine.length > 0),
  },
  "import { Classifier, SkintreeError }": {
    given: async (page) => {
      await giveBlob(page, 'file');
      await page.evaluate(() => {
        const said = (/** @type {any} */ (globalThis).said = /** @type {unknown[]} */ ([]));
        console.log = (...words) => void said.push(words.flat(2));
      });
    },
    shown: async (page) => {
      const said = /** @type {unknown[][]} */ (await page.evaluate(() => /** @type {any} */ (globalThis).said));
      assert.ok(said.some(([phase, share]) => phase === 'download' && share === 1), JSON.stringify(said));
      assert.deepEqual(said.at(-1)?.filter((word) => typeof word === 'string').slice(0, 2), ['Benign', 'Malignant'].slice(0, 2));
    },
  },
  '<script type="importmap">': { shown: (page) => page.$eval('script[type=importmap]', ({ textContent }) => JSON.parse(textContent ?? '')) },
};

/** @param {Page} page @param {string} name under which the page has a photo */
function giveBlob(page, name) {
  return page.evaluate(async (name) => Object.assign(globalThis, { [name]: await (await fetch('/photo.png')).blob() }), name);
}

/** @param {Page} page */
function loadWidget(page) {
  return page.evaluate(() => import(/** @type {any} */ ('/widget.js')).then(() => {}));
}

describe('code in the documents that frameworks build', () => {
  for (const block of blocks.filter(built)) {
    test(`${block.document}: ${block.code.split('\n')[0]}`, () => {
      const { file } = /** @type {{file: string}} */ (built(block));
      const lines = readFileSync(`${ROOT}${file}`, 'utf8').split('\n').map((line) => line.trim());
      let at = -1;
      for (const line of block.code.split('\n').map((line) => line.trim()).filter(Boolean)) {
        at = lines.indexOf(line, at + 1);
        assert.ok(at >= 0, `${file} has no line, or not in this order: ${line}`);
      }
    });
  }
});

const kind = 'chromium-no-adapter';
const skip = noBrowser(kind) || noDist || noPack || missing(`${PACKAGE}/package.json`, 'run ./build.sh package');

describe(`code in the documents, ${kind}`, { skip }, () => {
  /** @type {Server} */
  let server;
  /** @type {Browser} */
  let browser;

  before(async () => {
    server = new Server(DIST, { '/skintree/': DIST, '/package/': PACKAGE });
    server.route('/photo.png', spot(), 'image/png');
    server.route('/records', (_, response) => response.writeHead(201).end());
    await server.start();
    server.route('/embed.json', (_, response) => response.end(JSON.stringify({ schema: 'skintree.embed-hosts/1', origins: [server.origin] })));
    browser = await launch(kind, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const { document, language, code } of here) {
    test(`${document}: ${code.split('\n')[0]}`, async () => {
      const [, around] = Object.entries(AROUND).find(([start]) => code.startsWith(start)) ?? [];
      assert.ok(around, `nothing is known of what is around it: ${code}`);
      const page = await blankPage(browser, server);
      await around.given?.(page);
      // A frame of this origin does as well.
      const text = withoutBundler(code, '/package').replaceAll('https://skintree.example/', '/');
      if (language === 'html') {
        server.route('/code.html', `<!doctype html><html lang="en"><title>t</title><link rel="icon" href="data:,"><body>${text}`, 'text/html');
        await page.goto(`${server.origin}/code.html`);
        if (around.given) await around.given(page);
      } else {
        assert.equal(language, 'js');
        server.route('/code.js', text, 'text/javascript');
        await page.evaluate(() => import(/** @type {any} */ ('/code.js')).then(() => {}));
      }
      await around.shown(page);
      assert.deepEqual(await wrongOn(page), []);
      await page.close();
    });
  }
});
