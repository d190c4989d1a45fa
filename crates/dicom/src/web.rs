//! For `www/interface/photo-file.js`.

use skintree::photo::Limits;
use skintree::web::convert::{JsResult, to_js_error};
use wasm_bindgen::prelude::*;

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// [`photo_file`](crate::photo_file).
///
/// # Errors
/// `photo-*`.
#[wasm_bindgen(js_name = photoFile)]
pub fn photo_file(bytes: &[u8]) -> JsResult<Vec<u8>> {
    crate::photo_file(bytes, &Limits::default()).map(std::borrow::Cow::into_owned).map_err(to_js_error)
}
