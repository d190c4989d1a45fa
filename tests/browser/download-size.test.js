// What a visitor downloads besides the model: every file that is kept for use without network, compressed as a server would.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

import { DIST, keptAtOnce, noDist } from './harness.js';

/** In bytes, as brotli. */
const MOST = 900_000;
/** Of that wasm with the GPU engine which browsers without a GPU do not need. */
const LEAST_SAVED = 100_000;

test(`all pages but the evaluation's are at most ${MOST} bytes as brotli, and fewer without a GPU`, { skip: noDist }, (context) => {
  const pages = [true, false].map((gpu) => sizeOfPages(gpu, context));
  assert.ok(pages[0] <= MOST, `${pages}`);
  assert.ok(pages[1] <= pages[0] - LEAST_SAVED, `${pages}`);
});

/** @param {boolean} gpu @param {import('node:test').TestContext} context */
function sizeOfPages(gpu, context) {
  const files = keptAtOnce(gpu);
  const sizeOf = (/** @type {(path: string) => boolean} */ wanted) =>
    files.filter(({ path }) => wanted(path)).reduce((sum, { path }) => sum + brotliCompressSync(readFileSync(`${DIST}/${path}`)).length, 0);
  const isOfEvaluation = (/** @type {string} */ path) => path.includes('evaluat');
  const pages = sizeOf((path) => !isOfEvaluation(path));
  const evaluation = sizeOf(isOfEvaluation);
  context.diagnostic(`${gpu ? 'with' : 'without'} a GPU ${pages} bytes, of them ${sizeOf((path) => path.endsWith('.wasm') && !isOfEvaluation(path))} of wasm; ${evaluation} more for the evaluation page`);
  assert.ok(evaluation > 100_000, 'the evaluation page is there too');
  return pages;
}
