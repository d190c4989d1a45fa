// Starts the wasm modules of the build, and tells why one does not start.

import { policyError, setupError, whatIsWrong } from './diagnose.js';
import { SkintreeError, messageOf } from './errors.js';

// Not within `new URL`: bundlers warn of an address that they cannot know.
const here = import.meta.url;

/**
 * Fetches and instantiates a wasm module and what wasm-bindgen made for it.
 *
 * @template {{default: (init?: {module_or_path: WebAssembly.Module}) => Promise<unknown>}} M
 * @param {string} path of both, relative to this file, without their endings
 * @param {() => Promise<any>} importModule an `import()`, written out where it is called so that bundlers find the file
 * @param {WebAssembly.Module} [compiled] if it is compiled already
 * @returns {Promise<M>}
 */
export async function startModule(path, importModule, compiled) {
  if (typeof WebAssembly !== 'object') {
    throw new SkintreeError('engine-unavailable', 'this browser has WebAssembly switched off');
  }
  const [script, binary] = ['.js', '_bg.wasm'].map((ending) => new URL(path + ending, here).href);
  /** @type {M} */
  let wasm;
  try {
    wasm = await importModule();
  } catch (cause) {
    throw (await whatIsWrong(script)) ?? new SkintreeError('network', `${script}: ${messageOf(cause)}; check the connection`, { cause });
  }
  try {
    await wasm.default(compiled && { module_or_path: compiled });
  } catch (cause) {
    throw await whyNotStarted(binary, cause);
  }
  return wasm;
}

/**
 * @param {string} url of a wasm file
 * @param {unknown} cause
 */
async function whyNotStarted(url, cause) {
  const message = messageOf(cause);
  if (/content security policy|\bcsp\b|unsafe-eval/i.test(message)) {
    return policyError(`the Content-Security-Policy forbids WebAssembly (script-src needs 'wasm-unsafe-eval'): ${message}`, { cause });
  }
  const wrong = await whatIsWrong(url);
  if (wrong) return wrong;
  // What is imported and is no function is a TypeError, what is a function of other arguments a LinkError.
  if (cause instanceof WebAssembly.LinkError || /\bimport\b/i.test(message)) return setupError(`${url} and its script are of two builds: ${message}`, { cause });
  if (cause instanceof WebAssembly.CompileError) {
    return new SkintreeError('engine-unavailable', `WebAssembly does not run here: ${message}; use a newer browser`, { cause });
  }
  return new SkintreeError('network', `${url}: ${message}; check the connection`, { cause });
}
