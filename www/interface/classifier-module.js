// The wasm module that classifies. It is built twice: with the GPU engine, and for browsers without a GPU a fifth smaller without it.

import { SkintreeError } from './errors.js';
import { startModule } from './wasm-module.js';

/**
 * @import {EngineChoice} from '../skintree.js'
 * @import {CompiledClassifier} from './messages.js'
 * @import {WasmModule} from './wasm.js'
 */

/**
 * Starts the one that an engine needs; where it cannot be fetched, which is so without network, the other one.
 *
 * @param {EngineChoice} engine
 * @param {CompiledClassifier} [compiled] by an earlier worker of the page
 * @returns {Promise<{wasm: WasmModule, compiled?: CompiledClassifier}>} `compiled`: for later workers, but for stand-ins of tests
 */
export async function startClassifierModule(engine, compiled) {
  const wanted = await mayUseGpu(engine);
  // That one can do all that the other can.
  if (compiled?.gpu || (compiled && !wanted)) return start(compiled.gpu, compiled.module);
  try {
    return await start(wanted);
  } catch (error) {
    if (engine === 'wonnx' || !(error instanceof SkintreeError) || error.code !== 'network') throw error;
    return start(!wanted, compiled?.module).catch(() => {
      throw error;
    });
  }
}

/** @param {boolean} gpu @param {WebAssembly.Module} [compiled] */
async function start(gpu, compiled) {
  /** @type {WasmModule} */
  const wasm = await (gpu
    ? // @ts-ignore: made by the build
      startModule('../pkg/skintree', () => import('../pkg/skintree.js'), compiled)
    : // @ts-ignore: made by the build
      startModule('../pkg/skintree_without_gpu', () => import('../pkg/skintree_without_gpu.js'), compiled));
  const { wasmModule: module } = wasm;
  return { wasm, ...(module && { compiled: { gpu, module } }) };
}

/** @param {EngineChoice} engine */
async function mayUseGpu(engine) {
  if (engine !== 'auto') return engine === 'wonnx';
  // Not there on plain http, and in workers of some browsers.
  const gpu = /** @type {any} */ (navigator).gpu;
  return (await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) != null;
}
