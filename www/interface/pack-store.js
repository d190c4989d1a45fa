// The pack's files, kept in this browser so that the next visit downloads nothing.
//
// Whatever is read from here is checked again by the wasm side: storage can be damaged, and other scripts of the
// origin can write to it. Storage may be missing or denied at any step (plain http, private windows, third-party
// frames, a full disk); nothing here throws for that, the caller goes on from memory.

/** @import {PackFile} from './wasm.js' */

export const PACK_CACHE = 'skintree-pack/1';
const PACK_HEADER = 'x-skintree-pack';

export class PackStore {
  #cache;
  #packUrl;

  /**
   * @param {Cache} cache
   * @param {string} packUrl
   */
  constructor(cache, packUrl) {
    this.#cache = cache;
    this.#packUrl = packUrl;
  }

  /**
   * @param {string} packUrl
   * @returns {Promise<PackStore | null>}
   */
  static async open(packUrl) {
    const cache = await attempt(() => caches.open(PACK_CACHE));
    return cache ? new PackStore(cache, packUrl) : null;
  }

  /**
   * @param {PackFile} file
   * @returns {Promise<Uint8Array | null>}
   */
  async read(file) {
    const bytes = await attempt(async () => (await this.#cache.match(keyOf(file.sha256)))?.arrayBuffer());
    return bytes?.byteLength === file.bytes ? new Uint8Array(bytes) : null;
  }

  /**
   * @param {PackFile} file
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  async write(file, bytes) {
    const headers = { [PACK_HEADER]: this.#packUrl, 'content-length': String(bytes.length) };
    await attempt(() => this.#cache.put(keyOf(file.sha256), new Response(bytes, { headers })));
  }

  /**
   * The manifest of the last load that went well, for when the server can't be asked.
   *
   * @returns {Promise<Uint8Array | null>}
   */
  async readManifest() {
    const bytes = await attempt(async () => (await this.#cache.match(this.#manifestKey()))?.arrayBuffer());
    return bytes ? new Uint8Array(bytes) : null;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  async writeManifest(bytes) {
    await attempt(() => this.#cache.put(this.#manifestKey(), new Response(bytes, { headers: { [PACK_HEADER]: this.#packUrl } })));
  }

  /**
   * Which kernels a trial on the GPU has chosen with this browser, so that it is not repeated at each visit.
   *
   * @returns {Promise<{adapter: string, kernels: string} | undefined>}
   */
  async readKernels() {
    const found = await attempt(async () => (await this.#cache.match(this.#kernelsKey()))?.json());
    // A new version of the browser may bring another compiler, and so another choice.
    const { browser, adapter, kernels } = found ?? {};
    const usable = browser === navigator.userAgent && typeof adapter === 'string' && typeof kernels === 'string';
    return usable ? { adapter, kernels } : undefined;
  }

  /** @param {{adapter: string, kernels: string}} chosen */
  async writeKernels({ adapter, kernels }) {
    const body = JSON.stringify({ browser: navigator.userAgent, adapter, kernels });
    await attempt(() => this.#cache.put(this.#kernelsKey(), new Response(body, { headers: { [PACK_HEADER]: this.#packUrl } })));
  }

  #kernelsKey() {
    return keyOf(`kernels?of=${encodeURIComponent(this.#packUrl)}`);
  }

  #manifestKey() {
    return keyOf(`manifest?of=${encodeURIComponent(this.#packUrl)}`);
  }

  /** @param {PackFile[]} files */
  async remove(files) {
    await attempt(() => Promise.all(files.map((file) => this.#cache.delete(keyOf(file.sha256)))));
  }

  /**
   * Throws away what earlier versions of the same pack have left; other packs of the origin stay.
   *
   * @param {PackFile[]} files
   */
  async keepOnly(files) {
    const wanted = new Set([this.#manifestKey(), this.#kernelsKey(), ...files.map((file) => keyOf(file.sha256))]);
    await attempt(async () => {
      for (const request of await this.#cache.keys()) {
        const response = wanted.has(request.url) ? undefined : await this.#cache.match(request);
        if (response?.headers.get(PACK_HEADER) === this.#packUrl) {
          await this.#cache.delete(request);
        }
      }
    });
  }
}

/**
 * The cache wants URLs; nothing is ever served from this one. Files go by hash and not by name, so that two versions of
 * one can't be taken for each other.
 *
 * @param {string} name
 */
function keyOf(name) {
  return new URL(`/skintree-pack/${name}`, location.origin).href;
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
