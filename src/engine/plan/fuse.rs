//! Makes one operation of several nodes.

use std::collections::{HashMap, HashSet};

use crate::onnx::{Graph, GraphError, Node};
use crate::operators::{self, Linear};

/// A tensor and its shape `[channels, height, width]`; a vector is `[length, 1, 1]`, one that was flattened keeps the shape
/// it had.
pub(super) type Tensor<'a> = (&'a str, [usize; 3]);

/// Constants of a part of the output channels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Constants {
    pub(crate) weights: Option<String>,
    pub(crate) bias: Option<String>,
    /// Output channels.
    pub(crate) channels: usize,
}

/// A node with what was made part of it.
#[derive(Clone, Debug)]
pub(super) struct Operation<'a> {
    pub(super) node: &'a Node,
    /// What it reads, constants left out.
    pub(super) inputs: Vec<Tensor<'a>>,
    /// What it makes, channel by channel.
    pub(super) outputs: Vec<Made<'a>>,
}

impl<'a> Operation<'a> {
    /// All tensors that it reads or makes.
    pub(super) fn tensors(&self) -> impl Iterator<Item = &'a str> {
        self.inputs.iter().map(|&(tensor, _)| tensor).chain(self.outputs.iter().map(|made| made.tensor))
    }
}

/// A tensor that an operation makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'a> {
    pub(super) tensor: &'a str,
    pub(super) shape: [usize; 3],
    /// Negative values become 0.
    pub(super) relu: bool,
    pub(super) weights: Option<&'a str>,
    pub(super) bias: Option<&'a str>,
}

impl Made<'_> {
    pub(super) fn constants(&self) -> Constants {
        let [weights, bias] = [self.weights, self.bias].map(|name| name.map(str::to_owned));
        Constants { weights, bias, channels: self.shape[0] }
    }
}

/// The operations of a graph, each behind those that make its inputs.
pub(super) struct Fused<'a> {
    pub(super) operations: Vec<Operation<'a>>,
    pub(super) input: Tensor<'a>,
    /// Tensors that are outputs of the graph and made by an operation, or its input.
    pub(super) outputs: Vec<&'a str>,
    /// Outputs that are the same as another tensor.
    pub(super) forwarded: Vec<(&'a str, &'a str)>,
    shapes: HashMap<&'a str, [usize; 3]>,
}

impl Fused<'_> {
    /// Shapes of the input and of all outputs.
    pub(super) fn ends(&self) -> HashMap<String, [usize; 3]> {
        let names = self.outputs.iter().copied().map(|name| (name, name)).chain(self.forwarded.iter().copied());
        let shape = |(name, of): (&str, &str)| Some((name.to_owned(), *self.shapes.get(of)?));
        names.chain([(self.input.0, self.input.0)]).filter_map(shape).collect()
    }
}

/// The operations of a graph.
pub(super) fn fuse(graph: &Graph) -> Result<Fused<'_>, GraphError> {
    let mut fuser = Fuser::new(graph)?;
    let mut done = HashSet::new();
    for node in graph.nodes() {
        if done.contains(node.name.as_str()) {
            continue;
        }
        let relu = graph.fused_relu(node);
        done.extend(relu.map(|relu| relu.name.as_str()));
        fuser.add(node, relu).map_err(|reason| node_error(node, reason))?;
    }
    fuser.average_last();
    Ok(fuser.finish())
}

fn node_error(node: &Node, reason: &str) -> GraphError {
    GraphError::Node { node: node.name.clone(), op: node.op.clone(), reason: reason.to_owned() }
}

struct Fuser<'a> {
    graph: &'a Graph,
    operations: Vec<Operation<'a>>,
    shapes: HashMap<&'a str, [usize; 3]>,
    /// Tensors that are the same as another.
    same: HashMap<&'a str, &'a str>,
}

impl<'a> Fuser<'a> {
    fn new(graph: &'a Graph) -> Result<Self, GraphError> {
        let shape = map_shape(graph, graph.input());
        let shape = shape.ok_or_else(|| GraphError::Graph("its input is no image of batch 1".to_owned()))?;
        let shapes = HashMap::from([(graph.input(), shape)]);
        Ok(Self { graph, operations: Vec::new(), shapes, same: HashMap::new() })
    }

    /// The tensor that a name stands for.
    fn root(&self, name: &'a str) -> &'a str {
        self.same.get(name).copied().unwrap_or(name)
    }

    fn add(&mut self, node: &'a Node, relu: Option<&'a Node>) -> Result<(), &'static str> {
        let operator = operators::find(&node.op).ok_or("there is no kernel for it")?;
        let (constants, inputs): (Vec<&str>, Vec<&str>) =
            node.inputs.iter().map(String::as_str).partition(|name| self.graph.weights().contains_key(*name));
        let with_shape = |name: &'a str| {
            let root = self.root(name);
            Some((root, *self.shapes.get(root)?))
        };
        let inputs: Option<Vec<Tensor<'_>>> = inputs.into_iter().map(with_shape).collect();
        let inputs = inputs.ok_or("an input is no feature map of batch 1")?;
        let output = relu.map_or(&node.output, |relu| &relu.output);
        if let (true, [(tensor, _)]) = (operator.forwards(), inputs.as_slice()) {
            self.same.insert(output, tensor);
            return Ok(());
        }
        let first = inputs.first().map(|&(_, shape)| shape);
        let shape = if operator.keeps_layout() { first } else { map_shape(self.graph, output) };
        let shape = shape.ok_or("its output is no feature map of batch 1")?;
        self.shapes.insert(output, shape);
        let [weights, bias] = [0, 1].map(|index| constants.get(index).copied());
        let outputs = vec![Made { tensor: output, shape, relu: relu.is_some(), weights, bias }];
        self.operations.push(Operation { node, inputs, outputs });
        Ok(())
    }

    /// Where the mean of windows is followed by a convolution of single pixels, computes that first, which gives the same and
    /// has the mean taken of fewer channels; bias and `ReLU` move to the mean.
    fn average_last(&mut self) {
        let linear = |operation: &Operation<'_>| operators::find(&operation.node.op)?.linear(operation.node);
        for mean in 0..self.operations.len() {
            if linear(&self.operations[mean]) != Some(Linear::Mean) {
                continue;
            }
            let between = self.operations[mean].outputs[0].tensor;
            let reads = |operation: &Operation<'_>| operation.inputs.iter().any(|&(tensor, _)| tensor == between);
            let mut users = (0..self.operations.len()).filter(|&index| reads(&self.operations[index]));
            let (Some(user), None) = (users.next(), users.next()) else { continue };
            let (pool, conv) = (self.operations[mean].clone(), self.operations[user].clone());
            let (before, after) = (pool.inputs[0], conv.outputs[0]);
            let pays = after.shape[0] <= before.1[0];
            if linear(&conv) != Some(Linear::Pixels) || self.is_output(between) || !pays {
                continue;
            }
            let shape = [after.shape[0], before.1[1], before.1[2]];
            let made = Made { tensor: between, shape, relu: false, weights: after.weights, bias: None };
            self.operations[mean] = Operation { node: conv.node, inputs: vec![before], outputs: vec![made] };
            let outputs = vec![Made { weights: None, ..after }];
            self.operations[user] = Operation { node: pool.node, inputs: vec![(between, shape)], outputs };
            self.shapes.insert(between, shape);
        }
    }

    fn is_output(&self, tensor: &str) -> bool {
        self.graph.results().any(|result| self.root(result) == tensor)
    }

    fn finish(self) -> Fused<'a> {
        let (mut outputs, mut forwarded) = (Vec::new(), Vec::new());
        for name in self.graph.results() {
            let root = self.root(name);
            if !outputs.contains(&root) {
                outputs.push(root);
            }
            if root != name {
                forwarded.push((name, root));
            }
        }
        let input = self.graph.input();
        let shape = self.shapes.get(input).copied().unwrap_or_default();
        Fused { operations: self.operations, input: (input, shape), outputs, forwarded, shapes: self.shapes }
    }
}

/// Channels, height and width of a tensor; a vector is `[length, 1, 1]`.
fn map_shape(graph: &Graph, name: &str) -> Option<[usize; 3]> {
    match *graph.shape(name)? {
        [1, channels, height, width] => Some([channels, height, width]),
        [1, length] => Some([length, 1, 1]),
        _ => None,
    }
}
