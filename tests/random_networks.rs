//! The engines in f32 against rten, on networks made up at random out of every operator that is accepted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use pollster::block_on;
use prost::Message as _;
use rten_tensor::NdTensorView;
use rten_tensor::prelude::*;
use skintree::engine::{Engine, FloatEngine, Outputs, WonnxEngine};
use skintree::onnx::Signature;
use skintree::onnx::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OPSET, OperatorSetIdProto, ShapeProto,
    TensorProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use skintree_testing::{gpu, random};

const SIZE: usize = 13;
const CLASSES: usize = 5;
const NETWORKS: u32 = 120;
/// Compiling shaders takes its time on a software adapter.
const NETWORKS_ON_GPU: u32 = 30;

/// A feature map that has been made: its name, channels, height and width.
#[derive(Clone)]
struct Map {
    name: String,
    shape: [usize; 3],
}

/// Writes a network, layer by layer.
struct Writer<R> {
    random: R,
    graph: GraphProto,
    maps: Vec<Map>,
}

impl<R: FnMut() -> f32> Writer<R> {
    /// A whole number below a limit.
    fn below(&mut self, limit: usize) -> usize {
        ((f32::midpoint((self.random)(), 1.0) * limit as f32) as usize).min(limit - 1)
    }

    fn constant(&mut self, name: &str, dims: &[usize]) -> String {
        let count: usize = dims.iter().product();
        let spread = 1.5 / (count as f32 / dims[0] as f32).sqrt();
        self.graph.initializer.push(TensorProto {
            name: name.to_owned(),
            dims: dims.iter().map(|&dim| i64::try_from(dim).unwrap()).collect(),
            data_type: 1,
            float_data: (0..count).map(|_| (self.random)() * spread).collect(),
            ..TensorProto::default()
        });
        name.to_owned()
    }

    fn node(&mut self, op: &str, inputs: Vec<String>, attributes: &[(&str, &[usize])]) -> String {
        let name = format!("{op}{}", self.graph.node.len());
        let int = |value: usize| i64::try_from(value).unwrap();
        let attribute = |&(name, values): &(&str, &[usize])| match (name, values) {
            ("axis" | "count_include_pad", &[value]) => {
                AttributeProto { name: name.to_owned(), i: int(value), ..AttributeProto::default() }
            }
            _ => AttributeProto {
                name: name.to_owned(),
                ints: values.iter().copied().map(int).collect(),
                ..AttributeProto::default()
            },
        };
        self.graph.node.push(NodeProto {
            input: inputs,
            output: vec![name.clone()],
            name: format!("{name}/node"),
            op_type: op.to_owned(),
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
        name
    }

    /// One more map, of an operator and maps that are picked at random.
    fn layer(&mut self) {
        let index = self.below(self.maps.len());
        let Map { name, shape: shape @ [channels, height, width] } = self.maps[index].clone();
        let (name, shape) = match self.below(6) {
            0 | 1 => {
                let outputs = 1 + self.below(11);
                let index = self.below(4);
                let (kernel, pads) =
                    [([1, 1], [0; 4]), ([3, 3], [1; 4]), ([1, 3], [0, 1, 0, 1]), ([2, 2], [0; 4])][index];
                let stride = 1 + self.below(2);
                let Some(sides) = sides([height, width], kernel, stride, pads) else { return };
                let at = self.graph.node.len();
                let weights = self.constant(&format!("weights{at}"), &[outputs, channels, kernel[0], kernel[1]]);
                let bias = self.constant(&format!("bias{at}"), &[outputs]);
                let window = [("kernel_shape", &kernel[..]), ("strides", &[stride, stride]), ("pads", &pads)];
                let conv = self.node("Conv", vec![name, weights, bias], &window);
                (conv, [outputs, sides[0], sides[1]])
            }
            2 => (self.node("Relu", vec![name], &[]), shape),
            3 => {
                let stride = 1 + self.below(2);
                let (kernel, pads) = ([3, 2], [1, 0, 1, 1]);
                let Some(sides) = sides([height, width], kernel, stride, pads) else { return };
                let window = [("kernel_shape", &kernel[..]), ("strides", &[stride, stride]), ("pads", &pads)];
                let pads_count = [("count_include_pad", &[1][..])];
                let pool = match self.below(3) {
                    0 => self.node("MaxPool", vec![name], &window),
                    1 => self.node("AveragePool", vec![name], &window),
                    _ => self.node("AveragePool", vec![name], &[&window[..], &pads_count].concat()),
                };
                (pool, [channels, sides[0], sides[1]])
            }
            // The same map may come twice, and be a part of several.
            _ => {
                let fitting: Vec<Map> = self.maps.iter().filter(|map| map.shape[1..] == shape[1..]).cloned().collect();
                let parts: Vec<Map> = (0..=self.below(4)).map(|_| fitting[self.below(fitting.len())].clone()).collect();
                let channels = parts.iter().map(|map| map.shape[0]).sum();
                let names = parts.into_iter().map(|map| map.name).collect();
                (self.node("Concat", names, &[("axis", &[1])]), [channels, height, width])
            }
        };
        self.maps.push(Map { name, shape });
    }

    /// Logits of the last map: of its means, or of all its pixels.
    fn end(&mut self) -> String {
        let Map { name, shape } = self.maps.last().unwrap().clone();
        let [outputs, pixels] = [self.below(3) * 4, shape[1] * shape[2]];
        let (name, inputs) = match self.below(2) {
            0 => (self.node("GlobalAveragePool", vec![name], &[]), shape[0]),
            _ => (name, shape[0] * pixels),
        };
        let mut vector = self.node("Flatten", vec![name], &[("axis", &[1])]);
        let mut inputs = inputs;
        // What is not a multiple of four is not accepted.
        assert!(inputs.is_multiple_of(4));
        if outputs > 0 {
            let weights = self.constant("hidden", &[inputs, outputs]);
            let bias = self.constant("hidden bias", &[outputs]);
            vector = self.node("Gemm", vec![vector, weights, bias], &[]);
            vector = self.node("Relu", vec![vector], &[]);
            inputs = outputs;
        }
        let weights = self.constant("dense", &[inputs, CLASSES]);
        let bias = self.constant("dense bias", &[CLASSES]);
        self.node("Gemm", vec![vector, weights, bias], &[])
    }
}

/// Height and width under a window; `None` if it does not fit.
fn sides(from: [usize; 2], kernel: [usize; 2], stride: usize, pads: [usize; 4]) -> Option<[usize; 2]> {
    let side = |axis: usize| Some((from[axis] + pads[axis] + pads[axis + 2]).checked_sub(kernel[axis])? / stride + 1);
    Some([side(0)?, side(1)?])
}

fn described(name: &str, shape: &[usize]) -> ValueInfoProto {
    let dim = |&size: &usize| DimensionProto { dim_value: i64::try_from(size).ok() };
    let shape = Some(ShapeProto { dim: shape.iter().map(dim).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: 1, shape });
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type, ..TypeProto::default() }) }
}

/// A network, its logits and a feature map, by name.
fn network(seed: u32) -> (Vec<u8>, String, String) {
    let input = Map { name: "input".to_owned(), shape: [3, SIZE, SIZE] };
    let mut writer = Writer { random: random(seed), graph: GraphProto::default(), maps: vec![input] };
    for _ in 0..4 + seed % 12 {
        writer.layer();
    }
    // Something of four channels at the end.
    let Map { name, shape: [channels, height, width] } = writer.maps.last().unwrap().clone();
    let weights = writer.constant("last", &[4, channels, 1, 1]);
    let bias = writer.constant("last bias", &[4]);
    let last = writer.node("Conv", vec![name, weights, bias], &[("kernel_shape", &[1, 1])]);
    writer.maps.push(Map { name: last, shape: [4, height, width] });
    let features = 1 + writer.below(writer.maps.len() - 1);
    let Map { name: features, shape: [channels, height, width] } = writer.maps[features].clone();
    let logits = writer.end();
    writer.graph.input = vec![described("input", &[1, 3, SIZE, SIZE])];
    writer.graph.output = vec![described(&logits, &[1, CLASSES]), described(&features, &[1, channels, height, width])];
    let opset_import = vec![OperatorSetIdProto { domain: String::new(), version: OPSET }];
    let model = ModelProto { ir_version: 8, graph: Some(writer.graph), opset_import };
    (model.encode_to_vec(), logits, features)
}

fn by_rten(model: &[u8], input: &[f32], names: [&str; 2]) -> [Vec<f32>; 2] {
    let operators = rten::op_registry!(AveragePool, Concat, Conv, Flatten, Gemm, GlobalAveragePool, MaxPool, Relu);
    let model = rten::ModelOptions::with_ops(operators).load(model.to_vec()).unwrap();
    let view = NdTensorView::try_from_data([1, 3, SIZE, SIZE], input).unwrap();
    let outputs = names.map(|name| model.node_id(name).unwrap());
    let found = model.run_n(vec![(model.node_id("input").unwrap(), view.into())], outputs, None).unwrap();
    found.map(|tensor| tensor.into_tensor::<f32>().unwrap().to_vec())
}

fn signature<'a>(logits: &'a str, features: &'a str) -> Signature<'a> {
    Signature { input: "input", size: SIZE, logits, classes: CLASSES, features: Some(features) }
}

/// Runs a network twice, as what is left in memory must not matter, and compares with rten.
fn check(seed: u32, engine: &mut dyn Engine, model: &[u8], names: [&str; 2]) {
    for run in 0..2 {
        let mut numbers = random(seed + 1000 * run);
        let input: Vec<f32> = (0..3 * SIZE * SIZE).map(|_| numbers()).collect();
        let Outputs { logits, features } = block_on(engine.run(&input)).unwrap();
        let found = [logits, features.unwrap().data];
        for (found, expected) in found.iter().zip(by_rten(model, &input, names)) {
            assert_eq!(found.len(), expected.len(), "{seed}");
            let largest = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() <= 1e-5 * largest, "{seed}: {found} is not {expected}");
            }
        }
    }
}

#[test]
fn the_processor_computes_them_as_rten_does() {
    let mut ops = Vec::new();
    for seed in 0..NETWORKS {
        let (model, logits, features) = network(seed);
        let engine = FloatEngine::load(&model, &signature(&logits, &features));
        check(seed, &mut engine.unwrap_or_else(|error| panic!("{seed}: {error}")), &model, [&logits, &features]);
        ops.extend(ModelProto::decode(&*model).unwrap().graph.unwrap().node.into_iter().map(|node| node.op_type));
    }
    ops.sort_unstable();
    ops.dedup();
    let all = ["AveragePool", "Concat", "Conv", "Flatten", "Gemm", "GlobalAveragePool", "MaxPool", "Relu"];
    assert_eq!(ops, all);
}

#[test]
fn the_gpu_computes_them_as_rten_does() {
    for seed in 0..NETWORKS_ON_GPU {
        let Some(gpu) = gpu() else { return };
        let (model, logits, features) = network(seed);
        let engine = block_on(WonnxEngine::load(gpu, &model, &signature(&logits, &features)));
        check(seed, &mut engine.unwrap_or_else(|error| panic!("{seed}: {error}")), &model, [&logits, &features]);
    }
}
