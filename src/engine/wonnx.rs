//! wonnx on WebGPU, over the bridge in `crates/wgpu-bridge`.

use std::borrow::Cow;
use std::collections::HashMap;

use wgpu::gpu::Gpu;
use wonnx::onnx::ModelProto;
use wonnx::utils::{InputTensor, OutputTensor};
use wonnx::{Session, SessionConfig};

use super::kernels::{self, Lowered, layout};
use super::{Engine, EngineError, EngineName, FeatureMap, Outputs, RunFuture};
use crate::onnx::{Graph, Signature};

/// A network whose weights lie in GPU memory.
pub struct WonnxEngine {
    gpu: Gpu,
    session: Session,
    input: String,
    input_len: usize,
    logits: String,
    features: Option<(String, [usize; 3])>,
    /// Input and outputs in the layout of our kernels.
    packed: HashMap<String, [usize; 3]>,
}

impl WonnxEngine {
    /// Uploads the weights and compiles a shader for every node, ours where there is one.
    ///
    /// # Errors
    /// [`EngineError::Graph`] if the file is not accepted; any GPU error during compilation.
    pub async fn load(gpu: Gpu, model: &[u8], signature: &Signature<'_>) -> Result<Self, EngineError> {
        Self::of_graph(gpu, Graph::read(model, signature)?, signature).await
    }

    /// Like [`Self::load`] for a graph that has been read.
    pub(super) async fn of_graph(gpu: Gpu, graph: Graph, signature: &Signature<'_>) -> Result<Self, EngineError> {
        let variant = kernels::variant_for(gpu.info());
        Self::make(gpu, graph, signature, |graph| kernels::lower(graph, variant)).await
    }

    /// Like [`Self::load`] with other kernels; [`Lowered::stock`] leaves all to wonnx.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn load_with(
        gpu: Gpu,
        model: &[u8],
        signature: &Signature<'_>,
        lower: impl FnOnce(ModelProto) -> Lowered,
    ) -> Result<Self, EngineError> {
        Self::make(gpu, Graph::read(model, signature)?, signature, lower).await
    }

    async fn make(
        gpu: Gpu,
        graph: Graph,
        signature: &Signature<'_>,
        lower: impl FnOnce(ModelProto) -> Lowered,
    ) -> Result<Self, EngineError> {
        let features = signature.features.and_then(|name| match graph.shape(name) {
            Some(&[_, channels, height, width]) => Some((name.to_owned(), [channels, height, width])),
            _ => None,
        });
        let Lowered { model, kernels, packed } = lower(graph.into_f32()?);
        let outputs = std::iter::once(signature.logits).chain(signature.features).map(str::to_owned).collect();
        let config = SessionConfig::new().with_outputs(Some(outputs));
        gpu.set_kernels(kernels);
        let session = gpu.watch(async {
            // In here, because a device that is lost already is not to be left for the next session.
            gpu.lend();
            Session::from_model_with_config(model, &config).await
        });
        let session = session.await?.map_err(failed)?;
        Ok(Self {
            gpu,
            session,
            input: signature.input.to_owned(),
            input_len: 3 * signature.size * signature.size,
            logits: signature.logits.to_owned(),
            features,
            packed,
        })
    }

    async fn infer(&self, input: &[f32]) -> Result<Outputs, EngineError> {
        // wonnx takes an input of any length and reads whatever lies behind it.
        if input.len() != self.input_len {
            return Err(failed(format!("input of {} values instead of {}", input.len(), self.input_len)));
        }
        let input = match self.packed.get(&self.input) {
            Some(&shape) => Cow::Owned(layout::pack(input, shape)),
            None => Cow::Borrowed(input),
        };
        let inputs = HashMap::from([(self.input.clone(), InputTensor::F32(input))]);
        let mut found = self.gpu.watch(self.session.run(&inputs)).await?.map_err(failed)?;
        let mut take = |name: &str| match found.remove(name) {
            Some(OutputTensor::F32(values)) => Ok(match self.packed.get(name) {
                Some(&shape) => layout::unpack(&values, shape),
                None => values,
            }),
            _ => Err(failed(format!("it gave no output \"{name}\""))),
        };
        let features = match &self.features {
            Some((name, shape)) => Some(FeatureMap { shape: *shape, data: take(name)? }),
            None => None,
        };
        Ok(Outputs { logits: take(&self.logits)?, features })
    }
}

impl Engine for WonnxEngine {
    fn name(&self) -> EngineName {
        EngineName::Wonnx
    }

    fn adapter(&self) -> Option<String> {
        Some(self.gpu.info().to_string())
    }

    fn run<'a>(&'a self, input: &'a [f32]) -> RunFuture<'a> {
        Box::pin(self.infer(input))
    }
}

impl Drop for WonnxEngine {
    /// Dropping the session alone would leave its buffers to the driver's leisure.
    fn drop(&mut self) {
        self.gpu.destroy();
    }
}

impl std::fmt::Debug for WonnxEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WonnxEngine").field("gpu", &self.gpu).finish_non_exhaustive()
    }
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Failed { engine: EngineName::Wonnx, reason: error.to_string() }
}
