//! Writes graphs in wonnx's types. This is the only way into them: no foreign byte reaches wonnx's parser.

use wonnx::onnx::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto,
    TensorShapeProto_Dimension, TypeProto, TypeProto_Tensor, ValueInfoProto,
};

use crate::onnx::proto::AttributeProto as Attribute;
use crate::onnx::{Graph, Node, OPSET};

/// ONNX's number for f32.
const FLOAT: i32 = 1;

/// A graph in the making.
#[derive(Debug, Default)]
pub(super) struct Builder {
    graph: GraphProto,
}

impl Builder {
    /// Describes what the graph is given.
    pub(super) fn input(&mut self, name: &str, shape: &[usize]) {
        self.graph.mut_input().push(value_info(name, shape));
    }

    /// Describes a tensor that a node makes.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize], is_output: bool) {
        let described = value_info(name, shape);
        if is_output {
            self.graph.mut_output().push(described);
        } else {
            self.graph.mut_value_info().push(described);
        }
    }

    /// Adds a constant.
    pub(super) fn constant(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        let mut tensor = TensorProto::new();
        tensor.set_name(name.to_owned());
        tensor.set_data_type(FLOAT);
        tensor.set_dims(shape.iter().map(|&size| i64::try_from(size).unwrap_or(i64::MAX)).collect());
        tensor.set_float_data(values);
        self.graph.mut_initializer().push(tensor);
    }

    /// Adds a node.
    pub(super) fn node(&mut self, name: &str, op: &str, inputs: Vec<String>, output: &str, attributes: &[Attribute]) {
        let mut node = NodeProto::new();
        node.set_name(name.to_owned());
        node.set_op_type(op.to_owned());
        node.set_input(inputs.into());
        node.mut_output().push(output.to_owned());
        for Attribute { name, f, i, ints, .. } in attributes {
            let mut attribute = AttributeProto::new();
            attribute.set_name(name.clone());
            attribute.set_f(*f);
            attribute.set_i(*i);
            attribute.set_ints(ints.clone());
            node.mut_attribute().push(attribute);
        }
        self.graph.mut_node().push(node);
    }

    /// The graph as a model.
    pub(super) fn model(mut self) -> ModelProto {
        self.graph.set_name("skintree".to_owned());
        let mut opset = OperatorSetIdProto::new();
        opset.set_version(OPSET);
        let mut model = ModelProto::new();
        model.set_ir_version(7);
        model.mut_opset_import().push(opset);
        model.set_graph(self.graph);
        model
    }
}

/// A graph as it is, all its constants as f32.
pub(super) fn full(graph: &Graph) -> ModelProto {
    let mut builder = Builder::default();
    builder.input(graph.input(), graph.shape(graph.input()).unwrap_or_default());
    for node in graph.nodes() {
        let Node { name, op, inputs, output, .. } = node;
        builder.tensor(output, graph.shape(output).unwrap_or_default(), graph.outputs().contains(output));
        builder.node(name, op, inputs.clone(), output, node.attributes());
    }
    for (name, weight) in graph.weights() {
        builder.constant(name, weight.shape(), weight.values());
    }
    builder.model()
}

fn value_info(name: &str, shape: &[usize]) -> ValueInfoProto {
    let mut dims = TensorShapeProto::new();
    for &size in shape {
        let mut dim = TensorShapeProto_Dimension::new();
        dim.set_dim_value(i64::try_from(size).unwrap_or(i64::MAX));
        dims.mut_dim().push(dim);
    }
    let mut tensor = TypeProto_Tensor::new();
    tensor.set_elem_type(FLOAT);
    tensor.set_shape(dims);
    let mut kind = TypeProto::new();
    kind.set_tensor_type(tensor);
    let mut info = ValueInfoProto::new();
    info.set_name(name.to_owned());
    info.set_field_type(kind);
    info
}
