// What the workers have in common: from the address of a pack to a classifier, files that are read, errors sorted.

import { startClassifierModule } from './classifier-module.js';
import { HelperStarter } from './cpu-helpers.js';
import { SkintreeError, toFailure } from './errors.js';
import { fetchFile, fetchManifest } from './pack-fetch.js';
import { PackStore } from './pack-store.js';

/**
 * @import {ClassifierInfo, EngineChoice, EngineInfo, Progress} from '../skintree.js'
 * @import {CompiledClassifier, PackAddress} from './messages.js'
 * @import {KnownDevice, PackFile, WasmClassifier} from './wasm.js'
 */

/** A message for each half per cent: finer than that no bar shows it. */
const PROGRESS_STEPS = 200;

/**
 * Fetches and checks a pack and makes an engine for it.
 *
 * @param {PackAddress} address
 * @param {EngineChoice} engine
 * @param {(progress: Progress) => void} onProgress
 * @param {CompiledClassifier} [earlier] compiled by an earlier worker of the page
 * @returns {Promise<{classifier: WasmClassifier, info: ClassifierInfo, manifest: Uint8Array, taxonomy: Uint8Array, compiled?: CompiledClassifier}>}
 */
export async function load(address, engine, onProgress, earlier) {
  const start = performance.now();
  const store = await PackStore.open(address.name);
  void store?.readAhead();
  const helpers = new HelperStarter();
  // Where it is known that a CPU engine will be made.
  if (engine.startsWith('cpu') || !('gpu' in navigator)) helpers.prepare(engine === 'cpu-f32');
  const [{ wasm, compiled }, manifest, known] = await Promise.all([startClassifierModule(engine, earlier), fetchManifest(address.manifest, store), store?.readDevice()]);
  const files = wasm.packFiles(manifest);
  /** @type {WasmClassifier | undefined} */
  let classifier;
  /** @type {Uint8Array | undefined} */
  let taxonomy;

  /** @param {boolean} fresh */
  const attempt = async (fresh) => {
    const pack = await fetchPack(files, address, store, fresh, onProgress);
    const compileStart = performance.now();
    taxonomy = pack.bytes('taxonomy');
    try {
      classifier = await wasm.WebClassifier.load(
        manifest,
        pack.bytes('model'),
        taxonomy,
        pack.has('scope') ? pack.bytes('scope') : undefined,
        pack.has('kind') ? pack.bytes('kind') : undefined,
        { engine, known },
        helpers,
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

  let timings;
  try {
    timings = (await attempt(false)) ?? (await attempt(true));
  } finally {
    helpers.stop();
  }
  await store?.writeManifest(manifest);
  await store?.removeOld();
  if (!classifier || !taxonomy || !timings) {
    throw new SkintreeError('internal', 'the pack was neither loaded nor refused');
  }
  const info = classifier.info();
  const device = { ...known, ...foundOut(info.engine) };
  if (JSON.stringify(device) !== JSON.stringify(known ?? {})) await store?.writeDevice(device);
  return { classifier, info: { ...info, load: timings }, manifest, taxonomy, compiled };
}

/** What the choice of an engine tells about the device. @param {EngineInfo} engine @returns {KnownDevice} */
function foundOut({ adapter, kernels, measured }) {
  return { ...(adapter && kernels && { kernels: { adapter, chosen: kernels } }), ...(measured && { measured }) };
}

/**
 * @param {PackFile[]} files
 * @param {PackAddress} address
 * @param {PackStore | null} store
 * @param {boolean} fresh
 * @param {(progress: Progress) => void} onProgress
 */
async function fetchPack(files, address, store, fresh, onProgress) {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const loaded = new Map(files.map((file) => [file.role, 0]));
  let sent = 0;

  /** @param {PackFile} file */
  const fetchOne = async (file) => {
    const fetched = await fetchFile(file, {
      url: address.files[file.path] ?? new URL(file.path, address.manifest).href,
      store,
      fresh,
      onBytes(count) {
        loaded.set(file.role, count);
        const sum = [...loaded.values()].reduce((a, b) => a + b);
        if (Math.abs(sum - sent) * PROGRESS_STEPS >= total || sum === total) {
          sent = sum;
          onProgress({ phase: 'download', file: file.path, loaded: sum, total });
        }
      },
    });
    return /** @type {const} */ ([file.role, fetched]);
  };

  const fetched = new Map(await Promise.all(files.map(fetchOne)));
  onProgress({ phase: 'compile', file: null, loaded: total, total });
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

/** @param {unknown} error */
function isWrongBytes(error) {
  return ['pack-hash', 'pack-truncated'].includes(toFailure(error).code);
}
