//! Turns a checked graph into one that wonnx plans and our kernels compute.
//!
//! wonnx orders the nodes, gives every tensor a buffer and records the dispatches; it never looks at what a kernel
//! does. So each node is given to it as a stand-in, `Relu` with the node's name and inputs, whose shader the bridge
//! replaces by ours. That frees the layout of tensors and weights ([`super::layout`]).
//!
//! wonnx 0.5.1 optimises along chains of nodes that have one input which is not constant, and builds a chain anew for
//! every user of its end: the stem of Inception v3 ran four times. A node with two such inputs ends a chain, so a
//! tensor with several users is made from the same input twice (`again`).

use std::collections::{HashMap, HashSet};

use wgpu_bridge::kernels::{Kernel, Kernels};
use wonnx::onnx::{GraphProto, ModelProto, NodeProto, TensorProto};

use super::conv::Conv;
use super::layout::{LANES, bytes, pack_bias, pack_weights, packed_len};
use super::plain::{Pool, PoolKind, concat, dense, global_average, relu};
use super::variant::{Method, Variant};
use crate::onnx::tensor::{FLOAT, int, ints, value_info};
use crate::onnx::{GraphError, Network, Weights};

/// A graph for wonnx and the kernels to put under it.
#[derive(Debug)]
pub struct Lowered {
    /// What wonnx is given.
    pub model: ModelProto,
    /// Kernels by node name.
    pub kernels: Kernels,
    /// Input and outputs that are packed ([`super::layout`]), with their shape `[channels, height, width]`.
    pub packed: HashMap<String, [usize; 3]>,
}

impl Lowered {
    /// The graph as it is, all kernels left to wonnx.
    ///
    /// # Errors
    /// [`GraphError`] if a constant cannot be expanded.
    pub fn stock(network: Network) -> Result<Self, GraphError> {
        Ok(Self { model: network.into_f32()?, kernels: Kernels::new(), packed: HashMap::new() })
    }
}

/// Our kernels for a network, or all of wonnx's own where a node has a form that ours lack. Each constant goes to
/// `upload` with its name as soon as it is packed; `model` has four bytes in its place.
///
/// # Errors
/// [`GraphError`] if a constant cannot be expanded.
pub fn lower(network: Network, variant: Variant, upload: impl FnMut(&str, &[u8])) -> Result<Lowered, GraphError> {
    match Plan::of(network.model.get_graph(), variant) {
        Some(plan) => plan.apply(network, upload),
        None => Lowered::stock(network),
    }
}

/// The convolutions of a network, in its order; none if [`lower`] leaves it to wonnx.
pub fn convolutions(network: &Network) -> Vec<Conv> {
    let any = Variant { method: Method::Tiles, half: false };
    let steps = Plan::of(network.model.get_graph(), any).map(|plan| plan.steps).unwrap_or_default();
    let conv = |step: Step| match step.constants {
        Constants::Conv { conv, .. } => Some(conv),
        _ => None,
    };
    steps.into_iter().filter_map(conv).collect()
}

/// Constants of a node in the order in which its kernel reads them.
#[derive(Debug)]
enum Constants {
    None,
    /// Weights `[outputs, inputs, height, width]` and bias.
    Conv {
        weights: String,
        bias: String,
        conv: Conv,
        variant: Variant,
    },
    /// Weights `[inputs, outputs]`, bias; the shape whose flattening the inputs are.
    Dense {
        weights: String,
        bias: String,
        flattened: [usize; 3],
        outputs: usize,
    },
}

#[derive(Debug)]
struct Step {
    name: String,
    inputs: Vec<String>,
    output: String,
    constants: Constants,
    /// `None`: the output is the input (`Flatten`).
    kernel: Option<Kernel>,
}

#[derive(Debug)]
struct Plan {
    steps: Vec<Step>,
    /// Shape of every feature map. A vector that was flattened keeps the shape it had, one that was computed is
    /// `[length, 1, 1]`.
    shapes: HashMap<String, [usize; 3]>,
}

impl Plan {
    fn of(graph: &GraphProto, variant: Variant) -> Option<Self> {
        let mut users: HashMap<&str, usize> = HashMap::new();
        for name in graph.get_node().iter().flat_map(NodeProto::get_input) {
            *users.entry(name).or_default() += 1;
        }
        for output in graph.get_output() {
            *users.entry(output.get_name()).or_default() += 1;
        }
        let constants: HashSet<&str> = graph.get_initializer().iter().map(TensorProto::get_name).collect();
        let mut shapes: HashMap<String, [usize; 3]> = HashMap::new();
        let [input] = graph.get_input() else { return None };
        shapes.insert(input.get_name().to_owned(), described(graph, input.get_name())?);

        let mut steps = Vec::new();
        let mut fused = HashSet::new();
        for node in graph.get_node() {
            if fused.contains(node.get_name()) {
                continue;
            }
            let activation = if node.get_op_type() == "Conv" { fused_relu(graph, node) } else { None };
            fused.extend(activation.map(NodeProto::get_name));
            let output = activation.unwrap_or(node).get_output().first()?;
            let inputs: Vec<String> =
                node.get_input().iter().filter(|name| !constants.contains(name.as_str())).cloned().collect();
            let input_shapes = inputs.iter().map(|name| shapes.get(name).copied()).collect::<Option<Vec<_>>>()?;
            let shape = match node.get_op_type() {
                "Flatten" | "Relu" => *input_shapes.first()?,
                _ => described(graph, output)?,
            };
            // `again` only where it is needed: each is one more binding.
            let again = inputs.len() == 1 && users.get(output.as_str()).is_some_and(|&count| count > 1);
            let site = Site { node, inputs: &input_shapes, output: shape, constants: &constants, again };
            let (kernel, constants) = site.compute(variant, activation.is_some())?;
            let repeat = again && kernel.is_some();
            shapes.insert(output.clone(), shape);
            steps.push(Step {
                name: node.get_name().to_owned(),
                inputs: if repeat { [inputs.clone(), inputs].concat() } else { inputs },
                output: output.clone(),
                constants,
                kernel,
            });
        }
        Some(Self { steps, shapes })
    }

    fn apply(self, network: Network, mut upload: impl FnMut(&str, &[u8])) -> Result<Lowered, GraphError> {
        let Self { steps, shapes } = self;
        let Network { mut model, mut weights } = network;
        let graph = model.mut_graph();
        let outputs: HashSet<String> = graph.get_output().iter().map(|value| value.get_name().to_owned()).collect();
        let inputs: Vec<String> = graph.get_input().iter().map(|value| value.get_name().to_owned()).collect();

        let mut lowered = GraphProto::new();
        lowered.set_name("skintree".to_owned());
        let info = |name: &str| value_info(name, &[1, packed_len(shapes[name])]);
        for name in &inputs {
            lowered.mut_input().push(info(name));
        }
        let mut kernels = Kernels::new();
        let mut users = uses(&steps);
        for step in steps {
            let mut node = NodeProto::new();
            node.set_op_type(if step.kernel.is_some() { "Relu" } else { "Flatten" }.to_owned());
            node.mut_input().extend(step.inputs.iter().take(1).cloned());
            let packed = step.constants.packed(&mut weights, &mut users)?;
            for (suffix, bytes) in ["weights", "bias"].into_iter().zip(packed.into_iter().flatten()) {
                let name = format!("{}/{suffix}", step.name);
                upload(&name, &bytes);
                lowered.mut_initializer().push(placeholder(&name));
                node.mut_input().push(name);
            }
            node.mut_input().extend(step.inputs.into_iter().skip(1));
            node.mut_output().push(step.output.clone());
            node.set_name(step.name.clone());
            lowered.mut_node().push(node);
            kernels.extend(step.kernel.map(|kernel| (step.name, kernel)));
            let described = info(&step.output);
            if outputs.contains(&step.output) {
                lowered.mut_output().push(described);
            } else {
                lowered.mut_value_info().push(described);
            }
        }
        model.set_graph(lowered);
        let packed = shapes.into_iter().filter(|(name, _)| outputs.contains(name) || inputs.contains(name)).collect();
        Ok(Lowered { model, kernels, packed })
    }
}

/// A node with everything known about where it stands.
struct Site<'a> {
    node: &'a NodeProto,
    inputs: &'a [[usize; 3]],
    output: [usize; 3],
    constants: &'a HashSet<&'a str>,
    again: bool,
}

impl Site<'_> {
    fn compute(&self, variant: Variant, relu_follows: bool) -> Option<(Option<Kernel>, Constants)> {
        let Self { node, inputs, output, again, .. } = *self;
        let plain = |kernel: Kernel| Some((Some(kernel), Constants::None));
        match (node.get_op_type(), inputs) {
            ("Conv", &[_]) => self.conv(variant, relu_follows),
            ("Gemm", &[_]) => self.dense(),
            ("MaxPool" | "AveragePool", &[input]) => plain(self.pool(input)?.kernel(again)),
            ("GlobalAveragePool", &[input]) => plain(global_average(input, again)),
            ("Relu", &[input]) => plain(relu(packed_len(input), again)),
            // wonnx hands the buffer on; so a flattened tensor with several users ends no chain, which costs time only.
            ("Flatten", &[_]) => Some((None, Constants::None)),
            // Flattened maps keep their own order, so that they cannot be joined like vectors.
            ("Concat", inputs) if inputs.iter().all(|shape| shape[1..] == output[1..]) => {
                let channels: Vec<usize> = inputs.iter().map(|shape| shape[0]).collect();
                plain(concat(&channels, output[1] * output[2], again))
            }
            _ => None,
        }
    }

    /// The name of an input that is a constant.
    fn constant(&self, index: usize) -> Option<String> {
        self.node.get_input().get(index).filter(|name| self.constants.contains(name.as_str())).cloned()
    }

    fn conv(&self, variant: Variant, relu: bool) -> Option<(Option<Kernel>, Constants)> {
        let [top, left, _, _] = ints(self.node, "pads", Some([0; 4])).ok()?;
        let conv = Conv {
            input: self.inputs[0],
            output: self.output,
            kernel: ints(self.node, "kernel_shape", None).ok()?,
            strides: ints(self.node, "strides", Some([1, 1])).ok()?,
            pads: [top, left],
            relu,
        };
        let constants = Constants::Conv { weights: self.constant(1)?, bias: self.constant(2)?, conv, variant };
        Some((Some(conv.kernel(variant, self.again)?), constants))
    }

    fn dense(&self) -> Option<(Option<Kernel>, Constants)> {
        let (weights, bias) = (self.constant(1)?, self.constant(2)?);
        let (flattened, outputs) = (self.inputs[0], self.output[0]);
        let kernel = dense(packed_len(flattened), outputs, self.again);
        Some((Some(kernel), Constants::Dense { weights, bias, flattened, outputs }))
    }

    fn pool(&self, input: [usize; 3]) -> Option<Pool> {
        let [top, left, _, _] = ints(self.node, "pads", Some([0; 4])).ok()?;
        Some(Pool {
            input,
            output: [self.output[1], self.output[2]],
            kernel: ints(self.node, "kernel_shape", None).ok()?,
            strides: ints(self.node, "strides", Some([1, 1])).ok()?,
            pads: [top, left],
            kind: match (self.node.get_op_type(), int(self.node, "count_include_pad", 0)) {
                ("MaxPool", _) => PoolKind::Max,
                (_, 0) => PoolKind::Average,
                _ => PoolKind::AverageWithPads,
            },
        })
    }
}

/// How many steps use a constant: several may share one.
fn uses(steps: &[Step]) -> HashMap<String, usize> {
    let mut uses = HashMap::new();
    for step in steps {
        if let Constants::Conv { weights, bias, .. } | Constants::Dense { weights, bias, .. } = &step.constants {
            *uses.entry(weights.clone()).or_default() += 1;
            *uses.entry(bias.clone()).or_default() += 1;
        }
    }
    uses
}

impl Constants {
    /// Bytes of weights and bias in the layout of the kernel. A constant is dropped after its last use.
    fn packed(self, all: &mut Weights, users: &mut HashMap<String, usize>) -> Result<Option<[Vec<u8>; 2]>, GraphError> {
        let mut take = |name: &str| {
            let left = users.entry(name.to_owned()).or_default();
            *left = left.saturating_sub(1);
            let values = all.values(name)?;
            if *left == 0 {
                all.forget(name);
            }
            Ok(values)
        };
        Ok(match self {
            Self::None => None,
            Self::Conv { weights, bias, conv, variant } => {
                Some(conv.constants(variant, take(&weights)?, &take(&bias)?))
            }
            Self::Dense { weights, bias, flattened, outputs } => {
                let weights = pack_dense(&take(&weights)?, flattened, outputs);
                Some([bytes(&weights), bytes(&pack_bias(&take(&bias)?, 1))])
            }
        })
    }
}

/// Weights `[inputs, outputs]` of a dense layer, brought into the order of the packed map that its input was.
fn pack_dense(weights: &[f32], flattened: [usize; 3], outputs: usize) -> Vec<f32> {
    let [channels, height, width] = flattened;
    let pixels = height * width;
    let inputs = packed_len(flattened);
    let mut rows = vec![0.0; outputs * inputs];
    for input in 0..channels * pixels {
        let (channel, pixel) = (input / pixels, input % pixels);
        let place = (channel / LANES * pixels + pixel) * LANES + channel % LANES;
        for output in 0..outputs {
            rows[output * inputs + place] = weights[input * outputs + output];
        }
    }
    pack_weights(&rows, [outputs, inputs, 1, 1], 1)
}

/// Stands for a constant that lies in GPU memory already.
fn placeholder(name: &str) -> TensorProto {
    let mut tensor = TensorProto::new();
    tensor.set_name(name.to_owned());
    tensor.set_data_type(FLOAT);
    tensor.set_dims(vec![1]);
    tensor.set_float_data(vec![0.0]);
    tensor
}

/// The `Relu` that a convolution can take over: the only user of its output.
fn fused_relu<'a>(graph: &'a GraphProto, conv: &NodeProto) -> Option<&'a NodeProto> {
    let output = conv.get_output().first()?;
    let is_output = graph.get_output().iter().any(|value| value.get_name() == output);
    let mut users = graph.get_node().iter().filter(|node| node.get_input().contains(output));
    match (users.next(), users.next()) {
        (Some(user), None) if user.get_op_type() == "Relu" && !is_output => Some(user),
        _ => None,
    }
}

/// Channels, height and width of a tensor that the graph describes; a vector is `[length, 1, 1]`.
fn described(graph: &GraphProto, name: &str) -> Option<[usize; 3]> {
    let mut values = graph.get_value_info().iter().chain(graph.get_input()).chain(graph.get_output());
    let shape = values.find(|value| value.get_name() == name)?.get_shape().ok()?;
    match *shape.dims.as_slice() {
        [1, channels, height, width] => Some([channels as usize, height as usize, width as usize]),
        [1, length] => Some([length as usize, 1, 1]),
        _ => None,
    }
}
