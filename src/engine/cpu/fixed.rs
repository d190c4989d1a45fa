//! The network in integers: int8 weights, as they are in the file, and activations of 12 to 15 bits, as many as the sums over them
//! leave room for. Sums are exact, and what is not is the same rounding everywhere, so that every browser and processor gives the same
//! bits.

use std::collections::BTreeMap;
use std::mem::take;

use super::pool::copy;
use super::program::{Program, Step, ends};
use super::tensors::View;
use crate::catch_panic::catch_panic;
use crate::engine::error::{EngineError, EngineName};
use crate::engine::outputs::{FeatureMap, Outputs, Wanted};
use crate::engine::run::{Engine, RunFuture};
use crate::onnx::Graph;

/// Logits are so far from those in f32 at most. Measured on photos: docs/engines.md.
const ROUNDING: f32 = 0.02;

/// A network in main memory.
#[derive(Debug)]
pub struct FixedEngine {
    program: Program,
    slots: Vec<Vec<i16>>,
    places: Vec<[u32; 4]>,
    sums: Vec<i32>,
}

impl FixedEngine {
    /// Packs the weights. `activations` are those of [`Manifest`](crate::pack::Manifest::activations).
    ///
    /// # Errors
    /// Why the graph cannot be computed in integers: its weights are not int8, its activations are not known, or it is not made of convolutions,
    /// pools and one dense layer.
    pub fn of_graph(graph: &Graph, activations: &BTreeMap<String, f32>) -> Result<Self, String> {
        let program = Program::of(graph, activations)?;
        let slots = program.slots.iter().map(|&length| vec![0; length]).collect();
        Ok(Self { program, slots, places: Vec::new(), sums: Vec::new() })
    }

    fn infer(&mut self, input: &[f32], wanted: Wanted) -> Result<Outputs, EngineError> {
        self.read_input(input)?;
        let Self { program, slots, places, sums } = self;
        for step in &program.steps {
            let [from, to] = ends(step);
            // Not read meanwhile: Program::of has seen to it.
            let mut result = take(&mut slots[to.slot]);
            let image = &slots[from.slot];
            match step {
                Step::Conv(conv) => conv.run(image, image.len() - program.zeros, &mut result, places),
                Step::Pool(pool) => pool.run(image, &mut result, sums),
                Step::Copy(from, to) => copy(from, to, image, &mut result),
            }
            slots[to.slot] = result;
        }
        let features = program.features.filter(|_| wanted == Wanted::LogitsAndFeatures);
        Ok(Outputs { logits: self.logits(), features: features.map(|view| self.planes(&view)) })
    }

    /// From pixels to planes.
    fn planes(&self, view: &View) -> FeatureMap {
        let mut data = vec![0.0; view.channels * view.area()];
        for (pixel, values) in view.pixels(&self.slots[view.slot]).enumerate() {
            for (channel, &value) in values.iter().enumerate() {
                data[channel * view.area() + pixel] = f32::from(value) * view.scale;
            }
        }
        FeatureMap { shape: [view.channels, view.height, view.width], data }
    }

    /// From planes to pixels.
    fn read_input(&mut self, input: &[f32]) -> Result<(), EngineError> {
        let view = self.program.input;
        if input.len() != view.channels * view.area() {
            let reason = format!("the input has {} values instead of {}", input.len(), view.channels * view.area());
            return Err(EngineError::Failed { engine: EngineName::Cpu, reason });
        }
        let slot = &mut self.slots[view.slot];
        for (channel, plane) in input.chunks_exact(view.area()).enumerate() {
            for (pixel, &value) in plane.iter().enumerate() {
                slot[view.at(pixel) + channel] = view.quantise(value / view.scale);
            }
        }
        Ok(())
    }

    /// The last layer, over the mean of each channel.
    fn logits(&self) -> Vec<f32> {
        let Program { last, weights, bias, .. } = &self.program;
        let mut sums = vec![0_i32; last.channels];
        for values in last.pixels(&self.slots[last.slot]) {
            sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += i32::from(value));
        }
        let factor = last.scale / last.area() as f32;
        let mut logits = bias.clone();
        for (sum, weights) in sums.iter().zip(weights.chunks_exact(bias.len())) {
            let mean = *sum as f32 * factor;
            logits.iter_mut().zip(weights).for_each(|(logit, weight)| *logit += mean * weight);
        }
        logits
    }
}

impl Engine for FixedEngine {
    fn name(&self) -> EngineName {
        EngineName::Cpu
    }

    fn kernels(&self) -> Option<String> {
        Some("int8".to_owned())
    }

    fn rounding(&self) -> f32 {
        ROUNDING
    }

    fn compute<'a>(&'a mut self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a> {
        let broken = |reason| EngineError::Failed { engine: EngineName::Cpu, reason };
        Box::pin(std::future::ready(catch_panic(|| self.infer(input, wanted), broken)))
    }
}
