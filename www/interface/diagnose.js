// Why a file of skintree did not load. The browser's own words for it are the same whether there is no network, the file is
// missing, or a rule forbids it; so the files are looked at once more, and only once something has failed.

import { SkintreeError, messageOf } from './errors.js';

/** No build has more files than this in one chain of imports. */
const MOST_FILES = 100;
const SCRIPT_TYPE = /^(text|application)\/(x-)?(java|ecma)script$/;
/** Imports as they are written in this project and by wasm-bindgen. */
const IMPORT = /^\s*(?:(?:import|export)\b[^'"`;()]*?\bfrom|import)\s*['"](\.{1,2}\/[^'"]+)['"]/gm;
const TELL = 'tell those who run this site';

/** Rules of the page's Content-Security-Policy that were broken lately: directive and what it forbade. @type {{directive: string, uri: string}[]} */
const broken = [];
globalThis.addEventListener?.('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  broken.push({ directive: effectiveDirective, uri: blockedURI });
});

/**
 * The rule of the page that has forbidden a file, if one has.
 *
 * @param {string} url
 * @returns {Promise<SkintreeError | null>}
 */
export async function forbidden(url) {
  // The browser tells of it a moment after the failure.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const rule = broken.find(({ uri }) => url.startsWith(uri) || ['trusted-types-sink', 'trusted-types-policy'].includes(uri));
  return rule ? policyError(`the Content-Security-Policy (${rule.directive}) forbids ${url}`) : null;
}

/** @param {string} message @param {ErrorOptions} [options] */
export function policyError(message, options) {
  return new SkintreeError('site-policy', `${message}; ${TELL} to allow it (docs/hosting.md)`, options);
}

/** @param {string} message @param {ErrorOptions} [options] */
export function setupError(message, options) {
  return new SkintreeError('site-setup', `${message}; ${TELL} to put the files of one build there (docs/hosting.md)`, options);
}

/**
 * An answer that is not the file that was asked for.
 *
 * @param {Response} response
 */
export function answerError({ url, status }) {
  const message = `${url}: HTTP ${status}`;
  const passing = status >= 500 || status === 429 || status === 408;
  return passing ? new SkintreeError('network', `${message}; try again later`) : setupError(message);
}

/**
 * What is wrong with a worker that did not start.
 *
 * @param {string} url of its script
 */
export async function whyNoWorker(url) {
  return otherOrigin(url) ?? (await whatIsWrong(url)) ?? whyNotIsolated(url);
}

/**
 * Pages that are isolated from other origins start only workers that are so too.
 *
 * @param {string} url
 */
async function whyNotIsolated(url) {
  if (!globalThis.crossOriginIsolated) return null;
  const policy = 'Cross-Origin-Embedder-Policy';
  const answer = await fetch(url).catch(() => null);
  return !answer || answer.headers.has(policy) ? null : setupError(`${url} is served without ${policy}, which the page has`);
}

/**
 * Workers lie on the origin of the page.
 *
 * @param {string} url
 * @param {ErrorOptions} [options]
 */
export function otherOrigin(url, options) {
  const own = new URL(url).origin === location.origin;
  return own ? null : setupError(`the worker ${url} does not lie on the page's own origin, ${location.origin}`, options);
}

/** The type that a server gives an answer. @param {Response} response */
export function typeOf({ headers }) {
  return (headers.get('content-type') ?? '').split(';')[0].trim().toLowerCase();
}

/**
 * What is wrong with a script, with those that it imports, or with a wasm file.
 *
 * @param {string} url
 * @returns {Promise<SkintreeError | null>} `null` if they are all as they should be
 */
export async function whatIsWrong(url) {
  const all = new Set([url]);
  for (const next of all) {
    let response;
    try {
      response = await fetch(next, { cache: 'no-cache' });
    } catch (cause) {
      return (await forbidden(next)) ?? new SkintreeError('network', `${next}: ${messageOf(cause)}; check the connection`, { cause });
    }
    if (!response.ok) return answerError(response);
    if (next.endsWith('.wasm')) {
      const wrong = wrongWasm(next, new Uint8Array(await response.arrayBuffer()), typeOf(response));
      if (wrong) return wrong;
      continue;
    }
    if (!SCRIPT_TYPE.test(typeOf(response))) {
      return setupError(`${next} is served as ${typeOf(response) || 'nothing in particular'} and not as text/javascript`);
    }
    if (all.size > MOST_FILES) break;
    for (const [, path] of (await response.text()).matchAll(IMPORT)) all.add(new URL(path, next).href);
  }
  return forbidden(url);
}

/** @param {string} url @param {Uint8Array} bytes @param {string} type */
function wrongWasm(url, bytes, type) {
  const isWasm = [0, 0x61, 0x73, 0x6d].every((byte, i) => bytes[i] === byte);
  return isWasm ? null : setupError(`${url} is no WebAssembly file but ${type || 'something else'}`);
}
