//! Compiles pipelines side by side in browsers, which wgpu 30 does one after the other, in the browser's only thread for the GPU.
//!
//! `createComputePipelineAsync` uses all processors. A pipeline that exists is given again to whoever asks for the same shader
//! with the same layout, so that wgpu finds what was compiled here. Where a browser does not do that, wgpu compiles it
//! once more; nothing else depends on it.

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::js;
use crate::kernels::{bindings_of, groups_of};

/// GPUShaderStage.COMPUTE.
const COMPUTE: u32 = 4;

/// Pipelines in the making. They are kept as long as this is.
#[derive(Debug)]
pub(crate) struct Compiling(Promise);

/// What [`Compiling`] has made.
#[derive(Debug)]
pub(crate) struct Compiled(
    #[expect(dead_code, reason = "kept, so that the browser keeps the pipelines")] Option<JsValue>,
);

impl Compiling {
    /// Begins to compile shaders; `None` if anything is missing or odd.
    pub(crate) fn start<'a>(device: &modern::Device, shaders: impl Iterator<Item = &'a str>) -> Option<Self> {
        let device = JsValue::from(device.as_webgpu()?.clone());
        let promises: Result<Array, JsValue> = shaders.map(|wgsl| compile(&device, wgsl)).collect();
        Some(Self(Promise::all_settled(&promises.ok()?.into())))
    }

    /// Waits until all are compiled or refused; wgpu reports what is wrong when it is asked for the same.
    pub(crate) async fn finish(self) -> Compiled {
        Compiled(JsFuture::from(self.0).await.ok())
    }
}

fn object(fields: &[(&str, &JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object.into())
}

fn call(owner: &JsValue, method: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    js::method(owner, method)?.call1(owner, argument)
}

fn compile(device: &JsValue, wgsl: &str) -> Result<JsValue, JsValue> {
    let module = call(device, "createShaderModule", &object(&[("code", &wgsl.into())])?)?;
    let groups = Array::new();
    for group in groups_of(&bindings_of(wgsl)) {
        let entries = Array::new();
        for (binding, kind) in (0_u32..).zip(group) {
            let kind = match kind {
                modern::BufferBindingType::Uniform => "uniform",
                modern::BufferBindingType::Storage { read_only: true } => "read-only-storage",
                modern::BufferBindingType::Storage { read_only: false } => "storage",
            };
            let buffer = object(&[("type", &kind.into())])?;
            entries.push(&object(&[
                ("binding", &binding.into()),
                ("visibility", &COMPUTE.into()),
                ("buffer", &buffer),
            ])?);
        }
        groups.push(&call(device, "createBindGroupLayout", &object(&[("entries", &entries)])?)?);
    }
    let layout = call(device, "createPipelineLayout", &object(&[("bindGroupLayouts", &groups)])?)?;
    let stage = object(&[("module", &module), ("entryPoint", &"main".into())])?;
    call(device, "createComputePipelineAsync", &object(&[("layout", &layout), ("compute", &stage)])?)
}
