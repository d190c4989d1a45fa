// Stands in for the wasm module where a test needs a state that the real one can't be brought into at will: a lost
// GPU, a trap, a slow answer. What it shall do stands in the manifest's `fake` field (see fake.js).

import { makeHeatMaps, makeReport } from './report.js';
import { trap } from './trap.js';

/** @import {Part, WasmOptions} from '../../../www/interface/wasm.js' */

export default async function init() {}

/** @param {string} code @param {string} message */
function fail(code, message) {
  throw Object.assign(new Error(message), { code });
}

/** @param {number | undefined} ms */
const wait = (ms) => (ms ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined);

/** @param {Uint8Array} bytes */
async function sha256(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {Uint8Array} manifest */
function parse(manifest) {
  try {
    return JSON.parse(new TextDecoder().decode(manifest));
  } catch (error) {
    return fail('pack-manifest', String(error));
  }
}

/** @param {Uint8Array} manifest */
export function packFiles(manifest) {
  const { files } = parse(manifest);
  return ['model', 'taxonomy'].map((role) => ({ role, ...files[role] }));
}

/** Does not turn it. @param {Uint8Array} bytes @param {Part} part */
export async function partOfPhoto(bytes, { x, y, side }) {
  const bitmap = await createImageBitmap(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]));
  const canvas = new OffscreenCanvas(side, side);
  canvas.getContext('2d')?.drawImage(bitmap, -x, -y);
  return new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
}

export class WebClassifier {
  /** @type {any} */
  #fake;
  /** @type {any} */
  #manifest;
  #calls = 0;

  /** @param {Uint8Array} manifest @param {Uint8Array} model @param {Uint8Array} taxonomy @param {Uint8Array | undefined} _scope @param {Uint8Array | undefined} _kind @param {{engine: string, known?: object}} options */
  static async load(manifest, model, taxonomy, _scope, _kind, { engine, known }) {
    const self = new WebClassifier();
    self.#manifest = parse(manifest);
    const fake = (self.#fake = self.#manifest.fake ?? {});
    for (const [bytes, file] of [
      [model, self.#manifest.files.model],
      [taxonomy, self.#manifest.files.taxonomy],
    ]) {
      if ((await sha256(bytes)) !== file.sha256) {
        fail('pack-hash', `${file.path} has another SHA-256`);
      }
    }
    await wait(fake.load_ms);
    if (fake.load_trap) trap();
    if (fake.load_error) fail(fake.load_error, 'made up for a test');
    fake.engine = { requested: engine, ...fake.engine };
    // So that a test sees what the page remembers.
    if (fake.tells_known) fake.engine.fallback_reason = JSON.stringify(known ?? null);
    return self;
  }

  /** @param {Uint8Array} bytes @param {WasmOptions} options */
  async classify(bytes, options) {
    if (bytes.length === 0) fail('photo-format', 'an empty file');
    if (bytes.length === this.#fake.trap_bytes) trap();
    return this.#report({ format: 'png', width: 600, height: 450, bytes: bytes.length }, options);
  }

  /** @param {Uint8Array} bytes */
  async logits(bytes) {
    await this.classify(bytes, {});
    return new Float32Array();
  }

  /** @param {Uint8Array} data @param {number} width @param {number} height @param {WasmOptions} options */
  async classifyRgba(data, width, height, options) {
    return this.#report({ format: 'pixels', width, height, bytes: data.length }, options);
  }

  /** @param {any} photo @param {WasmOptions} options */
  async #report(photo, { topK, heatMaps, photoKind }) {
    const call = ++this.#calls;
    await wait(this.#fake.classify_ms);
    if (this.#fake.classify_trap && call > (this.#fake.trap_after ?? 0)) trap();
    if (this.#fake.stray_trap) {
      // As a panic inside a Rust future does it: the promise of the call never settles.
      setTimeout(() => Promise.resolve().then(trap));
      await new Promise(() => {});
    }
    if (this.#fake.classify_error && call <= (this.#fake.classify_errors ?? Infinity)) {
      fail(this.#fake.classify_error, 'made up for a test');
    }
    const report = makeReport({ ...this.#fake, photo, photo_kind: photoKind });
    report.fine = report.fine.slice(0, topK ?? 5);
    const heat_maps = heatMaps && makeHeatMaps(report, heatMaps);
    if (heatMaps && !heat_maps) fail('heat-map', 'made up for a test');
    return { ...report, ...(heat_maps && { heat_maps }), call };
  }

  info() {
    const { engine, model, tree } = makeReport(this.#fake);
    const { id, version, sha256, manifest_sha256 } = model;
    return { id, version, sha256, manifest_sha256, classes: tree.filter((node) => node.fine).length, engine };
  }

  free() {}
}
