//! SHA-256 by the browser, which does in a few milliseconds what takes WebAssembly a tenth of a second for a model.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn digest(algorithm: &str, bytes: &[u8]) -> Result<Promise, JsValue>;
}

/// As [`crate::sha256::sha256_hex`], which it falls back to on pages over plain http: these have no `crypto.subtle`.
pub(super) async fn sha256_hex(bytes: &[u8]) -> String {
    match by_browser(bytes).await {
        Ok(digest) => crate::sha256::hex(&digest),
        Err(_) => crate::sha256::sha256_hex(bytes),
    }
}

async fn by_browser(bytes: &[u8]) -> Result<Vec<u8>, JsValue> {
    let buffer = JsFuture::from(digest("SHA-256", bytes)?).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
