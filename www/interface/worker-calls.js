// A page's side of a worker: calls its functions and waits for what they give.

import { startThreads } from './cpu-threads.js';
import { whyNoWorker } from './diagnose.js';
import { SkintreeError, toFailure } from './errors.js';

/**
 * @import {Call, CompiledClassifier, Failure, Reply} from './messages.js'
 * @import {ErrorCode, Progress} from '../skintree.js'
 */

/** A script that does not run by then is looked at. */
const START_MS = 8000;

/** @typedef {{resolve: (result: any) => void, reject: (error: SkintreeError) => void}} Waiting */

/** @template {{[M in keyof C]: (...args: any[]) => unknown}} C what the worker does, such as ClassifierCalls */
export class WorkerCalls {
  #worker;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #lastId = 0;
  /** Why nothing is answered any more. @type {Failure | null} */
  #end = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  #started = false;
  /** Each ends the threads of an engine. @type {(() => void)[]} */
  #endThreads = [];
  /** Where the scripts of threads are, if not beside this one. @type {string | undefined} */
  folder;
  /** Called once, if the worker ends by itself. @type {(failure: Failure) => void} */
  onDeath = () => {};
  /** Called with what the worker has compiled. @type {(compiled: CompiledClassifier) => void} */
  onCompiled = () => {};

  /**
   * @param {Worker} worker
   * @param {string} url of its script
   * @param {(progress: Progress) => void} [onProgress] how far the pack is
   */
  constructor(worker, url, onProgress) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#onReply(data, onProgress);
    this.#patience = setTimeout(() => this.#lookWhetherItStarts(url), START_MS);
    worker.onmessageerror = () => this.#die({ code: 'internal', message: 'the worker gave an answer that cannot be read' });
    worker.onerror = (event) => {
      // We pass it on; without this the browser would also print it as the page's own uncaught error.
      event.preventDefault();
      // A script that can't be fetched gives an event without a message, an exception inside it one with.
      if (event.message) this.#die({ code: 'internal', message: event.message });
      else void this.#dieOf(url);
    };
  }

  /**
   * @param {Reply} reply
   * @param {(progress: Progress) => void} [onProgress]
   */
  #onReply(reply, onProgress) {
    if (this.#end) return;
    if (reply.type === 'started') this.#onStart();
    else if (reply.type === 'compiled') this.onCompiled(reply.compiled);
    else if (reply.type === 'threads') this.#endThreads.push(startThreads(reply.ports, reply.control, this.folder));
    else if (reply.type === 'progress') onProgress?.(reply.progress);
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
    clearTimeout(this.#patience);
    this.#end ??= failure;
    this.#worker.terminate();
    for (const end of this.#endThreads) end();
    for (const { reject } of this.#waiting.values()) reject(toError(failure));
    this.#waiting.clear();
  }

  /** @param {Failure} failure */
  #die(failure) {
    // First, so that whoever listens may end it with words of their own.
    if (!this.#end) this.onDeath(failure);
    this.end(failure);
  }

  #onStart() {
    this.#started = true;
    clearTimeout(this.#patience);
  }

  /** Firefox tells nothing of some scripts that it does not start. @param {string} url */
  async #lookWhetherItStarts(url) {
    const wrong = await whyNoWorker(url);
    if (this.#started) return;
    if (wrong) this.#die(toFailure(wrong));
    else if (!this.#end) this.#patience = setTimeout(() => this.#lookWhetherItStarts(url), START_MS);
  }

  /** @param {string} url */
  async #dieOf(url) {
    const wrong = await whyNoWorker(url);
    this.#die(wrong ? toFailure(wrong) : { code: 'network', message: `the worker ${url} could not be loaded` });
  }

  /** @param {number} id */
  #settle(id) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

/** @param {Failure} failure */
export function toError({ code, message, reason }) {
  const error = new SkintreeError(/** @type {ErrorCode} */ (code), message);
  return reason ? Object.assign(error, { reason }) : error;
}
