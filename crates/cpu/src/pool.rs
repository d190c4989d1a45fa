//! Pools, and steps that only move or cut off values.

use crate::number::Number;
use crate::view::View;
use crate::window::Window;

/// What a pool computes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value.
    Max,
    /// The mean of the values inside the image.
    Average,
    /// The mean, zeros outside the image counted.
    AverageWithPads,
}

/// A pool.
#[derive(Debug)]
pub struct Pool {
    /// What it reads.
    pub from: View,
    /// What it makes.
    pub to: View,
    /// What it computes one value of.
    pub window: Window,
    /// Which value.
    pub kind: PoolKind,
}

impl Pool {
    /// Computes it. `sums` is memory to work with.
    pub fn run<N: Number>(&self, image: &[N], result: &mut [N], sums: &mut Vec<N::Sum>) {
        let Self { from, to, window, kind } = self;
        for pixel in 0..to.area() {
            let position = [pixel / to.width, pixel % to.width];
            let pixels = window.places().filter_map(|place| from.under(window, position, place));
            let inputs = pixels.map(|pixel| &image[from.at(pixel)..][..from.channels]);
            sums.clear();
            sums.resize(from.channels, if *kind == PoolKind::Max { N::LEAST } else { N::ZERO });
            let mut count = 0;
            for input in inputs {
                count += 1;
                for (sum, &value) in sums.iter_mut().zip(input) {
                    *sum = if *kind == PoolKind::Max { N::larger(*sum, value) } else { N::plus(*sum, value) };
                }
            }
            let parts = match kind {
                PoolKind::Max => 1,
                PoolKind::Average => count,
                PoolKind::AverageWithPads => window.kernel[0] * window.kernel[1],
            };
            let factor = from.scale / to.scale / parts as f32;
            let result = &mut result[to.at(pixel)..][..to.channels];
            let (quads, rest) = result.as_chunks_mut::<4>();
            let (sum_quads, sum_rest) = sums.as_chunks::<4>();
            for (result, &sums) in quads.iter_mut().zip(sum_quads) {
                *result = N::of_sums(sums, factor, to);
            }
            for (result, &sum) in rest.iter_mut().zip(sum_rest) {
                *result = N::of_sums([sum; 4], factor, to)[0];
            }
        }
    }
}

/// A map as a part of another one, values below `least` cut off.
pub fn copy<N: Number>(from: &View, to: &View, least: f32, image: &[N], result: &mut [N]) {
    let factor = from.scale / to.scale;
    for (pixel, values) in from.pixels(image).enumerate() {
        for (result, value) in result[to.at(pixel)..].iter_mut().zip(values) {
            *result = N::of((value.value() * factor).max(least), to);
        }
    }
}

/// A map as the channels of one pixel, plane by plane.
pub fn flatten<N: Number>(from: &View, to: &View, image: &[N], result: &mut [N]) {
    let factor = from.scale / to.scale;
    for (pixel, values) in from.pixels(image).enumerate() {
        for (channel, value) in values.iter().enumerate() {
            result[to.start + channel * from.area() + pixel] = N::of(value.value() * factor, to);
        }
    }
}
