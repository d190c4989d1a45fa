//! Times the network on this machine's GPU adapter, with wonnx's kernels and with each variant of ours, runs
//! interleaved: `cargo run --release --example bench_gpu -- [--runs N] [--no-stock] [PACK]`. Prints JSON.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::path::Path;
use std::time::Instant;

use pollster::block_on;
use skintree::engine::kernels::{self, Lowered, Method, Variant, variant_for};
use skintree::engine::{Engine, WonnxEngine};
use skintree::input::self_test_input;
use skintree::onnx::Signature;
use skintree::pack::Pack;
use wgpu::gpu::Gpu;

/// A variant with its times so far.
struct Entry {
    name: String,
    engine: WonnxEngine,
    load_ms: f64,
    first_ms: f64,
    max_abs_diff: f32,
    warm: Vec<(f64, f64)>,
}

fn main() {
    let mut runs = 3;
    let mut stock = true;
    let mut folder = "model/pack".to_owned();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--runs" => runs = arguments.next().unwrap().parse().unwrap(),
            "--no-stock" => stock = false,
            other => other.clone_into(&mut folder),
        }
    }
    let pack = Pack::read_dir(Path::new(&folder)).unwrap();
    let test = &pack.manifest().self_test;
    let input = self_test_input(test.seed, pack.manifest().input.size).data;

    let info = block_on(Gpu::open()).unwrap().info().clone();
    let registers = |quads, pixels, shared| Method::Registers { quads, pixels, shared };
    let mut variants = vec![
        ("registers 4x2".to_owned(), registers(4, 2, false)),
        ("registers 2x4".to_owned(), registers(2, 4, false)),
        ("registers 4x4".to_owned(), registers(4, 4, false)),
        ("tiles".to_owned(), Method::Tiles),
    ];
    if info.subgroups {
        variants.push(("registers 4x2, weights shared".to_owned(), registers(4, 2, true)));
        variants.push(("registers 2x4, weights shared".to_owned(), registers(2, 4, true)));
    }
    let mut choices: Vec<(String, Option<Variant>)> =
        variants.into_iter().map(|(name, method)| (name, Some(Variant { method, half: false }))).collect();
    if info.f16 {
        choices.push(("tiles, f16".to_owned(), Some(Variant { method: Method::Tiles, half: true })));
    }
    if stock {
        choices.push(("wonnx's own".to_owned(), None));
    }

    let mut entries: Vec<Entry> = choices
        .into_iter()
        .map(|(name, variant)| {
            let gpu = block_on(Gpu::open()).unwrap();
            let begin = Instant::now();
            let signature = Signature::of(pack.manifest());
            let engine = block_on(WonnxEngine::load_with(gpu, pack.model(), &signature, |graph| match variant {
                Some(variant) => kernels::lower(graph, variant),
                None => Lowered::stock(graph),
            }))
            .unwrap();
            let load_ms = milliseconds(begin);
            let begin = Instant::now();
            let logits = block_on(engine.run(&input)).unwrap().logits;
            let first_ms = milliseconds(begin);
            let differences = logits.iter().zip(&test.logits).map(|(a, b)| (a - b).abs());
            let max_abs_diff = differences.fold(0.0, f32::max);
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
    let rows: Vec<serde_json::Value> = entries
        .iter()
        .map(|entry| {
            serde_json::json!({
                "kernels": entry.name,
                "load_ms": entry.load_ms.round(),
                "first_ms": entry.first_ms.round(),
                "warm_ms": median(entry.warm.iter().map(|run| run.0)).round(),
                "warm_cpu_ms": median(entry.warm.iter().map(|run| run.1)),
                "max_abs_diff": entry.max_abs_diff,
            })
        })
        .collect();
    let report = serde_json::json!({
        "adapter": info.to_string(),
        "chosen": format!("{:?}", variant_for(&info)),
        "runs": runs,
        "rows": rows,
    });
    println!("{report:#}");
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// CPU time of this process so far, where Linux tells it; else 0.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
