// Nothing to run: says that the stand-ins are of the types of the real modules, which `tsc` checks.

import * as classifier from './skintree.js';
import * as evaluate from './skintree_evaluate.js';

/** @import {EvaluateModule, WasmModule} from '../../../www/interface/wasm.js' */

/** @type {{classifier: WasmModule, evaluate: EvaluateModule}} */
export const modules = { classifier, evaluate };
