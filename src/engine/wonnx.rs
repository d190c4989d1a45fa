//! wonnx on WebGPU, over the bridge in `crates/wgpu-bridge`.

use std::borrow::Cow;
use std::collections::HashMap;

use wgpu_bridge::gpu::Gpu;
use wonnx::utils::{InputTensor, OutputTensor};
use wonnx::{Session, SessionConfig};

use super::error::{EngineError, EngineName};
use super::lower::{Lowered, convolutions, lower};
use super::outputs::{FeatureMap, Outputs, Wanted};
use super::run::{Engine, RunFuture};
use super::trial;
use crate::onnx::{Graph, GraphError, Signature};
use crate::shaders::{KernelChoice, Variant, layout};

/// A network whose weights lie in GPU memory.
pub struct WonnxEngine {
    gpu: Gpu,
    session: Session,
    input: String,
    input_len: usize,
    logits: String,
    features: Option<(String, [usize; 3])>,
    /// The mean of each channel of these, as a map of one pixel.
    means: Option<(String, [usize; 3])>,
    /// Input and outputs in the layout of our kernels.
    packed: HashMap<String, [usize; 3]>,
    /// Ours; `None` if they are wonnx's own or the caller's.
    variant: Option<Variant>,
}

/// Name and shape of a feature map.
fn map(graph: &Graph, name: &str) -> Option<(String, [usize; 3])> {
    match graph.shape(name) {
        Some(&[_, channels, height, width]) => Some((name.to_owned(), [channels, height, width])),
        _ => None,
    }
}

impl WonnxEngine {
    /// Uploads the weights and compiles a shader for every node, ours where there is one.
    ///
    /// # Errors
    /// [`EngineError::Graph`] if the file is not accepted; any GPU error during compilation.
    pub async fn load(gpu: Gpu, model: &[u8], signature: &Signature<'_>) -> Result<Self, EngineError> {
        let graph = Graph::read(model, signature)?;
        let variant = Self::choose(&gpu, &graph, KernelChoice::Auto).await?;
        Self::of_graph(gpu, graph, signature, variant).await
    }

    /// Like [`Self::load`] for a graph that has been read, with kernels as [`Self::choose`] gives them.
    pub(super) async fn of_graph(
        gpu: Gpu,
        graph: Graph,
        signature: &Signature<'_>,
        variant: Variant,
    ) -> Result<Self, EngineError> {
        if let Some(feature) = variant.lacks(gpu.info()) {
            return Err(unavailable(format!("the kernels {variant} need {feature}, which {} has not", gpu.info())));
        }
        Self::make(gpu, graph, signature, Some(variant), |graph, gpu| lower(graph, variant, gpu)).await
    }

    /// The kernels to run a graph with.
    pub(super) async fn choose(gpu: &Gpu, graph: &Graph, choice: KernelChoice) -> Result<Variant, EngineError> {
        match choice {
            KernelChoice::Auto => {
                let candidates = trial::candidates(gpu.info());
                // Planning is for the trial alone.
                let convolutions = if candidates.len() > 1 { convolutions(graph) } else { Ok(Vec::new()) };
                let convolutions = convolutions.map_err(|error| unavailable(error.to_string()))?;
                let fastest = trial::fastest(gpu, &convolutions, &candidates).await;
                fastest.ok_or_else(|| unavailable(format!("no kernels suit {}", gpu.info())))
            }
            KernelChoice::Only(variant) => Ok(variant),
        }
    }

    /// Like [`Self::load`] with kernels that the caller makes; what [`lower`] uploads goes to the [`Gpu`].
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn load_with(
        gpu: Gpu,
        model: &[u8],
        signature: &Signature<'_>,
        lower: impl FnOnce(&Graph, &Gpu) -> Result<Lowered, GraphError>,
    ) -> Result<Self, EngineError> {
        Self::make(gpu, Graph::read(model, signature)?, signature, None, lower).await
    }

    async fn make(
        gpu: Gpu,
        graph: Graph,
        signature: &Signature<'_>,
        variant: Option<Variant>,
        lower: impl FnOnce(&Graph, &Gpu) -> Result<Lowered, GraphError>,
    ) -> Result<Self, EngineError> {
        let [features, means] = [signature.features, graph.means()].map(|name| map(&graph, name?));
        let outputs = graph.results().map(str::to_owned).collect();
        let config = SessionConfig::new().with_outputs(Some(outputs));
        let session = gpu.watch(async {
            let Lowered { model, kernels, packed } = lower(&graph, &gpu).map_err(no_kernel)?;
            drop(graph);
            gpu.compiled(kernels.values().map(|dispatch| &dispatch.kernel)).await;
            gpu.set_kernels(kernels);
            // In here, because a device that is lost already is not to be left for the next session.
            gpu.lend();
            let session = Session::from_model_with_config(model, &config).await.map_err(failed)?;
            gpu.clear_buffers();
            Ok::<_, EngineError>((session, packed))
        });
        // What was uploaded goes now, as in `drop`: the device may still be lent.
        let made = session.await.map_err(EngineError::from).and_then(|made| made);
        let (session, packed) = made.inspect_err(|_| gpu.destroy())?;
        Ok(Self {
            gpu,
            session,
            input: signature.input.to_owned(),
            input_len: 3 * signature.size * signature.size,
            logits: signature.logits.to_owned(),
            features,
            means,
            packed,
            variant,
        })
    }

    async fn infer(&self, input: &[f32], wanted: Wanted) -> Result<Outputs, EngineError> {
        // wonnx takes an input of any length and reads whatever lies behind it.
        if input.len() != self.input_len {
            return Err(failed(format!("input of {} values instead of {}", input.len(), self.input_len)));
        }
        let input = match self.packed.get(&self.input) {
            Some(&shape) => Cow::Owned(layout::pack(input, shape)),
            None => Cow::Borrowed(input),
        };
        let inputs = HashMap::from([(self.input.clone(), InputTensor::F32(input))]);
        let features = match wanted {
            Wanted::Logits => None,
            Wanted::LogitsAndMeans => self.means.as_ref().or(self.features.as_ref()),
            Wanted::LogitsAndFeatures => self.features.as_ref(),
        };
        let unread = self.features.iter().chain(&self.means).filter(|map| features != Some(*map));
        self.gpu.leave_unread(unread.map(|(name, _)| name.clone()));
        let mut found = self.gpu.watch_run(self.session.run(&inputs)).await?.map_err(failed)?;
        let mut take = |name: &str| match found.remove(name) {
            Some(OutputTensor::F32(values)) => Ok(match self.packed.get(name) {
                Some(&shape) => layout::unpack(&values, shape),
                None => values,
            }),
            _ => Err(failed(format!("it gave no output \"{name}\""))),
        };
        let features = match features {
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

    fn kernels(&self) -> Option<String> {
        self.variant.map(|variant| variant.to_string())
    }

    fn compute<'a>(&'a mut self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a> {
        Box::pin(self.infer(input, wanted))
    }
}

impl Drop for WonnxEngine {
    /// Dropping the session alone would leave it to the driver when its buffers are freed.
    fn drop(&mut self) {
        self.gpu.destroy();
    }
}

impl std::fmt::Debug for WonnxEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WonnxEngine").field("gpu", &self.gpu).finish_non_exhaustive()
    }
}

fn unavailable(reason: String) -> EngineError {
    EngineError::Unavailable { engine: EngineName::Wonnx, reason }
}

/// What has no kernel may still run on the CPU.
fn no_kernel(error: GraphError) -> EngineError {
    match error {
        GraphError::Node { .. } => unavailable(error.to_string()),
        error => error.into(),
    }
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Failed { engine: EngineName::Wonnx, reason: error.to_string() }
}
