//! Natively, on the processor: the CPU engine in integers and in f32 beside rten in f32, one thread each, runs interleaved.
//! `RTEN_NUM_THREADS=1 cargo bench --bench cpu`

#![allow(clippy::print_stdout, reason = "a bench")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use pollster::block_on;
use rten::{Model, ModelOptions, NodeId};
use rten_tensor::NdTensorView;
use skintree::engine::{Engine, FixedEngine, FloatEngine, Wanted};
use skintree::input::self_test_input;
use skintree::onnx::Graph;
use skintree::pack::Pack;

const ROUNDS: usize = 15;

/// rten with the file of the pack.
struct Rten {
    model: Model,
    input: NodeId,
    output: NodeId,
}

impl Rten {
    fn load(pack: &Pack) -> Result<Self, Box<dyn Error>> {
        let signature = pack.manifest().signature();
        let operators = rten::op_registry!(
            AveragePool,
            Concat,
            Conv,
            DequantizeLinear,
            Flatten,
            Gemm,
            GlobalAveragePool,
            MaxPool,
            Relu
        );
        let model = ModelOptions::with_ops(operators).load(pack.model().to_vec())?;
        let (input, output) = (model.node_id(signature.input)?, model.node_id(signature.logits)?);
        Ok(Self { model, input, output })
    }

    fn run(&self, input: &[f32], size: usize) -> Result<(), Box<dyn Error>> {
        let input = NdTensorView::try_from_data([1, 3, size, size], input)?;
        self.model.run_n(vec![(self.input, input.into())], [self.output], None)?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let pack = Pack::read_dir(Path::new("model/pack"))?;
    let size = pack.manifest().input.size;
    let input = self_test_input(1, size).data;
    let graph = Graph::read(pack.model(), &pack.manifest().signature())?;
    let mut integers = FixedEngine::of_graph(&graph, &pack.manifest().activations)?;
    let mut floats = FloatEngine::of_graph(&graph)?;
    let rten = Rten::load(&pack)?;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..=ROUNDS {
        let engines: [&mut dyn Engine; 2] = [&mut integers, &mut floats];
        for (engine, times) in engines.into_iter().zip(&mut times) {
            let start = Instant::now();
            block_on(engine.compute(&input, Wanted::Logits))?;
            times.push(start.elapsed());
        }
        let start = Instant::now();
        rten.run(&input, size as usize)?;
        times[2].push(start.elapsed());
    }
    println!("| | median ms | least ms |\n|---|---|---|");
    for (name, mut times) in ["skintree cpu", "skintree cpu-f32", "rten, f32"].into_iter().zip(times) {
        // The first run of each is no warm one.
        times.remove(0);
        times.sort();
        println!("| {name} | {:.0} | {:.0} |", 1e3 * times[ROUNDS / 2].as_secs_f64(), 1e3 * times[0].as_secs_f64());
    }
    Ok(())
}
