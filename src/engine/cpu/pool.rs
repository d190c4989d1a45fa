//! Pools of 16-bit activations.

use wide::i32x4;

use super::tensors::View;
use crate::operators::Window;
use crate::operators::pool::Kind;

/// A pool.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) from: View,
    pub(super) to: View,
    pub(super) window: Window,
    pub(super) kind: Kind,
}

impl Pool {
    /// Computes it. `sums` is memory to work with.
    pub(super) fn run(&self, image: &[i16], result: &mut [i16], sums: &mut Vec<i32>) {
        let Self { from, to, window, kind } = self;
        for pixel in 0..to.area() {
            let position = [pixel / to.width, pixel % to.width];
            let pixels = window.places().filter_map(|place| from.under(window, position, place));
            let inputs = pixels.map(|pixel| &image[from.at(pixel)..][..from.channels]);
            sums.clear();
            sums.resize(from.channels, if *kind == Kind::Max { i32::MIN } else { 0 });
            let mut count = 0;
            for input in inputs {
                count += 1;
                for (sum, &value) in sums.iter_mut().zip(input) {
                    *sum = if *kind == Kind::Max { (*sum).max(value.into()) } else { *sum + i32::from(value) };
                }
            }
            let parts = match kind {
                Kind::Max => 1,
                Kind::Average => count,
                Kind::AverageWithPads => window.kernel[0] * window.kernel[1],
            };
            let factor = from.scale / to.scale / parts as f32;
            let result = &mut result[to.at(pixel)..][..to.channels];
            let (quads, rest) = result.as_chunks_mut::<4>();
            for (result, sums) in quads.iter_mut().zip(sums.as_chunks::<4>().0) {
                *result = to.quantise_quad(i32x4::new(*sums).round_float() * factor);
            }
            let done = quads.len() * 4;
            for (result, &sum) in rest.iter_mut().zip(&sums[done..]) {
                *result = to.quantise(sum as f32 * factor);
            }
        }
    }
}

/// A map as a part of another one.
pub(super) fn copy(from: &View, to: &View, image: &[i16], result: &mut [i16]) {
    let factor = from.scale / to.scale;
    for (pixel, values) in from.pixels(image).enumerate() {
        for (result, &value) in result[to.at(pixel)..].iter_mut().zip(values) {
            *result = to.quantise(f32::from(value) * factor);
        }
    }
}
