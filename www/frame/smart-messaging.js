// The app's side of SMART Web Messaging 1.0.0 (https://hl7.org/fhir/uv/smart-web-messaging/): requests to the record system
// that shows this frame, each answered once. Speaks to one window and one origin only.

/** How long the record system may take to answer; people may have to agree there. */
const RESPONSE_MS = 30_000;

/** The record system did not answer, or refused. */
export class SmartError extends Error {}

/** Not by `randomUUID`, which only secure contexts have. */
function newId() {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((word) => word.toString(16).padStart(8, '0')).join('-');
}

/** @typedef {{resolve: (payload: Record<string, unknown>) => void, reject: (error: SmartError) => void}} Waiting */

export class SmartMessaging {
  #host;
  #origin;
  #handle;
  /** By the ids of the requests. @type {Map<string, Waiting>} */
  #waiting = new Map();

  /**
   * @param {Window} host the window of the record system
   * @param {string} origin `smart_web_messaging_origin` of the launch
   * @param {string} handle `smart_web_messaging_handle` of the launch
   */
  constructor(host, origin, handle) {
    this.#host = host;
    this.#origin = origin;
    this.#handle = handle;
    addEventListener('message', (event) => {
      if (event.source === host && event.origin === origin) this.#receive(event.data);
    });
  }

  /**
   * @param {string} messageType
   * @param {object} [payload]
   * @param {number} [timeoutMs]
   * @returns {Promise<Record<string, unknown>>} the payload of the response; rejects with a SmartError
   */
  request(messageType, payload = {}, timeoutMs = RESPONSE_MS) {
    const messageId = newId();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(messageId);
        reject(new SmartError(`${this.#origin} did not answer ${messageType} within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      this.#waiting.set(messageId, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject,
      });
      this.#host.postMessage({ messagingHandle: this.#handle, messageId, messageType, payload }, this.#origin);
    });
  }

  /** @param {any} message */
  #receive(message) {
    if (typeof message !== 'object' || message === null) return;
    const { messageId, messageType, messagingHandle, responseToMessageId, additionalResponsesExpected, payload } = message;
    if (messageType === 'status.handshake' && messagingHandle === this.#handle && typeof messageId === 'string') {
      this.#host.postMessage({ messageId: newId(), responseToMessageId: messageId, payload: {} }, this.#origin);
      return;
    }
    const waiting = this.#waiting.get(responseToMessageId);
    if (!waiting || additionalResponsesExpected === true) return;
    this.#waiting.delete(responseToMessageId);
    waiting.resolve(typeof payload === 'object' && payload !== null ? payload : {});
  }
}
