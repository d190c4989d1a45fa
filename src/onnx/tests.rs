//! Each rule is broken once, in the real tiny network that the training code exports.

use protobuf::Message as _;
use wonnx::onnx::{AttributeProto, ModelProto, NodeProto};

use super::{Graph, GraphError, Signature};

const TINY: &[u8] = include_bytes!("../../tests/golden/tiny/model.onnx");

const SIGNATURE: Signature<'_> =
    Signature { input: "input", size: 39, logits: "logits", classes: 8, features: Some("features") };

fn read_changed(change: impl FnOnce(&mut ModelProto)) -> Result<Graph, GraphError> {
    let mut model = ModelProto::parse_from_bytes(TINY).unwrap();
    change(&mut model);
    Graph::read(&model.write_to_bytes().unwrap(), &SIGNATURE)
}

fn refused(change: impl FnOnce(&mut ModelProto)) -> String {
    let error = read_changed(change).unwrap_err();
    assert_eq!(error.code(), "pack-graph");
    error.to_string()
}

fn node(model: &mut ModelProto, found: impl Fn(&NodeProto) -> bool) -> &mut NodeProto {
    model.mut_graph().mut_node().iter_mut().find(|node| found(node)).unwrap()
}

fn first<'a>(model: &'a mut ModelProto, op: &str) -> &'a mut NodeProto {
    node(model, |node| node.get_op_type() == op)
}

fn set_ints(node: &mut NodeProto, name: &str, values: &[i64]) {
    drop_attribute(node, name);
    let mut attribute = AttributeProto::new();
    attribute.set_name(name.to_owned());
    attribute.set_ints(values.to_vec());
    node.mut_attribute().push(attribute);
}

fn set_int(node: &mut NodeProto, name: &str, value: i64) {
    drop_attribute(node, name);
    let mut attribute = AttributeProto::new();
    attribute.set_name(name.to_owned());
    attribute.set_i(value);
    node.mut_attribute().push(attribute);
}

fn drop_attribute(node: &mut NodeProto, name: &str) {
    let kept: Vec<_> = node.take_attribute().into_iter().filter(|a| a.get_name() != name).collect();
    node.set_attribute(kept.into());
}

#[test]
fn accepts_the_tiny_network() {
    let graph = read_changed(|_| ()).unwrap();
    assert_eq!(graph.shape("logits"), Some(&[1, 8][..]));
    assert!(graph.multiply_accumulates() > 100_000);
}

#[test]
fn expands_every_weight_to_f32() {
    let quantised = ModelProto::parse_from_bytes(TINY).unwrap();
    let expanded = read_changed(|_| ()).unwrap().into_f32().unwrap();
    let graph = expanded.get_graph();
    assert!(graph.get_node().iter().all(|node| node.get_op_type() != "DequantizeLinear"));
    assert!(graph.get_initializer().iter().all(|tensor| tensor.get_data_type() == 1));

    // One weight worked out by hand: w = q * scale of its output channel.
    let find = |name: &str| quantised.get_graph().get_initializer().iter().find(|t| t.get_name() == name).unwrap();
    let dequantise = quantised.get_graph().get_node().iter().find(|n| n.get_op_type() == "DequantizeLinear").unwrap();
    let values = find(&dequantise.get_input()[0]);
    let scales = super::tensor::floats(find(&dequantise.get_input()[1]));
    let per_channel = values.get_raw_data().len() / scales.len();
    let expected = f32::from(values.get_raw_data()[per_channel].cast_signed()) * scales[1];
    let output = &dequantise.get_output()[0];
    let found = graph.get_initializer().iter().find(|t| t.get_name() == output).unwrap();
    assert_eq!(found.get_float_data()[per_channel].to_bits(), expected.to_bits());
}

#[test]
fn refuses_what_is_not_onnx() {
    for bytes in [&b"<html>not found</html>"[..], &TINY[..TINY.len() / 2], &[0xff; 64]] {
        assert!(matches!(Graph::read(bytes, &SIGNATURE), Err(GraphError::Unreadable(_) | GraphError::Graph(_))));
    }
    assert!(Graph::read(&[], &SIGNATURE).is_err());
}

#[test]
fn refuses_forms_in_which_wonnx_is_wrong() {
    let conv_3x3 = |node: &NodeProto| {
        node.get_op_type() == "Conv"
            && node.get_attribute().iter().any(|a| a.get_name() == "kernel_shape" && a.get_ints() == [3, 3])
            && node.get_attribute().iter().any(|a| a.get_name() == "strides" && a.get_ints() == [1, 1])
    };
    let cases: [(&str, String); 10] = [
        ("no bias", refused(|m| _ = first(m, "Conv").mut_input().pop())),
        ("auto_pad", refused(|m| set_int(first(m, "Conv"), "auto_pad", 1))),
        ("dilation", refused(|m| set_ints(first(m, "Conv"), "dilations", &[2, 2]))),
        ("kernel_shape", refused(|m| drop_attribute(first(m, "Conv"), "kernel_shape"))),
        ("grouped", refused(|m| set_int(first(m, "Conv"), "group", 2))),
        ("3x3 with stride 1 and pads", refused(|m| set_ints(node(m, conv_3x3), "pads", &[1, 0, 1, 0]))),
        ("ceil_mode", refused(|m| set_int(first(m, "MaxPool"), "ceil_mode", 1))),
        ("on axis 2", refused(|m| set_int(first(m, "Concat"), "axis", 2))),
        ("transB", refused(|m| set_int(first(m, "Gemm"), "transB", 1))),
        ("operator Softmax", refused(|m| first(m, "Relu").set_op_type("Softmax".to_owned()))),
    ];
    for (expected, message) in cases {
        assert!(message.contains(expected), "{message:?} does not tell of {expected:?}");
        assert!(message.contains("node \""), "{message:?} names no node");
    }
}

#[test]
fn refuses_graphs_that_contradict_themselves() {
    let cases: [(&str, String); 9] = [
        ("opset", refused(|m| m.mut_opset_import()[0].set_version(17))),
        ("missing or used twice", refused(|m| first(m, "Relu").clear_name())),
        (
            "are constant",
            refused(|m| {
                let bias = first(m, "Conv").get_input()[2].clone();
                first(m, "Relu").mut_input()[0] = bias;
            }),
        ),
        ("does not exist yet", refused(|m| m.mut_graph().mut_node().reverse())),
        (
            "exists already",
            refused(|m| {
                let copy = first(m, "Relu").get_output()[0].clone();
                let last = m.mut_graph().mut_node().last_mut().unwrap();
                last.mut_output()[0] = copy;
            }),
        ),
        (
            "is said to be",
            refused(|m| {
                let claims = m.mut_graph().mut_value_info();
                let shape = claims[0].clone();
                let other = claims.iter_mut().find(|claim| claim.get_field_type() != shape.get_field_type()).unwrap();
                other.set_field_type(shape.get_field_type().clone());
            }),
        ),
        (
            "values instead of",
            refused(|m| {
                let tensor = &mut m.mut_graph().mut_initializer()[0];
                let mut bytes = tensor.take_raw_data();
                bytes.pop();
                tensor.set_raw_data(bytes);
            }),
        ),
        ("empty or too large", refused(|m| m.mut_graph().mut_initializer()[0].set_dims(vec![1 << 40, 1 << 40]))),
        (
            "another file",
            refused(|m| {
                let external = wonnx::onnx::TensorProto_DataLocation::EXTERNAL;
                m.mut_graph().mut_initializer()[0].set_data_location(external);
            }),
        ),
    ];
    for (expected, message) in cases {
        assert!(message.contains(expected), "{message:?} does not tell of {expected:?}");
    }
}

#[test]
fn refuses_another_signature() {
    let read = |signature| Graph::read(TINY, &signature).unwrap_err().to_string();
    assert!(read(Signature { classes: 9, ..SIGNATURE }).contains("logits"));
    assert!(read(Signature { logits: "nothing", ..SIGNATURE }).contains("no node makes"));
    assert!(read(Signature { features: Some("logits"), ..SIGNATURE }).contains("feature map"));
    assert!(read(Signature { input: "photo", ..SIGNATURE }).contains("manifest names only"));
    assert!(read(Signature { size: 40, ..SIGNATURE }).contains("is said to be"));
}

#[test]
fn the_last_layer_is_found_as_f32_and_as_int8() {
    use super::LastLayer;
    use super::tensor::{INT8, floats};
    use wonnx::onnx::TensorProto;

    let plain = read_changed(|_| ()).unwrap().last_layer().unwrap().unwrap();
    let model = ModelProto::parse_from_bytes(TINY).unwrap();
    let constant = |name: &str| {
        floats(model.get_graph().get_initializer().iter().find(|tensor| tensor.get_name() == name).unwrap())
    };
    let (weights, bias) = (constant("head/dense/weight"), constant("head/dense/bias"));
    assert_eq!(Some(&plain), LastLayer::new(weights.clone(), bias.clone()).as_ref());
    assert_eq!((plain.channels(), plain.classes()), (68, 8));
    assert!(plain.weights(3).eq(weights.chunks(8).map(|row| row[3])));
    assert_eq!(plain.bias(3).to_bits(), bias[3].to_bits());

    // The same layer with weights of -127..127 hundredths behind a DequantizeLinear.
    let bytes: Vec<u8> = (0..68 * 8).map(|i| (i % 255) as u8).collect();
    let values: Vec<f32> = bytes.iter().map(|byte| f32::from(byte.cast_signed()) * 0.01).collect();
    let int8 = read_changed(|model| {
        let graph = model.mut_graph();
        let at = graph.get_initializer().iter().position(|t| t.get_name() == "head/dense/weight").unwrap();
        let weights = &mut graph.mut_initializer()[at];
        weights.set_name("small".to_owned());
        weights.set_data_type(INT8);
        weights.clear_float_data();
        weights.set_raw_data(bytes);
        let mut scale = TensorProto::new();
        scale.set_name("scale".to_owned());
        scale.set_data_type(super::tensor::FLOAT);
        scale.set_dims(vec![1]);
        scale.set_float_data(vec![0.01]);
        graph.mut_initializer().push(scale);
        let mut expand = NodeProto::new();
        expand.set_name("expand".to_owned());
        expand.set_op_type("DequantizeLinear".to_owned());
        expand.set_input(vec!["small".to_owned(), "scale".to_owned()].into());
        expand.set_output(vec!["head/dense/weight".to_owned()].into());
        let mut nodes = vec![expand];
        nodes.extend(graph.take_node());
        graph.set_node(nodes.into());
    });
    assert_eq!(int8.unwrap().last_layer().unwrap(), LastLayer::new(values, bias));
}

#[test]
fn there_is_no_last_layer_if_more_lies_between_features_and_logits() {
    // The features are those of another layer, two pools earlier in the graph.
    let other = Signature { features: Some("head/average"), ..SIGNATURE };
    assert_eq!(Graph::read(TINY, &other).unwrap().last_layer().unwrap(), None);
    let none = Signature { features: None, ..SIGNATURE };
    assert_eq!(Graph::read(TINY, &none).unwrap().last_layer().unwrap(), None);
}
