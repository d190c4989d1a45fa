// The mock portal and record system of examples/, on another site than skintree.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { servePack } from './fake.js';
import { ROOT, Server, WWW, newPage, wrongOn } from './harness.js';
import { appears } from './upload-page.js';

/**
 * @import {Browser, Frame, Page} from 'puppeteer-core'
 */

/**
 * An example's page, with skintree where the server is.
 *
 * @param {'portal' | 'record'} example
 * @param {Server} server of skintree
 */
export function examplePage(example, server) {
  return readFileSync(`${ROOT}examples/${example}/index.html`, 'utf8').replaceAll('http://localhost:8080', server.origin);
}

/**
 * The portal at `/`, the record system at `/record/`, as tools/serve.js has them.
 *
 * @param {Server} server of skintree
 */
export async function startPortal(server) {
  const portal = await new Server(`${ROOT}examples/portal`, { '/record/': `${ROOT}examples/record` }).start();
  // Another site as well as another origin, as portals are: browsers part the storage of such frames.
  portal.origin = portal.origin.replace('127.0.0.1', 'localhost');
  server.peers.set(portal.origin, portal);
  portal.route('/', examplePage('portal', server), 'text/html');
  portal.route('/record/', examplePage('record', server), 'text/html');
  portal.route('/embed-host.js', readFileSync(`${WWW}/embed-host.js`), 'text/javascript');
  return portal;
}

/**
 * Opens one of its pages with embed.html in a frame, and sees that nothing went wrong there.
 *
 * @param {{browser: Browser, server: Server, portal: Server}} servers
 * @param {string} path
 * @param {object} options
 * @param {object} [options.fake] of the pack
 * @param {string[]} [options.origins] of embed.json
 * @param {Parameters<typeof newPage>[1]} [options.size]
 * @param {() => void} [options.first] runs in every document before its own scripts
 * @param {(page: Page, frame: Frame) => Promise<void>} use
 */
export async function onPortal({ browser, server, portal }, path, { fake = {}, origins = [portal.origin], size, first }, use) {
  servePack(server, '/pack/', fake);
  server.route('/embed.json', { schema: 'skintree.embed-hosts/1', origins });
  const page = await newPage(browser, size);
  if (first) await page.evaluateOnNewDocument(first);
  await page.goto(`${portal.origin}${path}`);
  const frame = await page.waitForFrame((one) => one.url().startsWith(`${server.origin}/embed.html`));
  await appears(frame, '.frame');
  await use(page, frame);
  assert.deepEqual(await wrongOn(page), []);
  await page.close();
}
