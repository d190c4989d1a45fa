// Downloads the files of a pack, counting bytes against the manifest.

import { answerError, forbidden, setupError, typeOf } from './diagnose.js';
import { SkintreeError, messageOf } from './errors.js';

/**
 * @import {PackFile} from './wasm.js'
 * @import {PackStore} from './pack-store.js'
 */

const RETRY_AFTER_MS = 500;

/** A failure that a second try may not meet. */
class Unreachable extends SkintreeError {
  /**
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(message, options) {
    super('network', message, options);
  }
}

/**
 * @typedef {object} Fetched
 * @property {Uint8Array<ArrayBuffer>} bytes
 * @property {number} fetchedBytes how many came over the network
 * @property {boolean} pristine in one piece from the server, so that fetching it again would give the same bytes
 */

/**
 * @param {string} url
 * @param {PackStore | null} store
 * @returns {Promise<Uint8Array<ArrayBuffer>>} in flight mode, that of the last load that went well
 */
export async function fetchManifest(url, store) {
  try {
    return await twice(async () => {
      // Always asked for anew: it says by hash which of the kept files are still right.
      const response = await request(url, { cache: 'no-cache' });
      try {
        return new Uint8Array(await response.arrayBuffer());
      } catch (cause) {
        throw new Unreachable(`${url}: ${messageOf(cause)}`, { cause });
      }
    });
  } catch (error) {
    const kept = error instanceof Unreachable ? await store?.readManifest() : null;
    if (kept) {
      return /** @type {Uint8Array<ArrayBuffer>} */ (kept);
    }
    throw error;
  }
}

/**
 * @param {PackFile} file
 * @param {object} options
 * @param {string} options.url
 * @param {PackStore | null} options.store
 * @param {boolean} options.fresh leave storage aside, as it has given wrong bytes
 * @param {(loaded: number) => void} options.onBytes
 * @returns {Promise<Fetched>}
 */
export async function fetchFile(file, { url, store, fresh, onBytes }) {
  const kept = fresh ? null : await store?.read(file);
  if (kept) {
    onBytes(kept.length);
    return { bytes: /** @type {Uint8Array<ArrayBuffer>} */ (kept), fetchedBytes: 0, pristine: false };
  }
  // Without storage of our own the HTTP cache helps, if asked to revalidate; with it, it would only keep a second copy.
  const cache = fresh ? 'reload' : store ? 'no-store' : 'no-cache';
  const fetched = await download(url, file.bytes, cache, onBytes);
  await store?.write(file, fetched.bytes);
  return fetched;
}

/**
 * @param {string} url
 * @param {number} size
 * @param {RequestCache} cache
 * @param {(loaded: number) => void} onBytes
 * @returns {Promise<Fetched>}
 */
async function download(url, size, cache, onBytes) {
  const bytes = new Uint8Array(size);
  let have = 0;
  let fetchedBytes = 0;
  let pristine = true;
  await twice(async () => {
    const resume = have > 0;
    const hangUp = new AbortController();
    const headers = resume ? { range: `bytes=${have}-` } : undefined;
    const response = await request(url, { cache, headers, signal: hangUp.signal });
    if (resume && response.status === 206) {
      pristine = false;
    } else {
      have = 0;
    }
    const reader = response.body?.getReader();
    if (!reader) {
      throw new Unreachable(`${url}: the answer has no body`);
    }
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        throw new Unreachable(`${url}: broke off after ${have} of ${size} bytes`, { cause });
      });
      if (done) {
        break;
      }
      if (have + value.length > size) {
        // Not by `reader.cancel()`: one time in five, that leaves the connection open in Firefox.
        hangUp.abort();
        throw new SkintreeError('pack-truncated', `${url} is longer than the ${size} bytes of the manifest`);
      }
      bytes.set(value, have);
      have += value.length;
      fetchedBytes += value.length;
      onBytes(have);
    }
    if (have < size) {
      throw new SkintreeError('pack-truncated', `${url} has ${have} bytes, the manifest says ${size}`);
    }
  });
  return { bytes, fetchedBytes, pristine };
}

/**
 * @param {string} url
 * @param {RequestInit} init
 */
async function request(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    throw (await forbidden(url)) ?? new Unreachable(`${url}: ${messageOf(cause)}; check the connection`, { cause });
  }
  if (response.ok && typeOf(response) !== 'text/html') {
    return response;
  }
  if (response.ok) {
    throw setupError(`in the place of ${url} there is a web page`);
  }
  const error = answerError(response);
  throw error.code === 'network' ? new Unreachable(error.message) : error;
}

/**
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
async function twice(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Unreachable)) {
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    return action();
  }
}
