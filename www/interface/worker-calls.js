// A page's side of a worker: calls its functions and waits for what they give.

import { SkintreeError } from './errors.js';

/**
 * @import {Call, Failure, Reply} from './messages.js'
 * @import {ErrorCode, Progress} from '../skintree.js'
 */

/** @typedef {{resolve: (result: any) => void, reject: (error: SkintreeError) => void}} Waiting */

/** @template {{[M in keyof C]: (...args: any[]) => unknown}} C what the worker does, such as ClassifierCalls */
export class WorkerCalls {
  #worker;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #lastId = 0;
  /** Why nothing is answered any more. @type {Failure | null} */
  #end = null;
  /** Called once, if the worker ends by itself. @type {(failure: Failure) => void} */
  onDeath = () => {};

  /**
   * @param {Worker} worker
   * @param {(progress: Progress) => void} [onProgress] how far the pack is
   */
  constructor(worker, onProgress) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#onReply(data, onProgress);
    worker.onmessageerror = () => this.#die({ code: 'internal', message: 'the worker gave an answer that cannot be read' });
    worker.onerror = (event) => {
      // We pass it on; without this the browser would also print it as the page's own uncaught error.
      event.preventDefault();
      // A script that can't be fetched gives an event without a message, an exception inside it one with.
      this.#die(
        event.message
          ? { code: 'internal', message: event.message }
          : { code: 'network', message: 'the worker script could not be loaded' },
      );
    };
  }

  /**
   * @param {Reply} reply
   * @param {(progress: Progress) => void} [onProgress]
   */
  #onReply(reply, onProgress) {
    if (reply.type === 'progress') onProgress?.(reply.progress);
    else if (reply.type === 'dead') this.#die(reply.failure);
    else if (reply.type === 'result') this.#settle(reply.id)?.resolve(reply.result);
    else this.#settle(reply.id)?.reject(toError(reply.failure));
  }

  /**
   * @template {keyof C & string} M
   * @param {M} method
   * @param {Parameters<C[M]>} args
   * @param {Transferable[]} [transfer]
   * @returns {Promise<ReturnType<C[M]>>} rejects with SkintreeError only
   */
  call(method, args, transfer = []) {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(toError(this.#end));
        return;
      }
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      /** @type {Call} */
      const call = { id, method, args };
      this.#worker.postMessage(call, transfer);
    });
  }

  /**
   * Ends the worker and gives back its memory. Open calls reject, and so do later ones.
   *
   * @param {Failure} failure
   */
  end(failure) {
    this.#end ??= failure;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(toError(failure));
    this.#waiting.clear();
  }

  /** @param {Failure} failure */
  #die(failure) {
    // First, so that whoever listens may end it with words of their own.
    if (!this.#end) this.onDeath(failure);
    this.end(failure);
  }

  /** @param {number} id */
  #settle(id) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

/** @param {Failure} failure */
export function toError({ code, message }) {
  return new SkintreeError(/** @type {ErrorCode} */ (code), message);
}
