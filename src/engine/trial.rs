//! Chooses between kernels by timing them on the adapter itself.
//!
//! What is fastest on a GPU is not written on it. So the layers that cost most are computed with each variant when a
//! network is loaded; the choice is kept as long as the page or process lives.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use web_time::Instant;

use wgpu_bridge::gpu::{AdapterInfo, Gpu};
use wgpu_bridge::timing::Job;

use crate::operators::conv::Conv;
use crate::shaders::{Method, Variant};

/// Cores of GPUs: of a phone or of a processor with graphics in it, of a card, and of a large one.
pub const SMALL_GPU: usize = 16;
const MEDIUM_GPU: usize = 40;
/// NVIDIA's H100 and H200.
pub const LARGE_GPU: usize = 132;

/// A trial ends after this time; what it has not come to by then is not chosen.
const LIMIT: Duration = Duration::from_millis(150);

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

/// What the caller says that trials of earlier visits chose, by adapter.
static REMEMBERED: LazyLock<Mutex<HashMap<String, Variant>>> = LazyLock::new(Mutex::default);

/// Takes over what a trial on an adapter of that name has chosen before; it is used only where it is still a candidate.
pub fn remember(adapter: String, chosen: Variant) {
    REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner).insert(adapter, chosen);
}

/// Variants worth a trial on an adapter, the safest first. A software adapter gets the one that was fastest on both that were
/// measured (docs/engines.md); what was measured on NVIDIA needs no trial there. What others have is not known, so that
/// cuts for few and for many cores are compared.
pub fn candidates(adapter: &AdapterInfo) -> Vec<Variant> {
    let variant = |method, half| Variant { method, half };
    let tiles = |cores| Method::Tiles { cores };
    // Loads are what costs most on a software adapter.
    let registers = variant(Method::Registers { quads: 4, pixels: 2, shared: adapter.subgroups }, false);
    if adapter.software {
        return vec![registers];
    }
    if adapter.name.to_lowercase().contains("nvidia") {
        return vec![variant(tiles(LARGE_GPU), false)];
    }
    let all = [
        variant(tiles(SMALL_GPU), false),
        variant(tiles(MEDIUM_GPU), false),
        registers,
        variant(tiles(SMALL_GPU), true),
    ];
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
    let remembered = || REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner).get(&question.0).copied();
    let before = known().get(&question).copied().or_else(remembered).filter(|variant| candidates.contains(variant));
    if before.is_some() {
        return before;
    }
    let mut times = Vec::with_capacity(candidates.len());
    let begin = Instant::now();
    for &variant in candidates {
        if begin.elapsed() > LIMIT {
            break;
        }
        let jobs: Option<Vec<Job>> = question.1.iter().map(|layer| layer.job(variant).ok()).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clearly_fastest_is_chosen() {
        let variants = ["tiles-40", "registers-4x2", "tiles-40-f16"].map(|name| name.parse::<Variant>().unwrap());
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
        };
        let (large, many, small) = (conv(30, 16), conv(10, 32), conv(4, 8));
        let found = heaviest(&[small, many, large, many, many, conv(8, 8)]);
        assert_eq!(found, [many, large, conv(8, 8)]);
    }
}
