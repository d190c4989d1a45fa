// What a test run did, as the tools in this folder hand it on: one JSON file a run under tests/output/runs/.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {{ test: string, reason: string }} Skip
 * @typedef {{ passed: number, failed: number, skipped: Skip[], partly: Skip[] }} Run
 *   `skipped`: tests that did not run. `partly`: tests that passed but left a part out, e.g. one kernel of many.
 */

/** @returns {Run} */
export const emptyRun = () => ({ passed: 0, failed: 0, skipped: [], partly: [] });

/**
 * @param {string} path
 * @param {Run} run
 */
export function writeRun(path, run) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(run, null, 1));
}

/**
 * @param {string} folder
 * @returns {Run} All runs of the folder, added up.
 */
export function readRuns(folder) {
  const total = emptyRun();
  for (const name of readdirSync(folder).sort()) {
    const run = /** @type {Run} */ (JSON.parse(readFileSync(join(folder, name), 'utf8')));
    total.passed += run.passed;
    total.failed += run.failed;
    total.skipped.push(...run.skipped);
    total.partly.push(...run.partly);
  }
  return total;
}
