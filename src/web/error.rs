//! Errors as JavaScript sees them: an `Error` with a stable `code`.

use js_sys::{Error as JsError, Reflect};
use wasm_bindgen::JsValue;

/// What crosses to JavaScript.
pub(super) type JsResult<T> = Result<T, JsValue>;

/// An `Error` with `message` and `code`.
pub(super) fn js_error(code: &str, message: &str) -> JsValue {
    let error = JsError::new(message);
    // Setting a property on a fresh ordinary object cannot fail.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}

/// Any of the crate's errors as an `Error` with its code.
pub(super) fn to_js_error(error: impl Into<crate::Error>) -> JsValue {
    let error = error.into();
    js_error(error.code(), &error.to_string())
}
