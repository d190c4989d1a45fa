//! A checked graph in the form in which wonnx and our kernels want it, its constants expanded one by one.

use std::collections::{HashMap, HashSet};

use wonnx::onnx::{GraphProto, ModelProto, NodeProto, TensorProto};

use super::tensor::{FLOAT, INT8, floats, value_info};
use super::{Graph, GraphError, OPSET, dequantise, node_error};

/// Nodes and shapes of a graph, and apart from them what it holds of constants.
#[derive(Debug)]
pub struct Network {
    /// The graph without `DequantizeLinear` and with a shape for every tensor. Its initializers have name, type f32
    /// and dimensions, but no values.
    pub model: ModelProto,
    /// Their values.
    pub weights: Weights,
}

/// The constants of a graph, as small as in the file. Wasm memory never shrinks, so that the peak of loading is what
/// a page pays as long as it lives: whoever takes one constant after the other never has all of them as f32.
#[derive(Debug)]
pub struct Weights {
    tensors: HashMap<String, TensorProto>,
    /// `DequantizeLinear` nodes by the name of their output.
    quantised: HashMap<String, NodeProto>,
}

impl Weights {
    /// Splits the `DequantizeLinear` nodes off.
    fn of(nodes: Vec<NodeProto>, initializers: Vec<TensorProto>) -> Result<(Self, Vec<NodeProto>), GraphError> {
        let tensors: HashMap<String, TensorProto> =
            initializers.into_iter().map(|tensor| (tensor.get_name().to_owned(), tensor)).collect();
        let (quantised, nodes): (Vec<_>, Vec<_>) =
            nodes.into_iter().partition(|node| node.get_op_type() == dequantise::OP);
        let mut seen = HashSet::new();
        for (index, node) in quantised.iter().enumerate() {
            let values = node.get_input().first().filter(|name| tensors.contains_key(*name));
            if !values.is_some_and(|name| seen.insert(name.clone())) {
                return Err(node_error(node, index, "its values are missing or used twice".to_owned()));
            }
        }
        let quantised =
            quantised.into_iter().filter_map(|node| Some((node.get_output().first()?.clone(), node))).collect();
        Ok((Self { tensors, quantised }, nodes))
    }

    /// The tensor that holds a constant's values or, if these are int8, what they are multiples of.
    fn stored(&self, name: &str) -> Option<&TensorProto> {
        match self.quantised.get(name) {
            Some(node) => self.tensors.get(node.get_input().first()?),
            None => self.tensors.get(name).filter(|tensor| tensor.get_data_type() != INT8),
        }
    }

    /// The values of a constant, int8 ones expanded.
    ///
    /// # Errors
    /// [`GraphError`] if there is no such constant, or quantised values and their scales do not fit together.
    pub fn values(&self, name: &str) -> Result<Vec<f32>, GraphError> {
        let stored = self.stored(name).ok_or_else(|| GraphError::Graph(format!("there is no constant \"{name}\"")))?;
        match self.quantised.get(name) {
            Some(node) => dequantise::dequantised(node, 0, stored, |name| self.tensors.get(name)),
            None => Ok(floats(stored)),
        }
    }

    /// Frees a constant.
    pub fn forget(&mut self, name: &str) {
        let stored = match self.quantised.get(name) {
            Some(node) => node.get_input().first().cloned(),
            None => Some(name.to_owned()),
        };
        if let Some(stored) = stored {
            self.tensors.remove(&stored);
        }
    }
}

impl Network {
    /// The graph with all its constants as f32.
    ///
    /// # Errors
    /// As [`Weights::values`].
    pub fn into_f32(self) -> Result<ModelProto, GraphError> {
        let Self { mut model, mut weights } = self;
        for tensor in model.mut_graph().mut_initializer().iter_mut() {
            let name = tensor.get_name().to_owned();
            tensor.set_float_data(weights.values(&name)?);
            weights.forget(&name);
        }
        Ok(model)
    }
}

impl Graph {
    /// The graph as wonnx and our kernels want it.
    ///
    /// # Errors
    /// [`GraphError`] if a quantised constant is missing or used twice.
    pub fn into_network(self) -> Result<Network, GraphError> {
        let Self { nodes, initializers, shapes, input, outputs } = self;
        let (weights, nodes) = Weights::of(nodes, initializers)?;

        let mut graph = GraphProto::new();
        graph.set_name("skintree".to_owned());
        graph.mut_input().push(value_info(&input, &shapes[&input]));
        for node in &nodes {
            for name in node.get_output().iter().filter(|name| !outputs.contains(name)) {
                graph.mut_value_info().push(value_info(name, &shapes[name]));
            }
        }
        for name in &outputs {
            graph.mut_output().push(value_info(name, &shapes[name]));
        }
        let mut seen = HashSet::new();
        for name in nodes.iter().flat_map(NodeProto::get_input).filter(|name| seen.insert((*name).clone())) {
            let Some(stored) = weights.stored(name) else { continue };
            let mut tensor = TensorProto::new();
            tensor.set_name(name.clone());
            tensor.set_data_type(FLOAT);
            tensor.set_dims(stored.get_dims().to_vec());
            graph.mut_initializer().push(tensor);
        }
        graph.set_node(nodes.into());

        let mut opset = wonnx::onnx::OperatorSetIdProto::new();
        opset.set_version(OPSET);
        let mut model = ModelProto::new();
        model.set_ir_version(7);
        model.mut_opset_import().push(opset);
        model.set_graph(graph);
        Ok(Network { model, weights })
    }

    /// The graph in wonnx's form: f32 weights, a shape for every tensor.
    ///
    /// # Errors
    /// [`GraphError`] if quantised weights and their scales do not fit together.
    pub fn into_f32(self) -> Result<ModelProto, GraphError> {
        self.into_network()?.into_f32()
    }
}
