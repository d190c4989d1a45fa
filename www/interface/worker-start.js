// Starts workers, also on pages that enforce Trusted Types.

import { otherOrigin, policyError } from './diagnose.js';
import { messageOf } from './errors.js';

/** @type {{createScriptURL: (url: string) => any} | undefined} */
let policy;

/**
 * @param {string} url of the worker's script
 * @param {() => Worker} plain starts it with an expression that bundlers know: `new Worker(new URL('./worker.js', import.meta.url), ...)`
 * @returns {Worker}
 */
export function startWorker(url, plain) {
  try {
    return plain();
  } catch (cause) {
    if (globalThis.origin === 'null') {
      throw policyError('this page is in a frame whose sandbox lacks "allow-same-origin", and so may start no worker', { cause });
    }
    const elsewhere = otherOrigin(url, { cause });
    if (elsewhere) throw elsewhere;
    try {
      // What Trusted Types want: a policy that vouches for the address.
      policy ??= /** @type {any} */ (globalThis).trustedTypes?.createPolicy('skintree', { createScriptURL: (/** @type {string} */ own) => own });
      if (policy) return new Worker(policy.createScriptURL(url), { type: 'module', name: 'skintree' });
    } catch {
      // The policy is not on the page's list either.
    }
    throw policyError(`the worker ${url} may not be started: ${messageOf(cause)}`, { cause });
  }
}
