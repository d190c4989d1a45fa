// skintree's JavaScript interface: one classifier, living in a worker of its own. Types: skintree.d.ts.

import { SkintreeError, messageOf } from './errors.js';
import { readPhoto } from './photo-input.js';
import { listen, toError } from './worker-replies.js';

export { SkintreeError };

/**
 * @import {ClassifierInfo, ClassifyOptions, LoadOptions, PhotoSource, Report} from './skintree.js'
 * @import {Answer, Failure, Photo, Request} from './messages.js'
 */

/**
 * @typedef {object} Call
 * @property {number} id
 * @property {Promise<Photo>} photo
 * @property {Pick<ClassifyOptions, 'topK' | 'heatMaps' | 'views' | 'photoKind'>} options
 * @property {boolean} settled the caller has an answer, though the worker may still be busy with it
 * @property {AbortController} listening for the caller's signal, which may outlive the call by far
 * @property {(report: Report) => void} resolve
 * @property {(error: unknown) => void} reject
 */

const ENGINES = ['auto', 'wonnx', 'cpu'];

/** @implements {Pick<import('./skintree.js').Classifier, 'info' | 'classify' | 'free'>} */
export class Classifier {
  /** @type {Worker} */
  #worker;
  /** @type {Call[]} */
  #waiting = [];
  /**
   * The call the worker has. An aborted call stays here until the worker is done with it, as a running wasm function
   * can't be stopped: the next one would only wait inside the worker instead.
   *
   * @type {Call | null}
   */
  #running = null;
  #lastId = 0;
  /**
   * Why nothing can be classified any more.
   *
   * @type {Failure | null}
   */
  #end = null;

  /**
   * @private use Classifier.load
   * @param {Worker} worker
   * @param {ClassifierInfo} info
   */
  constructor(worker, info) {
    this.#worker = worker;
    /** @readonly */
    this.info = info;
    listen(worker, (answer) => this.#onAnswer(answer), (failure) => this.#onDeath(failure));
  }

  /**
   * @param {string | URL} [packUrl]
   * @param {LoadOptions} [options]
   * @returns {Promise<Classifier>}
   */
  static async load(packUrl, options = {}) {
    const { engine = 'auto', onProgress, signal, baseUrl } = options;
    if (!ENGINES.includes(engine)) {
      throw new TypeError(`engine is one of ${ENGINES.join(', ')}, not ${engine}`);
    }
    if (signal?.aborted) {
      throw aborted(signal);
    }
    const manifestUrl = resolvePack(packUrl, baseUrl);
    const worker = startWorker(baseUrl);
    const listening = new AbortController();
    try {
      const info = await new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(aborted(signal)), { signal: listening.signal });
        /** @param {Failure} failure */
        const fail = (failure) => reject(toError(failure));
        listen(
          worker,
          (answer) => {
            if (answer.type === 'progress') onProgress?.(answer.progress);
            else if (answer.type === 'loaded') resolve(answer.info);
            else if (answer.type === 'load-failed' || answer.type === 'dead') fail(answer.failure);
          },
          fail,
        );
        send(worker, { type: 'load', packUrl: manifestUrl, engine });
      });
      return new Classifier(worker, info);
    } catch (error) {
      worker.terminate();
      throw error;
    } finally {
      listening.abort();
    }
  }

  /**
   * @param {PhotoSource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<Report>}
   */
  async classify(source, { topK, heatMaps, views, photoKind, signal } = {}) {
    if (topK !== undefined && !(Number.isInteger(topK) && topK > 0)) {
      throw new TypeError(`topK is a whole number above 0, not ${topK}`);
    }
    if (views !== undefined && ![1, 2, 3, 4].includes(views)) {
      throw new TypeError(`views is a whole number from 1 to 4, not ${views}`);
    }
    if (heatMaps !== undefined && heatMaps !== 'all' && !isListOfStrings(heatMaps)) {
      throw new TypeError(`heatMaps is 'all' or a list of ids of nodes, not ${heatMaps}`);
    }
    if (photoKind !== undefined && typeof photoKind !== 'string') {
      throw new TypeError(`photoKind is an id of a kind of photo, not ${photoKind}`);
    }
    if (this.#end) {
      throw toError(this.#end);
    }
    if (signal?.aborted) {
      throw aborted(signal);
    }
    const photo = readPhoto(source);
    // The queue looks at it when its turn comes; until then a failure is not "unhandled".
    photo.catch(() => {});
    return new Promise((resolve, reject) => {
      /** @type {Call} */
      const call = {
        id: ++this.#lastId,
        photo,
        options: { topK, heatMaps, views, photoKind },
        settled: false,
        listening: new AbortController(),
        resolve,
        reject,
      };
      signal?.addEventListener('abort', () => this.#abort(call, signal), { signal: call.listening.signal });
      this.#waiting.push(call);
      this.#next();
    });
  }

  free() {
    this.#stop({ code: 'aborted', message: 'the classifier was freed' });
  }

  async #next() {
    if (this.#running || this.#end) {
      return;
    }
    const call = this.#waiting.shift();
    if (!call) {
      return;
    }
    this.#running = call;
    try {
      const photo = await call.photo;
      if (!call.settled) {
        send(this.#worker, { type: 'classify', id: call.id, photo, options: call.options }, buffersOf(photo));
        return;
      }
    } catch (error) {
      settle(call, () => call.reject(error));
    }
    this.#finish();
  }

  #finish() {
    this.#running = null;
    this.#next();
  }

  /** @param {Answer} answer */
  #onAnswer(answer) {
    const call = this.#running;
    if (answer.type === 'dead') {
      this.#onDeath(answer.failure);
    } else if (call && answer.type === 'report' && answer.id === call.id) {
      settle(call, () => call.resolve(answer.report));
      this.#finish();
    } else if (call && answer.type === 'failed' && answer.id === call.id) {
      settle(call, () => call.reject(toError(answer.failure)));
      this.#finish();
    }
  }

  /**
   * @param {Call} call
   * @param {AbortSignal} signal
   */
  #abort(call, signal) {
    this.#waiting = this.#waiting.filter((other) => other !== call);
    settle(call, () => call.reject(aborted(signal)));
  }

  /** @param {Failure} failure */
  #onDeath({ message }) {
    this.#stop({ code: 'internal', message: `${message}; the classifier has ended and must be loaded again` });
  }

  /** @param {Failure} end */
  #stop(end) {
    if (this.#end) {
      return;
    }
    this.#end = end;
    this.#worker.terminate();
    const calls = this.#running ? [this.#running, ...this.#waiting] : this.#waiting;
    this.#running = null;
    this.#waiting = [];
    for (const call of calls) {
      settle(call, () => call.reject(toError(end)));
    }
  }
}

/** @param {unknown} value */
function isListOfStrings(value) {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * @param {Call} call
 * @param {() => void} answer
 */
function settle(call, answer) {
  if (!call.settled) {
    call.settled = true;
    call.listening.abort();
    answer();
  }
}

/**
 * @param {Worker} worker
 * @param {Request} request
 * @param {Transferable[]} [transfer]
 */
function send(worker, request, transfer = []) {
  worker.postMessage(request, transfer);
}

/**
 * Handed over rather than copied: a phone's photo is 48 MB as pixels.
 *
 * @param {Photo} photo
 * @returns {Transferable[]}
 */
function buffersOf(photo) {
  if (photo.kind === 'bytes') return [photo.bytes.buffer];
  if (photo.kind === 'rgba') return [photo.data.buffer];
  return [];
}

/** @param {string | URL | undefined} baseUrl */
function startWorker(baseUrl) {
  try {
    // Bundlers find the worker by this very expression, so the default must not go through a variable.
    return baseUrl === undefined
      ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'skintree' })
      : new Worker(new URL('worker.js', folder(baseUrl)), { type: 'module', name: 'skintree' });
  } catch (cause) {
    throw new SkintreeError('network', `the worker cannot be started: ${messageOf(cause)}`, { cause });
  }
}

/**
 * @param {string | URL | undefined} packUrl
 * @param {string | URL | undefined} baseUrl
 * @returns {string}
 */
function resolvePack(packUrl, baseUrl) {
  const url =
    packUrl === undefined
      ? new URL('pack/', baseUrl === undefined ? import.meta.url : folder(baseUrl))
      : new URL(packUrl, pageUrl());
  return url.pathname.endsWith('/') ? new URL('manifest.json', url).href : url.href;
}

/** @param {string | URL} baseUrl */
function folder(baseUrl) {
  const url = new URL(baseUrl, pageUrl());
  if (!url.pathname.endsWith('/')) {
    url.pathname += '/';
  }
  return url;
}

function pageUrl() {
  return globalThis.document?.baseURI ?? location.href;
}

/** @param {AbortSignal} signal */
function aborted(signal) {
  return new SkintreeError('aborted', 'the caller aborted it', { cause: signal.reason });
}
