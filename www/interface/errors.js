// Apart from skintree.js because the worker throws these too, and it has no use for the rest of that file.

/**
 * @import {Failure} from './messages.js'
 * @import {ErrorCode} from '../skintree.js'
 */

export class SkintreeError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    /** @readonly */
    this.code = code;
  }
}
// On the prototype, as the built-in errors have it: an own property would show in every console print.
Object.defineProperty(SkintreeError.prototype, 'name', { value: 'SkintreeError' });

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {unknown} error
 * @returns {Failure}
 */
export function toFailure(error) {
  const { code, reason } = /** @type {{code?: unknown, reason?: unknown}} */ (error ?? {});
  return {
    code: typeof code === 'string' ? code : 'internal',
    message: messageOf(error),
    ...(typeof reason === 'string' && { reason }),
  };
}
