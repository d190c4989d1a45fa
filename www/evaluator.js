// The page's side of evaluate-worker.js: asks, and waits for what it is told.

import { listen, toError } from './worker-replies.js';

/**
 * @import {Call, Calls, Reply} from './evaluate-messages.js'
 * @import {Failure} from './messages.js'
 * @import {SkintreeError} from './errors.js'
 * @import {Progress} from './skintree.js'
 */

/** @typedef {{resolve: (result: any) => void, reject: (error: SkintreeError) => void}} Waiting */

export class Evaluator {
  #worker = new Worker(new URL('./evaluate-worker.js', import.meta.url), { type: 'module', name: 'skintree evaluate' });
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #lastId = 0;
  /** Why nothing is answered any more. @type {Failure | null} */
  #end = null;

  /** @param {(progress: Progress) => void} onProgress how far the pack is */
  constructor(onProgress) {
    /** @param {Reply} reply */
    const onReply = (reply) => {
      if (reply.type === 'progress') onProgress(reply.progress);
      else if (reply.type === 'dead') this.end(reply.failure);
      else if (reply.type === 'result') this.#settle(reply.id)?.resolve(reply.result);
      else this.#settle(reply.id)?.reject(toError(reply.failure));
    };
    listen(this.#worker, onReply, (failure) => this.end(failure));
  }

  /**
   * @template {keyof Calls} M
   * @param {M} method
   * @param {Parameters<Calls[M]>} args
   * @returns {Promise<ReturnType<Calls[M]>>} rejects with SkintreeError only
   */
  call(method, ...args) {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(toError(this.#end));
        return;
      }
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      /** @type {Call} */
      const call = { id, method, args };
      this.#worker.postMessage(call);
    });
  }

  /**
   * Ends the worker and gives back its memory. Open calls reject.
   *
   * @param {Failure} [failure]
   */
  end(failure = { code: 'aborted', message: 'the evaluation was left' }) {
    this.#end ??= failure;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(toError(failure));
    this.#waiting.clear();
  }

  /** @param {number} id */
  #settle(id) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
