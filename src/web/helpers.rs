//! Helpers of the CPU engine that `www/interface/cpu-helpers.js` has.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::engine::{Helpers, Share, StartHelpers, Started};

use super::convert::message_of;

#[wasm_bindgen]
extern "C" {
    /// What starts helpers: `CpuHelpers.start` in JavaScript.
    #[derive(Clone, Debug)]
    #[wasm_bindgen(typescript_type = "HelperStarter")]
    pub type HelperStarter;

    #[wasm_bindgen(method)]
    fn start(this: &HelperStarter, floats: bool) -> Promise;

    /// The helpers of one engine.
    #[derive(Debug)]
    type CpuHelpers;

    #[wasm_bindgen(method, getter)]
    fn count(this: &CpuHelpers) -> usize;

    #[wasm_bindgen(method, getter)]
    fn kernels(this: &CpuHelpers) -> Option<String>;

    #[wasm_bindgen(method, catch)]
    fn add(
        this: &CpuHelpers,
        helper: usize,
        shape: &[u32],
        weights: &[u8],
        factors: &[f32],
        biases: &[f32],
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn run(this: &CpuHelpers, convolution: usize, image: &[u8], results: &mut [u8]) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn stop(this: &CpuHelpers);
}

impl StartHelpers for HelperStarter {
    fn start(&self, floats: bool) -> Started {
        let promise = HelperStarter::start(self, floats);
        Box::pin(async move {
            let helpers = JsFuture::from(promise).await.ok().filter(JsValue::is_object)?;
            Some(Box::new(WebHelpers(helpers.unchecked_into())) as Box<dyn Helpers>)
        })
    }
}

/// Stops them when the engine is freed.
#[derive(Debug)]
struct WebHelpers(CpuHelpers);

impl Drop for WebHelpers {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Helpers for WebHelpers {
    fn count(&self) -> usize {
        self.0.count()
    }

    fn add(&mut self, helper: usize, share: &Share<'_>) -> Result<(), String> {
        let Share { shape, weights, factors, biases } = share;
        self.0.add(helper, shape, weights, factors, biases).map_err(message_of)
    }

    fn run(&mut self, convolution: usize, image: &[u8], results: &mut [u8]) -> Result<(), String> {
        self.0.run(convolution, image, results).map_err(message_of)
    }

    fn kernels(&self) -> Option<String> {
        self.0.kernels()
    }
}
