// The page's side of the CPU engine's threads: the engine's worker asks for them and speaks with them through ports. It does not start them
// itself, because in Firefox `new Worker` within a worker at times never returns while another worker computes.

import { startWorker } from './worker-start.js';

/**
 * @param {MessagePort[]} ports one for each thread
 * @param {MessagePort} control tells the engine that a thread did not start, and is told that they are not wanted any more
 * @param {string} [folder] of the engine's worker, where it is not beside these modules
 * @returns {() => void} ends them
 */
export function startThreads(ports, control, folder) {
  /** @type {Worker[]} */
  const workers = [];
  const end = () => workers.forEach((worker) => worker.terminate());
  const fail = () => control.postMessage('failed');
  control.onmessage = end;
  try {
    for (const port of ports) {
      const worker = startThread(folder);
      workers.push(worker);
      worker.onerror = (event) => {
        // Or the browser would print it as the page's own uncaught error.
        event.preventDefault();
        fail();
      };
      worker.postMessage(port, [port]);
    }
  } catch {
    fail();
  }
  return end;
}

/** @param {string} [folder] */
function startThread(folder) {
  if (folder === undefined) {
    const { href } = new URL('./cpu-helper.js', import.meta.url);
    // Bundlers find the script by this very expression.
    return startWorker(href, () => new Worker(new URL('./cpu-helper.js', import.meta.url), { type: 'module', name: 'skintree thread' }));
  }
  const { href } = new URL('interface/cpu-helper.js', folder);
  return startWorker(href, () => new Worker(href, { type: 'module', name: 'skintree thread' }));
}
