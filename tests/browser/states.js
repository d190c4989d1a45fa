// Every state a visitor can meet on any face of skintree, and how to come there. The answers are a stand-in's (fake-pkg),
// so that each state can be had at will and nothing need be built. Looked at by check-states.js, pictured by
// tools/screenshots.js.

import { readFileSync, writeFileSync } from 'node:fs';

import { EVALUATE_STATES } from './evaluate-states.js';
import { servePack } from './fake.js';
import { FAKE_PKG, OUTPUT, ROOT, Server, WWW, newPage } from './harness.js';
import { startPortal } from './portal.js';
import { appears, choose, click, give, giveWidget, openUploadPage, photoFile } from './upload-page.js';

/**
 * @import {Browser, ElementHandle, Page} from 'puppeteer-core'
 */

/**
 * @typedef {object} State
 * @property {string} name
 * @property {object} [fake] how the pack behaves
 * @property {(page: Page) => Promise<unknown>} [go] from the open page to the state
 * @property {boolean} [main] one of those most seen
 * @property {boolean} [window] to be pictured as the window shows it, not the whole page
 * @property {'print'} [media]
 * @property {string} [path] another page than the upload page
 */

/** @typedef {{width: number, height: number, touch?: boolean}} Size */

const photo = photoFile('spot.png');
const others = ['second.png', 'a photo with quite a long name.png'].map((name) => photoFile(name));
const broken = `${OUTPUT}/broken.jpg`;
writeFileSync(broken, 'not a photo');

/** @param {Page} page */
const answered = (page) => page.waitForSelector('.result:not([aria-busy])');
/** @param {Page} page */
const failed = (page) => page.waitForSelector('.failure > *');
/** @param {Page} page */
async function ask(page) {
  await choose(page, photo);
  await answered(page);
}
/** @param {Page} page @param {string} selector */
const open = (page, selector) => page.$$eval(selector, (all) => all.forEach((one) => (/** @type {HTMLDetailsElement} */ (one).open = true)));

/** @param {string} code @param {Record<string, string>} message */
const warning = (code, message) => ({ code, message });
const BLURRED = warning('blurred', { en: 'The photo is blurred.', ko: '사진이 흐립니다.' });
const DARK = warning('too-dark', { en: 'The photo is too dark.', ko: '사진이 너무 어둡습니다.' });
const OUTSIDE = warning('out-of-scope', {
  en: 'This does not look like a skin lesion photo of the kind the model was trained on.',
  ko: '모델이 학습한 종류의 피부 병변 사진으로 보이지 않습니다.',
});
const MALIGNANT = { nv: 0.058, bkl: 0.05, mel: 0.832, bcc: 0.03, df: 0.01, vasc: 0.005, ak: 0.01, scc: 0.005 };
const UNDECIDED = { nv: 0.35, mel: 0.41, bkl: 0.13 };
/** @param {Page} page */
const preparing = (page) => page.waitForFunction(() => document.querySelector('.progress .hint')?.textContent?.match(/compiled|컴파일/));
/** @param {Page} page */
async function keep(page) {
  await click(page, '#device-keep');
  await page.waitForSelector('#device-status[data-say=deviceKept]');
  await page.$eval('#device', (section) => section.scrollIntoView());
}

/** @type {State[]} */
export const STATES = [
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
    name: 'remark',
    go: (page) =>
      page.evaluate(() => {
        const data = new DataTransfer();
        // Types a file, though there is none: what dragging a picture out of another page may give.
        const event = new Event('drop', { bubbles: true, cancelable: true });
        document.body.dispatchEvent(Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], files: data.files } }));
      }),
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
  { name: 'preparing', fake: { load_ms: 60_000 }, go: (page) => choose(page, photo).then(() => preparing(page)), window: true },
  {
    name: 'ready',
    go: async (page) => {
      await click(page, '#open-camera');
      await page.waitForFunction(() => document.querySelector('.progress progress')?.checkVisibility() === false);
      await page.keyboard.press('Escape');
      await page.$eval('.progress', (bar) => bar.scrollIntoView({ block: 'center' }));
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
    fake: { engine: { name: 'wonnx', adapter: 'a graphics card' } },
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
      await page.$eval('.technical', (details) => details.scrollIntoView());
    },
    main: true,
    window: true,
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
    name: 'several-working',
    fake: { classify_ms: 60_000 },
    go: async (page) => {
      await give(page, photo, ...others);
      await page.waitForSelector('.photo-entry.running');
    },
    window: true,
  },
  { name: 'no-preview', go: (page) => give(page, broken).then(() => answered(page)), window: true },
  {
    name: 'heat-map-none',
    go: async (page) => {
      await ask(page);
      // As with a pack whose last layer is none that can be mapped.
      await page.evaluate(() => {
        const send = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (/** @type {any} */ message, .../** @type {any[]} */ rest) {
          if (message.options?.heatMaps) message.options.heatMaps = ['none'];
          /** @type {any} */ (send).call(this, message, ...rest);
        };
      });
      await click(page, '#explain');
      await page.waitForSelector('#explained .hint');
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
  {
    name: 'history-deleted',
    go: async (page) => {
      await click(page, '#keep');
      await page.waitForSelector('#forget:not([hidden])');
      await click(page, '#forget');
      await page.waitForFunction(() => document.querySelector('#keep-note')?.textContent);
      await page.$eval('.history', (section) => section.scrollIntoView());
    },
    window: true,
  },
  { name: 'error-broken-photo', fake: { classify_error: 'photo-broken' }, go: (page) => choose(page, broken, broken).then(() => failed(page)), window: true },
  { name: 'error-format', fake: { classify_error: 'photo-format' }, go: (page) => choose(page, photo).then(() => failed(page)), window: true },
  {
    name: 'error-gpu',
    fake: { classify_error: 'gpu-lost', engine: { name: 'wonnx', adapter: 'a card' } },
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
  { name: 'kept', go: keep, window: true },
  {
    name: 'removed',
    go: async (page) => {
      await keep(page);
      await click(page, '#device-remove');
      await page.waitForSelector('#device-status[data-say=deviceRemoved]');
    },
    window: true,
  },
  {
    name: 'update',
    // The bar as device-view.js builds it, without a second release to be had.
    go: (page) => page.evaluate("import('/app/device-view.js').then(({ offerUpdate }) => offerUpdate(() => {}))"),
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
  {
    name: 'widget-working',
    path: '/examples/plain/index.html',
    fake: { classify_ms: 60_000 },
    go: (page) => giveWidget(page, photo).then(() => appears(page, '.progress:not([hidden])')),
  },
  { name: 'widget-error', path: '/examples/plain/index.html', fake: { classify_error: 'photo-format' }, go: (page) => giveWidget(page, photo).then(() => appears(page, '.failure h2')) },
  { name: 'widget-portal', path: 'portal', main: true },
  ...EVALUATE_STATES,
];

/** @param {Page} page */
async function askWidget(page) {
  await giveWidget(page, photo);
  await appears(page, '.result');
}

/** skintree and, on another site as portals are, the mock portal. */
export async function startServers() {
  const server = await new Server(WWW, { '/pkg/': FAKE_PKG, '/examples/': `${ROOT}examples` }).start();
  const portal = await startPortal(server);
  server.route('/embed.json', { schema: 'skintree.embed-hosts/1', origins: [portal.origin] });
  server.route('/evaluation.html', readFileSync(`${ROOT}model/evaluation.html`), 'text/html');
  const stop = () => Promise.all([server.stop(), portal.stop()]);
  return { server, portal, stop };
}

/**
 * A new page in that state.
 *
 * @param {Browser} browser
 * @param {Awaited<ReturnType<typeof startServers>>} servers
 * @param {State} state
 * @param {Size} size
 * @param {'en' | 'ko'} language
 */
export async function openState(browser, { server, portal }, state, size, language) {
  servePack(server, '/pack/', state.fake);
  setServer(server, state.name);
  const page = await openFor(browser, server, portal, state, size, language);
  await state.go?.(page);
  return page;
}

/**
 * @param {Browser} browser
 * @param {Server} server
 * @param {Server} portal
 * @param {State} state
 * @param {Size} size
 * @param {'en' | 'ko'} language
 */
async function openFor(browser, server, portal, { path }, size, language) {
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
  if (path?.startsWith('/examples/')) {
    const page = await newPage(browser, size);
    await page.goto(`${server.origin}${path}`);
    await page.$eval('skintree-widget', (widget, lang) => widget.setAttribute('lang', lang), language);
    await page.waitForFunction(() => document.querySelector('skintree-widget')?.info);
    return page;
  }
  const page = await openUploadPage(browser, server, size, path);
  await page.select('#language', language);
  return page;
}

/** Makes a state's download stop where it stops. @param {Server} server @param {string} name */
function setServer(server, name) {
  // Of a release with no files keeping is quick; without a list the service worker does not start at all.
  server.route('/precache.js', (_, response) => {
    const keeps = ['kept', 'removed'].includes(name);
    response.writeHead(keeps ? 200 : 404, { 'content-type': 'text/javascript' }).end("self.skintreePrecache = { version: 'none', files: [] };");
  });
  if (name === 'downloading') {
    server.route('/pack/model.onnx', (_, response) => {
      response.writeHead(200);
      response.write(Buffer.alloc(260_000));
    });
  } else if (name === 'error-offline') {
    server.route('/pack/model.onnx', (_, response) => void response.writeHead(503).end());
  }
}
