// What the faces of skintree have in common: one model, loaded when it is first wanted; one photo at a time, the newest
// wins; a failure sorted by what the visitor can do about it. How that looks is up to the face.

import { Classifier, SkintreeError } from '../skintree.js';

/**
 * @import {ClassifierInfo, ClassifyOptions, ClassifiedReport, LoadOptions, PhotoSource, Progress, Report} from '../skintree.js'
 */

/** @typedef {'photo-format' | 'photo-broken' | 'photo-too-large' | 'photo-blocked' | 'network' | 'setup' | 'policy' | 'pack' | 'engine' | 'gpu' | 'internal'} Trouble */

/**
 * What a session tells its face, in this order.
 *
 * @typedef {object} SessionView
 * @property {() => void} clearAnswer takes the last answer away; the progress stays
 * @property {() => void} showLoading
 * @property {(progress: Progress) => void} showProgress
 * @property {(info: ClassifierInfo) => void} loaded
 * @property {() => void} showReady the model is there, and no photo waits for it
 * @property {() => void} showClassifying
 * @property {(report: ClassifiedReport) => void} showResult
 * @property {(trouble: Trouble, error: SkintreeError, again: () => void, ofPhoto: boolean) => void} showTrouble `ofPhoto`: the
 *   model was there, so that the next photo may well succeed
 */

export class Session {
  #view;
  #options;
  /** @type {Promise<Classifier> | null} */
  #loading = null;
  /** @type {AbortController | null} */
  #running = null;
  /** Ends the load under way. */
  #leave = new AbortController();
  #forceCpu = false;
  #loaded = false;

  /**
   * @param {SessionView} view
   * @param {() => {packUrl?: string | URL} & Pick<LoadOptions, 'engine' | 'baseUrl'>} options asked for at each load
   */
  constructor(view, options) {
    this.#view = view;
    this.#options = options;
  }

  /** @returns {Promise<Classifier>} */
  load() {
    if (!this.#loading) {
      this.#view.showLoading();
      const { packUrl, engine, baseUrl } = this.#options();
      const { signal } = this.#leave;
      const loading = Classifier.load(packUrl, {
        engine: this.#forceCpu ? 'cpu' : engine,
        baseUrl,
        signal,
        onProgress: (progress) => this.#view.showProgress(progress),
      });
      this.#loading = loading;
      loading.then(
        ({ info }) => {
          if (this.#loading !== loading) return;
          this.#loaded = true;
          this.#view.loaded(info);
          if (!this.#running) this.#view.showReady();
        },
        () => {
          if (this.#loading === loading) this.#loading = null;
        },
      );
    }
    return this.#loading;
  }

  /** Loads the model ahead of the photo. A failure is shown, not thrown. */
  async prepare() {
    if (this.#loading || this.#running) {
      return;
    }
    this.#view.clearAnswer();
    try {
      await this.load();
    } catch (error) {
      // With a photo waiting, classify() says it.
      if (!this.#running) this.#fail(error, null, () => this.prepare());
    }
  }

  /**
   * The newest photo wins: whoever chooses another one has lost interest in the one before, whose call rejects with
   * `aborted`. A failure is shown as well as thrown.
   *
   * @param {PhotoSource} photo
   * @param {ClassifyOptions} [options]
   * @returns {Promise<ClassifiedReport>}
   */
  async classify(photo, options = {}) {
    this.#running?.abort();
    const run = (this.#running = new AbortController());
    const signal = options.signal ? AbortSignal.any([run.signal, options.signal]) : run.signal;
    this.#view.clearAnswer();
    /** @type {Classifier | null} */
    let classifier = null;
    try {
      classifier = await unlessAborted(this.load(), signal);
      this.#view.showClassifying();
      const report = await classifier.classify(photo, { ...options, signal });
      this.#view.showResult(report);
      return report;
    } catch (error) {
      if (!signal.aborted) {
        this.#fail(error, classifier, () => this.classify(photo, options).catch(() => {}));
      } else if (!run.signal.aborted) {
        this.#view.clearAnswer();
        if (classifier) this.#view.showReady();
      }
      throw error;
    } finally {
      if (this.#running === run) {
        this.#running = null;
      }
    }
  }

  /**
   * Asks about a photo once more, this time for heat maps as well: they cost time that nobody should pay who does not
   * look at them. Nothing of it is shown.
   *
   * @param {PhotoSource} photo
   * @param {Report} report what was said about it
   * @returns {Promise<Report>} with maps of all classes and groups, and of the diagnoses listed in `fine`
   */
  async explain(photo, { tree, fine, photo_kind }) {
    const upper = tree.filter(({ level, covered }) => covered && level !== 'disease');
    const nodes = new Set([...upper, ...fine].map(({ id }) => id));
    return (await this.load()).classify(photo, { heatMaps: [...nodes], photoKind: photo_kind?.given ? photo_kind.id : undefined });
  }

  /** Whether the model is there. */
  get loaded() {
    return this.#loaded;
  }

  /** Forgets the photo, and ends the download if there is one: what costs time or money stops. */
  stop() {
    if (this.#loaded) this.cancel();
    else this.free();
  }

  /** Forgets the photo; the model stays. */
  cancel() {
    this.#running?.abort();
    this.#running = null;
  }

  /** Gives the model's memory back. The next photo loads it anew. */
  free() {
    this.cancel();
    this.#leave.abort();
    this.#leave = new AbortController();
    this.#unload();
  }

  #unload() {
    this.#loading?.then((classifier) => classifier.free(), () => {});
    this.#loading = null;
    this.#loaded = false;
  }

  /**
   * @param {unknown} cause
   * @param {Classifier | null} classifier
   * @param {() => void} again
   */
  #fail(cause, classifier, again) {
    const error = cause instanceof SkintreeError ? cause : new SkintreeError('internal', String(cause), { cause });
    if (error.code === 'aborted') {
      return;
    }
    const trouble = troubleOf(error, classifier);
    if (trouble === 'gpu' || trouble === 'internal') {
      this.#unload();
    }
    const retry = () => {
      this.#forceCpu ||= trouble === 'gpu';
      again();
    };
    this.#view.showTrouble(trouble, error, retry, classifier !== null);
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new SkintreeError('aborted', 'the call was aborted', { cause: signal.reason }));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/**
 * @param {{code: string}} error
 * @param {{info: Pick<ClassifierInfo, 'engine'>} | null} classifier the one it happened to
 * @returns {Trouble}
 */
export function troubleOf({ code }, classifier) {
  switch (code) {
    case 'photo-format':
    case 'photo-broken':
    case 'photo-too-large':
    case 'photo-blocked':
    case 'network':
      return code;
    case 'site-setup':
      return 'setup';
    case 'site-policy':
      return 'policy';
    case 'pack-manifest':
    case 'pack-truncated':
    case 'pack-hash':
    case 'pack-graph':
    case 'taxonomy':
      return 'pack';
    case 'engine-unavailable':
      return 'engine';
    case 'engine-self-test':
      // After it was loaded: the GPU has begun to compute wrongly.
      return classifier && classifier.info.engine.name !== 'cpu' ? 'gpu' : 'engine';
    case 'engine-failed':
    case 'gpu-lost':
    case 'gpu-memory':
      return classifier?.info.engine.name === 'cpu' ? 'internal' : 'gpu';
    default:
      return 'internal';
  }
}
