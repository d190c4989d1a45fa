// What a page hears of its workers, whichever they are.

import { SkintreeError } from './errors.js';

/**
 * @import {Failure} from './messages.js'
 * @import {ErrorCode} from './skintree.js'
 */

/**
 * @param {Worker} worker
 * @param {(reply: any) => void} onReply
 * @param {(failure: Failure) => void} onDeath the worker is of no more use
 */
export function listen(worker, onReply, onDeath) {
  worker.onmessage = (event) => onReply(event.data);
  worker.onmessageerror = () => onDeath({ code: 'internal', message: 'the worker gave an answer that cannot be read' });
  worker.onerror = (event) => {
    // We pass it on; without this the browser would also print it as the page's own uncaught error.
    event.preventDefault();
    // A script that can't be fetched gives an event without a message, an exception inside it one with.
    onDeath(
      event.message
        ? { code: 'internal', message: event.message }
        : { code: 'network', message: 'the worker script could not be loaded' },
    );
  };
}

/** @param {Failure} failure */
export function toError({ code, message }) {
  return new SkintreeError(/** @type {ErrorCode} */ (code), message);
}
