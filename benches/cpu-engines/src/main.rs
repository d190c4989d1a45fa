//! Times both libraries in one run, interleaved. With `RTEN_NUM_THREADS=1` each has one thread, as in a browser without
//! cross-origin isolation; tract never has more.

use std::time::Instant;

use cpu_engines::{Result, Run, SIZE, rten, tract};

const ROUNDS: usize = 15;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "model/pack/model.onnx".to_owned());
    let model = std::fs::read(path)?;
    let input: Vec<f32> = (0..3 * SIZE * SIZE).map(|i| (i % 255) as f32 / 255.0).collect();

    let libraries: [(&str, fn(&[u8]) -> Result<Run>); 2] = [("rten", rten), ("tract", tract)];
    let mut ready = Vec::new();
    for (name, load) in libraries {
        let start = Instant::now();
        let run = load(&model)?;
        let create = start.elapsed();
        let logits = run(&input)?;
        ready.push((name, run, create, logits, Vec::new()));
    }
    for _ in 0..ROUNDS {
        for (_, run, _, _, times) in &mut ready {
            let start = Instant::now();
            run(&input)?;
            times.push(start.elapsed());
        }
    }
    println!("| library | create ms | median run ms | logits |");
    println!("|---|---|---|---|");
    for (name, _, create, logits, times) in &mut ready {
        times.sort();
        let median = times[times.len() / 2].as_secs_f64() * 1e3;
        println!("| {name} | {:.0} | {median:.0} | {:.4?} |", create.as_secs_f64() * 1e3, &logits[..3]);
    }
    Ok(())
}
