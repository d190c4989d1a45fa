//! Values and errors as they cross to JavaScript: plain objects (`serde-wasm-bindgen`), and `Error` objects with a stable
//! `code`.

use js_sys::{Error as JsError, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

/// What crosses to JavaScript.
pub type JsResult<T> = Result<T, JsValue>;

/// An `Error` with `message` and `code`.
#[must_use]
pub fn js_error(code: &str, message: &str) -> JsValue {
    let error = JsError::new(message);
    // Setting a property on a fresh ordinary object cannot fail.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}

/// An `Error` of [`js_error`] with a `reason`: which of several things it is that have the same code.
#[must_use]
pub fn with_reason(error: JsValue, reason: Option<&str>) -> JsValue {
    if let Some(reason) = reason {
        // As there.
        let _ = Reflect::set(&error, &"reason".into(), &reason.into());
    }
    error
}

/// Any of the crate's errors as an `Error` with its code.
pub fn to_js_error(error: impl Into<crate::Error>) -> JsValue {
    let error = error.into();
    js_error(error.code(), &error.to_string())
}

/// `None` becomes `null` and maps become plain objects, so that the result is what `JSON.parse` would give.
///
/// # Errors
/// Only `internal`.
pub fn to_js(value: &impl Serialize) -> JsResult<JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| js_error("internal", &error.to_string()))
}

/// An object of options; `undefined` and `null` are the default.
///
/// # Errors
/// `internal`: the JavaScript interface has let something through that is not of the type.
pub fn from_js<T: Default + for<'de> Deserialize<'de>>(options: JsValue) -> JsResult<T> {
    if options.is_undefined() || options.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(options)
        .map_err(|error| js_error("internal", &format!("the options are not valid: {error}")))
}

/// What JavaScript says of something that it threw.
pub fn message_of(thrown: JsValue) -> String {
    thrown.dyn_into::<JsError>().map_or_else(|other| format!("{other:?}"), |error| error.message().into())
}
