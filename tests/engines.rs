//! Both engines against onnxruntime's logits, and what happens when the GPU misbehaves.
//!
//! The GPU tests need an adapter; Debian's `mesa-vulkan-drivers` has one on the processor. Without any they are
//! skipped with a message.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::collections::HashMap;
use std::path::Path;

use pollster::block_on;
use serde::Deserialize;
use skintree::engine::lower::{self, Lowered};
use skintree::engine::trial;
use skintree::engine::{
    self, Engine, EngineChoice, EngineError, EngineName, FixedEngine, FloatEngine, Wanted, WonnxEngine,
};
use skintree::input::{InputTensor, self_test_input};
use skintree::onnx::{Graph, GraphError, ModelFile};
use skintree::pack::Pack;
use skintree::photo::{Limits, Photo};
use skintree::shaders::{Method, Variant};
use skintree_testing::{gpu, shipped, tiny};
use wgpu_bridge::gpu::{AdapterInfo, Gpu, GpuError, Work};
use wgpu_bridge::kernels::Kernel;

/// What docs/formats.md and the issue tracker promise.
const TOLERANCE: f32 = 2e-5;

#[derive(Deserialize)]
struct Golden {
    photos: Vec<GoldenPhoto>,
}

#[derive(Deserialize)]
struct GoldenPhoto {
    photo: String,
    logits: HashMap<String, Vec<f32>>,
}

fn golden() -> Golden {
    serde_json::from_slice(&std::fs::read("tests/golden/golden.json").unwrap()).unwrap()
}

fn wonnx(gpu: Gpu, pack: &Pack) -> Result<WonnxEngine, EngineError> {
    block_on(WonnxEngine::load(gpu, pack.model(), &pack.manifest().signature()))
}

fn model_file(pack: &Pack) -> ModelFile {
    ModelFile::read(pack.model().to_vec(), &pack.manifest().signature()).unwrap()
}

fn cpu(pack: &Pack) -> FloatEngine {
    FloatEngine::load(pack.model(), &pack.manifest().signature()).unwrap()
}

fn input(pack: &Pack, photo: &str) -> InputTensor {
    let bytes = std::fs::read(Path::new("tests/golden").join(photo)).unwrap();
    InputTensor::from_photo(&Photo::decode(&bytes, &Limits::default()).unwrap(), &pack.manifest().input)
}

fn check_against_onnxruntime(engine: &mut dyn Engine, pack: &Pack, key: &str, photos: usize) {
    let tolerance = TOLERANCE.max(engine.rounding());
    for photo in golden().photos.iter().take(photos) {
        let found = block_on(engine.run(&input(pack, &photo.photo).data)).unwrap().logits;
        let expected = &photo.logits[key];
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < tolerance, "{}: {found} is not {expected}", photo.photo);
        }
    }
}

#[test]
fn cpu_agrees_with_onnxruntime_on_the_tiny_network() {
    let pack = tiny();
    check_against_onnxruntime(&mut cpu(&pack), &pack, "tiny", usize::MAX);
}

#[test]
fn cpu_agrees_with_onnxruntime_on_the_shipped_network() {
    let pack = shipped();
    check_against_onnxruntime(&mut cpu(&pack), &pack, "pack", usize::MAX);
}

#[test]
fn integers_agree_with_onnxruntime_on_the_shipped_network() {
    let pack = shipped();
    let graph = Graph::read(pack.model(), &pack.manifest().signature()).unwrap();
    let mut engine = FixedEngine::of_graph(&graph, &pack.manifest().activations).unwrap();
    check_against_onnxruntime(&mut engine, &pack, "pack", usize::MAX);
}

/// Packs that say how large their activations become are computed in integers, others and those who ask for it in f32.
#[test]
fn the_cpu_computes_in_integers_where_it_can() {
    let kernels = |pack: Pack, choice| {
        let (manifest, model) = (pack.manifest().clone(), pack.model().to_vec());
        let file = ModelFile::read(model, &manifest.signature()).unwrap();
        block_on(engine::load(&manifest, file, choice)).unwrap().info.kernels.unwrap()
    };
    let cpu = EngineChoice::Only(EngineName::Cpu);
    assert_eq!(kernels(shipped(), cpu), "int8");
    assert_eq!(kernels(shipped(), EngineChoice::CpuFloat), "f32");
    assert_eq!(kernels(tiny(), cpu), "f32");
}

#[test]
fn wonnx_agrees_with_onnxruntime_on_the_tiny_network() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    check_against_onnxruntime(&mut wonnx(gpu, &pack).unwrap(), &pack, "tiny", usize::MAX);
}

#[test]
fn wonnx_agrees_with_onnxruntime_on_the_shipped_network() {
    let Some(gpu) = gpu() else { return };
    let pack = shipped();
    check_against_onnxruntime(&mut wonnx(gpu, &pack).unwrap(), &pack, "pack", 2);
}

#[test]
fn f16_weights_agree_with_onnxruntime_on_the_shipped_network() {
    let Some(gpu) = gpu() else { return };
    let half = Variant { method: TILES, half: true };
    if let Some(feature) = half.lacks(gpu.info()) {
        eprintln!("skipped: {} lacks {feature}", gpu.info());
        return;
    }
    let pack = shipped();
    let choose = |graph: &Graph, gpu: &Gpu| lowered(graph, half, gpu);
    let engine = block_on(WonnxEngine::load_with(gpu, pack.model(), &pack.manifest().signature(), choose));
    check_against_onnxruntime(&mut engine.unwrap(), &pack, "pack", 2);
}

#[test]
fn both_engines_give_the_same_feature_map() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    let input = input(&pack, "exact-299x299.png");
    let [a, b] = [&mut wonnx(gpu, &pack).unwrap() as &mut dyn Engine, &mut cpu(&pack)]
        .map(|engine| block_on(engine.run(&input.data)).unwrap().features.unwrap());
    assert_eq!(a.shape, b.shape);
    assert_eq!(a.data.len(), a.shape.iter().product::<usize>());
    assert!(a.data.iter().zip(&b.data).all(|(a, b)| (a - b).abs() < 1e-4));
}

#[test]
fn refuses_an_input_of_the_wrong_length() {
    let pack = tiny();
    assert!(block_on(cpu(&pack).run(&[0.0; 12])).is_err());
    let Some(gpu) = gpu() else { return };
    let error = block_on(wonnx(gpu, &pack).unwrap().run(&[0.0; 12])).unwrap_err();
    assert_eq!(error.code(), "engine-failed");
}

const TILES: Method = Method::Tiles { cores: 132 };
const PLAIN_F32: Variant = Variant { method: PLAIN, half: false };
const PLAIN: Method = Method::Registers { quads: 4, pixels: 2, shared: false };

fn lowered(graph: &Graph, variant: Variant, gpu: &Gpu) -> Result<Lowered, GraphError> {
    lower::lower(graph, variant, gpu)
}

/// The tiny network with another kernel in the place of the first convolution's.
fn wonnx_with(gpu: Gpu, pack: &Pack, kernel: &Kernel) -> Result<WonnxEngine, EngineError> {
    let replace = |graph: &Graph, gpu: &Gpu| {
        let mut lowered = lowered(graph, Variant { method: PLAIN, half: false }, gpu)?;
        let first = lowered.model.get_graph().get_node()[0].get_name().to_owned();
        lowered.kernels.get_mut(&first).unwrap().kernel = kernel.clone();
        Ok(lowered)
    };
    block_on(WonnxEngine::load_with(gpu, pack.model(), &pack.manifest().signature(), replace))
}

/// Work of one run, the submit that uploads the weights not counted.
fn work_of_a_run(engine: &mut WonnxEngine, gpu: &Gpu, pack: &Pack) -> Work {
    gpu.take_work();
    let test = &pack.manifest().self_test;
    block_on(engine.run(&self_test_input(test.seed, pack.manifest().input.size).data)).unwrap();
    gpu.take_work()
}

#[test]
fn a_run_dispatches_each_kernel_once_and_reads_back_the_outputs_alone() {
    for pack in [tiny(), shipped()] {
        let Some(gpu) = gpu() else { return };
        let signature = pack.manifest().signature();
        let graph = Graph::read(pack.model(), &signature).unwrap();
        let variant = trial::candidates(gpu.info())[0];
        let kernels = lowered(&graph, variant, &gpu).unwrap().kernels.len();
        gpu.clear_buffers();
        assert!(kernels < graph.nodes().iter().filter(|node| node.op == "Conv").count());
        let shape = graph.shape(signature.features.unwrap()).unwrap().to_vec();
        let values = shape.iter().product::<usize>() + signature.classes.next_multiple_of(4);

        let mut engine = wonnx(gpu.clone(), &pack).unwrap();
        let found = work_of_a_run(&mut engine, &gpu, &pack);
        let read_bytes = (values * size_of::<f32>()) as u64;
        assert_eq!(found, Work { dispatches: kernels, passes: 1, submits: 1, reads: 2, read_bytes });
    }
}

#[test]
fn the_feature_map_is_read_back_for_those_who_want_it() {
    for pack in [tiny(), shipped()] {
        let Some(gpu) = gpu() else { return };
        let mut engine = wonnx(gpu.clone(), &pack).unwrap();
        let input = self_test_input(pack.manifest().self_test.seed, pack.manifest().input.size).data;
        let all = block_on(engine.run(&input)).unwrap();
        gpu.take_work();
        let logits = block_on(engine.compute(&input, Wanted::Logits)).unwrap();
        assert_eq!(gpu.take_work().reads, 1);
        assert_eq!((logits.features, &logits.logits), (None, &all.logits));
        // And again for the next who wants it.
        assert_eq!(block_on(engine.run(&input)).unwrap(), all);
        assert_eq!(block_on(cpu(&pack).compute(&input, Wanted::Logits)).unwrap().features, None);
    }
}

#[test]
fn means_are_read_back_instead_of_the_feature_map_where_they_are_enough() {
    for pack in [tiny(), shipped()] {
        let Some(gpu) = gpu() else { return };
        let mut engine = wonnx(gpu.clone(), &pack).unwrap();
        let input = input(&pack, "exact-299x299.png").data;
        gpu.take_work();
        let found = block_on(engine.compute(&input, Wanted::LogitsAndMeans)).unwrap();
        let work = gpu.take_work();
        let all = block_on(engine.run(&input)).unwrap();
        assert_eq!(found.logits, all.logits);
        let (means, map) = (found.features.unwrap(), all.features.unwrap());
        assert_eq!(means.shape, [map.shape[0], 1, 1]);
        let (means, expected) = (means.pooled(), map.pooled());
        assert!(means.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-5 * (1.0 + b.abs())), "{means:?}");
        assert!(expected.iter().any(|mean| *mean > 0.01));
        let classes = pack.manifest().signature().classes;
        let values = map.shape[0].next_multiple_of(4) + classes.next_multiple_of(4);
        assert_eq!((work.reads, work.read_bytes), (2, (values * size_of::<f32>()) as u64));
    }
}

#[test]
fn an_error_of_a_run_is_reported_though_its_scopes_end_before_it() {
    let Some(gpu) = gpu() else { return };
    // Not a multiple of four, which WebGPU refuses.
    let upload_refused = || gpu.upload("odd", &[0; 3]);
    let error = block_on(gpu.watch_run(async { upload_refused() }));
    assert!(matches!(error, Err(GpuError::Validation(_))), "{error:?}");
    // One that comes after the first wait is found by whoever asks next, if not by the run itself.
    let late = block_on(gpu.watch_run(async {
        let mut waited = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        upload_refused();
    }));
    assert!(matches!(late, Err(GpuError::Validation(_))), "{late:?}");
    assert_eq!(block_on(gpu.watch_run(async { 2 })), Ok(2));
}

#[test]
fn every_variant_agrees_with_onnxruntime() {
    let shared = Method::Registers { quads: 4, pixels: 2, shared: true };
    for method in [PLAIN, shared, TILES] {
        for half in [false, true] {
            let Some(gpu) = gpu() else { return };
            let variant = Variant { method, half };
            if let Some(feature) = variant.lacks(gpu.info()) {
                eprintln!("skipped: {} lacks {feature}, which {variant} needs", gpu.info());
                continue;
            }
            let pack = tiny();
            let choose = |graph: &Graph, gpu: &Gpu| lowered(graph, variant, gpu);
            let engine = block_on(WonnxEngine::load_with(gpu, pack.model(), &pack.manifest().signature(), choose));
            check_against_onnxruntime(&mut engine.unwrap(), &pack, "tiny", usize::MAX);
        }
    }
}

#[test]
fn a_shader_that_does_not_compile_is_an_error_and_not_zeros() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    assert_eq!(
        wonnx_with(gpu, &pack, &Kernel { wgsl: "fn main( {".to_owned(), workgroups: [1; 3] }).unwrap_err().code(),
        "engine-failed"
    );
}

/// Right bindings, but more workgroups than any adapter dispatches: found out only when it runs.
const GREEDY: &str = "
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    output[0] = input[0] + weights[0] + bias[0] + f32(id.x);
}";

#[test]
fn a_command_that_the_gpu_refuses_is_an_error_and_not_zeros() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    let mut engine = wonnx_with(gpu, &pack, &Kernel { wgsl: GREEDY.to_owned(), workgroups: [u32::MAX; 3] }).unwrap();
    let error = block_on(engine.run(&self_test_input(1, 39).data)).unwrap_err();
    assert_eq!(error.code(), "engine-failed");
}

#[test]
fn a_kernel_that_computes_nonsense_fails_the_self_test() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    let mut engine = wonnx_with(gpu, &pack, &Kernel { wgsl: GREEDY.to_owned(), workgroups: [1; 3] }).unwrap();
    let test = &pack.manifest().self_test;
    let found = block_on(engine.run(&self_test_input(test.seed, 39).data)).unwrap().logits;
    assert!(found.iter().zip(&test.logits).any(|(a, b)| (a - b).abs() > test.tolerance));
}

#[test]
fn a_lost_gpu_is_an_error() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    let mut engine = wonnx(gpu.clone(), &pack).unwrap();
    gpu.destroy();
    let error = block_on(engine.run(&self_test_input(1, 39).data)).unwrap_err();
    assert_eq!(error.code(), "gpu-lost");
}

#[test]
fn an_engine_that_cannot_be_made_leaves_nothing_on_the_gpu() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    let refuse = |_: &Graph, gpu: &Gpu| {
        gpu.upload("weights", &[0; 1024]);
        Err(GraphError::Graph("made up for a test".to_owned()))
    };
    let made = block_on(WonnxEngine::load_with(gpu.clone(), pack.model(), &pack.manifest().signature(), refuse));
    assert_eq!(made.err().map(|error| error.code()), Some("pack-graph"));
    assert!(matches!(block_on(gpu.watch(async {})), Err(GpuError::Lost(_))));
}

#[test]
fn auto_says_why_it_fell_back() {
    let pack = tiny();
    let loaded = block_on(engine::load(pack.manifest(), model_file(&pack), EngineChoice::Auto)).unwrap();
    assert_eq!(loaded.info.requested, "auto");
    match loaded.engine.name() {
        EngineName::Cpu => assert!(loaded.info.fallback.is_some() && loaded.info.fallback_reason.is_some()),
        EngineName::Wonnx => {
            assert!(loaded.info.fallback.is_none() && loaded.info.fallback_reason.is_none());
            assert!(loaded.info.adapter.is_some());
        }
    }
    assert!(loaded.info.self_test_max_abs_diff < f64::from(TOLERANCE));
}

#[test]
fn an_engine_that_fails_the_self_test_is_not_used() {
    let pack = tiny();
    let mut manifest = pack.manifest().clone();
    manifest.self_test.logits[3] += 0.01;
    for choice in ["cpu", "wonnx", "auto"] {
        let result = block_on(engine::load(&manifest, model_file(&pack), choice.parse::<EngineChoice>().unwrap()));
        match result.map(|loaded| loaded.info) {
            Err(EngineError::Unavailable { reason, .. }) => eprintln!("skipped {choice}: {reason}"),
            Err(error) => assert_eq!(error.code(), "engine-self-test", "{choice}"),
            Ok(info) => panic!("{choice} passed as {info:?}"),
        }
    }
}

#[test]
fn refuses_an_unknown_engine() {
    assert!("tpu".parse::<EngineChoice>().is_err());
    for name in ["auto", "wonnx", "cpu"] {
        assert_eq!(name.parse::<EngineChoice>().unwrap().to_string(), name);
    }
}

#[test]
fn a_trial_chooses_between_the_candidates_and_is_kept() {
    let Some(gpu) = gpu() else { return };
    let pack = tiny();
    let graph = Graph::read(pack.model(), &pack.manifest().signature()).unwrap();
    let convolutions = lower::convolutions(&graph).unwrap();
    assert!(convolutions.len() > 3);
    let candidates = [PLAIN, TILES].map(|method| Variant { method, half: false });
    let choose = |candidates: &[Variant]| block_on(trial::fastest(&gpu, &convolutions, candidates));
    let first = choose(&candidates).unwrap();
    assert!(candidates.contains(&first));
    assert!(gpu.take_work().submits > 1);
    assert_eq!(choose(&candidates), Some(first));
    assert_eq!(choose(&candidates[..1]), Some(candidates[0]));
    // What another visit has chosen is taken over if it is a candidate here.
    let others = ["tiles-7", "tiles-8"].map(|name| name.parse::<Variant>().unwrap());
    trial::remember(gpu.info().to_string(), others[1]);
    assert_eq!(choose(&others), Some(others[1]));
    assert_eq!(gpu.take_work(), Work::default());
    assert!(choose(&[others[0], PLAIN_F32]).is_some());
    assert!(gpu.take_work().submits > 1);
}

#[test]
fn kernels_that_the_adapter_cannot_run_are_refused() {
    let Some(gpu) = gpu() else { return };
    let mut info = gpu.info().clone();
    info.software = false;
    info.name = "some adapter".to_owned();
    let tiles = |cores| Variant { method: Method::Tiles { cores }, half: false };
    assert_eq!(trial::candidates(&info)[..2], [tiles(16), tiles(40)]);
    // What was measured needs no trial.
    let nvidia = AdapterInfo { name: "NVIDIA H200".to_owned(), ..info.clone() };
    assert_eq!(trial::candidates(&nvidia), [tiles(trial::LARGE_GPU)]);
    (info.f16, info.subgroups) = (false, false);
    assert!(trial::candidates(&info).iter().all(|variant| variant.lacks(&info).is_none()));
    let shared = Variant { method: Method::Registers { quads: 4, pixels: 2, shared: true }, half: false };
    assert_eq!(shared.lacks(&info), Some("subgroups"));
    assert_eq!(Variant { method: TILES, half: true }.lacks(&info), Some("shader-f16"));
}
