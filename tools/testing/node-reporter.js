// A reporter for node's test runner, beside the one that people read: `--test-reporter ./tools/testing/node-reporter.js
// --test-reporter-destination RECORD`.

import { relative } from 'node:path';

import { emptyRun } from './record.js';

/** @import { Skip } from './record.js' */

/**
 * The part of node's event that is used here.
 *
 * @typedef {{ type: string, data: { name: string, file?: string, skip?: string | boolean, todo?: string | boolean,
 *   details?: { type?: string, error?: { failureType?: string } } } }} Event
 */

/** @param {AsyncIterable<Event>} events */
export default async function* record(events) {
  const run = emptyRun();
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A suite that is skipped hides its tests; any other suite is counted by its tests.
    const skipped = data.skip !== undefined && data.skip !== false;
    if (data.details?.type === 'suite' && !skipped) continue;
    if (skipped) {
      const file = data.file ? `${relative(process.cwd(), data.file)}: ` : '';
      const reason = typeof data.skip === 'string' && data.skip ? data.skip : 'no reason given';
      run.skipped.push(/** @type {Skip} */ ({ test: file + data.name, reason }));
    } else if (type === 'test:pass') {
      run.passed += 1;
    } else {
      run.failed += 1;
    }
  }
  yield JSON.stringify(run, null, 1);
}
