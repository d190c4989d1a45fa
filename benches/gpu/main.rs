//! Times the network on this machine's GPU adapter, with each variant of our kernels, runs
//! interleaved, and a large matrix product for comparison:
//! `cargo bench --bench gpu -- [--runs N] [--kernels NAME]... [--nodes] [--layers]
//! [--json FILE] [PACK]`.
//! Prints a Markdown table; `--nodes` adds how long the dispatches of each operator take, `--layers` how long each kind of
//! convolution does, each timed on its own.
//!
//! `--sweep FILE [--seconds N]` instead times every cut of every kind of convolution (at most 100 s) and writes a file;
//! `--fit FILE...` fits the model that chooses cuts to such files, of several adapters at once, and writes it to
//! `src/operators/conv_model.rs`.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a tool for developers")]

mod fit;
mod sweep;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use pollster::block_on;
use serde_json::json;
use skintree::engine::lower::{self, Lowered};
use skintree::engine::{Engine, WonnxEngine, trial};
use skintree::input::self_test_input;
use skintree::onnx::Graph;
use skintree::operators::conv::{Conv, Tile};
use skintree::pack::Pack;
use skintree::shaders::Variant;
use skintree_testing::{cpu_ms, median};
use wgpu_bridge::gpu::Gpu;
use wgpu_bridge::kernels::{Dispatch, Kernel};
use wgpu_bridge::timing::{Contents, Job};

const VARIANTS: [&str; 9] = [
    "registers-4x2",
    "registers-2x4",
    "registers-4x4",
    "registers-4x2-shared",
    "registers-2x4-shared",
    "tiles-16",
    "tiles-40",
    "tiles-132",
    "tiles-132-f16",
];

/// A variant with its times so far.
struct Entry {
    name: String,
    engine: WonnxEngine,
    load_ms: f64,
    first_ms: f64,
    max_abs_diff: f32,
    warm: Vec<(f64, f64)>,
}

#[expect(clippy::too_many_lines, reason = "options, measurements and tables in their order")]
fn main() {
    let mut runs = 3;
    let (mut nodes, mut layers) = (false, false);
    let (mut sweep_file, mut seconds) = (None, 100);
    let mut folder = "model/pack".to_owned();
    let mut json_file = None;
    let mut only: Vec<Variant> = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--runs" => runs = arguments.next().unwrap().parse().unwrap(),
            "--nodes" => nodes = true,
            "--layers" => layers = true,
            "--sweep" => sweep_file = arguments.next(),
            "--fit" => return fit::fit(&arguments.filter(|argument| argument != "--bench").collect::<Vec<_>>()),
            "--seconds" => seconds = arguments.next().unwrap().parse().unwrap(),
            "--kernels" => only.push(arguments.next().unwrap().parse().unwrap()),
            "--json" => json_file = arguments.next(),
            // What `cargo bench` adds.
            "--bench" => {}
            other => other.clone_into(&mut folder),
        }
    }
    let pack = Pack::read_dir(Path::new(&folder)).unwrap();
    let test = &pack.manifest().self_test;
    let input = self_test_input(test.seed, pack.manifest().input.size).data;
    let signature = pack.manifest().signature();
    let graph = Graph::read(pack.model(), &signature).unwrap();
    let operations = graph.multiply_accumulates() as f64 * 2.0;

    let gpu = block_on(Gpu::open()).unwrap();
    let info = gpu.info().clone();
    let (convolutions, candidates) = (lower::convolutions(&graph).unwrap(), trial::candidates(&info));
    if let Some(file) = sweep_file {
        let found = sweep::sweep(&gpu, &convolutions, Duration::from_secs(seconds));
        std::fs::write(file, serde_json::to_string(&found).unwrap()).unwrap();
        return;
    }
    let chosen = block_on(trial::fastest(&gpu, &convolutions, &candidates)).unwrap();
    let peak = peak(&gpu);
    let of_layers = layers.then(|| of_layers(&gpu, &convolutions, peak));
    let of_nodes = nodes.then(|| of_nodes(&gpu, &pack, chosen));

    let all = if only.is_empty() { VARIANTS.iter().map(|name| name.parse().unwrap()).collect() } else { only };
    let ours = all.into_iter().filter(|variant: &Variant| variant.lacks(&info).is_none());
    let mut entries: Vec<Entry> = ours
        .map(|variant| {
            let gpu = block_on(Gpu::open()).unwrap();
            let begin = Instant::now();
            let mut engine = block_on(WonnxEngine::load_with(gpu, pack.model(), &signature, |graph, gpu| {
                lower::lower(graph, variant, gpu)
            }))
            .unwrap();
            let load_ms = milliseconds(begin);
            let begin = Instant::now();
            let logits = block_on(engine.run(&input)).unwrap().logits;
            let first_ms = milliseconds(begin);
            let differences = logits.iter().zip(&test.logits).map(|(a, b)| (a - b).abs());
            let max_abs_diff = differences.fold(0.0, f32::max);
            let name = variant.to_string();
            Entry { name, engine, load_ms, first_ms, max_abs_diff, warm: Vec::new() }
        })
        .collect();
    for _ in 0..runs {
        for entry in &mut entries {
            let (begin, cpu) = (Instant::now(), cpu_ms());
            block_on(entry.engine.run(&input)).unwrap();
            entry.warm.push((milliseconds(begin), cpu_ms() - cpu));
        }
    }
    let rows: Vec<Row> = entries.iter().map(|entry| Row::of(entry, operations, peak, info.software)).collect();
    let clock = if info.software { "CPU time" } else { "wall time" };
    println!(
        "{info}, median of {runs} interleaved runs; a large matrix product reaches {peak:.0} GFLOP/s of {clock}\n"
    );
    println!("| kernels | load ms | first ms | warm ms | warm CPU ms | GFLOP/s | of the peak | logits differ by |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in &rows {
        let name =
            if row.kernels == chosen.to_string() { format!("{} (chosen)", row.kernels) } else { row.kernels.clone() };
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} % | {:.0e} |",
            row.load_ms,
            row.first_ms,
            row.warm_ms,
            row.warm_cpu_ms,
            row.gflops,
            row.of_peak * 100.0,
            row.max_abs_diff
        );
    }
    if let Some(nodes) = &of_nodes {
        println!("\n| nodes | ms |\n|---|---|");
        for (operator, ms) in nodes {
            println!("| {operator} | {ms:.2} |");
        }
    }
    if let Some(layers) = &of_layers {
        println!("\n| convolution | times | cut | µs | of the peak |\n|---|---|---|---|---|");
        for LayerTime { layer, count, tile, us, of_peak } in layers {
            println!("| {layer} | {count} | {tile} | {us:.1} | {:.0} % |", of_peak * 100.0);
        }
    }
    if let Some(file) = json_file {
        let report = json!({
            "adapter": info.to_string(),
            "chosen": chosen.to_string(),
            "runs": runs,
            "peak_gflops": peak,
            "rows": rows,
            "nodes_ms": of_nodes,
            "layers": of_layers,
        });
        std::fs::write(file, format!("{report:#}\n")).unwrap();
    }
}

/// How long a kind of convolution takes with the cut that the model chooses.
#[derive(serde::Serialize)]
struct LayerTime {
    layer: String,
    count: usize,
    tile: String,
    us: f64,
    of_peak: f64,
}

fn of_layers(gpu: &Gpu, convolutions: &[Conv], peak: f64) -> Vec<LayerTime> {
    const ROUNDS: usize = 20;
    let time = |(conv, count): (Conv, usize)| {
        let tile = Tile::of(&[conv], trial::LARGE_GPU);
        let time = block_on(gpu.time(&[conv.tiled_job(tile).unwrap()], ROUNDS)).unwrap();
        let us = time.as_secs_f64() * 1e6 / ROUNDS as f64;
        let of_peak = conv.multiply_accumulates() as f64 * 2.0 / us / 1e3 / peak;
        let layer = format!("{:?} {:?} -> {:?}", conv.kernel, conv.input, conv.output);
        LayerTime { layer, count, tile: format!("{tile:?}"), us, of_peak }
    };
    sweep::kinds(convolutions).into_iter().map(time).collect()
}

/// What is told of a variant.
#[derive(serde::Serialize)]
struct Row {
    kernels: String,
    load_ms: f64,
    first_ms: f64,
    warm_ms: f64,
    warm_cpu_ms: f64,
    gflops: f64,
    of_peak: f64,
    max_abs_diff: f32,
}

impl Row {
    fn of(entry: &Entry, operations: f64, peak: f64, software: bool) -> Self {
        let warm_ms = median(entry.warm.iter().map(|run| run.0));
        let warm_cpu_ms = median(entry.warm.iter().map(|run| run.1));
        let gflops = operations / if software { warm_cpu_ms } else { warm_ms } / 1e6;
        Self {
            kernels: entry.name.clone(),
            load_ms: entry.load_ms,
            first_ms: entry.first_ms,
            warm_ms,
            warm_cpu_ms,
            gflops,
            of_peak: gflops / peak,
            max_abs_diff: entry.max_abs_diff,
        }
    }
}

/// GFLOP/s of the fastest of three products of large matrices, whose shaders know nothing of convolutions. On a
/// software adapter, per second of CPU time, because it does other things too.
fn peak(gpu: &Gpu) -> f64 {
    let software = gpu.info().software;
    let size: u32 = if software { 512 } else { 2048 };
    let product = |text: &str, workgroups: [u32; 3]| {
        let wgsl = text.replace("SIZE = 512u", &format!("SIZE = {size}u"));
        let kernel = Kernel { wgsl, workgroups };
        let job = Job { kernel, buffers: vec![Contents::Zeros(u64::from(size * size) * 4); 3] };
        let time = |rounds: usize| {
            let cpu = cpu_ms();
            let wall = block_on(gpu.time(std::slice::from_ref(&job), rounds)).unwrap();
            if software { cpu_ms() - cpu } else { wall.as_secs_f64() * 1e3 }
        };
        // CPU time contains compiling and the first run, which the shorter of two measurements takes out again.
        let (few, many) = (1, 9);
        let ms = if software { (time(many) - time(few)) / (many - few) as f64 } else { time(many) / many as f64 };
        2.0 * f64::from(size).powi(3) / ms / 1e6
    };
    let tiles = product(include_str!("../peak/tiles.wgsl"), [size / 64, size / 64, 1]);
    let registers = product(include_str!("../peak/registers.wgsl"), [size / 128, size / 4, 1]);
    let shared = || product(include_str!("../peak/shared.wgsl"), [size / 32, size / 16, 1]);
    if gpu.info().subgroups { tiles.max(registers).max(shared()) } else { tiles.max(registers) }
}

/// Milliseconds of the dispatches of each operator, and of all together in their order.
fn of_nodes(gpu: &Gpu, pack: &Pack, variant: Variant) -> BTreeMap<String, f64> {
    const ROUNDS: usize = 5;
    let signature = pack.manifest().signature();
    let graph = Graph::read(pack.model(), &signature).unwrap();
    let nodes = graph.nodes().iter();
    let operators: BTreeMap<&str, &str> = nodes.map(|node| (node.name.as_str(), node.op.as_str())).collect();
    let Lowered { model, kernels, .. } = lower::lower(&graph, variant, gpu).unwrap();
    let mut dispatches: BTreeMap<String, Vec<Dispatch>> = BTreeMap::new();
    for name in model.get_graph().get_node().iter().map(wonnx::onnx::NodeProto::get_name) {
        let Some(dispatch) = kernels.get(name) else { continue };
        for group in [operators[name], "all, in their order"] {
            dispatches.entry(group.to_owned()).or_default().push(dispatch.clone());
        }
    }
    let time = |dispatches: &[Dispatch]| {
        let time = block_on(gpu.time_dispatches(dispatches, ROUNDS)).unwrap();
        (time.as_secs_f64() * 1e6 / ROUNDS as f64).round() / 1e3
    };
    let times =
        dispatches.into_iter().map(|(name, dispatches)| (format!("{name} ({})", dispatches.len()), time(&dispatches)));
    let times = times.collect();
    gpu.clear_buffers();
    times
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
