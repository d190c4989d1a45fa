//! Reads the ONNX file of a pack, checks it, and brings it into the form in which wonnx computes right numbers.
//!
//! wonnx computes wrong numbers without a word for several graphs that are valid ONNX (a 3x3 convolution without
//! bias, `Gemm` with odd K, ...), and knows neither int8 nor f16. So nothing reaches an engine before every node has
//! been checked against the short list of operators and forms in `shapes`, and its shapes have been inferred
//! here: what the file claims about shapes is believed only where it agrees.

mod dequantise;
mod last_layer;
mod network;
mod shapes;
pub(crate) mod tensor;

use std::collections::{BTreeMap, HashSet};

use protobuf::Message as _;
use wonnx::onnx::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};

use tensor::elements;

pub use last_layer::LastLayer;
pub use network::{Network, Weights};

/// The ONNX operator set a pack's graph must be written in.
pub const OPSET: i64 = 13;

/// More nodes than any Inception needs; wonnx walks the graph recursively, so the stack sets the limit.
const MAX_NODES: usize = 2_000;

/// Why a pack's ONNX file is not run. The code in JavaScript is `pack-graph`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Not a protobuf, or not an ONNX model.
    #[error("model.onnx cannot be read: {0}. Export it again as ONNX opset {OPSET}.")]
    Unreadable(String),
    /// The graph as a whole is not of the form that docs/formats.md describes.
    #[error("the ONNX graph cannot be run safely: {0}. docs/formats.md says which form is accepted.")]
    Graph(String),
    /// One node is not of that form.
    #[error("node \"{node}\" ({op}) cannot be run safely: {reason}. docs/formats.md says which form is accepted.")]
    Node {
        /// Name of the node, or `#index` if it has none.
        node: String,
        /// Its operator.
        op: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl GraphError {
    /// The stable code of docs/formats.md.
    pub fn code(&self) -> &'static str {
        "pack-graph"
    }
}

/// What the manifest promises about the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Name of the input tensor, of shape `[1, 3, size, size]`.
    pub input: &'a str,
    /// Side of the input in pixels.
    pub size: usize,
    /// Name of the output `[1, classes]`.
    pub logits: &'a str,
    /// How many classes there are.
    pub classes: usize,
    /// Name of the last feature map `[1, channels, height, width]`, if there is one.
    pub features: Option<&'a str>,
}

/// An ONNX file in memory and the graph that was read from it. The processor's engine wants the first, the GPU's the
/// second.
#[derive(Debug)]
pub struct ModelFile {
    bytes: Vec<u8>,
    graph: Graph,
}

impl ModelFile {
    /// Reads and checks an ONNX file, the only time that loading a pack does so.
    ///
    /// # Errors
    /// As [`Graph::read`].
    pub fn read(bytes: Vec<u8>, signature: &Signature<'_>) -> Result<Self, GraphError> {
        let graph = Graph::read(&bytes, signature)?;
        Ok(Self { bytes, graph })
    }

    /// What was read.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The file, known to hold an accepted graph, and the graph; each can be freed as soon as it is of no more use.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Graph) {
        (self.bytes, self.graph)
    }
}

/// A checked graph, its weights still as small as in the file.
pub struct Graph {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    shapes: BTreeMap<String, Vec<usize>>,
    input: String,
    outputs: Vec<String>,
}

impl Graph {
    /// Reads and checks an ONNX file.
    ///
    /// # Errors
    /// [`GraphError`], naming the first node that breaks a rule.
    pub fn read(bytes: &[u8], signature: &Signature<'_>) -> Result<Self, GraphError> {
        let mut model = ModelProto::parse_from_bytes(bytes).map_err(|e| GraphError::Unreadable(e.to_string()))?;
        check_opset(&model)?;
        if !model.has_graph() {
            return Err(GraphError::Unreadable("it holds no graph".to_owned()));
        }
        let GraphProto { node, initializer, input, value_info: claimed, output, .. } = model.take_graph();
        let nodes = node.into_vec();
        let initializers = initializer.into_vec();
        if nodes.len() > MAX_NODES {
            return Err(GraphError::Graph(format!("{} nodes; at most {MAX_NODES} are accepted", nodes.len())));
        }

        let mut known = shapes::Known {
            shapes: initial_shapes(&initializers, signature)?,
            constants: initializers.iter().map(|tensor| (tensor.get_name(), tensor)).collect(),
            dequantised: HashSet::new(),
        };
        if input.iter().any(|input| !known.shapes.contains_key(input.get_name())) {
            let names: Vec<_> = input.iter().map(ValueInfoProto::get_name).collect();
            return Err(GraphError::Graph(format!(
                "inputs {names:?}; the manifest names only \"{}\"",
                signature.input
            )));
        }
        let mut names = HashSet::new();
        for (index, node) in nodes.iter().enumerate() {
            let fail = |reason: String| node_error(node, index, reason);
            if node.get_name().is_empty() || !names.insert(node.get_name()) {
                return Err(fail("its name is missing or used twice".to_owned()));
            }
            let [output] = node.get_output() else {
                return Err(fail("it must have exactly one output".to_owned()));
            };
            let shape = shapes::infer(node, &known).map_err(fail)?;
            if node.get_op_type() == dequantise::OP {
                known.dequantised.insert(output.clone());
            }
            if known.shapes.insert(output.clone(), shape).is_some() {
                return Err(fail(format!("its output \"{output}\" exists already")));
            }
        }
        let shapes = known.shapes;
        for claim in input.iter().chain(claimed.iter()).chain(output.iter()) {
            check_claim(claim, &shapes)?;
        }
        check_outputs(&shapes, signature)?;

        let outputs = std::iter::once(signature.logits).chain(signature.features).map(str::to_owned).collect();
        Ok(Self { nodes, initializers, shapes, input: signature.input.to_owned(), outputs })
    }

    /// Number of nodes, weights' own `DequantizeLinear` not counted.
    pub fn node_count(&self) -> usize {
        self.nodes.iter().filter(|node| node.get_op_type() != dequantise::OP).count()
    }

    /// Number of weights and biases.
    pub fn parameter_count(&self) -> usize {
        let scales: HashSet<&str> = self
            .nodes
            .iter()
            .filter(|node| node.get_op_type() == dequantise::OP)
            .flat_map(|node| node.get_input().iter().skip(1).map(String::as_str))
            .collect();
        self.initializers.iter().filter(|t| !scales.contains(t.get_name())).map(|t| elements(&tensor::dims(t))).sum()
    }

    /// Multiply-accumulate operations of one run, convolutions and dense layers counted.
    pub fn multiply_accumulates(&self) -> u64 {
        self.nodes.iter().map(|node| shapes::multiply_accumulates(node, &self.shapes)).sum()
    }

    /// Shape of a tensor, constants included.
    pub fn shape(&self, tensor: &str) -> Option<&[usize]> {
        self.shapes.get(tensor).map(Vec::as_slice)
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph")
            .field("nodes", &self.nodes.len())
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

fn node_error(node: &NodeProto, index: usize, reason: String) -> GraphError {
    let name = node.get_name();
    let node_name = if name.is_empty() { format!("#{index}") } else { name.to_owned() };
    GraphError::Node { node: node_name, op: node.get_op_type().to_owned(), reason }
}

fn check_opset(model: &ModelProto) -> Result<(), GraphError> {
    let default_domain = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    match model.get_opset_import() {
        [opset] if default_domain(opset.get_domain()) && opset.get_version() == OPSET => Ok(()),
        other => {
            let found: Vec<_> = other.iter().map(|o| format!("{}:{}", o.get_domain(), o.get_version())).collect();
            Err(GraphError::Graph(format!("it is written in opset {found:?}, not {OPSET} alone")))
        }
    }
}

fn initial_shapes(
    initializers: &[TensorProto],
    signature: &Signature<'_>,
) -> Result<BTreeMap<String, Vec<usize>>, GraphError> {
    let mut shapes = BTreeMap::new();
    for constant in initializers {
        tensor::check(constant).map_err(GraphError::Graph)?;
        if shapes.insert(constant.get_name().to_owned(), tensor::dims(constant)).is_some() {
            return Err(GraphError::Graph(format!("two constants are named \"{}\"", constant.get_name())));
        }
    }
    let image = vec![1, 3, signature.size, signature.size];
    if shapes.insert(signature.input.to_owned(), image).is_some() {
        return Err(GraphError::Graph(format!("the input \"{}\" is a constant", signature.input)));
    }
    Ok(shapes)
}

fn check_claim(claim: &ValueInfoProto, shapes: &BTreeMap<String, Vec<usize>>) -> Result<(), GraphError> {
    let name = claim.get_name();
    let claimed = claim.get_shape().map_err(|e| GraphError::Graph(format!("shape of tensor \"{name}\": {e}")))?;
    let Some(inferred) = shapes.get(name) else {
        return Err(GraphError::Graph(format!("it describes a tensor \"{name}\" that no node makes")));
    };
    if claimed.dims.iter().map(|&dim| dim as usize).eq(inferred.iter().copied()) {
        Ok(())
    } else {
        Err(GraphError::Graph(format!("tensor \"{name}\" is said to be {claimed}, but it comes out as {inferred:?}")))
    }
}

fn check_outputs(shapes: &BTreeMap<String, Vec<usize>>, signature: &Signature<'_>) -> Result<(), GraphError> {
    let wanted = [1, signature.classes];
    match shapes.get(signature.logits) {
        Some(shape) if *shape == wanted => {}
        Some(shape) => {
            return Err(GraphError::Graph(format!("logits are {shape:?}, but the manifest lists {wanted:?}")));
        }
        None => {
            return Err(GraphError::Graph(format!("no node makes the output \"{}\"", signature.logits)));
        }
    }
    match signature.features.map(|name| (name, shapes.get(name))) {
        None => Ok(()),
        Some((_, Some(shape))) if shape.len() == 4 => Ok(()),
        Some((name, _)) => Err(GraphError::Graph(format!("\"{name}\" is not a feature map [1, C, H, W]"))),
    }
}

#[cfg(test)]
mod tests;
