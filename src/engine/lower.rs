//! Turns a checked graph into one that wonnx plans and our kernels compute.
//!
//! wonnx orders the nodes, gives every tensor a buffer and records the dispatches; it never looks at what a kernel
//! does. So each node is given to it as a stand-in, `Relu` with the node's name and inputs, whose shader the bridge
//! replaces by ours. That frees the layout of tensors and weights ([`layout`](crate::shaders::layout)).
//!
//! wonnx 0.5.1 optimises along chains of nodes that have one input which is not constant, and builds a chain anew for
//! every user of its end: the stem of Inception v3 ran four times. A node with two such inputs ends a chain, so a
//! tensor with several users is made from the same input twice (`repeated`).

use std::collections::{HashMap, HashSet};

use wgpu_bridge::kernels::{Kernel, Kernels};
use wonnx::onnx::ModelProto;

use super::wonnx_graph::{Builder, full};
use crate::onnx::{Graph, GraphError, Node, Weight};
use crate::operators::conv::Conv;
use crate::operators::{self, PackConstants, Planned, Site};
use crate::shaders::layout::packed_len;
use crate::shaders::{Method, Variant};

/// A graph for wonnx and the kernels to put under it.
#[derive(Debug)]
pub struct Lowered {
    /// What wonnx is given.
    pub model: ModelProto,
    /// Kernels by node name.
    pub kernels: Kernels,
    /// Input and outputs that are packed ([`layout`](crate::shaders::layout)), with their shape `[channels, height, width]`.
    pub packed: HashMap<String, [usize; 3]>,
}

impl Lowered {
    /// The graph as it is, all kernels left to wonnx: for measuring.
    #[must_use]
    pub fn stock(graph: &Graph) -> Self {
        Self { model: full(graph), kernels: Kernels::new(), packed: HashMap::new() }
    }
}

/// Our kernels for a graph. Each constant goes to `upload` with its name as soon as it is packed; `model` has four bytes in
/// its place.
///
/// # Errors
/// [`GraphError::Node`] names the first node that has no kernel.
pub fn lower(graph: &Graph, variant: Variant, mut upload: impl FnMut(&str, &[u8])) -> Result<Lowered, GraphError> {
    let Plan { steps, shapes, .. } = Plan::of(graph, variant)?;
    let info = |name: &str| [1, packed_len(shapes.get(name).copied().unwrap_or_default())];
    let mut builder = Builder::default();
    builder.input(graph.input(), &info(graph.input()));
    let mut kernels = Kernels::new();
    for Step { name, inputs, output, weights, kernel, pack } in steps {
        let mut all: Vec<String> = inputs.iter().take(1).cloned().collect();
        if let (Some(pack), Some([weights, bias])) = (pack, weights) {
            let values = |name: &String| graph.weights().get(name).map(Weight::values).unwrap_or_default();
            for (suffix, bytes) in ["weights", "bias"].into_iter().zip(pack(values(&weights), &values(&bias))) {
                let constant = format!("{name}/{suffix}");
                upload(&constant, &bytes);
                // Stands for what lies in GPU memory already.
                builder.constant(&constant, &[1], vec![0.0]);
                all.push(constant);
            }
        }
        all.extend(inputs.into_iter().skip(1));
        builder.tensor(&output, &info(&output), graph.outputs().contains(&output));
        builder.node(&name, if kernel.is_some() { "Relu" } else { "Flatten" }, all, &output, &[]);
        kernels.extend(kernel.map(|kernel| (name, kernel)));
    }
    let ends = |name: &str| name == graph.input() || graph.outputs().iter().any(|output| output == name);
    let packed = shapes.into_iter().filter(|(name, _)| ends(name)).collect();
    Ok(Lowered { model: builder.model(), kernels, packed })
}

/// The convolutions of a graph, in its order.
///
/// # Errors
/// As [`lower`].
pub fn convolutions(graph: &Graph) -> Result<Vec<Conv>, GraphError> {
    Ok(Plan::of(graph, Variant { method: Method::Tiles, half: false })?.convolutions)
}

/// A node for wonnx.
struct Step {
    name: String,
    inputs: Vec<String>,
    output: String,
    /// Names of weights and bias.
    weights: Option<[String; 2]>,
    /// `None`: the output is the input (`Flatten`).
    kernel: Option<Kernel>,
    pack: Option<PackConstants>,
}

struct Plan {
    steps: Vec<Step>,
    convolutions: Vec<Conv>,
    /// Shape of every feature map. A vector that was flattened keeps the shape it had, one that was computed is
    /// `[length, 1, 1]`.
    shapes: HashMap<String, [usize; 3]>,
}

impl Plan {
    fn of(graph: &Graph, variant: Variant) -> Result<Self, GraphError> {
        let mut users: HashMap<&str, usize> = HashMap::new();
        for name in graph.nodes().iter().flat_map(|node| &node.inputs).chain(graph.outputs()) {
            *users.entry(name).or_default() += 1;
        }
        let mut plan = Self { steps: Vec::new(), convolutions: Vec::new(), shapes: HashMap::new() };
        plan.shapes.extend(map_shape(graph, graph.input()).map(|shape| (graph.input().to_owned(), shape)));
        let mut fused = HashSet::new();
        for node in graph.nodes() {
            if fused.contains(node.name.as_str()) {
                continue;
            }
            let activation = fused_relu(graph, node);
            fused.extend(activation.map(|relu| relu.name.as_str()));
            let output = &activation.unwrap_or(node).output;
            // `repeated` only where it is needed: each is one more binding.
            let shared = users.get(output.as_str()).is_some_and(|&count| count > 1);
            plan.add(graph, node, output, variant, activation.is_some(), shared)
                .map_err(|reason| GraphError::Node { node: node.name.clone(), op: node.op.clone(), reason })?;
        }
        Ok(plan)
    }

    /// Adds a node; `Err` says why it has no kernel.
    fn add(
        &mut self,
        graph: &Graph,
        node: &Node,
        output: &str,
        variant: Variant,
        relu: bool,
        shared: bool,
    ) -> Result<(), String> {
        let operator = operators::find(&node.op).ok_or("there is no kernel for it")?;
        let inputs: Vec<String> =
            node.inputs.iter().filter(|name| !graph.weights().contains_key(*name)).cloned().collect();
        let shapes: Option<Vec<[usize; 3]>> = inputs.iter().map(|name| self.shapes.get(name).copied()).collect();
        let shapes = shapes.ok_or("an input is no feature map of batch 1")?;
        let shape = if operator.keeps_layout() { shapes.first().copied() } else { map_shape(graph, output) };
        let shape = shape.ok_or("its output is no feature map of batch 1")?;
        let repeated = inputs.len() == 1 && shared;
        let Planned { kernel, constants: pack, conv } =
            operator.plan(&Site { node, inputs: &shapes, output: shape, repeated, relu, variant })?;
        let weights =
            pack.is_some().then(|| Some([node.inputs.get(1)?.clone(), node.inputs.get(2)?.clone()])).flatten();
        self.convolutions.extend(conv);
        self.shapes.insert(output.to_owned(), shape);
        self.steps.push(Step {
            name: node.name.clone(),
            inputs: if repeated && kernel.is_some() { [inputs.clone(), inputs].concat() } else { inputs },
            output: output.to_owned(),
            weights,
            kernel,
            pack,
        });
        Ok(())
    }
}

/// The `Relu` whose work a node can do: the only user of its output.
fn fused_relu<'a>(graph: &'a Graph, node: &Node) -> Option<&'a Node> {
    if !operators::find(&node.op)?.takes_relu() || graph.outputs().contains(&node.output) {
        return None;
    }
    let mut users = graph.nodes().iter().filter(|user| user.inputs.contains(&node.output));
    match (users.next(), users.next()) {
        (Some(user), None) if user.op == "Relu" => Some(user),
        _ => None,
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
