//! Times loading a pack, from bytes in memory to an engine that has passed its self-test, engines interleaved:
//! `cargo bench --bench load -- [--runs N] [PACK]`. Prints a Markdown table.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::path::Path;
use std::time::Instant;

use pollster::block_on;
use skintree::classifier::Classifier;
use skintree::engine::EngineChoice;
use skintree::pack::Pack;
use skintree_testing::{cpu_ms, median};

fn main() {
    let mut runs = 5;
    let mut folder = "model/pack".to_owned();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--runs" => runs = arguments.next().unwrap().parse().unwrap(),
            // What `cargo bench` adds.
            "--bench" => {}
            other => other.clone_into(&mut folder),
        }
    }
    let engines = ["cpu", "auto", "wonnx"];
    let mut times = vec![Vec::new(); engines.len()];
    for _ in 0..runs {
        for (engine, times) in engines.into_iter().zip(&mut times) {
            let choice: EngineChoice = engine.parse().unwrap();
            let pack = Pack::read_dir(Path::new(&folder)).unwrap();
            let (begin, cpu) = (Instant::now(), cpu_ms());
            match block_on(Classifier::load(pack, choice)) {
                Ok(classifier) => drop(classifier),
                Err(error) => println!("{engine} left out: {error}"),
            }
            times.push((begin.elapsed().as_secs_f64() * 1e3, cpu_ms() - cpu));
        }
    }
    println!("| engine | load ms | load CPU ms |\n|---|---|---|");
    for (engine, times) in engines.into_iter().zip(&times) {
        let wall = median(times.iter().map(|time| time.0));
        let cpu = median(times.iter().map(|time| time.1));
        println!("| {engine} | {wall:.0} | {cpu:.0} |");
    }
}
