// The frame's side of skintree.embed/1. Speaks to the window that holds the frame, and only to origins on the list;
// results go out, pixels never do.

import { SCHEMA } from '../embed-host.js';
import { SkintreeError, messageOf } from '../interface/errors.js';
import { setTheme, themeOf } from './embed-theme.js';

/**
 * @import {CallId, EmbedErrorCode, FrameMessage, HostMessage} from './messages.js'
 * @import {WithoutSchema} from '../embed-host.js'
 * @import {PhotoOffer} from './photo-offer.js'
 * @import {SkintreeWidget} from '../widget.js'
 */

/** Characters that are repeated of a wrong value. */
const MOST_SHOWN = 60;

/**
 * @param {SkintreeWidget} widget
 * @param {Promise<string[]>} origins who may talk to this frame
 * @param {PhotoOffer} offer
 * @param {(host: string) => void} onConnect
 */
export function linkToHost(widget, origins, offer, onConnect) {
  const host = window.parent;
  if (host === window) {
    return;
  }
  /** The origin that said hello, once it has. */
  let connected = '';
  /** Calls of the host under way. @type {Map<CallId, AbortController>} */
  const calls = new Map();
  /** How many of them the widget has; those on offer wait for the visitor, who may take a photo of their own meanwhile. */
  let running = 0;

  /** @param {WithoutSchema<FrameMessage>} message */
  const send = (message) => {
    if (connected) host.postMessage({ schema: SCHEMA, ...message }, connected);
  };
  /** @param {CallId | null} id @param {EmbedErrorCode} code @param {string} message */
  const sendError = (id, code, message) => send({ type: 'error', id, code, message });

  addEventListener('message', async ({ source, origin, data }) => {
    // The window first: a frame beside this one may have any origin.
    if (source !== host || !(await origins).includes(origin) || !isForUs(data)) {
      return;
    }
    const problem = problemOf(data);
    if (connected !== origin && (problem || data.type !== 'hello')) {
      return;
    }
    if (problem) {
      sendError(isId(data.id) ? data.id : null, 'embed-message', problem);
      return;
    }
    receive(/** @type {HostMessage} */ (data), origin);
  });

  /** @param {HostMessage} message @param {string} origin */
  const receive = (message, origin) => {
    switch (message.type) {
      case 'hello':
        connected = origin;
        if (message.lang !== undefined) widget.lang = message.lang;
        send({ type: 'welcome', schemas: [SCHEMA] });
        sendHeight();
        if (widget.info) send({ type: 'ready', info: widget.info });
        onConnect(new URL(origin).host);
        break;
      case 'load':
        // The outcome is told by the events below.
        widget.load().catch(() => {});
        break;
      case 'classify':
      case 'offer':
        classify(message);
        break;
      case 'cancel':
        calls.get(message.id)?.abort();
        break;
      case 'reset':
        widget.reset();
        break;
      case 'theme':
        setTheme(message.theme);
        break;
    }
  };

  /** @param {HostMessage & {type: 'classify' | 'offer'}} message */
  const classify = async ({ type, id, photo, topK, heatMaps }) => {
    const call = new AbortController();
    if (calls.has(id)) {
      sendError(null, 'embed-message', `call ${id} is still under way`);
      return;
    }
    calls.set(id, call);
    if (type === 'offer' && !(await offer.ask(photo, new URL(connected).host, call.signal))) {
      calls.delete(id);
      if (call.signal.aborted) sendError(id, 'aborted', 'the host took the offer back');
      else sendError(id, 'embed-declined', 'the visitor did not want the photo to be looked at');
      return;
    }
    running += 1;
    try {
      const report = await widget.classify(photo, {
        signal: call.signal,
        ...(topK === undefined ? {} : { topK }),
        ...(heatMaps === undefined ? {} : { heatMaps }),
      });
      send({ type: 'result', id, report });
    } catch (error) {
      const code = error instanceof SkintreeError ? error.code : 'internal';
      sendError(id, code, messageOf(error));
    } finally {
      calls.delete(id);
      running -= 1;
    }
  };

  widget.addEventListener('progress', (event) => send({ type: 'progress', progress: detailOf(event) }));
  widget.addEventListener('ready', (event) => send({ type: 'ready', info: detailOf(event) }));
  // The answer to a call is sent by classify(), with its id.
  widget.addEventListener('result', (event) => {
    if (running === 0) send({ type: 'result', id: null, report: detailOf(event) });
  });
  widget.addEventListener('error', (event) => {
    const { code, message } = detailOf(event);
    if (running === 0) sendError(null, code, message);
  });

  const sendHeight = () => send({ type: 'resize', height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  new ResizeObserver(sendHeight).observe(document.documentElement);
}

/** @param {Event} event @returns {any} */
function detailOf(event) {
  return /** @type {CustomEvent} */ (event).detail;
}

/** @param {any} data */
function isForUs(data) {
  return typeof data === 'object' && data !== null && typeof data.schema === 'string' && data.schema.startsWith('skintree.embed/');
}

/** @param {unknown} list */
function isListOfText(list) {
  return Array.isArray(list) && list.every((one) => typeof one === 'string');
}

/** @param {unknown} id */
function isId(id) {
  return typeof id === 'string' || Number.isFinite(id);
}

/** Of an object not even `String` can be relied on: it may have a `toString` that is no function. @param {unknown} value */
function shown(value) {
  return typeof value === 'string' ? value.slice(0, MOST_SHOWN) : typeof value;
}

/**
 * What is wrong with a message, if anything.
 *
 * @param {any} message
 * @returns {string | null}
 */
function problemOf({ schema, type, id, photo, topK, heatMaps, lang, theme }) {
  if (schema !== SCHEMA) return `this frame speaks ${SCHEMA}, not ${shown(schema)}`;
  switch (type) {
    case 'hello':
      return lang === undefined || typeof lang === 'string' ? null : 'lang is a language tag';
    case 'load':
    case 'reset':
      return null;
    case 'theme':
      return themeOf(theme) ? null : "theme is 'light', 'dark' or 'auto'";
    case 'cancel':
      return isId(id) ? null : 'id is a string or a number';
    case 'classify':
    case 'offer':
      if (!isId(id)) return 'id is a string or a number';
      if (!(photo instanceof Blob)) return 'photo is a Blob or File';
      if (topK !== undefined && !(Number.isInteger(topK) && topK > 0)) return 'topK is a whole number above 0';
      return heatMaps === undefined || heatMaps === 'all' || isListOfText(heatMaps) ? null : "heatMaps is 'all' or a list of node ids";
    default:
      return `unknown type ${shown(type)}`;
  }
}
