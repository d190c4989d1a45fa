// skintree's JavaScript interface: one classifier, living in a worker of its own. Types: skintree.d.ts.

import { SkintreeError } from './interface/errors.js';
import { OWN_PACK, packAt } from './interface/own-pack.js';
import { readPhoto } from './interface/photo-input.js';
import { WorkerCalls, toError } from './interface/worker-calls.js';
import { startWorker } from './interface/worker-start.js';

export { SkintreeError };

/**
 * @import {ClassifiedReport, ClassifierInfo, ClassifyOptions, FhirOptions, LoadOptions, PhotoSource, Report} from './skintree.js'
 * @import {ClassifierCalls, CompiledClassifier, Failure, PackAddress, Photo} from './interface/messages.js'
 */

/**
 * @typedef {object} Job a photo that the caller waits for
 * @property {Promise<Photo>} photo
 * @property {Pick<ClassifyOptions, 'topK' | 'heatMaps' | 'views' | 'photoKind'>} options
 * @property {boolean} settled the caller has an answer, though the worker may still be busy with it
 * @property {AbortController} listening for the caller's signal, which may outlive the call by far
 * @property {(report: ClassifiedReport) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/**
 * What a worker of this page has compiled, by the address of its script. The next worker need not compile it again;
 * and Firefox keeps some megabytes of each that does.
 *
 * @type {Map<string, CompiledClassifier>}
 */
const compiled = new Map();

const ENGINES = ['auto', 'wonnx', 'cpu', 'cpu-f32'];

/** @implements {Pick<import('./skintree.js').Classifier, 'info' | 'classify' | 'free'>} */
export class Classifier {
  /** @type {WorkerCalls<ClassifierCalls>} */
  #calls;
  /** @type {Job[]} */
  #waiting = [];
  /**
   * The job the worker has. An aborted one stays here until the worker is done with it, as a running wasm function
   * can't be stopped: the next one would only wait inside the worker instead.
   *
   * @type {Job | null}
   */
  #running = null;
  /**
   * Why nothing can be classified any more.
   *
   * @type {Failure | null}
   */
  #end = null;
  /** The page was out of sight since the last answer: the device may have slept, and its GPU with it. */
  #doubt = false;
  #listening = new AbortController();

  /**
   * @private use Classifier.load
   * @param {WorkerCalls<ClassifierCalls>} calls
   * @param {ClassifierInfo} info
   */
  constructor(calls, info) {
    this.#calls = calls;
    /** @readonly */
    this.info = info;
    globalThis.document?.addEventListener('visibilitychange', () => (this.#doubt = true), { signal: this.#listening.signal });
    calls.onDeath = ({ message }) =>
      this.#stop({ code: 'internal', message: `${message}; the classifier has ended and must be loaded again` });
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
    const pack = resolvePack(packUrl, baseUrl);
    const { worker, href, base } = start(baseUrl);
    /** @type {WorkerCalls<ClassifierCalls>} */
    const calls = new WorkerCalls(worker, href, onProgress);
    calls.folder = base;
    calls.onCompiled = (one) => compiled.set(href, one);
    const listening = new AbortController();
    try {
      /** @type {Promise<never>} */
      const abortion = new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(aborted(signal)), { signal: listening.signal });
      });
      const info = await Promise.race([calls.call('load', [pack, engine, compiled.get(href)]), abortion]);
      return new Classifier(calls, info);
    } catch (error) {
      calls.end({ code: 'aborted', message: 'the classifier was not loaded' });
      throw error;
    } finally {
      listening.abort();
    }
  }

  /**
   * @param {PhotoSource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<ClassifiedReport>}
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
      /** @type {Job} */
      const job = {
        photo,
        options: { topK, heatMaps, views, photoKind },
        settled: false,
        listening: new AbortController(),
        resolve,
        reject,
      };
      signal?.addEventListener('abort', () => this.#abort(job, signal), { signal: job.listening.signal });
      this.#waiting.push(job);
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
    const job = this.#waiting.shift();
    if (!job) {
      return;
    }
    this.#running = job;
    try {
      const photo = await job.photo;
      if (!job.settled) {
        const verify = this.#doubt;
        this.#doubt = false;
        const report = await this.#calls.call('classify', [photo, { ...job.options, verify }], buffersOf(photo));
        settle(job, () => job.resolve(withFhir(report)));
      }
    } catch (error) {
      settle(job, () => job.reject(error));
    }
    this.#running = null;
    this.#next();
  }

  /**
   * @param {Job} job
   * @param {AbortSignal} signal
   */
  #abort(job, signal) {
    this.#waiting = this.#waiting.filter((other) => other !== job);
    settle(job, () => job.reject(aborted(signal)));
  }

  /** @param {Failure} end */
  #stop(end) {
    if (this.#end) {
      return;
    }
    this.#end = end;
    this.#calls.end(end);
    this.#listening.abort();
    const jobs = this.#running ? [this.#running, ...this.#waiting] : this.#waiting;
    this.#waiting = [];
    for (const job of jobs) {
      settle(job, () => job.reject(toError(end)));
    }
  }
}

/**
 * The method cannot be seen, so that a report can still be compared, stored and handed to a worker.
 *
 * @param {Report} report
 */
function withFhir(report) {
  const toFHIR = async (/** @type {FhirOptions} */ options) => (await import('./fhir.js')).toFhir(report, options);
  return /** @type {ClassifiedReport} */ (Object.defineProperty(report, 'toFHIR', { value: toFHIR }));
}

/** @param {unknown} value */
function isListOfStrings(value) {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * @param {Job} job
 * @param {() => void} answer
 */
function settle(job, answer) {
  if (!job.settled) {
    job.settled = true;
    job.listening.abort();
    answer();
  }
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
function start(baseUrl) {
  if (baseUrl === undefined) {
    const { href } = new URL('./worker.js', import.meta.url);
    // Bundlers find the worker by this very expression, so it must not go through a variable.
    return { href, worker: startWorker(href, () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'skintree' })) };
  }
  const { href: base } = folder(baseUrl);
  const { href } = new URL('worker.js', base);
  return { href, base, worker: startWorker(href, () => new Worker(href, { type: 'module', name: 'skintree' })) };
}

/**
 * @param {string | URL | undefined} packUrl
 * @param {string | URL | undefined} baseUrl
 * @returns {PackAddress}
 */
function resolvePack(packUrl, baseUrl) {
  let url;
  if (packUrl !== undefined) url = new URL(packUrl, pageUrl());
  else if (baseUrl !== undefined) url = new URL('pack/', folder(baseUrl));
  else return OWN_PACK;
  return packAt(url.pathname.endsWith('/') ? new URL('manifest.json', url).href : url.href);
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
