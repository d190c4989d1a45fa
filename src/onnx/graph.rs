//! The checked graph.

use std::collections::{HashMap, HashSet};

use prost::Message as _;
use prost::bytes::Bytes;

use super::constant::{Constant, check_shape};
use super::error::GraphError;
use super::node::Node;
use super::proto::{GraphProto, ModelProto, NodeProto, OPSET, TensorProto, ValueInfoProto};
use super::weight::Weight;
use crate::catch_panic::catch_panic;
use crate::operators::{self, Known, dequantize_linear};

/// More nodes than any Inception needs; wonnx walks the graph recursively, so the stack sets the limit.
const MAX_NODES: usize = 2_000;

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

/// An ONNX file in memory and the graph that was read from it, which shares its bytes. The CPU engine wants the first, the
/// GPU's the second.
#[derive(Debug)]
pub struct ModelFile {
    bytes: Bytes,
    graph: Graph,
}

impl ModelFile {
    /// Reads and checks an ONNX file, the only time that loading a pack does so.
    ///
    /// # Errors
    /// As [`Graph::read`].
    pub fn read(bytes: Vec<u8>, signature: &Signature<'_>) -> Result<Self, GraphError> {
        let bytes = Bytes::from(bytes);
        let graph = Graph::of_file(bytes.clone(), signature)?;
        Ok(Self { bytes, graph })
    }

    /// What was read.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The file, known to hold an accepted graph, and the graph. The file becomes a `Vec` without a copy once the graph is
    /// dropped.
    #[must_use]
    pub fn into_parts(self) -> (Bytes, Graph) {
        (self.bytes, self.graph)
    }
}

/// A checked graph, its weights still as small as in the file.
pub struct Graph {
    /// Without `DequantizeLinear`, which is part of [`Weight`].
    nodes: Vec<Node>,
    weights: HashMap<String, Weight>,
    shapes: HashMap<String, Vec<usize>>,
    input: String,
    outputs: Vec<String>,
}

impl Graph {
    /// Reads and checks an ONNX file.
    ///
    /// # Errors
    /// [`GraphError`], naming the first node that breaks a rule.
    pub fn read(bytes: &[u8], signature: &Signature<'_>) -> Result<Self, GraphError> {
        Self::of_file(Bytes::copy_from_slice(bytes), signature)
    }

    /// Like [`Self::read`], sharing the bytes.
    pub(crate) fn of_file(bytes: Bytes, signature: &Signature<'_>) -> Result<Self, GraphError> {
        let broken = |reason| GraphError::Unreadable(format!("its reader cannot cope with it: {reason}"));
        catch_panic(|| Self::of_foreign(bytes, signature), broken)
    }

    fn of_foreign(bytes: Bytes, signature: &Signature<'_>) -> Result<Self, GraphError> {
        let model = ModelProto::decode(bytes).map_err(|error| GraphError::Unreadable(error.to_string()))?;
        check_opset(&model)?;
        let graph = model.graph.ok_or_else(|| GraphError::Unreadable("it holds no graph".to_owned()))?;
        let GraphProto { node: nodes, initializer, input, output, value_info } = graph;
        if nodes.len() > MAX_NODES {
            return Err(GraphError::Graph(format!("{} nodes; at most {MAX_NODES} are accepted", nodes.len())));
        }
        let mut reader = Reader::new(initializer, signature)?;
        if input.iter().any(|input| !reader.shapes.contains_key(&input.name)) {
            let names: Vec<_> = input.iter().map(|input| &input.name).collect();
            return Err(GraphError::Graph(format!(
                "inputs {names:?}; the manifest names only \"{}\"",
                signature.input
            )));
        }
        for (index, node) in nodes.into_iter().enumerate() {
            let (name, op) = (node.name.clone(), node.op_type.clone());
            reader.add(node).map_err(|reason| {
                let node = if name.is_empty() { format!("#{index}") } else { name };
                GraphError::Node { node, op, reason }
            })?;
        }
        let Reader { nodes, weights, shapes, .. } = reader;
        for claim in input.iter().chain(&value_info).chain(&output) {
            check_claim(claim, &shapes)?;
        }
        check_outputs(&shapes, signature)?;
        let outputs = std::iter::once(signature.logits).chain(signature.features).map(str::to_owned).collect();
        Ok(Self { nodes, weights, shapes, input: signature.input.to_owned(), outputs })
    }

    /// Its nodes, each after those that make its inputs.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The constants that nodes use, by name.
    pub fn weights(&self) -> &HashMap<String, Weight> {
        &self.weights
    }

    /// Name of the input.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// Names of the outputs: logits, and the feature map if the manifest names one.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// Name of the mean over each channel of the feature map, if a node makes it.
    pub fn means(&self) -> Option<&str> {
        let features = self.outputs.get(1)?;
        let mean = |node: &&Node| node.op == "GlobalAveragePool" && node.inputs.first() == Some(features);
        self.nodes.iter().find(mean).map(|node| node.output.as_str())
    }

    /// Names of all that somebody may want to have of a run: outputs and means.
    pub(crate) fn results(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(String::as_str).chain(self.means())
    }

    /// Whether a tensor is one of [`Self::results`].
    pub(crate) fn is_result(&self, tensor: &str) -> bool {
        self.results().any(|result| result == tensor)
    }

    /// The `Relu` whose work a node can do: the only user of its output.
    pub(crate) fn fused_relu(&self, node: &Node) -> Option<&Node> {
        if !operators::find(&node.op)?.takes_relu() || self.is_result(&node.output) {
            return None;
        }
        let mut users = self.nodes().iter().filter(|user| user.inputs.contains(&node.output));
        match (users.next(), users.next()) {
            (Some(user), None) if user.op == "Relu" => Some(user),
            _ => None,
        }
    }

    /// Number of weights and biases.
    pub fn parameter_count(&self) -> usize {
        self.weights.values().map(Weight::count).sum()
    }

    /// Multiply-accumulate operations of one run, convolutions and dense layers counted.
    pub fn multiply_accumulates(&self) -> u64 {
        let count = |node: &Node| {
            let operator = operators::find(&node.op)?;
            let weights = self.weights.get(node.inputs.get(1)?)?.shape();
            Some(operator.multiply_accumulates(weights, self.shape(&node.output)?))
        };
        self.nodes.iter().filter_map(count).sum()
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

/// What has been read so far.
struct Reader {
    names: HashSet<String>,
    nodes: Vec<Node>,
    /// All of the file; those that nodes take become weights.
    constants: HashMap<String, Constant>,
    weights: HashMap<String, Weight>,
    shapes: HashMap<String, Vec<usize>>,
}

impl Reader {
    fn new(initializers: Vec<TensorProto>, signature: &Signature<'_>) -> Result<Self, GraphError> {
        let (mut constants, mut shapes) = (HashMap::new(), HashMap::new());
        for tensor in initializers {
            let name = tensor.name.clone();
            let constant =
                Constant::of(tensor).map_err(|reason| GraphError::Graph(format!("constant \"{name}\": {reason}")))?;
            shapes.insert(name.clone(), constant.shape.clone());
            if constants.insert(name.clone(), constant).is_some() {
                return Err(GraphError::Graph(format!("two constants are named \"{name}\"")));
            }
        }
        let image = vec![1, 3, signature.size, signature.size];
        if shapes.insert(signature.input.to_owned(), image).is_some() {
            return Err(GraphError::Graph(format!("the input \"{}\" is a constant", signature.input)));
        }
        Ok(Self { names: HashSet::new(), nodes: Vec::new(), constants, weights: HashMap::new(), shapes })
    }

    /// Checks the next node; `Err` says what is wrong with it.
    fn add(&mut self, node: NodeProto) -> Result<(), String> {
        let node = Node::of(node)?;
        if node.name.is_empty() || !self.names.insert(node.name.clone()) {
            return Err("its name is missing or used twice".to_owned());
        }
        if node.op == dequantize_linear::NAME {
            let weight = dequantize_linear::weight(&node, &self.constants)?;
            self.define(&node.output, weight.shape().to_vec())?;
            self.weights.insert(node.output, weight);
            return Ok(());
        }
        self.take_constants(&node)?;
        let operator = operators::find(&node.op).ok_or_else(|| {
            let all: Vec<&str> = operators::ALL.iter().map(|operator| operator.name()).collect();
            format!("operator {} is not among the accepted ones: {}", node.op, all.join(", "))
        })?;
        let missing = |name: &String| format!("its input \"{name}\" does not exist yet");
        let inputs =
            node.inputs.iter().map(|name| self.shapes.get(name).map(Vec::as_slice).ok_or_else(|| missing(name)));
        let inputs: Vec<&[usize]> = inputs.collect::<Result<_, _>>()?;
        // wonnx would compute it while loading, on a device of its own.
        if node.inputs.iter().all(|name| self.weights.contains_key(name)) {
            return Err("all its inputs are constant; fold it".to_owned());
        }
        let shape = operator.shape(&node, &inputs, Known { weights: &self.weights })?;
        check_shape(&shape)?;
        self.define(&node.output, shape)?;
        self.nodes.push(node);
        Ok(())
    }

    /// Makes weights of the constants that a node uses.
    fn take_constants(&mut self, node: &Node) -> Result<(), String> {
        for name in &node.inputs {
            match self.constants.get(name) {
                Some(constant) if constant.is_int8() => {
                    return Err(format!("its input \"{name}\" is int8; put a {} in between", dequantize_linear::NAME));
                }
                Some(constant) => {
                    self.weights.entry(name.clone()).or_insert_with(|| Weight::full(constant.clone()));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn define(&mut self, output: &str, shape: Vec<usize>) -> Result<(), String> {
        match self.shapes.insert(output.to_owned(), shape) {
            Some(_) => Err(format!("its output \"{output}\" exists already")),
            None => Ok(()),
        }
    }
}

fn check_opset(model: &ModelProto) -> Result<(), GraphError> {
    match model.opset_import.as_slice() {
        [opset] if matches!(opset.domain.as_str(), "" | "ai.onnx") && opset.version == OPSET => Ok(()),
        other => {
            let found: Vec<_> = other.iter().map(|o| format!("{}:{}", o.domain, o.version)).collect();
            Err(GraphError::Graph(format!("it is written in opset {found:?}, not {OPSET} alone")))
        }
    }
}

fn check_claim(claim: &ValueInfoProto, shapes: &HashMap<String, Vec<usize>>) -> Result<(), GraphError> {
    let name = &claim.name;
    let Some(inferred) = shapes.get(name) else {
        return Err(GraphError::Graph(format!("it describes a tensor \"{name}\" that no node makes")));
    };
    let tensor = claim.r#type.as_ref().filter(|kind| kind.sequence_type.is_none());
    let shape = tensor.and_then(|kind| kind.tensor_type.as_ref()?.shape.as_ref());
    let claimed: Option<Vec<i64>> = shape.and_then(|shape| shape.dim.iter().map(|dim| dim.dim_value).collect());
    let Some(claimed) = claimed else {
        return Err(GraphError::Graph(format!("tensor \"{name}\" is described without a fixed shape")));
    };
    if claimed.iter().map(|&dim| usize::try_from(dim).ok()).eq(inferred.iter().map(|&dim| Some(dim))) {
        Ok(())
    } else {
        Err(GraphError::Graph(format!("tensor \"{name}\" is said to be {claimed:?}, but it comes out as {inferred:?}")))
    }
}

fn check_outputs(shapes: &HashMap<String, Vec<usize>>, signature: &Signature<'_>) -> Result<(), GraphError> {
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
