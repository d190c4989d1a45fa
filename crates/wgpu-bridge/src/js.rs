//! Calls of JavaScript that web-sys and wgpu have no types for.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// A method of an object, to be called on it.
pub(crate) fn method(object: &JsValue, name: &str) -> Result<Function, JsValue> {
    Reflect::get(object, &name.into())?.dyn_into()
}
