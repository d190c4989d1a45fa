// <skintree-widget>: skintree as an element for pages of the same origin. Described in docs/widget.md.

import { Session } from './interface/session.js';
import { SkintreeError } from './skintree.js';
import { say, setLanguage } from './view/strings.js';
import { styleSheets } from './widget/widget-style.js';
import { isOther } from './view/photo-inputs.js';
import { languageOf, watchLanguage } from './widget/language-of.js';
import { WidgetView } from './widget/widget-view.js';

/**
 * @import {ClassifierInfo, ClassifyOptions, EngineChoice, PhotoSource, Progress, ClassifiedReport} from './skintree.js'
 * @import {Trouble} from './interface/session.js'
 */

/** Attributes that say which model runs, and how: a change takes the loaded one away. */
const MODEL_ATTRIBUTES = ['pack', 'engine', 'base'];

/** Those that a page may set. */
const PROPERTIES = ['pack', 'engine', 'topK', 'preload', 'heatMap'];

/**
 * @implements {Omit<import('./widget.js').SkintreeWidget, keyof HTMLElement>}
 */
export class SkintreeWidget extends HTMLElement {
  static observedAttributes = ['lang', 'preload', 'heat-map', ...MODEL_ATTRIBUTES];

  #view = new WidgetView({
    addPhotos: (files) => this.#speaking(() => this.#takeFirst(files)),
    prepare: () => void this.#session.prepare(),
    cancel: () => {
      this.#session.stop();
      this.reset();
    },
  });
  #session = new Session(
    {
      clearAnswer: () => this.#forgetReport(),
      showLoading: () => this.#speaking(() => this.#view.showWork('downloading')),
      showProgress: (progress) => {
        this.#speaking(() => this.#view.showProgress(progress));
        this.#tell('progress', progress);
      },
      loaded: (info) => {
        this.#info = info;
        this.#tell('ready', info);
      },
      showReady: () => this.#speaking(() => this.#view.showReady()),
      showClassifying: () => this.#speaking(() => this.#view.showWork('classifying')),
      showResult: (report) => {
        this.#report = report;
        this.#speaking(() => this.#view.showResult(report));
        this.#offerHeatMap();
        this.#tell('result', report);
      },
      showTrouble: (trouble, error, again) => this.#fail(trouble, error, again),
    },
    () => ({
      packUrl: this.pack || undefined,
      engine: this.engine,
      baseUrl: this.getAttribute('base') || undefined,
    }),
  );
  /** @type {ClassifierInfo | null} */
  #info = null;
  /** @type {ClassifiedReport | null} */
  #report = null;
  /** The photo of the newest call. @type {PhotoSource | null} */
  #photo = null;
  /** The call under way. @type {[PhotoSource, ClassifyOptions] | null} */
  #running = null;
  /** The call that was under way when the element was taken out. @type {[PhotoSource, ClassifyOptions] | null} */
  #interrupted = null;
  /** The `lang` that its own texts are in. @type {string | null} */
  #language = null;
  #ignoreLanguage = () => {};

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    styleSheets().then((sheets) => {
      root.adoptedStyleSheets = sheets;
      root.append(this.#view.element);
    });
  }

  connectedCallback() {
    this.#takeUpProperties();
    this.#ignoreLanguage = watchLanguage(this, () => this.#translate());
    this.#translate();
    this.#preload();
    const interrupted = this.#interrupted;
    this.#interrupted = null;
    if (interrupted) this.classify(...interrupted).catch(() => {});
  }

  disconnectedCallback() {
    this.#ignoreLanguage();
    // Not at once: an element that is only moved is back by then, and keeps its model.
    queueMicrotask(() => {
      if (this.isConnected) return;
      // Frameworks put elements aside and take them out again, within a moment or hours later.
      this.#interrupted = this.#running;
      this.#unload();
      this.#view.hideWork();
    });
  }

  /** Frameworks may set properties before this class is there; they lie on the element then and hide those of the class. */
  #takeUpProperties() {
    const self = /** @type {Record<string, any>} */ (/** @type {unknown} */ (this));
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(self, name)) continue;
      const value = self[name];
      delete self[name];
      self[name] = value;
    }
  }

  #translate() {
    const language = languageOf(this);
    if (language === this.#language) return;
    this.#language = language;
    this.#speaking(() => this.#view.translate());
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === now) {
      return;
    }
    if (name === 'lang') {
      this.#translate();
    } else if (name === 'preload') {
      this.#preload();
    } else if (name === 'heat-map') {
      this.#offerHeatMap();
    } else {
      this.#unload();
      this.reset();
      this.#preload();
    }
  }

  /** URL of the pack's manifest or folder, relative to the page; empty for the pack beside widget.js. */
  get pack() {
    return this.getAttribute('pack') ?? '';
  }
  set pack(url) {
    this.setAttribute('pack', url);
  }

  /** @returns {EngineChoice} */
  get engine() {
    const engine = this.getAttribute('engine');
    return engine === 'wonnx' || engine === 'cpu' || engine === 'cpu-f32' ? engine : 'auto';
  }
  set engine(engine) {
    this.setAttribute('engine', engine);
  }

  /** How many entries `report.fine` has at most. */
  get topK() {
    const topK = Number(this.getAttribute('top-k'));
    return Number.isInteger(topK) && topK > 0 ? topK : 5;
  }
  set topK(topK) {
    this.setAttribute('top-k', String(topK));
  }

  /** Load the model as soon as the element is on a page, not only when someone reaches for a photo. */
  get preload() {
    return this.hasAttribute('preload');
  }
  set preload(preload) {
    this.toggleAttribute('preload', preload);
  }

  /** Offer to show which parts of the photo counted, below the photo. */
  get heatMap() {
    return this.hasAttribute('heat-map');
  }
  set heatMap(heatMap) {
    this.toggleAttribute('heat-map', heatMap);
  }

  /** The report on show, or `null`. */
  get report() {
    return this.#report;
  }

  /** What is loaded, or `null` before that. */
  get info() {
    return this.#info;
  }

  /**
   * Loads the model, if that has not begun yet. A failure is also shown.
   *
   * @returns {Promise<ClassifierInfo>}
   */
  async load() {
    this.#session.prepare();
    return (await this.#session.load()).info;
  }

  /**
   * Classifies a photo as if the visitor had chosen it: it is shown, and so is the answer or the failure.
   *
   * @param {PhotoSource} photo
   * @param {ClassifyOptions} [options]
   * @returns {Promise<ClassifiedReport>}
   */
  async classify(photo, options = {}) {
    this.#photo = photo;
    this.#interrupted = null;
    const running = (this.#running = /** @type {[PhotoSource, ClassifyOptions]} */ ([photo, options]));
    this.#view.showRemark(null);
    this.#speaking(() => this.#view.showPhoto(photo));
    try {
      return await this.#session.classify(photo, { topK: this.topK, ...options });
    } finally {
      if (this.#running === running) this.#running = null;
    }
  }

  /** Forgets photo and answer, for the next patient. The model stays loaded. */
  reset() {
    this.#session.cancel();
    this.#report = this.#photo = this.#running = this.#interrupted = null;
    this.#speaking(() => this.#view.clear());
  }

  /** @param {File[]} files */
  #takeFirst(files) {
    if (files.length === 0) {
      this.#view.showRemark(say('noFile'));
      return;
    }
    // A failure is on show already, and told by the event.
    const photo = files.find((file) => !isOther(file)) ?? files[0];
    this.classify(photo).catch(() => {});
    if (files.length > 1) {
      this.#view.showRemark(say('onlyOne', { count: files.length, name: photo.name }));
    }
  }

  #offerHeatMap() {
    const [photo, report] = [this.#photo, this.#report];
    if (!this.heatMap || !photo || !report) {
      this.#speaking(() => this.#view.offerHeatMap(null));
      return;
    }
    this.#speaking(() =>
      this.#view.offerHeatMap(async () => {
        const explained = report.heat_maps ? report : await this.#session.explain(photo, report).catch(() => null);
        if (this.#report === report) this.#speaking(() => this.#view.showHeatMap(explained));
      }),
    );
  }

  #preload() {
    if (this.preload) {
      this.#session.prepare();
    }
  }

  #unload() {
    this.#session.free();
    this.#info = null;
  }

  #forgetReport() {
    this.#report = null;
    this.#view.clearAnswer();
  }

  /**
   * @param {Trouble} trouble
   * @param {SkintreeError} error
   * @param {() => void} again
   */
  #fail(trouble, error, again) {
    this.#speaking(() => this.#view.showTrouble(trouble, error, again));
    this.#tell('error', error);
  }

  /**
   * Runs something that puts words on show, in the language of this element: other widgets may have another.
   *
   * @param {() => void} show
   */
  #speaking(show) {
    setLanguage(languageOf(this), ...navigator.languages);
    show();
  }

  /**
   * @param {'ready' | 'progress' | 'result' | 'error'} type
   * @param {ClassifierInfo | Progress | ClassifiedReport | SkintreeError} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

if (!customElements.get('skintree-widget')) {
  customElements.define('skintree-widget', SkintreeWidget);
}
