// Reads the words of the interface. They stand in locales/, one file a language; what index.html shows before this
// script runs is the English text of the same keys. To add a language, add its file there and its line to `locales`.

import en from './locales/en.js';
import ko from './locales/ko.js';

/** @import {LocalText} from '../skintree.js' */

/** @typedef {keyof typeof en} StringKey */
/** One text, or one for each plural of the language that differs (Intl.PluralRules), chosen by `count`. @typedef {string | {other: string, [plural: string]: string}} Phrase */
/** @typedef {Record<StringKey, Phrase>} Strings */

/** @type {Record<string, Strings>} */
const locales = { en, ko };

/** The languages there are, each with its own name for itself. */
export const languages = Object.entries(locales).map(([tag, { languageName }]) => ({ tag, name: String(languageName) }));

/** @type {string} */
let language = 'en';

export function currentLanguage() {
  return language;
}

/**
 * @param {...string} wanted language tags, the dearest first; where we have none of them it becomes English
 * @returns {string} what it became
 */
export function setLanguage(...wanted) {
  const bases = wanted.map((tag) => tag.toLowerCase().split('-')[0]);
  language = bases.find((base) => Object.hasOwn(locales, base)) ?? 'en';
  return language;
}

/** How numbers are written, by language and options: the browser takes its time to make one. @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @param {Intl.NumberFormatOptions} [options] */
function numbers(options) {
  const key = language + JSON.stringify(options);
  const format = formats.get(key) ?? new Intl.NumberFormat(language, options);
  formats.set(key, format);
  return format;
}

/**
 * A text in the language of the interface. Numbers among the values are written as it writes them.
 *
 * @param {StringKey} key
 * @param {Record<string, string | number>} [values]
 */
export function say(key, values = {}) {
  return phrase(locales[language][key], values.count).replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name] ?? whole;
    return typeof value === 'number' ? numbers().format(value) : value;
  });
}

/**
 * @param {Phrase} phrase
 * @param {string | number | undefined} count
 */
function phrase(phrase, count) {
  if (typeof phrase === 'string') return phrase;
  return phrase[new Intl.PluralRules(language).select(Number(count))] ?? phrase.other;
}

/**
 * A text that came with the model.
 *
 * @param {LocalText} text
 */
export function local(text) {
  return text[language] ?? text.en;
}

/** @param {number} probability */
export function percent(probability) {
  // A rounded 0 % or 100 % would claim a certainty that no model has.
  if (probability < 0.005) return say('under', { percent: wholePercent(0.01) });
  if (probability > 0.995) return say('over', { percent: wholePercent(0.99) });
  return wholePercent(probability);
}

/** @param {number} share of what is no probability, 0 to 1 */
export function wholePercent(share) {
  return numbers({ style: 'percent' }).format(share);
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return decimal(bytes / 1e6, 1);
}

/** Lets the browser load what it writes numbers with, before the first one is wanted in a hurry: a kind of number a task. */
export function prepareNumbers() {
  setTimeout(() => megabytes(0));
  setTimeout(() => percent(0.5));
}

/** @param {number} ms */
export function duration(ms) {
  const [unit, value] = ms < 999.5 ? ['millisecond', ms] : ['second', ms / 1000];
  const maximumFractionDigits = ms < 10 || unit === 'second' ? 1 : 0;
  return numbers({ style: 'unit', unit, maximumFractionDigits }).format(value);
}

/**
 * @param {number} value
 * @param {number} digits after the point
 */
export function decimal(value, digits) {
  return numbers({ maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}
