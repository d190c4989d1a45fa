//! Writes graphs in wonnx's types. This is the only way into them: no foreign byte reaches wonnx's parser.

use wonnx::onnx::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto, TensorShapeProto_Dimension, TypeProto,
    TypeProto_Tensor, ValueInfoProto,
};

use crate::onnx::OPSET;

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

    /// Adds a node.
    pub(super) fn node(&mut self, name: &str, op: &str, inputs: Vec<String>, output: &str) {
        let mut node = NodeProto::new();
        node.set_name(name.to_owned());
        node.set_op_type(op.to_owned());
        node.set_input(inputs.into());
        node.mut_output().push(output.to_owned());
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
