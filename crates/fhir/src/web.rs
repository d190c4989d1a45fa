//! For `www/fhir.js`.

use skintree::report::Report;
use skintree::web::convert::{JsResult, js_error};
use wasm_bindgen::prelude::*;

use crate::{FhirError, Options};

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// [`to_fhir`](crate::to_fhir) of a report and [options](Options::from_json), both as JSON.
///
/// # Errors
/// `report` and `fhir-option`.
#[wasm_bindgen(js_name = toFhir)]
pub fn to_fhir(report: &str, options: &str) -> JsResult<String> {
    write(report, options).map_err(|error| js_error(error.code(), &error.to_string()))
}

fn write(report: &str, options: &str) -> Result<String, FhirError> {
    let report: Report = serde_json::from_str(report).map_err(|error| FhirError::Report(error.to_string()))?;
    crate::to_fhir(&report, &Options::from_json(options)?)
}
