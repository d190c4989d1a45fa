// A worker's side of the calls that a page makes (worker-calls.js).

import { toFailure } from './errors.js';

/**
 * @import {Call, CompiledClassifier, Handlers, Reply} from './messages.js'
 * @import {Progress} from '../skintree.js'
 */

/** @param {Reply} message @param {Transferable[]} [transfer] */
function reply(message, transfer = []) {
  postMessage(message, { transfer });
}

/** @param {Progress} progress */
export function replyProgress(progress) {
  reply({ type: 'progress', progress });
}

/** @param {CompiledClassifier} compiled */
export function replyCompiled(compiled) {
  reply({ type: 'compiled', compiled });
}

/** @param {MessagePort[]} ports @param {MessagePort} control */
export function askForThreads(ports, control) {
  reply({ type: 'threads', ports, control }, [...ports, control]);
}

/**
 * Answers calls from now on.
 *
 * @template C
 * @param {Handlers<C>} handlers
 */
export function serve(handlers) {
  addEventListener('message', async ({ data }) => {
    const { id, method, args } = /** @type {Call} */ (data);
    try {
      const handler = /** @type {Record<string, (...args: any[]) => unknown>} */ (handlers)[method];
      reply({ type: 'result', id, result: await handler(...args) });
    } catch (error) {
      const failure = toFailure(error);
      reply(isTrap(error) ? { type: 'dead', failure } : { type: 'failed', id, failure });
    }
  });

  reply({ type: 'started' });

  // A trap inside a Rust future surfaces here, while the promise of the call it belongs to stays open for ever.
  addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    reply({ type: 'dead', failure: toFailure(event.reason) });
  });
}

/** @param {unknown} error */
function isTrap(error) {
  return typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError;
}
