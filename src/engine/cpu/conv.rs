//! Convolutions of 16-bit activations with int8 weights.
//!
//! The order of work is that of indirect convolution (Dukhan, "The Indirect Convolution Algorithm", 2019): for every output pixel
//! a list says where the pixels under the window lie, so that no copy of the image is made; pixels outside it are a row of zeros.
//! Four pixels and eight output channels are computed at a time, which is what fits into sixteen vector registers: each
//! step multiplies two neighbouring channels with their weights and adds the products (`i32x4.dot_i16x8_s`, `pmaddwd`).

use wide::{f32x4, i16x8, i32x4, i32x8};

use super::tensors::View;
use crate::operators::Window;

/// Output channels at a time.
const OUTPUTS: usize = 8;
/// Output pixels at a time.
const PIXELS: usize = 4;

/// Weights of two neighbouring input channels for [`OUTPUTS`] output channels: two for the first output, two for the second.
type Pair = [i8; 2 * OUTPUTS];

/// A convolution with its weights.
#[derive(Debug)]
pub(super) struct Conv {
    pub(super) from: View,
    pub(super) to: View,
    pub(super) window: Window,
    /// For each eight output channels: for each place of the window all pairs of channels.
    weights: Vec<Pair>,
    /// Factors from sums to the output's numbers, and what is added then; filled up to whole eights.
    factors: Vec<f32>,
    biases: Vec<f32>,
    /// Negative results become 0.
    relu: bool,
}

/// What a network file has of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants<'a> {
    /// `[outputs, inputs, height, width]`.
    pub(super) weights: &'a [i8],
    /// One for each output channel.
    pub(super) scales: &'a [f32],
    /// As many.
    pub(super) bias: &'a [f32],
}

impl Conv {
    /// Brings the weights into the order in which they are read. An odd number of input channels is filled up by one whose weights
    /// are 0; what lies there in the image does not matter.
    pub(super) fn new(from: View, to: View, window: Window, constants: Constants<'_>, relu: bool) -> Self {
        let Constants { weights, scales, bias } = constants;
        let places = window.kernel[0] * window.kernel[1];
        let pairs = from.channels.div_ceil(2);
        let mut packed = vec![[0; 2 * OUTPUTS]; to.channels.div_ceil(OUTPUTS) * places * pairs];
        for (output, weights) in weights.chunks_exact(from.channels * places).enumerate() {
            let block = &mut packed[output / OUTPUTS * places * pairs..][..places * pairs];
            for (input, weights) in weights.chunks_exact(places).enumerate() {
                let within = output % OUTPUTS * 2 + input % 2;
                for (place, &weight) in weights.iter().enumerate() {
                    block[place * pairs + input / 2][within] = weight;
                }
            }
        }
        let filled = |values: &mut dyn Iterator<Item = f32>| {
            let mut values: Vec<f32> = values.collect();
            values.resize(to.channels.next_multiple_of(OUTPUTS), 0.0);
            values
        };
        Self {
            weights: packed,
            factors: filled(&mut scales.iter().map(|scale| from.scale * scale / to.scale)),
            biases: filled(&mut bias.iter().map(|bias| bias / to.scale)),
            from,
            to,
            window,
            relu,
        }
    }

    /// Computes it. `image` ends with as many zeros as a pixel has values; `places` is memory to work with.
    pub(super) fn run(&self, image: &[i16], zeros: usize, result: &mut [i16], places: &mut Vec<[u32; PIXELS]>) {
        let run = self.run_length();
        self.find_places(zeros, run, places);
        let window = self.window.kernel[0] * self.window.kernel[1] / run;
        let pairs = self.from.channels.div_ceil(2) * run;
        let Self { to, .. } = self;
        let most = f32::from(to.most);
        let limits = [if self.relu { 0.0 } else { -most }, most];
        for (block, weights) in self.weights.chunks_exact(window * pairs).enumerate() {
            let first = block * OUTPUTS;
            let outputs = OUTPUTS.min(to.channels - first);
            let [factors, biases] = [&self.factors, &self.biases].map(|values| quads(&values[first..][..OUTPUTS]));
            for (group, places) in places.chunks_exact(window).enumerate() {
                let sums = sums(image, places, weights, pairs);
                for (sums, pixel) in sums.iter().zip(group * PIXELS..to.area()) {
                    let numbers = numbers(sums, factors, biases, limits);
                    let at = to.at(pixel) + first;
                    result[at..][..outputs].copy_from_slice(&numbers[..outputs]);
                }
            }
        }
    }

    /// How many places of the window lie one behind the other in memory, so that they can be walked as one: a row of it, if
    /// neither other channels nor pixels outside the image come in between.
    fn run_length(&self) -> usize {
        let whole = self.from.stride == self.from.channels.next_multiple_of(2);
        if whole && self.window.corner() == [0, 0] && self.fits() { self.window.kernel[1] } else { 1 }
    }

    /// Whether no window reaches beyond the right edge of the image.
    fn fits(&self) -> bool {
        (self.to.width - 1) * self.window.strides[1] + self.window.kernel[1] <= self.from.width
    }

    /// For each four output pixels, for each `run` places of the window, where the input pixels begin.
    fn find_places(&self, zeros: usize, run: usize, places: &mut Vec<[u32; PIXELS]>) {
        places.clear();
        let last = self.to.area() - 1;
        for group in (0..self.to.area()).step_by(PIXELS) {
            // What is too much of the last group computes the last pixel once more.
            let pixels: [usize; PIXELS] = std::array::from_fn(|i| (group + i).min(last));
            let positions = pixels.map(|pixel| [pixel / self.to.width, pixel % self.to.width]);
            places.extend(self.window.places().step_by(run).map(|place| {
                positions.map(|position| {
                    let pixel = self.from.under(&self.window, position, place);
                    pixel.map_or(zeros, |pixel| self.from.at(pixel)) as u32
                })
            }));
        }
    }
}

/// The sums of four pixels and eight output channels.
#[inline]
fn sums(image: &[i16], places: &[[u32; PIXELS]], weights: &[Pair], pairs: usize) -> [[i32x4; 2]; PIXELS] {
    let mut sums = [[i32x4::ZERO; 2]; PIXELS];
    for (places, weights) in places.iter().zip(weights.chunks_exact(pairs)) {
        // All of one length, so that no bounds are checked inside.
        let pixels = places.map(|place| &image[place as usize..][..2 * pairs].as_chunks::<2>().0[..pairs]);
        for (i, weights) in weights.iter().enumerate() {
            let [low, high] = widened(weights);
            for (sums, pixel) in sums.iter_mut().zip(pixels) {
                let values = doubled(pixel[i]);
                sums[0] += values.dot(low);
                sums[1] += values.dot(high);
            }
        }
    }
    sums
}

/// Eight weights and eight more, as 16 bits.
#[inline]
fn widened(weights: &Pair) -> [i16x8; 2] {
    [0, 8].map(|from| i16x8::new(std::array::from_fn(|i| i16::from(weights[from + i]))))
}

/// The same two values four times.
#[inline]
fn doubled(values: [i16; 2]) -> i16x8 {
    bytemuck::cast(i32x4::splat(bytemuck::cast(values)))
}

#[inline]
fn quads(values: &[f32]) -> [f32x4; 2] {
    [0, 4].map(|from| f32x4::new(std::array::from_fn(|i| values[from + i])))
}

/// From sums to the output's numbers. The arithmetic is IEEE 754's without fused operations, and so the same everywhere.
#[inline]
fn numbers(sums: &[i32x4; 2], factors: [f32x4; 2], biases: [f32x4; 2], limits: [f32; 2]) -> [i16; OUTPUTS] {
    let [lowest, most] = limits.map(f32x4::splat);
    let rounded = [0, 1].map(|half| {
        let value = sums[half].round_float() * factors[half] + biases[half];
        value.fast_max(lowest).fast_min(most).fast_round_int()
    });
    i16x8::from_i32x8_saturate(bytemuck::cast::<[i32x4; 2], i32x8>(rounded)).to_array()
}
