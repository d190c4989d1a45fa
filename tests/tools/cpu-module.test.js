// How the threads of the CPU engine wait for each other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { waitForChange } from '../../www/interface/cpu-module.js';

const MODULE = new URL('../../www/interface/cpu-module.js', import.meta.url).href;

test('a thread that is woken for nothing goes on waiting', async () => {
  const control = new Int32Array(new SharedArrayBuffer(12));
  const [PLACE, WAITING, DONE] = [0, 1, 2];
  const script = `
    import { workerData as control } from 'node:worker_threads';
    import { waitForChange } from '${MODULE}';
    Atomics.store(control, ${WAITING}, 1);
    waitForChange(control, ${PLACE}, 0);
    Atomics.store(control, ${DONE}, 1);
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), { workerData: control });
  const ended = new Promise((resolve) => worker.on('exit', resolve));
  let woken = 0;
  for (let i = 0; i < 200 && woken < 5; i++) {
    await sleep(20);
    woken += Atomics.notify(control, PLACE);
  }
  assert.ok(woken >= 5, 'it slept and was woken');
  await sleep(50);
  assert.deepEqual([control[WAITING], control[DONE]], [1, 0]);
  Atomics.store(control, PLACE, 7);
  Atomics.notify(control, PLACE);
  assert.equal(await ended, 0);
  assert.equal(control[DONE], 1);
});

test('waiting ends at once where the number is another one, and in time where it never changes', () => {
  const control = new Int32Array(new SharedArrayBuffer(4));
  assert.equal(waitForChange(control, 0, 1), true);
  assert.equal(waitForChange(control, 0, 0, 20), false);
});
