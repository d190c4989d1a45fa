//! From the checked graph to what is computed, in which order and in which memory.

use std::collections::{BTreeMap, HashMap};

use super::conv::{Constants, Conv};
use super::pool::Pool;
use super::tensors::{View, most};
use crate::engine::plan::fused_relu;
use crate::onnx::{Graph, Node, Weight};
use crate::operators::pool::Kind;
use crate::operators::{self, Window};

/// How much larger than on the photos that were measured activations may become before they are cut off.
const HEADROOM: f32 = 1.5;

/// A network of integers, and its last layer.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) input: View,
    pub(super) steps: Vec<Step>,
    /// The map that the last layer reads the means of.
    pub(super) last: View,
    /// `[inputs, outputs]`.
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) features: Option<View>,
    /// Values in each piece of memory, [`Self::zeros`] of them at the end that stay 0.
    pub(super) slots: Vec<usize>,
    /// As many as a pixel has at most.
    pub(super) zeros: usize,
}

/// What is done, one after the other.
#[derive(Debug)]
pub(super) enum Step {
    Conv(Conv),
    Pool(Pool),
    Copy(View, View),
}

impl Program {
    /// `Err` says why a graph cannot be computed so: its weights are not int8, its activations are not known, or it is not a chain of
    /// convolutions and pools with one dense layer at the end.
    pub(super) fn of(graph: &Graph, activations: &BTreeMap<String, f32>) -> Result<Self, String> {
        let planner = Planner::of(graph, activations)?;
        planner.program()
    }
}

/// Where a tensor lies: channels of a map that has memory of its own.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    root: &'a str,
    channel: usize,
}

struct Planner<'a> {
    graph: &'a Graph,
    activations: &'a BTreeMap<String, f32>,
    /// Convolutions by the `Relu` that follows, whose output they make.
    relus: HashMap<&'a str, &'a Node>,
    places: HashMap<&'a str, Place<'a>>,
    /// Largest magnitudes.
    ranges: HashMap<&'a str, f32>,
    /// The most products of a root's values that are added up.
    terms: HashMap<&'a str, usize>,
}

impl<'a> Planner<'a> {
    fn of(graph: &'a Graph, activations: &'a BTreeMap<String, f32>) -> Result<Self, String> {
        let mut planner = Self {
            graph,
            activations,
            relus: HashMap::new(),
            places: HashMap::new(),
            ranges: HashMap::new(),
            terms: HashMap::new(),
        };
        planner.find_relus();
        planner.find_ranges()?;
        planner.find_places()?;
        planner.find_terms();
        Ok(planner)
    }

    /// Nodes that compute, in order: a `Relu` stands for the convolution before it.
    fn nodes(&self) -> impl Iterator<Item = &'a Node> {
        let swallowed: Vec<&str> = self.relus.values().map(|conv| conv.name.as_str()).collect();
        self.graph.nodes().iter().filter(move |node| !swallowed.contains(&node.name.as_str()))
    }

    fn find_relus(&mut self) {
        let convolutions = self.graph.nodes().iter().filter(|node| node.op == "Conv");
        let relu = |conv| fused_relu(self.graph, conv).map(|relu| (relu.output.as_str(), conv));
        self.relus = convolutions.filter_map(relu).collect();
    }

    fn known(&self, tensor: &str) -> Result<f32, String> {
        let range = self.activations.get(tensor).copied().filter(|range| range.is_finite() && *range > 0.0);
        range.ok_or_else(|| format!("the pack does not say how large \"{tensor}\" becomes"))
    }

    fn range(&self, tensor: &str) -> Result<f32, String> {
        self.ranges.get(tensor).copied().ok_or_else(|| format!("\"{tensor}\" is no map"))
    }

    fn find_ranges(&mut self) -> Result<(), String> {
        let input = self.graph.input();
        self.ranges.insert(input, self.known(input)?);
        for node in self.nodes().collect::<Vec<_>>() {
            let range = match node.op.as_str() {
                "Conv" | "Relu" => self.known(&node.output)?,
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

    fn shape(&self, tensor: &str) -> Result<[usize; 3], String> {
        match self.graph.shape(tensor) {
            Some(&[1, channels, height, width]) => Ok([channels, height, width]),
            shape => Err(format!("\"{tensor}\" of shape {shape:?} is no map")),
        }
    }

    /// The parts of a `Concat` are made where they are wanted.
    fn find_places(&mut self) -> Result<(), String> {
        let graph = self.graph;
        for node in graph.nodes().iter().rev().filter(|node| node.op == "Concat") {
            let Place { root, channel } = self.place(&node.output);
            let mut channel = channel;
            for input in &node.inputs {
                if input != self.graph.input() {
                    self.places.entry(input).or_insert(Place { root, channel });
                }
                channel += self.shape(input)?[0];
            }
        }
        Ok(())
    }

    fn find_terms(&mut self) {
        for node in self.graph.nodes().iter().filter(|node| node.op == "Conv") {
            let [input, weights, ..] = node.inputs.as_slice() else { continue };
            let Some([outputs, _, _, _]) = self.graph.shape(weights) else { continue };
            let count = self.graph.weights().get(weights).map_or(0, Weight::count) / outputs.max(&1);
            let root = self.place(input).root;
            let most = self.terms.entry(root).or_default();
            *most = count.max(*most);
        }
    }

    fn place(&self, tensor: &'a str) -> Place<'a> {
        self.places.get(tensor).copied().unwrap_or(Place { root: tensor, channel: 0 })
    }

    /// Where a tensor lies, once each root has a slot.
    fn view(&self, tensor: &'a str, slots: &HashMap<&str, usize>) -> Result<View, String> {
        let Place { root, channel } = self.place(tensor);
        let [channels, height, width] = self.shape(tensor)?;
        let slot = *slots.get(root).ok_or_else(|| format!("\"{tensor}\" is used before it is made"))?;
        let most = match self.terms.get(root) {
            Some(&terms) => most(terms).ok_or_else(|| format!("too many products of \"{root}\" are added up"))?,
            None => i16::MAX,
        };
        Ok(View {
            slot,
            start: channel,
            stride: stride(self.shape(root)?),
            channels,
            height,
            width,
            scale: HEADROOM * self.range(root)? / f32::from(most),
            most,
        })
    }

    /// For each root the first and the last node that it is needed at; outputs to the end.
    fn lives(&self) -> HashMap<&'a str, [usize; 2]> {
        let mut lives = HashMap::from([(self.graph.input(), [0, 0])]);
        for (time, node) in self.nodes().enumerate() {
            let inputs = self.inputs(node).iter().map(String::as_str);
            for tensor in inputs.chain([node.output.as_str()]).filter(|tensor| self.ranges.contains_key(tensor)) {
                lives.entry(self.place(tensor).root).or_insert([time, time])[1] = time;
            }
        }
        for output in self.graph.outputs() {
            if let Some(life) = lives.get_mut(self.place(output).root) {
                life[1] = usize::MAX;
            }
        }
        lives
    }

    /// Those of the convolution, for a `Relu`.
    fn inputs(&self, node: &'a Node) -> &'a [String] {
        self.relus.get(node.output.as_str()).map_or(&node.inputs, |conv| &conv.inputs)
    }

    /// Memory for each root: what is no longer needed is used again.
    fn slots(&self) -> Result<(HashMap<&'a str, usize>, Vec<usize>), String> {
        let mut roots: Vec<(&str, [usize; 2])> = self.lives().into_iter().collect();
        roots.sort_unstable_by_key(|&(root, [first, _])| (first, root));
        let (mut slots, mut sizes, mut busy_until) = (HashMap::new(), Vec::<usize>::new(), Vec::<usize>::new());
        for (root, [first, last]) in roots {
            let shape = self.shape(root)?;
            let size = stride(shape) * shape[1] * shape[2];
            let free = (0..sizes.len()).filter(|&slot| busy_until[slot] < first);
            let slot = free.min_by_key(|&slot| sizes[slot].abs_diff(size)).unwrap_or_else(|| {
                sizes.push(0);
                busy_until.push(0);
                sizes.len() - 1
            });
            sizes[slot] = sizes[slot].max(size);
            busy_until[slot] = last;
            slots.insert(root, slot);
        }
        Ok((slots, sizes))
    }

    fn program(&self) -> Result<Program, String> {
        let (slots, mut sizes) = self.slots()?;
        let view = |tensor: &'a str| self.view(tensor, &slots);
        let mut steps = Vec::new();
        let mut nodes = self.nodes();
        let last = loop {
            let node = nodes.next().ok_or("it has no mean over the last map")?;
            match node.op.as_str() {
                "Conv" => steps.push(Step::Conv(self.conv(node, view(&node.output)?, &view, false)?)),
                "Relu" => {
                    let conv = self.relus.get(node.output.as_str()).ok_or("a Relu stands by itself")?;
                    steps.push(Step::Conv(self.conv(conv, view(&node.output)?, &view, true)?));
                }
                "MaxPool" | "AveragePool" => {
                    let (from, to) = (view(only(&node.inputs)?)?, view(&node.output)?);
                    steps.push(Step::Pool(Pool { from, to, window: Window::of(node)?, kind: Kind::of(node) }));
                }
                "Concat" => steps.extend(copies(node, &view)?),
                "GlobalAveragePool" => break view(only(&node.inputs)?)?,
                other => return Err(format!("{}: {other} is not known here", node.name)),
            }
        };
        let (weights, bias) = self.last_layer(nodes, last.channels)?;
        if steps.iter().map(ends).any(|[from, to]| from.slot == to.slot) {
            return Err("a map is read and written at the same time".to_owned());
        }
        let zeros = steps.iter().map(|step| ends(step)[0].channels.next_multiple_of(2)).max().unwrap_or_default();
        for size in &mut sizes {
            *size += zeros;
        }
        let features = self.graph.outputs().get(1).map(|name| view(name)).transpose()?;
        Ok(Program { input: view(self.graph.input())?, steps, last, weights, bias, features, slots: sizes, zeros })
    }

    /// Weights and bias of the dense layer that makes the logits, the only one behind the mean over the last map.
    fn last_layer(
        &self,
        nodes: impl Iterator<Item = &'a Node>,
        channels: usize,
    ) -> Result<(Vec<f32>, Vec<f32>), String> {
        let mut dense = nodes.filter(|node| !operators::find(&node.op).is_some_and(operators::Operator::forwards));
        let (Some(node), None) = (dense.next(), dense.next()) else {
            return Err("there is not one layer behind the mean over the last map".to_owned());
        };
        let values = |index: usize| {
            node.inputs.get(index).and_then(|name| self.graph.weights().get(name)).map_or(Vec::new(), Weight::values)
        };
        let (weights, bias) = (values(1), values(2));
        let is_last = node.op == "Gemm" && self.graph.outputs().first() == Some(&node.output);
        if is_last && !bias.is_empty() && weights.len() == channels * bias.len() {
            Ok((weights, bias))
        } else {
            Err(format!("{} is not a dense layer that makes the logits", node.name))
        }
    }

    fn conv(
        &self,
        node: &'a Node,
        to: View,
        view: &impl Fn(&'a str) -> Result<View, String>,
        relu: bool,
    ) -> Result<Conv, String> {
        let [input, weights, bias] = node.inputs.as_slice() else { return Err(format!("{} has no bias", node.name)) };
        let constant =
            |name: &String| self.graph.weights().get(name).ok_or_else(|| format!("\"{name}\" is not constant"));
        let from = view(input)?;
        let weights =
            constant(weights)?.symmetric().ok_or_else(|| format!("the weights of {} are not int8", node.name))?;
        let bias = constant(bias)?.values();
        let constants = Constants { weights: weights.values, scales: &weights.scales, bias: &bias };
        Ok(Conv::new(from, to, Window::of(node)?, constants, relu))
    }
}

/// Values from one pixel to the next, for maps with memory of their own. Pairs of channels are read.
fn stride([channels, _, _]: [usize; 3]) -> usize {
    channels.next_multiple_of(2)
}

/// Those parts of a `Concat` that were made elsewhere.
fn copies<'a>(node: &'a Node, view: &impl Fn(&'a str) -> Result<View, String>) -> Result<Vec<Step>, String> {
    let to = view(&node.output)?;
    let mut start = to.start;
    let mut copies = Vec::new();
    for input in &node.inputs {
        let from = view(input)?;
        if (from.slot, from.start, from.stride) != (to.slot, start, to.stride) {
            copies.push(Step::Copy(from, View { start, channels: from.channels, ..to }));
        }
        start += from.channels;
    }
    Ok(copies)
}

/// What a step reads and what it makes.
pub(super) fn ends(step: &Step) -> [View; 2] {
    match step {
        Step::Conv(conv) => [conv.from, conv.to],
        Step::Pool(pool) => [pool.from, pool.to],
        Step::Copy(from, to) => [*from, *to],
    }
}

fn only(inputs: &[String]) -> Result<&str, String> {
    match inputs {
        [input] => Ok(input),
        _ => Err(format!("{} inputs where one is expected", inputs.len())),
    }
}
