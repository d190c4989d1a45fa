//! Chooses between kernels by timing them on the adapter itself.
//!
//! What is fastest on a GPU is not written on it. So the layers that cost most are computed with each variant when a
//! network is loaded; the choice is kept as long as the page or process lives.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use wgpu_bridge::gpu::{AdapterInfo, Gpu};
use wgpu_bridge::timing::Job;

use crate::operators::conv::Conv;
use crate::shaders::{Method, Variant};

/// Layers that are timed. Each is a shader to compile for every variant, so few.
const LAYERS: usize = 3;

/// Times that each is computed.
const ROUNDS: usize = 8;

/// A variant must be faster than those before it by so much, or chance would choose.
const MARGIN: f64 = 0.95;

/// Adapter, layers and candidates.
type Question = (String, Vec<Conv>, Vec<Variant>);

/// What earlier trials chose.
static CHOICES: LazyLock<Mutex<HashMap<Question, Variant>>> = LazyLock::new(Mutex::default);

/// Variants worth a trial on an adapter, the safest first. A software adapter gets the one that was fastest on both that were
/// measured (docs/engines.md).
pub fn candidates(adapter: &AdapterInfo) -> Vec<Variant> {
    let variant = |method, half| Variant { method, half };
    // Loads are what costs most on a software adapter.
    let registers = variant(Method::Registers { quads: 4, pixels: 2, shared: adapter.subgroups }, false);
    if adapter.software {
        return vec![registers];
    }
    let all = [variant(Method::Tiles, false), registers, variant(Method::Tiles, true)];
    all.into_iter().filter(|variant| variant.lacks(adapter).is_none()).collect()
}

/// The fastest of `candidates` for a network of these convolutions; without a trial where there is nothing to choose.
/// `None` if there is no candidate.
pub async fn fastest(gpu: &Gpu, convolutions: &[Conv], candidates: &[Variant]) -> Option<Variant> {
    let layers = heaviest(convolutions);
    if candidates.len() < 2 || layers.is_empty() {
        return candidates.first().copied();
    }
    let question = (gpu.info().to_string(), layers, candidates.to_vec());
    let known = || CHOICES.lock().unwrap_or_else(PoisonError::into_inner);
    let before = known().get(&question).copied();
    if before.is_some() {
        return before;
    }
    let mut times = Vec::with_capacity(candidates.len());
    for &variant in candidates {
        let jobs: Option<Vec<Job>> = question.1.iter().map(|layer| job(layer, variant)).collect();
        let Some(jobs) = jobs else { continue };
        // What the driver refuses has no time.
        if let Ok(time) = gpu.time(&jobs, ROUNDS).await {
            times.push((variant, time));
        }
    }
    // A trial that failed altogether tells nothing that is worth keeping.
    let Some(chosen) = clearly_fastest(&times) else { return candidates.first().copied() };
    known().insert(question, chosen);
    Some(chosen)
}

/// The first of the variants that no later one beats by [`MARGIN`]; `None` of none.
fn clearly_fastest(times: &[(Variant, Duration)]) -> Option<Variant> {
    let faster = |best: (Variant, Duration), next: (Variant, Duration)| {
        if next.1 < best.1.mul_f64(MARGIN) { next } else { best }
    };
    times.iter().copied().reduce(faster).map(|(variant, _)| variant)
}

/// The kinds of layers that make up most of the work.
fn heaviest(convolutions: &[Conv]) -> Vec<Conv> {
    let mut totals: Vec<(Conv, u64)> = Vec::new();
    for conv in convolutions {
        match totals.iter_mut().find(|(kind, _)| kind == conv) {
            Some((_, total)) => *total += conv.multiply_accumulates(),
            None => totals.push((*conv, conv.multiply_accumulates())),
        }
    }
    totals.sort_by_key(|&(_, total)| std::cmp::Reverse(total));
    totals.into_iter().take(LAYERS).map(|(kind, _)| kind).collect()
}

fn job(layer: &Conv, variant: Variant) -> Option<Job> {
    Some(Job { kernel: layer.kernel(variant, false).ok()?, buffers: layer.buffer_bytes(variant).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clearly_fastest_is_chosen() {
        let variants = ["tiles", "registers-4x2", "tiles-f16"].map(|name| name.parse::<Variant>().unwrap());
        let chosen = |times: &[u64]| {
            let times = variants.into_iter().zip(times.iter().map(|&time| Duration::from_micros(time)));
            clearly_fastest(&times.collect::<Vec<_>>())
        };
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[900]), Some(variants[0]));
        assert_eq!(chosen(&[900, 500, 700]), Some(variants[1]));
        assert_eq!(chosen(&[900, 800, 400]), Some(variants[2]));
        assert_eq!(chosen(&[500, 900, 700]), Some(variants[0]));
        // By chance.
        assert_eq!(chosen(&[1000, 960, 955]), Some(variants[0]));
        assert_eq!(chosen(&[1000, 940, 900]), Some(variants[1]));
    }

    #[test]
    fn the_heaviest_layers_are_timed() {
        let conv = |side: usize, channels: usize| Conv {
            input: [channels, side, side],
            output: [channels, side, side],
            kernel: [1, 1],
            strides: [1, 1],
            pads: [0, 0],
            relu: true,
        };
        let (large, many, small) = (conv(30, 16), conv(10, 32), conv(4, 8));
        let found = heaviest(&[small, many, large, many, many, conv(8, 8)]);
        assert_eq!(found, [many, large, conv(8, 8)]);
    }
}
