//! WebGPU's feature `subgroups`, which wgpu 30 does not know in browsers.
//!
//! wgpu asks `navigator.gpu` for an adapter and the adapter for a device with the features it knows. So it is handed
//! an adapter whose `requestDevice` adds one more.

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::js::method;

const FEATURE: &str = "subgroups";

/// Whether a device has the feature.
pub(crate) fn enabled(device: &modern::Device) -> bool {
    device.as_webgpu().is_some_and(|device| has_feature(device.as_ref()))
}

/// Lets the adapters that wgpu gets from now on ask for the feature, if they have it.
pub(crate) fn request() {
    // Whatever is missing or odd here, wgpu goes on without subgroups.
    let _ = extend_gpu();
}

fn has_feature(owner: &JsValue) -> bool {
    let has = || {
        let features = Reflect::get(owner, &"features".into())?;
        method(&features, "has")?.call1(&features, &FEATURE.into())
    };
    has().is_ok_and(|answer| answer.is_truthy())
}

fn extend_gpu() -> Result<(), JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let gpu = Reflect::get(&navigator, &"gpu".into())?;
    // An own property stands in front of the prototype's: it is there if this has been called before.
    if gpu.dyn_ref::<Object>().is_none_or(|gpu| Object::has_own(gpu, &"requestAdapter".into())) {
        return Ok(());
    }
    let (request, owner) = (method(&gpu, "requestAdapter")?, gpu.clone());
    let extended = Closure::<dyn FnMut(JsValue) -> Result<Promise, JsValue>>::new(move |options: JsValue| {
        let adapter: Promise = request.call1(&owner, &options)?.dyn_into()?;
        let extend = Closure::once_into_js(|adapter: JsValue| {
            if has_feature(&adapter) {
                let _ = extend_adapter(&adapter);
            }
            adapter
        });
        method(&adapter, "then")?.call1(&adapter, &extend)?.dyn_into()
    });
    Reflect::set(&gpu, &"requestAdapter".into(), &extended.into_js_value())?;
    Ok(())
}

fn extend_adapter(adapter: &JsValue) -> Result<(), JsValue> {
    let (request, owner) = (method(adapter, "requestDevice")?, adapter.clone());
    let extended = Closure::<dyn FnMut(JsValue) -> Result<JsValue, JsValue>>::new(move |descriptor: JsValue| {
        let features = Reflect::get(&descriptor, &"requiredFeatures".into())?;
        let features = if features.is_object() { Array::from(&features) } else { Array::new() };
        features.push(&FEATURE.into());
        Reflect::set(&descriptor, &"requiredFeatures".into(), &features)?;
        request.call1(&owner, &descriptor)
    });
    Reflect::set(adapter, &"requestDevice".into(), &extended.into_js_value())?;
    Ok(())
}
