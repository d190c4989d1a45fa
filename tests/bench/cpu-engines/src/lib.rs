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

/// Keeps the chosen library in the wasm file, so that its size can be read off.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
pub extern "C" fn keep(model: *const u8, len: usize) -> usize {
    // Never called; the pointer is only there so that nothing is known at compile time.
    let bytes = unsafe { std::slice::from_raw_parts(model, len) };
    let mut total = 0;
    #[cfg(feature = "rten")]
    if let Ok(run) = rten(bytes) {
        total += run(&[]).map_or(0, |v| v.len());
    }
    #[cfg(feature = "tract")]
    if let Ok(run) = tract(bytes) {
        total += run(&[]).map_or(0, |v| v.len());
    }
    total
}
