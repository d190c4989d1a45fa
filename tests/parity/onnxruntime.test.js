// The shipped file in onnxruntime and in skintree's engines, on real photos: the same input tensors go into both, and
// the logits must agree. `SKINTREE_PARITY_GPU=50` runs all photos on the GPU engine too, with f32 and with f16 weights,
// which takes minutes on a software adapter.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as ort from 'onnxruntime-web';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DATA = process.env.SKINTREE_DATA ?? join(ROOT, '../shared/data');
const LABELS = join(DATA, 'ham10000/labels.csv');
const SKINTREE = process.env.SKINTREE_BIN ?? join(ROOT, 'target/debug/skintree');

const PHOTOS = 50;
const PHOTOS_ON_GPU = Number(process.env.SKINTREE_PARITY_GPU ?? 2);
const TOLERANCE = 2e-5;

const folder = mkdtempSync(join(tmpdir(), 'skintree-parity-'));
after(() => rmSync(folder, { recursive: true }));

/** Photos spread evenly over the data set. */
function photos() {
  const files = readFileSync(LABELS, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.slice(line.lastIndexOf(',') + 1).trim());
  const step = Math.floor(files.length / PHOTOS);
  return Array.from({ length: PHOTOS }, (_, i) => join(DATA, 'ham10000', files[i * step]));
}

/** @param {string} path */
function floats(path) {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** @param {ArrayLike<number>} values */
const argmax = (values) => Array.from(values).reduce((best, value, i, all) => (value > all[best] ? i : best), 0);

/** @type {ort.InferenceSession | undefined} */
let session;

/**
 * Largest absolute difference of logits over some photos, and what the reports say of the engine.
 *
 * @param {string[]} engine Arguments that choose it.
 * @param {string[]} files
 */
async function compare(engine, files) {
  const reports = execFileSync(SKINTREE, ['classify', ...engine, '--json', '--overwrite', '--tensors', folder, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
    encoding: 'utf8',
    env: { XDG_RUNTIME_DIR: tmpdir(), ...process.env },
  });
  ort.env.wasm.numThreads = 1;
  session ??= await ort.InferenceSession.create(readFileSync(join(ROOT, 'model/pack/model.onnx')));
  let worst = 0;
  for (const file of files) {
    const name = basename(file, '.jpg');
    const input = new ort.Tensor('float32', floats(join(folder, `${name}.input.f32`)), [1, 3, 299, 299]);
    const expected = /** @type {Float32Array} */ ((await session.run({ input })).logits.data);
    const found = floats(join(folder, `${name}.logits.f32`));
    assert.equal(found.length, expected.length);
    assert.equal(argmax(found), argmax(expected), `${name}: another top-1`);
    worst = Math.max(worst, ...found.map((value, i) => Math.abs(value - expected[i])));
  }
  return { worst, info: JSON.parse(reports.slice(0, reports.indexOf('\n'))).engine };
}

const skip = !existsSync(LABELS) && `${LABELS} is missing: set SKINTREE_DATA`;

// In integers, and in f32.
for (const [engine, tolerance] of /** @type {const} */ ([['cpu', 0.02], ['cpu-f32', TOLERANCE]])) {
  test(`the engine ${engine} agrees with onnxruntime on ${PHOTOS} photos`, { skip }, async (t) => {
    const { worst } = await compare(['--engine', engine], photos());
    t.diagnostic(`largest difference of logits ${worst.toExponential(1)}`);
    assert.ok(worst < tolerance, `${worst}`);
  });
}

// A trial at load takes f16 on real GPUs only, so a software adapter must be asked for it.
for (const [kernels, name] of [['auto', 'the GPU engine'], ['tiles-132-f16', 'the GPU engine with f16 weights']]) {
  test(`${name} agrees with onnxruntime on ${PHOTOS_ON_GPU} photos`, { skip }, async (t) => {
    try {
      const engine = ['--engine', 'wonnx', '--kernels', kernels];
      const { worst, info } = await compare(engine, photos().slice(0, PHOTOS_ON_GPU));
      t.diagnostic(`largest difference of logits ${worst.toExponential(1)}: ${info.kernels} on ${info.adapter}`);
      if (kernels !== 'auto') assert.equal(info.kernels, kernels);
      assert.ok(worst < TOLERANCE, `${worst}`);
    } catch (error) {
      if (!String(error).includes('[engine-unavailable]')) throw error;
      t.skip(`there is no GPU for the kernels ${kernels}, not even an emulated one`);
    }
  });
}
