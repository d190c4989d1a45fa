// The tools that count what a test run did.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CargoOutput } from '../../tools/testing/cargo.js';
import recordEvents from '../../tools/testing/node-reporter.js';
import { summary } from '../../tools/testing/summary.js';

const CARGO = `\
     Running unittests src/lib.rs (target/debug/deps/skintree-0123)

running 1 test
test input::resizes ... ok

successes:

successes:
    input::resizes

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/engines.rs (target/debug/deps/engines-4567)

running 4 tests
test slow ... ignored, takes an hour
test f16_agrees ... ok
test every_variant ... ok
test shapes ... FAILED

successes:

---- every_variant stdout ----
skipped tiles-f16: the adapter lacks shader-f16
skipped registers: the adapter lacks subgroups

---- f16_agrees stdout ----
skipped: the adapter lacks shader-f16
skipped: the adapter lacks shader-f16

successes:
    every_variant
    f16_agrees

failures:

---- shapes stdout ----
assertion failed

failures:
    shapes

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`;

test('cargo: tests that skip themselves are not counted as passed, and the output is that of cargo test', () => {
  const output = new CargoOutput();
  const printed = CARGO.split('\n').filter((line) => output.line(line));
  assert.deepEqual(output.run, {
    passed: 2,
    failed: 1,
    skipped: [
      { test: 'tests/engines.rs: slow', reason: 'takes an hour' },
      { test: 'tests/engines.rs: f16_agrees', reason: 'the adapter lacks shader-f16' },
    ],
    partly: [
      { test: 'tests/engines.rs: every_variant, tiles-f16', reason: 'the adapter lacks shader-f16' },
      { test: 'tests/engines.rs: every_variant, registers', reason: 'the adapter lacks subgroups' },
    ],
  });
  assert.ok(!printed.some((line) => /^skipped|successes/.test(line)));
  assert.ok(printed.includes('assertion failed'));
  assert.equal(printed.filter((line) => line.startsWith('test result:')).length, 2);
});

test('node: tests and skipped suites are counted, other suites are not', async () => {
  async function* events() {
    yield { type: 'test:start', data: { name: 'a' } };
    yield { type: 'test:pass', data: { name: 'a' } };
    yield { type: 'test:fail', data: { name: 'b' } };
    yield { type: 'test:pass', data: { name: 'c', file: `${process.cwd()}/tests/c.test.js`, skip: 'no browser' } };
    yield { type: 'test:pass', data: { name: 'suite', details: { type: 'suite' } } };
    yield { type: 'test:pass', data: { name: 'suite', skip: true, details: { type: 'suite' } } };
  }
  let written = '';
  for await (const part of recordEvents(events())) written += part;
  assert.deepEqual(JSON.parse(written), {
    passed: 1,
    failed: 1,
    skipped: [
      { test: 'tests/c.test.js: c', reason: 'no browser' },
      { test: 'suite', reason: 'no reason given' },
    ],
    partly: [],
  });
});

test('the summary says why, which, how to run them, and ends with the counts', () => {
  const reason = 'labels.csv is missing: set SKINTREE_DATA';
  const skipped = ['a', 'b', 'c', 'd'].map((name) => ({ test: name, reason }));
  const lines = summary({ passed: 7, failed: 0, skipped, partly: [{ test: 'e, f16', reason: 'lacks f16' }] });
  assert.equal(lines[0], `4 skipped: ${reason}`);
  assert.match(lines[1], /a; b; c; and 1 more/);
  assert.match(lines[2], /SKINTREE_DATA=FOLDER \.\/build\.sh test/);
  assert.equal(lines[3], '1 passed without a part: lacks f16');
  assert.equal(lines.at(-1), '7 passed, 0 failed, 4 skipped');
});
