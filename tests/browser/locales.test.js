// The words of the interface: the same in every language, each of them used, none of them missing.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { languages, local, say, setLanguage } from '../../www/view/strings.js';
import { WWW } from './harness.js';

/** @import {Phrase, StringKey} from '../../www/view/strings.js' */

const en = await localeOf('en');
const sources = readdirSync(WWW, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(js|html)$/.test(name) && !/^pkg|locales/.test(name))
  .map((name) => ({ name, text: readFileSync(`${WWW}/${name}`, 'utf8') }));
const all = sources.map(({ text }) => text).join('\n');

/** @param {string} tag @returns {Promise<Record<string, Phrase>>} */
async function localeOf(tag) {
  return (await import(`${WWW}/view/locales/${tag}.js`)).default;
}

test('every file in locales/ is offered', () => {
  const files = readdirSync(`${WWW}/view/locales`).map((name) => name.replace('.js', ''));
  assert.deepEqual(files.sort(), languages.map(({ tag }) => tag).sort());
});

for (const { tag } of languages) {
  test(`${tag} has every key, no other, with the same values in it`, async () => {
    const locale = await localeOf(tag);
    assert.deepEqual(Object.keys(locale).sort(), Object.keys(en).sort());
    for (const [key, phrase] of Object.entries(locale)) {
      for (const text of textsOf(phrase)) {
        assert.ok(text.trim(), `${key} is empty`);
        assert.deepEqual(valuesIn(text), valuesIn(textsOf(en[key])[0]), key);
      }
      if (typeof phrase === 'object') {
        const known = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
        assert.deepEqual(Object.keys(phrase).filter((plural) => !known.some((one) => one === plural)), [], key);
      }
    }
  });
}

/** @param {Phrase} phrase */
function textsOf(phrase) {
  return typeof phrase === 'string' ? [phrase] : Object.values(phrase);
}

test('one file, two files', () => {
  setLanguage('en');
  assert.equal(say('evalFilesChosen', { count: 1 }), '1 file');
  assert.equal(say('evalFilesChosen', { count: 2000 }), '2,000 files');
  setLanguage('ko');
  assert.equal(say('evalFilesChosen', { count: 1 }), '파일 1개');
});

test('no text says so many things in one number', () => {
  // "1 files": a noun of several after {count} needs a form for one.
  const suspicious = Object.entries(en).filter(([, phrase]) => typeof phrase === 'string' && /\{count\} [a-z]{3,}s\b/.test(phrase));
  // What is there in hundreds, or only said of several.
  assert.deepEqual(suspicious.map(([key]) => key).sort(), ['closest', 'evalTooManyNames', 'onlyOne']);
});

/** @param {string} text */
function valuesIn(text) {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

test('every key is used', () => {
  // say(`error-${trouble}`) uses every key that fits.
  const patterns = [...all.matchAll(/`((?:[\w-]|\$\{[\w.]+\})*\$\{[\w.]+\}(?:[\w-]|\$\{[\w.]+\})*)`/g)]
    .map(([, template]) => template)
    .filter((template) => /^[a-z]+-/.test(template))
    .map((template) => new RegExp(`^${template.replace(/\$\{[\w.]+\}/g, '[\\w-]+')}$`));
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
