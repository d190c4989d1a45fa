// The words of the interface: the same in every language, each of them used, none of them missing.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { languages, local, say, setLanguage } from '../../www/strings.js';
import { WWW } from './harness.js';

/** @import {StringKey} from '../../www/strings.js' */

const en = await localeOf('en');
const sources = readdirSync(WWW)
  .filter((name) => /\.(js|html)$/.test(name))
  .map((name) => ({ name, text: readFileSync(`${WWW}/${name}`, 'utf8') }));
const all = sources.map(({ text }) => text).join('\n');

/** @param {string} tag @returns {Promise<Record<string, string>>} */
async function localeOf(tag) {
  return (await import(`${WWW}/locales/${tag}.js`)).default;
}

test('every file in locales/ is offered', () => {
  const files = readdirSync(`${WWW}/locales`).map((name) => name.replace('.js', ''));
  assert.deepEqual(files.sort(), languages.map(({ tag }) => tag).sort());
});

for (const { tag } of languages) {
  test(`${tag} has every key, no other, with the same values in it`, async () => {
    const locale = await localeOf(tag);
    assert.deepEqual(Object.keys(locale).sort(), Object.keys(en).sort());
    for (const [key, text] of Object.entries(locale)) {
      assert.ok(text.trim(), `${key} is empty`);
      assert.deepEqual(valuesIn(text), valuesIn(en[key]), key);
    }
  });
}

/** @param {string} text */
function valuesIn(text) {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

test('every key is used', () => {
  // say(`error-${trouble}`) uses every key that fits.
  const patterns = [...all.matchAll(/`((?:[\w-]|\$\{\w+\})*\$\{\w+\}(?:[\w-]|\$\{\w+\})*)`/g)]
    .map(([, template]) => template)
    .filter((template) => /^[a-z]+-/.test(template))
    .map((template) => new RegExp(`^${template.replace(/\$\{\w+\}/g, '[\\w-]+')}$`));
  const used = (/** @type {string} */ key) =>
    all.includes(`'${key}'`) || all.includes(`data-say="${key}"`) || patterns.some((pattern) => pattern.test(key));
  assert.deepEqual(Object.keys(en).filter((key) => key !== 'languageName' && !used(key)), []);
});

test('every key that is asked for exists', () => {
  const asked = [...all.matchAll(/(?:\bsay\('|data-say(?:="|', '))([\w-]+)/g)].map(([, key]) => key);
  assert.ok(asked.length > 50);
  assert.deepEqual(asked.filter((key) => !Object.hasOwn(en, key)), []);
});

test('the pages say in English what the locale says', () => {
  setLanguage('en');
  let count = 0;
  for (const { name, text } of sources) {
    for (const [, key, inside] of text.matchAll(/<[^>]* data-say="([^"]+)"[^>]*>([^<]*)</g)) {
      assert.equal(inside, say(/** @type {StringKey} */ (key)), `${name}: ${key}`);
      count++;
    }
  }
  assert.ok(count > 10);
});

test('the language is the first of the wanted ones that there is', () => {
  assert.equal(setLanguage('xx', 'ko-KR', 'en'), 'ko');
  assert.equal(local({ en: 'spot', ko: '반점' }), '반점');
  assert.equal(local({ en: 'spot' }), 'spot');
  assert.equal(setLanguage('constructor', '', 'de'), 'en');
  assert.equal(local({ en: 'spot', ko: '반점' }), 'spot');
});
