// The host's side of skintree.embed/1: for a portal that shows embed.html in an <iframe>. Needs nothing else of
// skintree, so a portal can keep a copy of this one file. Described in docs/widget.md.

/**
 * @import {CallId, EmbedErrorCode, FrameMessage, HostMessage} from './frame/messages.js'
 * @import {Report} from './skintree.js'
 */

/** @type {'skintree.embed/1'} */
export const SCHEMA = 'skintree.embed/1';

const HELLO_EVERY_MS = 400;
const EVENTS = ['ready', 'progress', 'result', 'error', 'resize'];

/**
 * @template T
 * @typedef {T extends unknown ? Omit<T, 'schema'> : never} WithoutSchema
 */

export class SkintreeFrameError extends Error {
  /**
   * @param {EmbedErrorCode | 'embed-timeout'} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    /** @readonly */
    this.code = code;
  }
}

/**
 * Events, as `CustomEvent` with what the message carries as `detail`: `ready` (ClassifierInfo), `progress` (Progress),
 * `result` ({id, report}), `error` ({id, code, message}), `resize` ({height}).
 */
export class SkintreeFrame extends EventTarget {
  #iframe;
  #origin;
  #lang;
  #lastId = 0;
  /** @type {Map<CallId, {resolve: (report: Report) => void, reject: (error: Error) => void}>} */
  #calls = new Map();
  #closing = new AbortController();
  #welcomed = false;

  /**
   * Says hello to the frame until it answers.
   *
   * @param {HTMLIFrameElement} iframe showing embed.html
   * @param {{lang?: string, timeoutMs?: number}} [options]
   * @returns {Promise<SkintreeFrame>}
   */
  static connect(iframe, { lang, timeoutMs = 30_000 } = {}) {
    const frame = new SkintreeFrame(iframe, lang);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        frame.close();
        const why = `${iframe.src} does not answer: is ${location.origin} on its list (embed.json)?`;
        reject(new SkintreeFrameError('embed-timeout', why));
      }, timeoutMs);
      frame.addEventListener(
        'welcome',
        () => {
          clearTimeout(timer);
          resolve(frame);
        },
        { once: true },
      );
    });
  }

  /**
   * @private use SkintreeFrame.connect
   * @param {HTMLIFrameElement} iframe
   * @param {string} [lang]
   */
  constructor(iframe, lang) {
    super();
    this.#iframe = iframe;
    this.#origin = new URL(iframe.src, document.baseURI).origin;
    this.#lang = lang;
    const { signal } = this.#closing;
    addEventListener('message', (event) => this.#onMessage(event), { signal });
    // A frame that was reloaded knows neither us nor the photos it was given.
    iframe.addEventListener(
      'load',
      () => {
        this.#welcomed = false;
        this.#drop('the frame was reloaded');
        this.#hello();
      },
      { signal },
    );
    const again = setInterval(() => this.#welcomed || this.#hello(), HELLO_EVERY_MS);
    signal.addEventListener('abort', () => clearInterval(again));
  }

  /** Loads the model ahead of a photo. */
  load() {
    this.#send({ type: 'load' });
  }

  /**
   * Hands over a photo. It is shown in the frame, and so is the answer.
   *
   * @param {Blob} photo
   * @param {{topK?: number, heatMaps?: 'all' | string[], ask?: boolean, signal?: AbortSignal}} [options] `heatMaps`: nodes of the tree
   *   whose maps `report.heat_maps` shall hold; a frame of an older version ignores it. `ask`: show the photo to the visitor first, who
   *   may decline (`embed-declined`); a frame of an older version rejects it with `embed-message`
   * @returns {Promise<Report>} rejects with a SkintreeFrameError
   */
  classify(photo, { topK, heatMaps, ask = false, signal } = {}) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new SkintreeFrameError('aborted', 'the caller aborted it'));
        return;
      }
      this.#calls.set(id, { resolve, reject });
      signal?.addEventListener('abort', () => this.#send({ type: 'cancel', id }), { once: true });
      this.#send({
        type: ask ? 'offer' : 'classify',
        id,
        photo,
        ...(topK === undefined ? {} : { topK }),
        ...(heatMaps === undefined ? {} : { heatMaps }),
      });
    });
  }

  /**
   * Changes the colours after the frame was loaded, for a portal with a switch of its own. What the frame starts with is
   * better said in its URL (`?theme=light`): no other colours flash up before.
   *
   * @param {'light' | 'dark' | 'auto'} theme a frame of an older version dispatches `error` with `embed-message`
   */
  setTheme(theme) {
    this.#send({ type: 'theme', theme });
  }

  /** Takes photo and answer away, for the next patient. */
  reset() {
    this.#send({ type: 'reset' });
  }

  /** Listens no more. */
  close() {
    this.#closing.abort();
    this.#drop('the connection was closed');
  }

  #hello() {
    this.#send({ type: 'hello', ...(this.#lang === undefined ? {} : { lang: this.#lang }) });
  }

  /** @param {WithoutSchema<HostMessage>} message */
  #send(message) {
    this.#iframe.contentWindow?.postMessage({ schema: SCHEMA, ...message }, this.#origin);
  }

  /** @param {MessageEvent} event */
  #onMessage({ source, origin, data }) {
    if (source !== this.#iframe.contentWindow || origin !== this.#origin || data?.schema !== SCHEMA) {
      return;
    }
    const message = /** @type {FrameMessage} */ (data);
    if (message.type === 'welcome') {
      this.#welcomed = true;
      this.dispatchEvent(new Event('welcome'));
      return;
    }
    if (message.type === 'result' && message.id !== null) {
      this.#take(message.id)?.resolve(message.report);
    } else if (message.type === 'error' && message.id !== null) {
      this.#take(message.id)?.reject(new SkintreeFrameError(message.code, message.message));
    }
    if (EVENTS.includes(message.type)) {
      this.dispatchEvent(new CustomEvent(message.type, { detail: detailOf(message) }));
    }
  }

  /** @param {CallId} id */
  #take(id) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  /** @param {string} why */
  #drop(why) {
    for (const { reject } of this.#calls.values()) {
      reject(new SkintreeFrameError('aborted', why));
    }
    this.#calls.clear();
  }
}

/** @param {FrameMessage} message */
function detailOf(message) {
  if (message.type === 'ready') return message.info;
  if (message.type === 'progress') return message.progress;
  const { schema: _, type: __, ...detail } = message;
  return detail;
}
