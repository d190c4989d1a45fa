// A report as FHIR R4, for those who keep records. The wasm module that writes it is only fetched when it is first wanted; the
// command line writes the same bytes.

import { SkintreeError, toFailure } from './interface/errors.js';
import { startModule } from './interface/wasm-module.js';

/**
 * @import {ErrorCode, FhirOptions, Report} from './skintree.js'
 * @import {FhirModule} from './interface/wasm.js'
 */

/** @type {Promise<FhirModule> | null} */
let starting = null;

/**
 * A `Bundle` of a `DiagnosticReport`, a `RiskAssessment`, `Observation`s of the photo and the `Device`, as docs/fhir.md
 * describes it.
 *
 * @param {Report} report
 * @param {FhirOptions} [options]
 * @returns {Promise<string>} JSON (`application/fhir+json`) in one line, with a newline at its end
 */
export async function toFhir(report, { issued = new Date().toISOString(), ...others } = {}) {
  const wasm = await start();
  try {
    return wasm.toFhir(JSON.stringify(report), JSON.stringify({ issued, ...others }));
  } catch (cause) {
    const { code, message } = toFailure(cause);
    throw new SkintreeError(/** @type {ErrorCode} */ (code), message, { cause });
  }
}

async function start() {
  // @ts-ignore: made by the build
  starting ??= startModule('../pkg/skintree_fhir', () => import('./pkg/skintree_fhir.js'));
  try {
    return await starting;
  } catch (error) {
    // The next call may have a connection.
    starting = null;
    throw error;
  }
}
