// node run-python.js RECORD: runs the tests of the training code if its Python is there, and writes RECORD. PyTorch is
// gigabytes, so build.sh does not install it.

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';

import { emptyRun, writeRun } from './record.js';

const record = process.argv[2];
const python = resolve(process.env.SKINTREE_PYTHON ?? '.venv/bin/python');
const run = emptyRun();

if (spawnSync(python, ['-c', 'import torch']).status === 0) {
  const { status, stderr } = spawnSync(python, ['-m', 'unittest'], {
    cwd: 'model/train',
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  process.stderr.write(stderr);
  const count = (/** @type {RegExp} */ pattern) => Number(pattern.exec(stderr)?.[1] ?? 0);
  const ran = count(/^Ran (\d+) tests?/m);
  const skipped = count(/^(?:OK|FAILED) .*skipped=(\d+)/m);
  run.failed = count(/^FAILED .*failures=(\d+)/m) + count(/^FAILED .*errors=(\d+)/m);
  run.passed = ran - run.failed - skipped;
  const reason = 'see `python -m unittest -v`';
  run.skipped = Array.from({ length: skipped }, () => ({ test: 'model/train', reason }));
  process.exitCode = status ?? 1;
} else {
  const tests = readdirSync('model/train/tests')
    .filter((name) => name.endsWith('.py'))
    .flatMap((name) => [...readFileSync(`model/train/tests/${name}`, 'utf8').matchAll(/^ +def (test_\w+)/gm)]);
  const reason = `${python} with PyTorch is missing`;
  run.skipped = tests.map((match) => ({ test: `model/train: ${match[1]}`, reason }));
}
writeRun(record, run);
