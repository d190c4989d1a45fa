// <skintree-widget> in pages made with React (StrictMode), Vue (KeepAlive) and Angular, each built by its own tools: set up by
// properties before the class is there, taken out in the middle of a call and put back, in a language that changes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { servePack } from './fake.js';
import { FAKE_PKG, ROOT, Server, WWW, launch, missing, newPage, noBrowser, wrongOn } from './harness.js';
import { appears, click, giveWidget, photoFile } from './upload-page.js';

/**
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

const BUILT = `${ROOT}tests/frameworks/dist`;
const noHosts = missing(`${BUILT}/angular/main.js`, 'run ./build.sh frameworks');

/** As each host is left and entered: what becomes of the call that was under way. */
const HOSTS = /** @type {const} */ ([
  ['react', 'a new element'],
  ['vue', 'the same element'],
  ['angular', 'a new element'],
]);

for (const kind of /** @type {Kind[]} */ (['chromium-no-adapter', 'firefox'])) {
  describe(`frameworks, ${kind}`, { skip: noBrowser(kind) || noHosts }, () => {
    /** @type {Server} */
    let server;
    /** @type {Browser} */
    let browser;
    const photo = photoFile();

    before(async () => {
      const mounts = Object.fromEntries(HOSTS.map(([host]) => [`/${host}/`, `${BUILT}/${host}`]));
      server = await new Server(WWW, { '/pkg/': FAKE_PKG, ...mounts }).start();
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** @param {Page} page */
    const choose = async (page) => {
      await appears(page, '.frame');
      await giveWidget(page, photo);
    };
    /** @param {Page} page @param {string} selector */
    const isShown = (page, selector) => page.$eval(`skintree-widget >>> ${selector}`, (element) => element.checkVisibility());

    for (const [host, entered] of HOSTS) {
      test(`${host}: ${entered} when it is entered again`, async () => {
        // Two packs, of which the host names the other one.
        servePack(server, '/pack/', {});
        servePack(server, '/other-pack/', { classify_ms: 700 });
        server.requests = [];
        const page = await newPage(browser);
        await page.goto(`${server.origin}/${host}/index.html`);
        await choose(page);
        await page.waitForFunction(() => document.querySelector('#answer')?.textContent === 'fake-ham8');
        assert.deepEqual([server.count('/pack/manifest.json'), server.count('/other-pack/manifest.json')], [0, 1]);

        await click(page, '#toggle');
        await page.waitForFunction(() => !document.querySelector('skintree-widget'));
        await click(page, '#toggle');
        await page.waitForSelector('skintree-widget');
        await choose(page);
        await page.waitForFunction(() => document.querySelector('skintree-widget')?.shadowRoot?.querySelector('.progress')?.checkVisibility());
        await click(page, '#toggle');
        await new Promise((resolve) => setTimeout(resolve, 60));
        await click(page, '#toggle');
        await page.waitForSelector('skintree-widget');
        if (entered === 'the same element') {
          await appears(page, '.result');
        } else {
          await appears(page, '.frame');
          assert.equal(await isShown(page, '.work'), false);
        }
        assert.equal(await isShown(page, '.progress'), false);

        await click(page, '#language');
        await page.waitForFunction(() => /사진/.test(document.querySelector('skintree-widget')?.shadowRoot?.querySelector('.heading')?.textContent ?? ''));
        assert.deepEqual(await wrongOn(page), []);
        await page.close();
      });
    }
  });
}
