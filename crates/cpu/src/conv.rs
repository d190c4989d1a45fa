//! Convolutions.
//!
//! The order of work is that of indirect convolution (Dukhan, "The Indirect Convolution Algorithm", 2019): for every output pixel
//! a list says where the pixels under the window lie, so that no copy of the image is made; pixels outside it are a row of zeros.

use crate::number::{Finish, Number, OUTPUTS, PIXELS, Places, quads};
use crate::view::View;
use crate::window::Window;

/// A convolution with its weights.
#[derive(Debug)]
pub struct Conv<N: Number> {
    /// What it reads.
    pub from: View,
    /// What it makes.
    pub to: View,
    /// What it computes one value of.
    pub window: Window,
    /// For each eight output channels: for each place of the window all steps of channels.
    pub(crate) weights: Vec<N::Weights>,
    /// Factors from sums to the output's numbers, and what is added then; filled up to whole eights.
    pub(crate) factors: Vec<[f32; OUTPUTS]>,
    pub(crate) biases: Vec<[f32; OUTPUTS]>,
    /// Negative results become 0.
    pub(crate) relu: bool,
}

/// What a network file has of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Constants<'a, W> {
    /// `[outputs, inputs, height, width]`.
    pub weights: &'a [W],
    /// One for each output channel.
    pub scales: &'a [f32],
    /// As many.
    pub bias: &'a [f32],
}

impl<N: Number> Conv<N> {
    /// Brings the weights into the order in which they are read. Input channels that are lacking to whole steps are filled up by
    /// weights of 0; what lies there in the image does not matter.
    pub fn new(from: View, to: View, window: Window, constants: Constants<'_, N::Weight>, relu: bool) -> Self {
        let Constants { weights, scales, bias } = constants;
        let places = window.kernel[0] * window.kernel[1];
        let steps = from.channels.div_ceil(N::STEP);
        let mut packed = vec![N::Weights::default(); to.channels.div_ceil(OUTPUTS) * places * steps];
        for (output, weights) in weights.chunks_exact(from.channels * places).enumerate() {
            let block = &mut packed[output / OUTPUTS * places * steps..][..places * steps];
            for (input, weights) in weights.chunks_exact(places).enumerate() {
                let within = output % OUTPUTS * N::STEP + input % N::STEP;
                for (place, &weight) in weights.iter().enumerate() {
                    block[place * steps + input / N::STEP].as_mut()[within] = weight;
                }
            }
        }
        Self {
            weights: packed,
            factors: eights(scales.iter().map(|scale| from.scale * scale / to.scale)),
            biases: eights(bias.iter().map(|bias| bias / to.scale)),
            from,
            to,
            window,
            relu,
        }
    }

    /// Computes it. `image` ends with as many zeros as a pixel has values; `places` is memory to work with.
    pub fn run(&self, image: &[N], zeros: usize, result: &mut [N], places: &mut Vec<Places>) {
        let run = self.run_length();
        self.find_places(zeros, run, places);
        let window = self.window.kernel[0] * self.window.kernel[1] / run;
        let steps = self.from.channels.div_ceil(N::STEP) * run;
        let Self { to, .. } = self;
        let most = N::most(to);
        let limits = [if self.relu { 0.0 } else { -most }, most];
        let ends = self.factors.iter().zip(&self.biases);
        for (block, (weights, (factors, biases))) in self.weights.chunks_exact(window * steps).zip(ends).enumerate() {
            let first = block * OUTPUTS;
            let outputs = OUTPUTS.min(to.channels - first);
            let finish = Finish { factors: quads(factors), biases: quads(biases), limits };
            for (group, places) in places.chunks_exact(window).enumerate() {
                let tile = N::tile(image, places, weights, steps, &finish);
                for (numbers, pixel) in tile.iter().zip(group * PIXELS..to.area()) {
                    let at = to.at(pixel) + first;
                    result[at..][..outputs].copy_from_slice(&numbers[..outputs]);
                }
            }
        }
    }

    /// Weights of eight output channels.
    pub(crate) fn block(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1] * self.from.channels.div_ceil(N::STEP)
    }

    /// How many places of the window lie one behind the other in memory, so that they can be walked as one: a row of it, if
    /// neither other channels nor pixels outside the image come in between.
    fn run_length(&self) -> usize {
        let whole = self.from.stride == self.from.channels.next_multiple_of(N::STEP);
        if whole && self.window.corner() == [0, 0] && self.fits() { self.window.kernel[1] } else { 1 }
    }

    /// Whether no window reaches beyond the right edge of the image.
    fn fits(&self) -> bool {
        (self.to.width - 1) * self.window.strides[1] + self.window.kernel[1] <= self.from.width
    }

    /// For each four output pixels, for each `run` places of the window, where the input pixels begin.
    fn find_places(&self, zeros: usize, run: usize, places: &mut Vec<Places>) {
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

/// Zeros behind the last.
fn eights(values: impl Iterator<Item = f32>) -> Vec<[f32; OUTPUTS]> {
    let mut values: Vec<f32> = values.collect();
    values.resize(values.len().next_multiple_of(OUTPUTS), 0.0);
    values.as_chunks().0.to_vec()
}
