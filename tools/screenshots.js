// A picture of every state of every face, in both languages, on a phone and on a desk, the main ones also in the dark;
// and contact sheets of them. To be looked at by a person before a release. The answers are a
// stand-in's (tests/browser/fake-pkg), so that each state can be had at will and nothing need be built. Run by:
//   node tools/screenshots.js [--out FOLDER] [--only TEXT] [--docs]
// --only takes the states whose name contains TEXT; --docs also writes the small sheet docs/faces.webp.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { servePack } from '../tests/browser/fake.js';
import { FAKE_PKG, ROOT, Server, WWW, launch, newPage } from '../tests/browser/harness.js';
import { appears, choose, give, openUploadPage, photoFile } from '../tests/browser/upload-page.js';

/**
 * @import {ElementHandle, Page} from 'puppeteer-core'
 * @import {ServerResponse} from 'node:http'
 */

/**
 * @typedef {object} State
 * @property {string} name
 * @property {object} [fake] how the pack behaves
 * @property {(page: Page) => Promise<unknown>} [go] from the open page to the state
 * @property {boolean} [main] also in the dark
 * @property {boolean} [window] what the window shows, not the whole page
 * @property {'print'} [media]
 * @property {string} [path] another page than the upload page
 */

const { values: wishes } = parseArgs({
  options: { out: { type: 'string', default: join(tmpdir(), 'skintree-screenshots') }, only: { type: 'string', default: '' }, docs: { type: 'boolean' } },
});
const OUT = /** @type {string} */ (wishes.out);
const SIZES = [
  { width: 360, height: 740, touch: true },
  { width: 1280, height: 900, touch: false },
];
const IN_DOCS = ['idle', 'crop', 'answer-benign', 'answer-out-of-scope', 'heat-map', 'widget-portal'];

const photo = photoFile('spot.png');
const others = ['second.png', 'a photo with quite a long name.png'].map(photoFile);
const broken = join(OUT, 'broken.jpg');
mkdirSync(OUT, { recursive: true });
writeFileSync(broken, 'not a photo');

/** @param {Page} page */
const answered = (page) => page.waitForSelector('.result');
/** @param {Page} page */
const failed = (page) => page.waitForSelector('.failure > *');
/** @param {Page} page */
async function ask(page) {
  await choose(page, photo);
  await answered(page);
}
/** @param {Page} page @param {string} selector */
const open = (page, selector) => page.$$eval(selector, (all) => all.forEach((one) => (/** @type {HTMLDetailsElement} */ (one).open = true)));
/** A click that needs no scrolling, so that the picture is of the page as the visitor left it. @param {Page} page @param {string} selector */
const click = (page, selector) => page.$eval(selector, (element) => /** @type {HTMLElement} */ (element).click());

/** @param {string} code @param {Record<string, string>} message */
const warning = (code, message) => ({ code, message });
const BLURRED = warning('blurred', { en: 'The photo is blurred.', ko: '사진이 흐립니다.' });
const DARK = warning('too-dark', { en: 'The photo is too dark.', ko: '사진이 너무 어둡습니다.' });
const OUTSIDE = warning('out-of-scope', {
  en: 'This does not look like a skin lesion photo of the kind the model was trained on.',
  ko: '모델이 학습한 종류의 피부 병변 사진으로 보이지 않습니다.',
});
const MALIGNANT = { nv: 0.06, bkl: 0.05, mel: 0.83, bcc: 0.03, df: 0.01, vasc: 0.005, ak: 0.01, scc: 0.005 };
const UNDECIDED = { nv: 0.35, mel: 0.41, bkl: 0.13 };

/** @type {State[]} */
const STATES = [
  { name: 'idle', main: true },
  { name: 'drag-over', go: (page) => page.evaluate(() => document.body.classList.add('dragging')), window: true },
  { name: 'crop', go: (page) => give(page, photo).then(() => page.waitForSelector('.crop')), main: true, window: true },
  {
    name: 'camera',
    go: async (page) => {
      await click(page, '#open-camera');
      await page.waitForSelector('.camera-view .primary:not([disabled])');
    },
    window: true,
  },
  {
    name: 'camera-refused',
    go: async (page) => {
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
      });
      await click(page, '#open-camera');
      await page.waitForSelector('.camera-view [role=alert]:not([hidden])');
    },
    window: true,
  },
  {
    name: 'downloading',
    go: async (page) => {
      await choose(page, photo);
      await page.waitForFunction(() => (document.querySelector('progress')?.position ?? 0) > 0.4);
    },
    window: true,
  },
  {
    name: 'working',
    fake: { classify_ms: 60_000 },
    go: async (page) => {
      await choose(page, photo);
      await page.waitForFunction(() => document.querySelector('.progress-count')?.textContent?.startsWith('2'));
    },
    window: true,
  },
  { name: 'answer-benign', go: ask, main: true },
  { name: 'answer-malignant', fake: { own: MALIGNANT, operating_points: true }, go: ask, main: true },
  { name: 'answer-flagged', fake: { operating_points: true }, go: ask },
  { name: 'answer-undecided', fake: { own: UNDECIDED }, go: ask, main: true },
  { name: 'answer-out-of-scope', fake: { scope: { score: 9.1, threshold: 4.2, in_scope: false }, warnings: [OUTSIDE] }, go: ask, main: true },
  { name: 'answer-quality', fake: { warnings: [BLURRED, DARK] }, go: ask },
  {
    name: 'answer-gpu',
    fake: { engine: { name: 'wonnx', adapter: 'a graphics card', fallback_reason: null } },
    go: ask,
    window: true,
  },
  {
    name: 'tree-search',
    fake: { big: true },
    go: async (page) => {
      await ask(page);
      await page.$eval('input[type=search]', (field) => {
        /** @type {HTMLInputElement} */ (field).value = 'number 75';
        field.dispatchEvent(new Event('input'));
      });
      await page.$eval('.tree-view', (view) => view.scrollIntoView());
    },
    window: true,
  },
  {
    name: 'details',
    fake: { operating_points: true, scope: { score: 1.1, threshold: 4.2, in_scope: true } },
    go: async (page) => {
      await ask(page);
      await open(page, 'details');
    },
    main: true,
  },
  {
    name: 'heat-map',
    go: async (page) => {
      await ask(page);
      await click(page, '#explain');
      await page.waitForSelector('#explained canvas');
      await page.$eval('#photo', (figure) => figure.scrollIntoView());
    },
    main: true,
    window: true,
  },
  {
    name: 'several',
    go: async (page) => {
      await give(page, photo, ...others);
      await page.waitForFunction(() => document.querySelectorAll('.photo-entry.done').length === 3);
    },
    window: true,
  },
  {
    name: 'history',
    go: async (page) => {
      await click(page, '#keep');
      await page.waitForSelector('#forget:not([hidden])');
      await ask(page);
      await page.waitForSelector('#kept .photo-open');
      await page.reload();
      await page.waitForSelector('#kept .photo-open');
      await page.$eval('.history', (section) => section.scrollIntoView());
    },
    window: true,
  },
  { name: 'error-broken-photo', fake: { classify_error: 'photo-broken' }, go: (page) => choose(page, broken, broken).then(() => failed(page)), window: true },
  { name: 'error-format', fake: { classify_error: 'photo-format' }, go: (page) => choose(page, photo).then(() => failed(page)), window: true },
  {
    name: 'error-gpu',
    fake: { classify_error: 'gpu-lost', engine: { name: 'wonnx', adapter: 'a card', fallback_reason: null } },
    go: (page) => choose(page, photo).then(() => failed(page)),
    window: true,
    main: true,
  },
  { name: 'error-engine', fake: { load_error: 'engine-unavailable' }, go: (page) => choose(page, photo).then(() => failed(page)), window: true },
  { name: 'error-offline', go: (page) => choose(page, photo).then(() => failed(page)), window: true },
  { name: 'print', fake: { operating_points: true }, go: async (page) => {
    await ask(page);
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  }, media: 'print' },
  {
    name: 'install',
    go: async (page) => {
      await page.evaluate(() => {
        const prompt = async () => ({ outcome: 'dismissed' });
        dispatchEvent(Object.assign(new Event('beforeinstallprompt', { cancelable: true }), { prompt }));
      });
      await page.$eval('#device', (section) => section.scrollIntoView());
    },
    window: true,
  },
  {
    name: 'update',
    // The bar as device-view.js builds it, without a second release to be had.
    go: (page) => page.evaluate("import('/device-view.js').then(({ offerUpdate }) => offerUpdate(() => {}))"),
    window: true,
    main: true,
  },
  { name: 'widget-idle', path: '/examples/plain/index.html' },
  { name: 'widget-answer', path: '/examples/plain/index.html', go: askWidget, main: true },
  {
    name: 'widget-heat-map',
    path: '/examples/plain/index.html',
    go: async (page) => {
      await askWidget(page);
      await click(page, 'skintree-widget >>> .photo .link');
      await appears(page, '.heat-map');
      await page.$eval('skintree-widget >>> .photo', (photo) => photo.scrollIntoView());
    },
    window: true,
  },
  { name: 'widget-error', path: '/examples/plain/index.html', fake: { classify_error: 'photo-format' }, go: (page) => giveWidget(page).then(() => appears(page, '.failure h2')) },
  { name: 'widget-portal', path: 'portal', main: true },
];

/** @param {Page} page */
async function giveWidget(page) {
  const input = /** @type {ElementHandle<HTMLInputElement>} */ (await page.$('skintree-widget >>> #file'));
  await input.uploadFile(photo);
}
/** @param {Page} page */
async function askWidget(page) {
  await giveWidget(page);
  await appears(page, '.result');
}

const server = await new Server(WWW, { '/pkg/': FAKE_PKG, '/examples/': `${ROOT}examples` }).start();
const portal = await new Server(`${ROOT}examples/portal`).start();
portal.origin = portal.origin.replace('127.0.0.1', 'localhost');
server.peers.set(portal.origin, portal);
server.route('/embed.json', { schema: 'skintree.embed-hosts/1', origins: [portal.origin] });
const portalHtml = readFileSync(`${ROOT}examples/portal/index.html`, 'utf8').replaceAll('http://localhost:8080', server.origin);
portal.route('/', (_, /** @type {ServerResponse} */ response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(portalHtml));
portal.route('/embed-host.js', (_, response) => void response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(`${WWW}/embed-host.js`)));
const browser = await launch('chromium', server);

/** @param {State} state @param {typeof SIZES[number]} size @param {string} language */
async function openFor({ path }, size, language) {
  if (path === 'portal') {
    const page = await newPage(browser, size);
    await page.goto(`${portal.origin}/?lang=${language}`);
    await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'Connected to skintree.');
    const input = /** @type {ElementHandle<HTMLInputElement>} */ (await page.$('#record-photo'));
    await input.uploadFile(photo);
    await click(page, '#send');
    await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'The model has answered.');
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('iframe')?.style.height ?? '') > 900);
    return page;
  }
  if (path) {
    const page = await newPage(browser, size);
    await page.goto(`${server.origin}${path}`);
    await page.$eval('skintree-widget', (widget, lang) => widget.setAttribute('lang', lang), language);
    await page.waitForFunction(() => document.querySelector('skintree-widget')?.info);
    return page;
  }
  const page = await openUploadPage(browser, server, size);
  await page.select('#language', language);
  return page;
}

/** Makes a state's download stop where it stops. @param {string} name */
function setDownload(name) {
  if (name === 'downloading') {
    server.route('/pack/model.onnx', (_, response) => {
      response.writeHead(200);
      response.write(Buffer.alloc(260_000));
    });
  } else if (name === 'error-offline') {
    server.route('/pack/model.onnx', (_, response) => void response.writeHead(503).end());
  }
}

/** @type {{state: State, size: number, language: string, scheme: string, path: string}[]} */
const shots = [];
for (const state of STATES.filter(({ name }) => name.includes(/** @type {string} */ (wishes.only)))) {
  servePack(server, '/pack/', state.fake);
  setDownload(state.name);
  for (const size of SIZES) {
    for (const language of ['en', 'ko']) {
      const page = await openFor(state, size, language);
      await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
      await state.go?.(page);
      for (const scheme of state.main && size.width < 500 ? ['light', 'dark'] : ['light']) {
        await page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        if (state.media) await page.emulateMediaType(state.media);
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))));
        // Of a frame from another site only what the window shows is drawn.
        if (state.path === 'portal') {
          const height = await page.evaluate(() => document.documentElement.scrollHeight);
          await page.setViewport({ width: size.width, height, hasTouch: size.touch, isMobile: size.touch });
        }
        const path = join(OUT, `${state.name}-${size.width}-${language}-${scheme}.webp`);
        await page.screenshot({ path: /** @type {`${string}.webp`} */ (path), type: 'webp', quality: 90, fullPage: !state.window });
        shots.push({ state, size: size.width, language, scheme, path });
      }
      await page.close();
    }
  }
  console.log(state.name);
}

/**
 * Pictures side by side, cut off at one height.
 *
 * @param {string} path
 * @param {typeof shots} which
 * @param {number} width of each, in pixels
 * @param {number} height the most of each
 * @param {'webp' | 'png'} type
 */
async function sheet(path, which, width, height, type) {
  const page = await browser.newPage();
  await page.setViewport({ width: Math.min(which.length, 6) * (width + 16) + 16, height: 600 });
  const figures = which.map(({ path: file, state, language, scheme }) => {
    const data = readFileSync(file).toString('base64');
    return `<figure><img src="data:image/webp;base64,${data}"><figcaption>${state.name}, ${language}, ${scheme}</figcaption></figure>`;
  });
  await page.setContent(`<style>
    body { margin: 8px; display: flex; flex-wrap: wrap; align-items: start; background: #cfd8d6; font: 13px sans-serif }
    figure { margin: 8px; width: ${width}px }
    img { display: block; width: 100%; max-height: ${height}px; object-fit: cover; object-position: top; border-radius: 6px }
    figcaption { padding-top: 4px; color: #233 }
  </style>${figures.join('')}`);
  await page.screenshot({ path: /** @type {`${string}.webp`} */ (path), type, ...(type === 'webp' ? { quality: 72 } : {}), fullPage: true });
  await page.close();
}

for (const { width } of SIZES) {
  for (const language of ['en', 'ko']) {
    const which = shots.filter((shot) => shot.size === width && shot.language === language);
    if (which.length) await sheet(join(OUT, `sheet-${width}-${language}.png`), which, width < 500 ? 300 : 480, width < 500 ? 1100 : 700, 'png');
  }
}
if (wishes.docs) {
  const wanted = IN_DOCS.flatMap((name) =>
    shots.filter(({ state, size, language, scheme }) => state.name === name && size < 500 && ['en light', 'ko dark'].includes(`${language} ${scheme}`)),
  );
  await sheet(`${ROOT}docs/faces.webp`, wanted, 240, 860, 'webp');
}
await browser.close();
await server.stop();
await portal.stop();
console.log(`${shots.length} pictures and their contact sheets are in ${OUT}`);
