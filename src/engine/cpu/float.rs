//! The network in f32, for packs that cannot be computed in integers, and as the measure of those. The order of additions is fixed and
//! none is fused with a multiplication, so that every browser and processor gives the same bits here too, unless helpers fuse them.

use skintree_cpu::{Number, View};

use super::helpers::Helpers;
use super::layout::Layout;
use super::program::Program;
use crate::catch_panic::catch_panic;
use crate::engine::error::{EngineError, EngineName};
use crate::engine::outputs::{Outputs, Wanted};
use crate::engine::run::{Engine, RunFuture};
use crate::onnx::{Graph, Signature};

/// A network in main memory.
#[derive(Debug)]
pub struct FloatEngine {
    program: Program<f32>,
    logits: View,
    features: Option<View>,
}

impl FloatEngine {
    /// Reads the file and packs its weights.
    ///
    /// # Errors
    /// [`EngineError::Graph`] if the file is not accepted.
    pub fn load(model: &[u8], signature: &Signature<'_>) -> Result<Self, EngineError> {
        Self::of_graph(&Graph::read(model, signature)?)
    }

    /// Packs the weights.
    ///
    /// # Errors
    /// [`EngineError::Failed`] for a graph that is accepted but not known here, which would be a mistake of skintree's.
    pub fn of_graph(graph: &Graph) -> Result<Self, EngineError> {
        Self::with_helpers(graph, None)
    }

    /// The same, with convolutions computed by others, who may fuse multiplications and additions.
    ///
    /// # Errors
    /// As [`Self::of_graph`], or the helpers'.
    pub fn with_helpers(graph: &Graph, helpers: Option<Box<dyn Helpers>>) -> Result<Self, EngineError> {
        catch_panic(|| Self::pack(graph, helpers).map_err(EngineError::cpu), EngineError::cpu)
    }

    fn pack(graph: &Graph, helpers: Option<Box<dyn Helpers>>) -> Result<Self, String> {
        let layout = Layout::of(graph, f32::STEP)?;
        let view = |tensor| layout.view(tensor, 1.0, 0);
        let program = Program::of(&layout, layout.nodes(), &view, helpers)?;
        let [logits, features] = [0, 1].map(|index| graph.outputs().get(index).map(|name| view(name)).transpose());
        Ok(Self { program, logits: logits?.ok_or("it has no output")?, features: features? })
    }

    fn infer(&mut self, input: &[f32], wanted: Wanted) -> Result<Outputs, String> {
        self.program.run(input)?;
        let logits = self.program.pixels(self.logits).next().ok_or("it gave no logits")?.to_vec();
        let features = self.features.filter(|_| wanted != Wanted::Logits);
        Ok(Outputs { logits, features: features.map(|view| self.program.planes(&view)) })
    }
}

impl Engine for FloatEngine {
    fn name(&self) -> EngineName {
        EngineName::Cpu
    }

    fn kernels(&self) -> Option<String> {
        Some(self.program.kernels())
    }

    fn threads(&self) -> usize {
        self.program.threads()
    }

    fn compute<'a>(&'a mut self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a> {
        let run = || self.infer(input, wanted).map_err(EngineError::cpu);
        Box::pin(std::future::ready(catch_panic(run, EngineError::cpu)))
    }
}
