// What the browser tests share: a server, browsers, pages that note everything that goes wrong on them.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import puppeteer from 'puppeteer-core';
import sirv from 'sirv';

/**
 * @import {IncomingMessage, ServerResponse} from 'node:http'
 * @import {AddressInfo} from 'node:net'
 * @import {Browser, Page} from 'puppeteer-core'
 */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const WWW = `${ROOT}www`;
export const DIST = `${ROOT}dist`;
export const FAKE_PKG = `${ROOT}tests/browser/fake-pkg`;
export const TINY = `${ROOT}tests/golden/tiny`;
/** What cargo has built; `./build.sh test-browser` sees to it. */
export const NATIVE = `${ROOT}target/debug/skintree`;
/** For photos, tables, downloads and pictures: a folder for each test file, as they run beside each other. */
export const OUTPUT = `${ROOT}tests/output/browser/${basename(process.argv[1] ?? 'node').replace(/(\.test)?\.m?js$/, '')}`;
export const DATA = process.env.SKINTREE_DATA ?? fileURLToPath(new URL('../shared/data', `file://${ROOT}`));

mkdirSync(OUTPUT, { recursive: true });

/**
 * A reason to skip, or `false`: what `test(name, {skip})` wants.
 *
 * @param {string} path
 * @param {string} how where it comes from
 */
export function missing(path, how) {
  return existsSync(path) ? false : `${path} is missing: ${how}`;
}

/** What dist/ has for the service worker. @returns {{version: string, files: {path: string, sha256: string, later?: true, gpu?: boolean}[]}} */
export function precache() {
  return JSON.parse(readFileSync(`${DIST}/precache.js`, 'utf8').replace(/^self\.skintreePrecache = |;\s*$/g, ''));
}

/** What devices with a GPU, or without one, keep of it without having used it. @param {boolean} device */
export function keptAtOnce(device) {
  return precache().files.filter(({ later, gpu }) => !later && (gpu === undefined || gpu === device));
}

export const noDist = missing(`${DIST}/pkg/skintree_bg.wasm`, 'run ./build.sh dist');
export const noPack = noDist || missing(`${DIST}/pack/manifest.json`, 'the model pack is not in dist/');
export const noTiny = noDist || missing(`${TINY}/manifest.json`, 'the tiny golden pack is not there');

/** The upload page's Content-Security-Policy. */
const POLICY = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(readFileSync(`${WWW}/index.html`, 'utf8'))?.[1];

/** @typedef {(request: IncomingMessage, response: ServerResponse) => void} Handler */

/** What isolates pages from other origins, so that they may have threads: docs/hosting.md, "Faster without a GPU". */
export const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Where Chromium itself is sent for what is no page's doing. */
const BROWSERS_OWN = 'own-services.invalid';

/**
 * A static server whose answers a test can replace. It is also the browser's proxy (see `launch`), so that a request
 * to any other place ends here and is noted.
 */
export class Server {
  /** @type {Map<string, Handler>} */
  #routes = new Map();
  /** Paths asked for, in order. */
  requests = /** @type {{method: string, path: string}[]} */ ([]);
  /** Other servers that the browser may reach, by origin. @type {Map<string, Server>} */
  peers = new Map();
  /** Hosts other than this server that the browser wanted. */
  foreign = /** @type {string[]} */ ([]);
  origin = '';
  /** Sent with every answer, such as `ISOLATED`. @type {Record<string, string>} */
  headers = {};

  /**
   * @param {string} root
   * @param {Record<string, string>} mounts folders laid over it, by URL prefix
   */
  constructor(root, mounts = {}) {
    const options = { dev: true, etag: true };
    const base = sirv(root, options);
    const mounted = Object.entries(mounts).map(([prefix, folder]) => ({ prefix, serve: sirv(folder, options) }));

    this.http = createServer((request, response) => {
      const url = new URL(request.url ?? '/', this.origin);
      const peer = this.peers.get(url.origin);
      if (peer) {
        peer.http.emit('request', request, response);
        return;
      }
      if (url.origin !== this.origin) {
        this.foreign.push(url.host);
        response.writeHead(502).end();
        return;
      }
      for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value);
      const path = url.pathname;
      this.requests.push({ method: request.method ?? '', path });
      const route = this.#routes.get(path);
      if (route) {
        route(request, response);
        return;
      }
      request.url = path;
      const notFound = () => void response.writeHead(404).end('not found');
      const mount = mounted.find(({ prefix }) => path.startsWith(prefix));
      if (mount) {
        request.url = path.slice(mount.prefix.length - 1);
        mount.serve(request, response, () => {
          request.url = path;
          base(request, response, notFound);
        });
      } else {
        base(request, response, notFound);
      }
    });
    this.http.on('connect', (request, socket) => {
      if (request.url !== `${BROWSERS_OWN}:443`) this.foreign.push(request.url ?? '?');
      // A browser that is being closed resets it, which is no failure of a test.
      socket.on('error', () => {});
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    // A plain page under the upload page's own policy, for tests of the interface alone.
    this.route('/blank.html', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': POLICY });
      response.end('<!doctype html><html lang="en"><title>blank</title><link rel="icon" href="data:,">');
    });
    this.route('/in-page.js', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(`${ROOT}tests/browser/in-page.js`));
    });
  }

  /** @param {number} [port] a free one, if not named */
  async start(port = 0) {
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', () => resolve(null)));
    this.origin = `http://127.0.0.1:${/** @type {AddressInfo} */ (this.http.address()).port}`;
    return this;
  }

  /**
   * @param {string} path
   * @param {Handler | Buffer | string | object} answer a handler, or what to send
   * @param {string} [type] of what is sent
   */
  route(path, answer, type) {
    const handler =
      typeof answer === 'function'
        ? /** @type {Handler} */ (answer)
        : /** @type {Handler} */ (
            (_, response) => {
              const plain = typeof answer === 'string' || Buffer.isBuffer(answer);
              response.writeHead(200, { 'cache-control': 'no-cache', ...(type && { 'content-type': type }) }).end(plain ? answer : JSON.stringify(answer));
            }
          );
    this.#routes.set(path, handler);
  }

  /** @param {string} path */
  count(path) {
    return this.requests.filter((request) => request.path === path).length;
  }

  async stop() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

/** @typedef {'chromium' | 'chromium-no-adapter' | 'firefox'} Kind */

const PATHS = {
  chromium: process.env.CHROMIUM ?? '/usr/bin/chromium',
  firefox: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
};

/** @param {Kind} kind */
export function noBrowser(kind) {
  const name = kind === 'firefox' ? 'firefox' : 'chromium';
  return missing(PATHS[name], `name the browser in ${name.toUpperCase()}`);
}

/**
 * @param {Kind} kind `chromium` has WebGPU on a software adapter; `chromium-no-adapter` has `navigator.gpu` but gets
 *   no adapter from it (the usual case of a blocklisted driver); `firefox` has no `navigator.gpu` here
 * @param {Server} server
 * @param {{dark?: boolean, calm?: boolean, forcedColours?: boolean, languages?: string, hidesPixels?: boolean}} [wishes] what
 *   the visitor's system and browser ask of pages, in Firefox it can be told at the start alone; `hidesPixels` (Firefox): canvases
 *   give noise, as in the Tor Browser
 * @returns {Promise<Browser>}
 */
export function launch(kind, server, { dark, calm, forcedColours, languages, hidesPixels } = {}) {
  const proxy = new URL(server.origin);
  if (kind === 'firefox') {
    return puppeteer.launch({
      browser: 'firefox',
      executablePath: PATHS.firefox,
      headless: true,
      extraPrefsFirefox: {
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
        'media.navigator.streams.fake': true,
        'media.navigator.permission.disabled': true,
        'browser.download.folderList': 2,
        'browser.download.dir': OUTPUT.replace(/\/$/, ''),
        'browser.download.always_ask_before_handling_new_types': false,
        'network.proxy.type': 1,
        'network.proxy.http': proxy.hostname,
        'network.proxy.http_port': Number(proxy.port),
        'network.proxy.ssl': proxy.hostname,
        'network.proxy.ssl_port': Number(proxy.port),
        'network.proxy.allow_hijacking_localhost': true,
        'network.proxy.no_proxies_on': '',
        ...(dark && { 'layout.css.prefers-color-scheme.content-override': 0 }),
        ...(calm && { 'ui.prefersReducedMotion': 1 }),
        ...(forcedColours && { 'browser.display.document_color_use': 2 }),
        ...(languages && { 'intl.accept_languages': languages }),
        ...(hidesPixels && { 'privacy.resistFingerprinting': true }),
      },
    });
  }
  return puppeteer.launch({
    executablePath: PATHS.chromium,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu-sandbox',
      ...(kind === 'chromium' ? ['--enable-unsafe-webgpu'] : []),
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Chromium asks for accounts and push messages when it likes, whatever page is shown; here it does not get far.
      ...['gaia-url', 'google-apis-url', 'gcm-checkin-url', 'gcm-registration-url'].map((flag) => `--${flag}=https://${BROWSERS_OWN}/`),
      '--disable-gpu-watchdog',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      ...(dark ? ['--force-dark-mode'] : []),
      ...(calm ? ['--force-prefers-reduced-motion'] : []),
      ...(forcedColours ? ['--force-high-contrast'] : []),
      ...(languages ? [`--accept-lang=${languages}`] : []),
      `--proxy-server=${proxy.host}`,
      '--proxy-bypass-list=<-loopback>',
    ],
    protocolTimeout: 600_000,
  });
}

/**
 * Code that imports from the npm package, as it is written where there is no bundler: with addresses for names.
 *
 * @param {string} code
 * @param {string} folder of the package on the server
 */
export function withoutBundler(code, folder) {
  return code.replace(/'skintree(\/[\w-]+)?'/g, (_, entry = '/skintree') => `'${folder}${entry}.js'`);
}

/** How long a page may take for anything: two test files run beside each other, on two cores, each with the whole model. */
const MOST_MS = 120_000;

/** Pages, with what went wrong on them. @type {WeakMap<Page, string[]>} */
const troubles = new WeakMap();

/**
 * @param {Browser} browser
 * @param {{width?: number, height?: number, touch?: boolean}} [options]
 */
export async function newPage(browser, { width = 1280, height = 900, touch = false } = {}) {
  const page = await browser.newPage();
  page.setDefaultTimeout(MOST_MS);
  /** @type {string[]} */
  const list = [];
  troubles.set(page, list);
  page.on('pageerror', (error) => {
    const { message } = /** @type {Error} */ (error);
    // No script's error: Firefox tells so of pictures, now and then, and later than the page that showed them.
    if (message !== 'Image corrupt or truncated.') list.push(`page error: ${message}`);
  });
  page.on('console', (message) => {
    if (/content.security.policy/i.test(message.text())) list.push(message.text());
  });
  await page.evaluateOnNewDocument(() => {
    // Read back by a test with violations(); console texts differ between browsers, this event doesn't.
    const seen = /** @type {any} */ (globalThis).cspViolations ??= [];
    addEventListener('securitypolicyviolation', (event) => seen.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  // Firefox has no touch emulation over BiDi.
  await page.setViewport(touch ? { width, height, hasTouch: true, isMobile: true } : { width, height });
  return page;
}

/**
 * Uncaught errors and violations of the Content-Security-Policy so far.
 *
 * @param {Page} page
 */
export async function wrongOn(page) {
  const violations = await page.evaluate(() => /** @type {any} */ (globalThis).cspViolations ?? []);
  return [...(troubles.get(page) ?? []), ...violations];
}

/**
 * A page with nothing on it but the interface and what in-page.js adds.
 *
 * @param {Browser} browser
 * @param {Server} server
 */
export async function blankPage(browser, server) {
  const page = await newPage(browser);
  await page.goto(`${server.origin}/blank.html`);
  await page.evaluate("import('/in-page.js')");
  return page;
}
