//! Times every cut of every kind of convolution of the network, for the model that chooses between them.

use std::time::{Duration, Instant};

use pollster::block_on;
use serde::{Deserialize, Serialize};
use skintree::operators::conv::{Conv, Tile};
use wgpu_bridge::gpu::Gpu;
use wgpu_bridge::timing::Job;

/// Times that a kernel runs in one measurement.
const ROUNDS: usize = 12;

/// What was measured on an adapter.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sweep {
    pub(crate) adapter: String,
    pub(crate) layers: Vec<Layer>,
    /// Cuts that there was no time for.
    left_out: usize,
}

/// A kind of convolution: how often the network has it, and how long each cut takes.
#[derive(Serialize, Deserialize)]
pub(crate) struct Layer {
    input: [usize; 3],
    output: [usize; 3],
    kernel: [usize; 2],
    strides: [usize; 2],
    pub(crate) count: usize,
    /// The numbers of a cut ([`tile_of`]) and microseconds.
    pub(crate) times: Vec<([usize; 6], f64)>,
}

impl Layer {
    pub(crate) fn conv(&self) -> Conv {
        let &Self { input, output, kernel, strides, .. } = self;
        // What padding costs is not part of the model.
        Conv { input, output, kernel, strides, pads: [0, 0] }
    }
}

/// A cut from its numbers: pixels and quads of a thread, threads across, down and along the depth, step.
pub(crate) fn tile_of([pixels, quads, across, down, split, step]: [usize; 6]) -> Tile {
    Tile { pixels, quads, across, down, split, step }
}

/// The kinds of convolutions and how often each is there, in the order of their first.
pub(crate) fn kinds(convolutions: &[Conv]) -> Vec<(Conv, usize)> {
    let mut kinds: Vec<(Conv, usize)> = Vec::new();
    for conv in convolutions {
        match kinds.iter_mut().find(|(kind, _)| kind == conv) {
            Some((_, count)) => *count += 1,
            None => kinds.push((*conv, 1)),
        }
    }
    kinds
}

struct Candidate {
    layer: usize,
    tile: Tile,
    job: Job,
}

/// Measures for at most so long. What there is no time for is spread over all layers and cuts.
pub(crate) fn sweep(gpu: &Gpu, convolutions: &[Conv], limit: Duration) -> Sweep {
    let begin = Instant::now();
    let kinds = kinds(convolutions);
    let mut candidates: Vec<Candidate> = Vec::new();
    for (layer, (conv, _)) in kinds.iter().enumerate() {
        for tile in Tile::all(conv) {
            candidates.push(Candidate { layer, tile, job: conv.tiled_job(tile).unwrap() });
        }
    }
    // Multiplying by a number that shares no factor with theirs visits all of them, in no order of size.
    let count = candidates.len();
    let order: Vec<usize> = (0..count).map(|index| index * 7919 % count).collect();
    let mut layers: Vec<Layer> = kinds
        .iter()
        .map(|&(Conv { input, output, kernel, strides, .. }, count)| Layer {
            input,
            output,
            kernel,
            strides,
            count,
            times: Vec::new(),
        })
        .collect();
    let mut done = 0;
    'chunks: for chunk in order.chunks(if gpu.info().software { 16 } else { 512 }) {
        gpu.compile(chunk.iter().map(|&index| &candidates[index].job.kernel));
        for &index in chunk {
            if begin.elapsed() > limit {
                break 'chunks;
            }
            done += 1;
            let Candidate { layer, tile, job } = &candidates[index];
            let Ok(time) = block_on(gpu.time(std::slice::from_ref(job), ROUNDS)) else { continue };
            let Tile { pixels, quads, across, down, split, step } = *tile;
            let us = (time.as_secs_f64() * 1e7 / ROUNDS as f64).round() / 10.0;
            layers[*layer].times.push(([pixels, quads, across, down, split, step], us));
        }
        gpu.forget_pipelines();
        eprintln!("{done} of {count} cuts after {:.0} s", begin.elapsed().as_secs_f64());
    }
    Sweep { adapter: gpu.info().to_string(), layers, left_out: count - done }
}
