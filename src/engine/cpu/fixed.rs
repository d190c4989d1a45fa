//! The network in integers: int8 weights, as they are in the file, and activations of 12 to 15 bits, as many as the sums over them
//! leave room for. Sums are exact, and what is not is the same rounding everywhere, so that every browser and processor gives the same
//! bits.

use std::collections::{BTreeMap, HashMap};

use skintree_cpu::{Number, View, largest_activation};

use super::helpers::Helpers;
use super::layout::Layout;
use super::program::Program;
use crate::catch_panic::catch_panic;
use crate::engine::error::{EngineError, EngineName};
use crate::engine::outputs::{Outputs, Wanted};
use crate::engine::run::{Engine, RunFuture};
use crate::onnx::{Graph, Node, Weight};
use crate::operators;

/// How much larger than on the photos that were measured activations may become before they are cut off.
const HEADROOM: f32 = 1.5;

/// Logits are so far from those in f32 at most. Measured on photos: docs/engines.md.
const ROUNDING: f32 = 0.02;

/// The node that the integers end before.
const MEAN: &str = "GlobalAveragePool";

/// A network of integers, and its last layer in f32.
#[derive(Debug)]
pub struct FixedEngine {
    program: Program<i16>,
    /// The map that the last layer reads the means of.
    last: View,
    /// `[inputs, outputs]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
    features: Option<View>,
}

impl FixedEngine {
    /// Packs the weights. `activations` are those of [`Manifest`](crate::pack::Manifest::activations).
    ///
    /// # Errors
    /// Why the graph cannot be computed in integers: its weights are not int8, its activations are not known, or it is not made of convolutions,
    /// pools and one dense layer.
    pub fn of_graph(graph: &Graph, activations: &BTreeMap<String, f32>) -> Result<Self, String> {
        Self::with_helpers(graph, activations, None)
    }

    /// The same, with convolutions computed by others.
    ///
    /// # Errors
    /// As [`Self::of_graph`], or the helpers'.
    pub fn with_helpers(
        graph: &Graph,
        activations: &BTreeMap<String, f32>,
        helpers: Option<Box<dyn Helpers>>,
    ) -> Result<Self, String> {
        let layout = Layout::of(graph, i16::STEP)?;
        let ranges = Ranges::of(&layout, activations)?;
        let view = |tensor| ranges.view(&layout, tensor);
        let integers = layout.nodes().take_while(|node| node.op != MEAN);
        let mut rest = layout.nodes().skip_while(|node| node.op != MEAN);
        let last = view(only(&rest.next().ok_or("it has no mean over the last map")?.inputs)?)?;
        let (weights, bias) = last_layer(graph, rest, last.channels)?;
        let features = graph.outputs().get(1).map(|name| view(name)).transpose()?;
        Ok(Self { program: Program::of(&layout, integers, &view, helpers)?, last, weights, bias, features })
    }

    fn infer(&mut self, input: &[f32], wanted: Wanted) -> Result<Outputs, String> {
        self.program.run(input)?;
        let features = self.features.filter(|_| wanted != Wanted::Logits);
        Ok(Outputs { logits: self.logits(), features: features.map(|view| self.program.planes(&view)) })
    }

    /// The last layer, over the mean of each channel.
    fn logits(&self) -> Vec<f32> {
        let Self { program, last, weights, bias, .. } = self;
        let mut sums = vec![0_i32; last.channels];
        for values in program.pixels(*last) {
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

/// Weights and bias of the dense layer that makes the logits, the only one behind the mean over the last map.
fn last_layer<'a>(
    graph: &Graph,
    nodes: impl Iterator<Item = &'a Node>,
    channels: usize,
) -> Result<(Vec<f32>, Vec<f32>), String> {
    let mut dense = nodes.filter(|node| !operators::find(&node.op).is_some_and(operators::Operator::forwards));
    let (Some(node), None) = (dense.next(), dense.next()) else {
        return Err("there is not one layer behind the mean over the last map".to_owned());
    };
    let values = |index: usize| {
        node.inputs.get(index).and_then(|name| graph.weights().get(name)).map_or(Vec::new(), Weight::values)
    };
    let (weights, bias) = (values(1), values(2));
    let is_last = node.op == "Gemm" && graph.outputs().first() == Some(&node.output);
    if is_last && !bias.is_empty() && weights.len() == channels * bias.len() {
        Ok((weights, bias))
    } else {
        Err(format!("{} is not a dense layer that makes the logits", node.name))
    }
}

/// How large numbers become.
struct Ranges<'a> {
    /// Largest magnitudes.
    ranges: HashMap<&'a str, f32>,
    /// The most products of a root's values that are added up.
    terms: HashMap<&'a str, usize>,
}

impl<'a> Ranges<'a> {
    fn of(layout: &Layout<'a>, activations: &BTreeMap<String, f32>) -> Result<Self, String> {
        let mut all = Self { ranges: HashMap::new(), terms: HashMap::new() };
        all.find_ranges(layout, activations)?;
        all.find_terms(layout);
        Ok(all)
    }

    fn range(&self, tensor: &str) -> Result<f32, String> {
        self.ranges.get(tensor).copied().ok_or_else(|| format!("\"{tensor}\" is no map"))
    }

    fn find_ranges(&mut self, layout: &Layout<'a>, activations: &BTreeMap<String, f32>) -> Result<(), String> {
        let known = |tensor: &str| {
            let range = activations.get(tensor).copied().filter(|range| range.is_finite() && *range > 0.0);
            range.ok_or_else(|| format!("the pack does not say how large \"{tensor}\" becomes"))
        };
        let input = layout.graph().input();
        self.ranges.insert(input, known(input)?);
        for node in layout.nodes() {
            let range = match node.op.as_str() {
                "Conv" | "Relu" => known(&node.output)?,
                "MaxPool" | "AveragePool" => self.range(only(&node.inputs)?)?,
                "Concat" => {
                    let ranges = node.inputs.iter().map(|input| self.range(input));
                    ranges.collect::<Result<Vec<f32>, _>>()?.into_iter().fold(0.0, f32::max)
                }
                _ => continue,
            };
            self.ranges.insert(&node.output, range);
        }
        Ok(())
    }

    fn find_terms(&mut self, layout: &Layout<'a>) {
        let graph = layout.graph();
        for node in graph.nodes().iter().filter(|node| node.op == "Conv") {
            let [input, weights, ..] = node.inputs.as_slice() else { continue };
            let Some([outputs, _, _, _]) = graph.shape(weights) else { continue };
            let count = graph.weights().get(weights).map_or(0, Weight::count) / outputs.max(&1);
            let most = self.terms.entry(layout.root(input)).or_default();
            *most = count.max(*most);
        }
    }

    /// Tensors that lie in one memory have one scale.
    fn view(&self, layout: &Layout<'a>, tensor: &'a str) -> Result<View, String> {
        let root = layout.root(tensor);
        let most = match self.terms.get(root) {
            Some(&terms) => {
                largest_activation(terms).ok_or_else(|| format!("too many products of \"{root}\" are added up"))?
            }
            None => i16::MAX,
        };
        layout.view(tensor, HEADROOM * self.range(root)? / f32::from(most), most)
    }
}

fn only(inputs: &[String]) -> Result<&str, String> {
    match inputs {
        [input] => Ok(input),
        _ => Err(format!("{} inputs where one is expected", inputs.len())),
    }
}

impl Engine for FixedEngine {
    fn name(&self) -> EngineName {
        EngineName::Cpu
    }

    fn kernels(&self) -> Option<String> {
        Some(self.program.kernels())
    }

    fn threads(&self) -> usize {
        self.program.threads()
    }

    fn rounding(&self) -> f32 {
        ROUNDING
    }

    fn compute<'a>(&'a mut self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a> {
        let run = || self.infer(input, wanted).map_err(EngineError::cpu);
        Box::pin(std::future::ready(catch_panic(run, EngineError::cpu)))
    }
}
