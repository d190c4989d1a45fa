// The npm package in pages made with Vite, webpack and Next.js, and without a bundler: built by their own tools from the
// tarball, each below a path of its own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';

import { ISOLATED, ROOT, Server, launch, missing, newPage, noBrowser, noPack, withoutBundler, wrongOn } from './harness.js';
import { spot } from './photos.js';
import { accessibilityProblems, appears, giveWidget, photoFile } from './upload-page.js';

/**
 * @import {Browser} from 'puppeteer-core'
 * @import {Report} from '../../www/skintree.js'
 * @import {Kind} from './harness.js'
 */

const HOSTS = `${ROOT}tests/package`;
const PACKAGE = `${HOSTS}/node_modules/skintree`;
const TARBALL = `${ROOT}target/npm/skintree-${JSON.parse(readFileSync(`${ROOT}tools/npm/package.json`, 'utf8')).version}.tgz`;
const noHosts = missing(`${HOSTS}/dist/webpack/main.js`, 'run ./build.sh package-hosts') || noPack;
/** What the page of each host is served from. */
const BUILT = { vite: `${HOSTS}/dist/vite`, webpack: `${HOSTS}/dist/webpack`, next: `${HOSTS}/next/out`, plain: `${HOSTS}/plain` };

describe('the npm package', { skip: noHosts }, () => {
  test('publint and are-the-types-wrong find nothing', () => {
    const bin = (/** @type {string} */ name) => `${HOSTS}/node_modules/.bin/${name}`;
    execFileSync(bin('publint'), ['--strict', `${ROOT}target/npm/skintree`], { stdio: 'pipe' });
    execFileSync(bin('attw'), [TARBALL, '--profile', 'esm-only', '--no-emoji'], { stdio: 'pipe' });
  });

  test('has everything that its modules name, and nothing of the pages', () => {
    const files = readdirSync(PACKAGE, { recursive: true, encoding: 'utf8' });
    for (const script of files.filter((path) => path.endsWith('.js'))) {
      const text = readFileSync(`${PACKAGE}/${script}`, 'utf8').replace(/\/\*[^]*?\*\//g, '');
      for (const [, wanted] of text.matchAll(/(?:from |import |import\(|new URL\()'(\.[^']+)'/g)) {
        assert.ok(existsSync(new URL(wanted, `file://${PACKAGE}/${script}`)), `${script} wants ${wanted}`);
      }
    }
    for (const part of ['index.html', 'sw.js', 'upload', 'evaluate', 'pkg/skintree_evaluate.js']) assert.ok(!files.includes(part), part);
    for (const part of ['LICENSE', 'LICENSE-MIT', 'LICENSE-APACHE', 'pack/LICENSE', 'README.md']) assert.ok(files.includes(part), part);
  });
});

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`pages with the npm package, ${kind}`, { skip: noBrowser(kind) || noHosts }, () => {
    /** @type {Server} */
    let server;
    /** @type {Server} */
    let elsewhere;
    /** @type {Browser} */
    let browser;
    const photo = photoFile();
    /** @type {Map<string, Report>} */
    const reports = new Map();

    before(async () => {
      const mounts = Object.fromEntries(Object.entries(BUILT).map(([host, folder]) => [`/deep/${host}/`, folder]));
      server = new Server(HOSTS, { ...mounts, '/deep/skintree/': PACKAGE });
      // So that the threads have to be found too.
      server.headers = ISOLATED;
      server.route('/photo.png', spot(), 'image/png');
      server.route('/deep/plain/page.js', withoutBundler(readFileSync(`${HOSTS}/page.js`, 'utf8'), '/deep/skintree'), 'text/javascript');
      elsewhere = new Server(HOSTS);
      for (const name of readdirSync(`${PACKAGE}/pack`)) {
        elsewhere.route(`/models/${name}`, (_, response) =>
          response.writeHead(200, { 'access-control-allow-origin': '*' }).end(readFileSync(`${PACKAGE}/pack/${name}`)),
        );
      }
      await Promise.all([server.start(), elsewhere.start()]);
      server.peers.set(elsewhere.origin, elsewhere);
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await Promise.all([server?.stop(), elsewhere?.stop()]);
    });

    for (const host of Object.keys(BUILT)) {
      test(`${host}: classifies through the interface and in the element`, async () => {
        const page = await newPage(browser);
        await page.goto(`${server.origin}/deep/${host}/index.html`);
        await page.waitForFunction(() => document.querySelector('#answer')?.textContent);
        const answer = JSON.parse(await page.$eval('#answer', ({ textContent }) => textContent ?? ''));
        assert.deepEqual([answer.resourceType, answer.frame], ['Bundle', 'function'], answer.message);
        assert.deepEqual([answer.report.engine.kernels, answer.report.engine.threads ?? 1], ['int8', Math.min(availableParallelism(), 4)]);
        reports.set(host, answer.report);

        await appears(page, '.frame');
        await giveWidget(page, photo);
        await appears(page, '.result .headline');
        const font = await page.$eval('skintree-widget', ({ shadowRoot }) => getComputedStyle(/** @type {Element} */ (shadowRoot?.querySelector('.headline'))).fontWeight);
        assert.ok(Number(font) >= 600, 'its style sheets are there');
        assert.deepEqual(await accessibilityProblems(page), []);
        assert.deepEqual(await wrongOn(page), []);
        await page.close();
      });
    }

    test('the answer is the same in each', () => {
      const numbers = [...reports.values()].map(({ fine, model }) => ({ fine, model }));
      assert.equal(numbers.length, Object.keys(BUILT).length);
      for (const other of numbers.slice(1)) assert.deepEqual(other, numbers[0]);
    });

    test('the model may lie on another origin, with CORS', async () => {
      const page = await newPage(browser);
      await page.goto(`${server.origin}/deep/vite/index.html`);
      await page.evaluate(async (pack) => {
        await caches.delete('skintree-pack/2');
        const widget = /** @type {import('../../www/widget.js').SkintreeWidget} */ (document.createElement('skintree-widget'));
        Object.assign(widget, { id: 'other', pack, engine: 'cpu' });
        document.querySelector('skintree-widget')?.replaceWith(widget);
      }, `${elsewhere.origin}/models/`);
      await appears(page, '.frame');
      await giveWidget(page, photo);
      await appears(page, '.result .headline');
      const info = await page.$eval('skintree-widget', (widget) => /** @type {import('../../www/widget.js').SkintreeWidget} */ (widget).info);
      assert.equal(info?.sha256, reports.get('vite')?.model.sha256);
      assert.ok(elsewhere.requests.some(({ path }) => path === '/models/model.onnx'));
      await page.close();
    });
  });
}
