// The end of `./build.sh test`: what was skipped, why, and how to run it; then one line with the counts.

import { readRuns } from './record.js';

/** @import { Run, Skip } from './record.js' */

/** What to do about a reason: the first pattern that it matches. */
const REMEDIES = /** @type {[RegExp, string][]} */ ([
  [/SKINTREE_DATA/, 'put the data sets of model/train/README.md into a folder: SKINTREE_DATA=FOLDER ./build.sh test'],
  [/PyTorch/, 'python3 -m venv .venv && .venv/bin/pip install -r model/train/requirements.txt'],
  [/there is an adapter/, 'nothing to do: this is the case without an adapter, on a machine that has one'],
  [/adapter|GPU|lacks|shader-f16|subgroups/i, 'needs an adapter with this feature'],
  [/pkg|dist/, './build.sh dist'],
  [/chromium|firefox|browser/i, 'apt-get install chromium firefox-esr, or set CHROMIUM and FIREFOX'],
]);

/** @param {string} reason */
const remedy = (reason) => REMEDIES.find(([pattern]) => pattern.test(reason))?.[1];

/**
 * @param {Skip[]} skips
 * @param {string} what
 * @returns {string[]} A line for each reason, most frequent first, then how to run the tests.
 */
function byReason(skips, what) {
  /** @type {Map<string, string[]>} */
  const tests = new Map();
  for (const { test, reason } of skips) tests.set(reason, [...(tests.get(reason) ?? []), test]);
  return [...tests]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([reason, names]) => {
      const shown = names.slice(0, 3).join('; ') + (names.length > 3 ? `; and ${names.length - 3} more` : '');
      const how = remedy(reason);
      return [`${names.length} ${what}: ${reason}`, `    ${shown}`, ...(how ? [`    to run: ${how}`] : [])];
    });
}

/**
 * @param {Run} run
 * @returns {string[]}
 */
export function summary(run) {
  return [
    ...byReason(run.skipped, 'skipped'),
    ...byReason(run.partly, 'passed without a part'),
    `${run.passed} passed, ${run.failed} failed, ${run.skipped.length} skipped`,
  ];
}

if (import.meta.filename === process.argv[1]) {
  for (const line of summary(readRuns(process.argv[2]))) console.log(line);
}
