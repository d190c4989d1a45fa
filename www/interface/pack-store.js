// The pack's files, kept in this browser so that the next visit downloads nothing.
//
// Whatever is read from here is checked again by the wasm side: storage can be damaged, and other scripts of the
// origin can write to it. Storage may be missing or denied at any step (plain http, private windows, third-party
// frames, a full disk); nothing here throws for that, the caller goes on from memory.
//
// One store serves all copies of skintree on the origin, so that files which are alike are there once. A file stays as
// long as a manifest names it; each copy has manifests of its own.

import { COPY } from './copy.js';

/** @import {KnownDevice, PackFile} from './wasm.js' */

export const PACK_CACHE = 'skintree-pack/2';
const FOLDER = new URL('/skintree-pack/', location.origin).href;

export class PackStore {
  #cache;
  #name;
  /** By hash, what is read before it is asked for. @type {Map<string, Promise<ArrayBuffer | undefined>>} */
  #ahead = new Map();

  /**
   * @param {Cache} cache
   * @param {string} name
   */
  constructor(cache, name) {
    this.#cache = cache;
    this.#name = name;
  }

  /**
   * @param {string} name
   * @returns {Promise<PackStore | null>}
   */
  static async open(name) {
    const cache = await attempt(() => caches.open(PACK_CACHE));
    return cache ? new PackStore(cache, name) : null;
  }

  /** Takes out the packs of this copy of skintree, but not what another one needs too. */
  static async removeCopy() {
    await attempt(async () => {
      const cache = await caches.open(PACK_CACHE);
      const own = (await cache.keys()).filter(({ url }) => new URL(url).searchParams.get('by') === COPY);
      await Promise.all(own.map((request) => cache.delete(request)));
      await removeUnnamed(cache);
      if ((await cache.keys()).length === 0) await caches.delete(PACK_CACHE);
    });
  }

  /** Whether the manifest and every file that it names are here. */
  async isWhole() {
    return (await attempt(async () => {
      const named = await namedBy(await this.#cache.match(this.#key('manifest')));
      const found = await Promise.all(named.map((sha256) => this.#cache.match(fileKey(sha256))));
      return named.length > 0 && found.every((response) => response !== undefined);
    })) ?? false;
  }

  /** Begins to read what the last manifest named: most likely the next one names the same. */
  async readAhead() {
    for (const sha256 of await namedBy(await attempt(() => this.#cache.match(this.#key('manifest'))))) {
      this.#ahead.set(sha256, this.#bytesOf(sha256));
    }
  }

  /**
   * @param {PackFile} file
   * @returns {Promise<Uint8Array | null>}
   */
  async read({ sha256, bytes: length }) {
    const ahead = this.#ahead.get(sha256);
    // Handed over, and not kept beside what becomes of it.
    this.#ahead.delete(sha256);
    const bytes = await (ahead ?? this.#bytesOf(sha256));
    return bytes?.byteLength === length ? new Uint8Array(bytes) : null;
  }

  /** @param {string} sha256 */
  #bytesOf(sha256) {
    return attempt(async () => (await this.#cache.match(fileKey(sha256)))?.arrayBuffer());
  }

  /**
   * Bytes of another hash are not kept.
   *
   * @param {PackFile} file
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  async write(file, bytes) {
    if ((await attempt(() => sha256Of(bytes))) !== file.sha256) {
      return;
    }
    const headers = { 'content-length': String(bytes.length) };
    await attempt(() => this.#cache.put(fileKey(file.sha256), new Response(bytes, { headers })));
  }

  /**
   * The manifest of the last load that went well, for when the server can't be asked.
   *
   * @returns {Promise<Uint8Array | null>}
   */
  async readManifest() {
    const bytes = await attempt(async () => (await this.#cache.match(this.#key('manifest')))?.arrayBuffer());
    return bytes ? new Uint8Array(bytes) : null;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  async writeManifest(bytes) {
    await attempt(() => this.#cache.put(this.#key('manifest'), new Response(bytes)));
  }

  /**
   * What was found out about this device with this browser, so that it is not measured at each visit.
   *
   * @returns {Promise<KnownDevice | undefined>}
   */
  async readDevice() {
    const { browser, kernels, measured } = (await attempt(async () => (await this.#cache.match(this.#key('device')))?.json())) ?? {};
    // A new version of the browser may bring another compiler, and so other times.
    if (browser !== navigator.userAgent) return undefined;
    const text = (/** @type {unknown} */ value) => typeof value === 'string';
    const isTime = (/** @type {unknown} */ value) => Number.isFinite(value);
    return {
      ...(text(kernels?.adapter) && text(kernels.chosen) && { kernels: { adapter: kernels.adapter, chosen: kernels.chosen } }),
      ...(text(measured?.adapter) && isTime(measured.gpu_ms) && (measured.cpu_ms === null || isTime(measured.cpu_ms)) && { measured }),
    };
  }

  /** @param {KnownDevice} device */
  async writeDevice(device) {
    const body = JSON.stringify({ browser: navigator.userAgent, ...device });
    await attempt(() => this.#cache.put(this.#key('device'), new Response(body)));
  }

  /** Of what belongs to this pack in this copy alone. @param {'manifest' | 'device'} what */
  #key(what) {
    return `${FOLDER}${what}?${new URLSearchParams({ of: this.#name, by: COPY })}`;
  }

  /** @param {PackFile[]} files */
  async remove(files) {
    await attempt(() => Promise.all(files.map((file) => this.#cache.delete(fileKey(file.sha256)))));
  }

  /** Throws away what earlier versions have left: no manifest names it any more. */
  async removeOld() {
    await attempt(() => removeUnnamed(this.#cache));
  }
}

/** @param {Cache} cache */
async function removeUnnamed(cache) {
  const requests = await cache.keys();
  const manifests = requests.filter(({ url }) => url.startsWith(`${FOLDER}manifest?`));
  const named = await Promise.all(manifests.map(async (request) => namedBy(await cache.match(request))));
  const wanted = new Set(named.flat().map(fileKey));
  const files = requests.filter(({ url }) => !new URL(url).search);
  await Promise.all(files.filter(({ url }) => !wanted.has(url)).map((request) => cache.delete(request)));
}

/** The hashes of the files that a manifest names; none if it cannot be read. @param {Response | undefined} manifest */
async function namedBy(manifest) {
  const { files } = (await attempt(async () => manifest?.json())) ?? {};
  return Object.values(files ?? {}).flatMap((file) => (typeof file?.sha256 === 'string' ? [String(file.sha256)] : []));
}

/**
 * The cache wants URLs; nothing is ever served from this one. Files go by hash and not by name, so that two versions of
 * one can't be taken for each other.
 *
 * @param {string} sha256
 */
function fileKey(sha256) {
  return FOLDER + sha256;
}

/** In hexadecimal digits. Where there are caches there is `crypto.subtle` too. @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256Of(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T | undefined>}
 */
async function attempt(action) {
  try {
    return await action();
  } catch {
    return undefined;
  }
}
