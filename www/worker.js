// The worker behind a Classifier: fetches the pack, hands it to the wasm module, answers one call after the other.

import { SkintreeError, messageOf } from './errors.js';
import { fetchFile, fetchManifest } from './pack-fetch.js';
import { PackStore } from './pack-store.js';
import { MOST_BYTES } from './photo-limits.js';

/**
 * @import {ClassifierInfo, EngineChoice} from './skintree.js'
 * @import {PackFile, WasmClassifier, WasmModule, WasmOptions} from './wasm.js'
 * @import {Answer, Failure, Photo, Request} from './messages.js'
 */

/** A message for each half per cent: finer than that no bar shows it. */
const PROGRESS_STEPS = 200;

/** @type {WasmClassifier | undefined} */
let classifier;

addEventListener('message', async ({ data }) => {
  const request = /** @type {Request} */ (data);
  try {
    if (request.type === 'load') {
      answer({ type: 'loaded', info: await load(request.packUrl, request.engine) });
    } else {
      const report = await classify(request.photo, request.options);
      answer({ type: 'report', id: request.id, report });
    }
  } catch (error) {
    const failure = toFailure(error);
    if (isTrap(error)) answer({ type: 'dead', failure });
    else if (request.type === 'load') answer({ type: 'load-failed', failure });
    else answer({ type: 'failed', id: request.id, failure });
  }
});

// A trap inside a Rust future surfaces here, while the promise of the call it belongs to stays open for ever.
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  answer({ type: 'dead', failure: toFailure(event.reason) });
});

/** @param {Answer} message */
function answer(message) {
  postMessage(message);
}

/**
 * @param {string} packUrl
 * @param {EngineChoice} engine
 * @returns {Promise<ClassifierInfo>}
 */
async function load(packUrl, engine) {
  const start = performance.now();
  const store = await PackStore.open(packUrl);
  const [wasm, manifest] = await Promise.all([startWasm(), fetchManifest(packUrl, store)]);
  const files = wasm.packFiles(manifest);

  /** @param {boolean} fresh */
  const attempt = async (fresh) => {
    const pack = await fetchPack(files, packUrl, store, fresh);
    const compileStart = performance.now();
    try {
      classifier = await wasm.WebClassifier.load(
        manifest,
        pack.bytes('model'),
        pack.bytes('taxonomy'),
        pack.has('scope') ? pack.bytes('scope') : undefined,
        { engine },
      );
    } catch (error) {
      if (!isWrongBytes(error)) {
        throw error;
      }
      await store?.remove(files);
      if (fresh || pack.pristine) {
        throw error;
      }
      return null;
    }
    const now = performance.now();
    return { download_ms: compileStart - start, compile_ms: now - compileStart, fetched_bytes: pack.fetchedBytes };
  };

  const timings = (await attempt(false)) ?? (await attempt(true));
  await store?.writeManifest(manifest);
  await store?.keepOnly(files);
  if (!classifier || !timings) {
    throw new SkintreeError('internal', 'the pack was neither loaded nor refused');
  }
  return { ...classifier.info(), load: timings };
}

/** @returns {Promise<WasmModule>} */
async function startWasm() {
  if (typeof WebAssembly !== 'object') {
    throw new SkintreeError('engine-unavailable', 'this browser has WebAssembly switched off');
  }
  /** @type {WasmModule} */
  let wasm;
  try {
    // @ts-ignore: made by the build
    wasm = /** @type {any} */ (await import('./pkg/skintree.js'));
  } catch (cause) {
    throw new SkintreeError('network', `pkg/skintree.js: ${messageOf(cause)}`, { cause });
  }
  try {
    await wasm.default();
  } catch (cause) {
    // The page's Content-Security-Policy, or a browser too old for the instructions used.
    if (cause instanceof WebAssembly.CompileError) {
      throw new SkintreeError('engine-unavailable', `WebAssembly does not run here: ${cause.message}`, { cause });
    }
    throw new SkintreeError('network', `the WebAssembly file: ${messageOf(cause)}`, { cause });
  }
  return wasm;
}

/**
 * @param {PackFile[]} files
 * @param {string} packUrl
 * @param {PackStore | null} store
 * @param {boolean} fresh
 */
async function fetchPack(files, packUrl, store, fresh) {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const loaded = new Map(files.map((file) => [file.role, 0]));
  let sent = 0;

  /** @param {PackFile} file */
  const fetchOne = async (file) => {
    const fetched = await fetchFile(file, {
      packUrl,
      store,
      fresh,
      onBytes(count) {
        loaded.set(file.role, count);
        const sum = [...loaded.values()].reduce((a, b) => a + b);
        if (Math.abs(sum - sent) * PROGRESS_STEPS >= total || sum === total) {
          sent = sum;
          answer({ type: 'progress', progress: { phase: 'download', file: file.path, loaded: sum, total } });
        }
      },
    });
    return /** @type {const} */ ([file.role, fetched]);
  };

  const fetched = new Map(await Promise.all(files.map(fetchOne)));
  answer({ type: 'progress', progress: { phase: 'compile', file: null, loaded: total, total } });
  const all = [...fetched.values()];
  return {
    pristine: all.every((one) => one.pristine),
    fetchedBytes: all.reduce((sum, one) => sum + one.fetchedBytes, 0),
    /** @param {PackFile['role']} role */
    has: (role) => fetched.has(role),
    /** @param {PackFile['role']} role */
    bytes(role) {
      const one = fetched.get(role);
      if (!one) {
        throw new SkintreeError('pack-manifest', `the manifest names no ${role} file`);
      }
      return one.bytes;
    },
  };
}

/**
 * @param {Photo} photo
 * @param {WasmOptions} options
 */
async function classify(photo, options) {
  if (!classifier) {
    throw new SkintreeError('internal', 'asked to classify before loading');
  }
  if (photo.kind === 'rgba') {
    return classifier.classifyRgba(photo.data, photo.width, photo.height, options);
  }
  return classifier.classify(photo.kind === 'bytes' ? photo.bytes : await readBlob(photo.blob), options);
}

/** @param {Blob} blob */
async function readBlob(blob) {
  // The wasm side would refuse it too, but only once a film of gigabytes were in memory.
  if (blob.size > MOST_BYTES) {
    throw new SkintreeError('photo-too-large', `the photo has ${blob.size} bytes, more than the ${MOST_BYTES} allowed; save it smaller`);
  }
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    // The file was moved or changed after it was chosen, or lies in a cloud folder that is offline.
    throw new SkintreeError('photo-broken', `the file cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** @param {unknown} error */
function isTrap(error) {
  return typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError;
}

/** @param {unknown} error */
function isWrongBytes(error) {
  return ['pack-hash', 'pack-truncated'].includes(toFailure(error).code);
}

/**
 * @param {unknown} error
 * @returns {Failure}
 */
function toFailure(error) {
  const code = /** @type {{code?: unknown} | null} */ (error)?.code;
  return { code: typeof code === 'string' ? code : 'internal', message: messageOf(error) };
}
