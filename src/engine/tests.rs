//! Which engine and which form of the weights are taken, on an adapter.

use std::path::Path;

use pollster::block_on;
use prost::Message as _;
use skintree_testing::{golden, gpu};

use super::faster::faster;
use super::gpu::{load_gpu, load_half};
use super::*;
use crate::input::self_test_input;
use crate::onnx::proto::ModelProto;
use crate::onnx::{Graph, Weight};
use crate::pack::Pack;
use crate::shaders::{KernelChoice, Method, Variant};

const HALF: Variant = Variant { method: Method::Tiles { cores: 40 }, half: true };

/// The tiny network with weights that are no multiples of anything, so that f16 rounds them.
fn unrounded(pack: &Pack) -> Vec<u8> {
    let graph = Graph::read(pack.model(), &pack.manifest().signature()).unwrap();
    let mut model = ModelProto::decode(pack.model()).unwrap();
    let file = model.graph.as_mut().unwrap();
    file.node.retain(|node| node.op_type != "DequantizeLinear");
    file.initializer.clear();
    for (name, weight) in graph.weights() {
        let spread = |(index, value): (usize, f32)| value * (1.0 + 0.1 * (index as f32).sin());
        file.initializer.push(crate::onnx::proto::TensorProto {
            name: name.clone(),
            data_type: 1,
            dims: weight.shape().iter().map(|&size| i64::try_from(size).unwrap()).collect(),
            float_data: Weight::values(weight).into_iter().enumerate().map(spread).collect(),
            ..Default::default()
        });
    }
    model.encode_to_vec()
}

#[test]
fn f16_is_used_only_where_the_self_test_agrees() {
    let Some(gpu) = gpu() else { return };
    if !gpu.info().f16 {
        eprintln!("skipped: {} lacks shader-f16", gpu.info());
        return;
    }
    let pack = Pack::read_dir(&golden("tiny")).unwrap();
    let bytes = unrounded(&pack);
    let mut manifest = pack.manifest().clone();
    let signature = pack.manifest().signature();
    let input = self_test_input(manifest.self_test.seed, manifest.input.size).data;
    manifest.self_test.logits = block_on(FloatEngine::load(&bytes, &signature).unwrap().run(&input)).unwrap().logits;
    manifest.self_test.tolerance = 1e-5;
    let graph = || Graph::read(&bytes, &signature).unwrap();
    let tested = block_on(load_half(gpu, &manifest, graph(), &bytes, HALF)).unwrap();
    assert_eq!(tested.engine.kernels().as_deref(), Some("tiles-40"));
    assert!(tested.max_abs_diff < 1e-5);
    // Who names it gets it or the error.
    let gpu = block_on(adapter::open()).unwrap();
    let named = block_on(load_gpu(gpu, &manifest, graph(), &bytes, KernelChoice::Only(HALF)));
    assert_eq!(named.err().map(|error| error.code()), Some("engine-self-test"));
    // The shipped weights are whole numbers times a scale, which f16 holds exactly.
    let gpu = block_on(adapter::open()).unwrap();
    let graph = Graph::read(pack.model(), &signature).unwrap();
    let tested = block_on(load_half(gpu, pack.manifest(), graph, pack.model(), HALF)).unwrap();
    assert_eq!(tested.engine.kernels().as_deref(), Some("tiles-40-f16"));
}

/// A run on an emulated GPU takes longer than 100 ms with the shipped network, and less with the tiny one.
#[test]
fn auto_takes_the_processor_where_a_working_gpu_is_slower() {
    for (folder, slower) in [(Path::new("model/pack"), true), (&golden("tiny"), false)] {
        let Some(gpu) = gpu() else { return };
        if !gpu.info().software {
            eprintln!("skipped: {} may be faster than the processor", gpu.info());
            return;
        }
        let pack = Pack::read_dir(folder).unwrap();
        let (manifest, signature) = (pack.manifest(), pack.manifest().signature());
        let graph = || Graph::read(pack.model(), &signature).unwrap();
        let adapter = gpu.info().to_string();
        let tested = block_on(load_gpu(gpu, manifest, graph(), pack.model(), KernelChoice::Auto)).unwrap();
        let cpu = async || load_cpu(manifest, graph(), &EngineRequest::default()).await;
        let (taken, measured) = block_on(faster(tested, manifest, cpu)).unwrap();
        assert_eq!(measured.prefers_cpu(), slower, "{measured:?}");
        assert_eq!(taken.engine.name() == EngineName::Cpu, slower);
        assert_eq!(measured.adapter, adapter);
    }
}
