// Every state of every face: axe-core finds nothing in it and nothing sticks out of it, on the narrowest phone in English
// and, in Chromium, on a desk, in the dark, in Korean.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch, noBrowser, wrongOn } from './harness.js';
import { STATES, openState, startServers } from './states.js';
import { accessibilityProblems, sticksOut } from './upload-page.js';

/**
 * @import {Browser} from 'puppeteer-core'
 * @import {Kind} from './harness.js'
 */

export const LOOKS = /** @type {const} */ ({
  phone: { dark: false, size: { width: 320, height: 640 }, language: 'en' },
  desk: { dark: true, size: { width: 1280, height: 900 }, language: 'ko' },
});

/**
 * The tests of one browser; a file each, so that several run at a time.
 *
 * @param {Kind} kind
 * @param {(typeof LOOKS)[keyof typeof LOOKS][]} looks
 */
export function checkStates(kind, looks) {
  for (const { dark, size, language } of looks) {
    describe(`states, ${kind}, ${size.width} pixels, ${dark ? 'dark' : 'light'}, ${language}`, { skip: noBrowser(kind) }, () => {
      /** @type {Awaited<ReturnType<typeof startServers>>} */
      let servers;
      /** @type {Browser} */
      let browser;

      before(async () => {
        servers = await startServers();
        browser = await launch(kind, servers.server, { dark, calm: true });
      });
      after(async () => {
        await browser?.close();
        await servers?.stop();
      });

      // On paper nothing is reached or announced.
      for (const state of STATES.filter(({ media }) => !media)) {
        test(state.name, async () => {
          const page = await openState(browser, servers, state, size, language);
          for (const where of page.frames()) {
            assert.deepEqual(await accessibilityProblems(where), []);
            assert.equal(await sticksOut(where), 0, 'nothing sticks out');
          }
          assert.equal(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches), dark);
          assert.deepEqual(await wrongOn(page), []);
          await page.close();
        });
      }
    });
  }
}
