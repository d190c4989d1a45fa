//! rten: the network in f32, for packs that cannot be computed in integers, and as the measure of those.
//!
//! rten and not tract: it runs this network as fast or faster and is ready many times sooner (docs/engines.md has the
//! figures and the command that measures them).

use rten::{Model, ModelOptions, NodeId, OpRegistry, RegisterOp, RunError};
use rten_tensor::NdTensorView;
use rten_tensor::prelude::*;

use crate::catch_panic::catch_panic;
use crate::engine::error::{EngineError, EngineName};
use crate::engine::outputs::{FeatureMap, Outputs, Wanted};
use crate::engine::run::{Engine, RunFuture};
use crate::onnx::{Graph, Signature};
use crate::operators;

/// A network in main memory.
pub struct FloatEngine {
    model: Model,
    size: usize,
    input: NodeId,
    logits: NodeId,
    features: Option<NodeId>,
}

impl FloatEngine {
    /// Reads the file and packs its weights.
    ///
    /// # Errors
    /// [`EngineError::Graph`] if the file is not accepted.
    pub fn load(model: Vec<u8>, signature: &Signature<'_>) -> Result<Self, EngineError> {
        Graph::read(&model, signature)?;
        Self::of_checked(model, signature)
    }

    /// Like [`Self::load`] for bytes that [`Graph::read`] has let through.
    pub(crate) fn of_checked(model: Vec<u8>, signature: &Signature<'_>) -> Result<Self, EngineError> {
        // Only what `Graph::read` lets through, which also keeps the other operators out of the wasm file.
        let accepted: Vec<&dyn RegisterOp> = operators::ALL.iter().map(|operator| operator.cpu()).collect();
        let options = ModelOptions::with_ops(OpRegistry::with_ops(&accepted));
        let model = catch_panic(|| options.load(model).map_err(failed), failed)?;
        let node = |name: &str| model.node_id(name).map_err(failed);
        Ok(Self {
            size: signature.size,
            input: node(signature.input)?,
            logits: node(signature.logits)?,
            features: signature.features.map(node).transpose()?,
            model,
        })
    }

    fn infer(&self, input: &[f32], wanted: Wanted) -> Result<Outputs, EngineError> {
        let input = NdTensorView::try_from_data([1, 3, self.size, self.size], input).map_err(failed)?;
        let features = self.features.filter(|_| wanted == Wanted::LogitsAndFeatures);
        let outputs: Vec<NodeId> = std::iter::once(self.logits).chain(features).collect();
        let run = || self.model.run(vec![(self.input, input.into())], &outputs, None);
        let found = catch_panic(|| run().map_err(|error: RunError| failed(error)), failed)?;
        let mut found = found.into_iter();
        let mut next = || found.next().ok_or_else(|| failed("it gave too few outputs"));
        let logits = next()?.into_tensor::<f32>().ok_or_else(|| failed("its logits are not f32"))?.to_vec();
        let features = match features {
            Some(_) => {
                let map = next()?.into_tensor::<f32>().ok_or_else(|| failed("its features are not f32"))?;
                let &[1, channels, height, width] = map.shape() else {
                    return Err(failed("its features are not a map"));
                };
                Some(FeatureMap { shape: [channels, height, width], data: map.to_vec() })
            }
            None => None,
        };
        Ok(Outputs { logits, features })
    }
}

impl Engine for FloatEngine {
    fn name(&self) -> EngineName {
        EngineName::Cpu
    }

    fn kernels(&self) -> Option<String> {
        Some("f32".to_owned())
    }

    fn compute<'a>(&'a mut self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a> {
        Box::pin(std::future::ready(self.infer(input, wanted)))
    }
}

impl std::fmt::Debug for FloatEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FloatEngine").field("size", &self.size).finish_non_exhaustive()
    }
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Failed { engine: EngineName::Cpu, reason: error.to_string() }
}
