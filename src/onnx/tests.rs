//! Each rule is broken once, in the real tiny network that the training code exports.

use prost::Message as _;
use prost::bytes::Bytes;

use super::constant::number;
use super::proto::{AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TypeProto};
use super::{Graph, GraphError, LastLayer, Signature};

const TINY: &[u8] = include_bytes!("../../tests/golden/tiny/model.onnx");

const SIGNATURE: Signature<'_> =
    Signature { input: "input", size: 39, logits: "logits", classes: 8, features: Some("features") };

fn tiny() -> ModelProto {
    ModelProto::decode(TINY).unwrap()
}

fn read_changed(change: impl FnOnce(&mut GraphProto)) -> Result<Graph, GraphError> {
    let mut model = tiny();
    change(model.graph.as_mut().unwrap());
    Graph::read(&model.encode_to_vec(), &SIGNATURE)
}

fn refused(change: impl FnOnce(&mut GraphProto)) -> String {
    let error = read_changed(change).unwrap_err();
    assert_eq!(error.code(), "pack-graph");
    error.to_string()
}

fn first<'a>(graph: &'a mut GraphProto, op: &str) -> &'a mut NodeProto {
    graph.node.iter_mut().find(|node| node.op_type == op).unwrap()
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

fn set(node: &mut NodeProto, attribute: AttributeProto) {
    drop_attribute(node, &attribute.name);
    node.attribute.push(attribute);
}

fn set_ints(node: &mut NodeProto, name: &str, ints: &[i64]) {
    set(node, AttributeProto { name: name.to_owned(), ints: ints.to_vec(), ..AttributeProto::default() });
}

fn set_int(node: &mut NodeProto, name: &str, i: i64) {
    set(node, AttributeProto { name: name.to_owned(), i, ..AttributeProto::default() });
}

fn drop_attribute(node: &mut NodeProto, name: &str) {
    node.attribute.retain(|attribute| attribute.name != name);
}

#[test]
fn accepts_the_tiny_network() {
    let graph = read_changed(|_| ()).unwrap();
    assert_eq!(graph.shape("logits"), Some(&[1, 8][..]));
    assert!(graph.multiply_accumulates() > 100_000);
    assert!(graph.nodes().iter().all(|node| node.op != "DequantizeLinear"));
}

#[test]
fn expands_every_weight_to_f32() {
    let model = tiny().graph.unwrap();
    let graph = read_changed(|_| ()).unwrap();
    // One weight worked out by hand: w = q * scale of its output channel.
    let find = |name: &str| model.initializer.iter().find(|t| t.name == name).unwrap();
    let dequantise = model.node.iter().find(|n| n.op_type == "DequantizeLinear").unwrap();
    let values = find(&dequantise.input[0]);
    let scales = super::Constant::of(find(&dequantise.input[1]).clone()).unwrap().floats();
    let per_channel = values.raw_data.len() / scales.len();
    let expected = f32::from(values.raw_data[per_channel].cast_signed()) * scales[1];
    let found = graph.weights()[&dequantise.output[0]].values();
    assert_eq!(found.len(), values.raw_data.len());
    assert_eq!(found[per_channel].to_bits(), expected.to_bits());
}

#[test]
fn refuses_what_is_not_onnx() {
    for bytes in [&b"<html>not found</html>"[..], &TINY[..TINY.len() / 2], &[0xff; 64]] {
        assert!(matches!(Graph::read(bytes, &SIGNATURE), Err(GraphError::Unreadable(_) | GraphError::Graph(_))));
    }
    assert!(Graph::read(&[], &SIGNATURE).is_err());
}

/// `depth` messages inside each other, each the field `number` of the one around it.
fn nested(number: u8, depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..depth {
        let mut around = vec![number << 3 | 2];
        prost::encoding::encode_varint(bytes.len() as u64, &mut around);
        around.append(&mut bytes);
        bytes = around;
    }
    bytes
}

#[test]
fn refuses_messages_nested_without_end() {
    // Groups (wire type 3) of an unknown field, as in RUSTSEC-2024-0437.
    let groups = vec![15 << 3 | 3; 1 << 20];
    assert!(matches!(Graph::read(&groups, &SIGNATURE), Err(GraphError::Unreadable(_))));
    // A graph in an attribute of a node of a graph, ...; a list of lists of lists.
    let deep = Bytes::from(nested(1, 2_000));
    let message = refused(|graph| {
        let inside = AttributeProto { name: "body".to_owned(), g: Some(deep.clone()), ..AttributeProto::default() };
        first(graph, "Relu").attribute.push(inside);
    });
    assert!(message.contains("has a graph inside"), "{message}");
    let message = refused(|graph| {
        graph.value_info[0].r#type = Some(TypeProto { tensor_type: None, sequence_type: Some(deep) });
    });
    assert!(message.contains("without a fixed shape"), "{message}");
}

#[test]
fn refuses_forms_in_which_an_engine_is_wrong() {
    let conv_3x3 = |node: &&mut NodeProto| {
        let is = |name: &str, ints: &[i64]| attribute(node, name).is_some_and(|attribute| attribute.ints == ints);
        node.op_type == "Conv" && is("kernel_shape", &[3, 3]) && is("strides", &[1, 1])
    };
    let cases: [(&str, String); 12] = [
        ("no bias", refused(|g| _ = first(g, "Conv").input.pop())),
        ("auto_pad", refused(|g| set_int(first(g, "Conv"), "auto_pad", 1))),
        ("dilation", refused(|g| set_ints(first(g, "Conv"), "dilations", &[2, 2]))),
        ("kernel_shape", refused(|g| drop_attribute(first(g, "Conv"), "kernel_shape"))),
        ("grouped", refused(|g| set_int(first(g, "Conv"), "group", 2))),
        (
            "3x3 with stride 1 and pads",
            refused(|g| set_ints(g.node.iter_mut().find(conv_3x3).unwrap(), "pads", &[1, 0, 1, 0])),
        ),
        ("ceil_mode", refused(|g| set_int(first(g, "MaxPool"), "ceil_mode", 1))),
        ("on axis 2", refused(|g| set_int(first(g, "Concat"), "axis", 2))),
        ("transB", refused(|g| set_int(first(g, "Gemm"), "transB", 1))),
        ("operator Softmax", refused(|g| "Softmax".clone_into(&mut first(g, "Relu").op_type))),
        ("foreign domain", refused(|g| "com.example".clone_into(&mut first(g, "Relu").domain))),
        ("2 outputs", refused(|g| first(g, "Relu").output.push("more".to_owned()))),
    ];
    for (expected, message) in cases {
        assert!(message.contains(expected), "{message:?} does not tell of {expected:?}");
        assert!(message.contains("node \""), "{message:?} names no node");
    }
}

#[test]
fn refuses_graphs_that_contradict_themselves() {
    let cases: [(&str, String); 10] = [
        ("missing or used twice", refused(|g| first(g, "Relu").name.clear())),
        (
            "are constant",
            refused(|g| {
                let bias = first(g, "Conv").input[2].clone();
                first(g, "Relu").input[0] = bias;
            }),
        ),
        ("does not exist yet", refused(|g| g.node.reverse())),
        (
            "exists already",
            refused(|g| {
                let copy = first(g, "Relu").output[0].clone();
                g.node.last_mut().unwrap().output[0] = copy;
            }),
        ),
        (
            "is said to be",
            refused(|g| {
                let shape = g.value_info[0].r#type.clone();
                let other = g.value_info.iter_mut().find(|claim| claim.r#type != shape).unwrap();
                other.r#type = shape;
            }),
        ),
        (
            "values instead of",
            refused(|g| {
                let tensor = &mut g.initializer[0];
                tensor.raw_data = tensor.raw_data.slice(1..);
            }),
        ),
        ("empty or too large", refused(|g| g.initializer[0].dims = vec![1 << 40, 1 << 40])),
        ("another file", refused(|g| g.initializer[0].data_location = number::EXTERNAL)),
        (
            "do not fit values",
            refused(|g| {
                let name = first(g, "DequantizeLinear").input[1].clone();
                let scale = g.initializer.iter_mut().find(|tensor| tensor.name == name).unwrap();
                (scale.dims, scale.raw_data, scale.float_data) = (vec![3], Bytes::new(), vec![1.0; 3]);
                let dequantise = first(g, "DequantizeLinear");
                dequantise.input.truncate(2);
            }),
        ),
        (
            "is int8",
            refused(|g| {
                let int8 = first(g, "DequantizeLinear").input[0].clone();
                first(g, "Conv").input[1] = int8;
            }),
        ),
    ];
    for (expected, message) in cases {
        assert!(message.contains(expected), "{message:?} does not tell of {expected:?}");
    }
    let mut model = tiny();
    model.opset_import = vec![OperatorSetIdProto { domain: String::new(), version: 17 }];
    assert!(Graph::read(&model.encode_to_vec(), &SIGNATURE).unwrap_err().to_string().contains("opset"));
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
    let plain = read_changed(|_| ()).unwrap().last_layer().unwrap();
    let model = tiny().graph.unwrap();
    let constant = |name: &str| {
        let tensor = model.initializer.iter().find(|tensor| tensor.name == name).unwrap();
        super::Constant::of(tensor.clone()).unwrap().floats()
    };
    let (weights, bias) = (constant("head/dense/weight"), constant("head/dense/bias"));
    assert_eq!(Some(&plain), LastLayer::new(weights.clone(), bias.clone()).as_ref());
    assert_eq!((plain.channels(), plain.classes()), (68, 8));
    assert!(plain.weights(3).eq(weights.chunks(8).map(|row| row[3])));
    assert_eq!(plain.bias(3).to_bits(), bias[3].to_bits());

    // The same layer with weights of -127..127 hundredths behind a DequantizeLinear.
    let bytes: Vec<u8> = (0..68 * 8).map(|i| (i % 255) as u8).collect();
    let values: Vec<f32> = bytes.iter().map(|byte| f32::from(byte.cast_signed()) * 0.01).collect();
    let int8 = read_changed(|graph| {
        let weights = graph.initializer.iter_mut().find(|t| t.name == "head/dense/weight").unwrap();
        "small".clone_into(&mut weights.name);
        weights.data_type = number::INT8;
        weights.float_data.clear();
        weights.raw_data = bytes.into();
        graph.initializer.push(TensorProto {
            name: "scale".to_owned(),
            data_type: number::FLOAT,
            dims: vec![1],
            float_data: vec![0.01],
            ..TensorProto::default()
        });
        let expand = NodeProto {
            name: "expand".to_owned(),
            op_type: "DequantizeLinear".to_owned(),
            input: vec!["small".to_owned(), "scale".to_owned()],
            output: vec!["head/dense/weight".to_owned()],
            ..NodeProto::default()
        };
        graph.node.insert(0, expand);
    });
    assert_eq!(int8.unwrap().last_layer(), LastLayer::new(values, bias));
}

#[test]
fn there_is_no_last_layer_if_more_lies_between_features_and_logits() {
    // The features are those of another layer, two pools earlier in the graph.
    let other = Signature { features: Some("head/average"), ..SIGNATURE };
    assert_eq!(Graph::read(TINY, &other).unwrap().last_layer(), None);
    let none = Signature { features: None, ..SIGNATURE };
    assert_eq!(Graph::read(TINY, &none).unwrap().last_layer(), None);
}
