//! The shipped network on the two Rust libraries that could be the CPU engine: rten and tract.

/// Side of the network's input.
pub const SIZE: usize = 299;

/// What went wrong, as text: this is a benchmark.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A ready network: input of 3 x SIZE x SIZE values to logits.
pub type Run = Box<dyn Fn(&[f32]) -> Result<Vec<f32>>>;

/// rten, with only the operators that a pack may use.
#[cfg(feature = "rten")]
pub fn rten(model: &[u8]) -> Result<Run> {
    use rten_tensor::prelude::*;
    let operators = rten::op_registry!(
        AveragePool, Concat, Conv, DequantizeLinear, Flatten, Gemm, GlobalAveragePool, MaxPool, Relu
    );
    let model = rten::ModelOptions::with_ops(operators).load(model.to_vec())?;
    let (input, logits) = (model.node_id("input")?, model.node_id("logits")?);
    Ok(Box::new(move |values| {
        let view = rten_tensor::NdTensorView::try_from_data([1, 3, SIZE, SIZE], values)?;
        let [found] = model.run_n(vec![(input, view.into())], [logits], None)?;
        Ok(found.into_tensor::<f32>().ok_or("logits are not f32")?.to_vec())
    }))
}

/// tract, optimised for the fixed input shape.
#[cfg(feature = "tract")]
pub fn tract(model: &[u8]) -> Result<Run> {
    use tract_onnx::prelude::*;
    let model = tract_onnx::onnx()
        .model_for_read(&mut &*model)?
        .with_input_fact(0, f32::fact([1, 3, SIZE, SIZE]).into())?
        .with_outputs_by_name(["logits"])?
        .into_optimized()?
        .into_runnable()?;
    Ok(Box::new(move |values| {
        let input = Tensor::from_shape(&[1, 3, SIZE, SIZE], values)?;
        let found = model.run(tvec!(input.into()))?;
        Ok(found[0].to_plain_array_view::<f32>()?.iter().copied().collect())
    }))
}

/// The library of this build for a page: built with one of the two features.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub struct Network(Run);

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
impl Network {
    /// Reads an ONNX file.
    #[wasm_bindgen::prelude::wasm_bindgen(constructor)]
    pub fn new(model: &[u8]) -> std::result::Result<Network, wasm_bindgen::JsError> {
        #[cfg(feature = "rten")]
        let run = rten(model);
        #[cfg(all(feature = "tract", not(feature = "rten")))]
        let run = tract(model);
        run.map(Self).map_err(to_js)
    }

    /// Input of 3 x SIZE x SIZE values to logits.
    pub fn run(&self, input: &[f32]) -> std::result::Result<Vec<f32>, wasm_bindgen::JsError> {
        (self.0)(input).map_err(to_js)
    }
}

#[cfg(target_arch = "wasm32")]
fn to_js(error: Box<dyn std::error::Error>) -> wasm_bindgen::JsError {
    wasm_bindgen::JsError::new(&error.to_string())
}
