//! Shares of a convolution, some of its output channels each, that are computed by another module or in another thread.

use std::borrow::Cow;
use std::ops::Range;

use crate::conv::Conv;
use crate::number::{Number, OUTPUTS, Places};
use crate::view::View;
use crate::window::Window;

/// How many numbers describe the shape of a share.
const NUMBERS: usize = 19;

/// The output channels of each of `count` shares, in whole [`OUTPUTS`] as even as can be; the last ones may have none.
pub fn channels_of_shares(channels: usize, count: usize) -> impl Iterator<Item = Range<usize>> {
    let blocks = channels.div_ceil(OUTPUTS);
    let end = move |share: usize| (OUTPUTS * (blocks * share).div_ceil(count)).min(channels);
    (0..count).map(move |share| end(share)..end(share + 1))
}

/// A share as plain numbers, to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Share<'a> {
    /// Sides, strides, window and limits; at the end how many bytes it reads, and how many it makes.
    pub shape: [u32; NUMBERS],
    /// Packed weights, as bytes.
    pub weights: Cow<'a, [u8]>,
    /// What sums are multiplied with.
    pub factors: Cow<'a, [f32]>,
    /// What is added then.
    pub biases: Cow<'a, [f32]>,
}

impl<N: Number> Conv<N> {
    /// The share that makes these channels, the first of which is the first of [`OUTPUTS`]. It reads an image that begins where its values
    /// do, and makes pixels of nothing but its channels.
    pub fn share(&self, channels: Range<usize>) -> Share<'_> {
        let Self { from, to, window: Window { kernel, strides, pads }, .. } = self;
        let blocks = if channels.is_empty() { 0..0 } else { channels.start / OUTPUTS..channels.end.div_ceil(OUTPUTS) };
        let weights = blocks.start * self.block()..blocks.end * self.block();
        let bytes = [from.span(N::STEP), to.area() * channels.len()].map(|values| values * size_of::<N>());
        let numbers = [
            [from.stride, from.channels, from.height, from.width].as_slice(),
            &[channels.len(), to.height, to.width, usize::try_from(to.most).unwrap_or_default()],
            kernel,
            strides,
            pads,
            &[usize::from(self.relu)],
            &bytes,
        ]
        .concat();
        Share {
            shape: std::array::from_fn(|index| numbers[index] as u32),
            weights: bytemuck::cast_slice(&self.weights[weights]).into(),
            factors: self.factors[blocks.clone()].as_flattened().into(),
            biases: self.biases[blocks].as_flattened().into(),
        }
    }

    /// Back from the numbers.
    ///
    /// # Errors
    /// They do not fit each other.
    fn of_share(share: &Share<'_>) -> Result<Self, String> {
        let [stride, channels, height, width, outputs, rows, columns, most, numbers @ .., relu, _, _] =
            share.shape.map(|number| number as usize);
        let [down, right, step_down, step_right, pads @ ..] = numbers;
        let most = i16::try_from(most).map_err(|error| error.to_string())?;
        let from = View { slot: 0, start: 0, stride, channels, height, width, scale: 1.0, most };
        let to = View {
            slot: 0,
            start: 0,
            stride: outputs,
            channels: outputs,
            height: rows,
            width: columns,
            scale: 1.0,
            most,
        };
        let eights = |values: &[f32]| values.as_chunks().0.to_vec();
        let conv = Self {
            from,
            to,
            window: Window { kernel: [down, right], strides: [step_down, step_right], pads },
            weights: bytemuck::pod_collect_to_vec(&share.weights),
            factors: eights(&share.factors),
            biases: eights(&share.biases),
            relu: relu == 1,
        };
        let blocks = outputs.div_ceil(OUTPUTS);
        let fits =
            [conv.factors.len(), conv.biases.len()] == [blocks; 2] && conv.weights.len() == blocks * conv.block();
        if fits {
            Ok(conv)
        } else {
            Err(format!("a share of shape {:?} with too few or too many constants", share.shape))
        }
    }
}

/// Shares of convolutions, and memory for what they read and make.
#[derive(Debug)]
pub struct Shares<N: Number> {
    convolutions: Vec<Conv<N>>,
    /// Ends with [`Self::zeros`] values that stay 0.
    image: Vec<N>,
    zeros: usize,
    result: Vec<N>,
    places: Vec<Places>,
}

impl<N: Number> Default for Shares<N> {
    fn default() -> Self {
        Self { convolutions: Vec::new(), image: Vec::new(), zeros: 0, result: Vec::new(), places: Vec::new() }
    }
}

impl<N: Number> Shares<N> {
    /// Takes one more in, whose number are those that were there before.
    ///
    /// # Errors
    /// It is broken.
    pub fn add(&mut self, share: &Share<'_>) -> Result<(), String> {
        let conv = Conv::of_share(share)?;
        let image = conv.from.span(N::STEP).max(self.image.len() - self.zeros);
        self.zeros = self.zeros.max(conv.from.channels.next_multiple_of(N::STEP));
        self.image.clear();
        self.image.resize(image + self.zeros, N::default());
        let result = self.result.len().max(conv.to.area() * conv.to.channels);
        self.result.resize(result, N::default());
        self.convolutions.push(conv);
        Ok(())
    }

    /// Where the image lies that the next run reads.
    pub fn image(&mut self) -> &mut [N] {
        &mut self.image
    }

    /// The pixels that the share of this number makes.
    ///
    /// # Errors
    /// There is no such share.
    pub fn run(&mut self, index: usize) -> Result<&[N], String> {
        let conv = self.convolutions.get(index).ok_or_else(|| format!("there is no share {index}"))?;
        let zeros = self.image.len() - self.zeros;
        if conv.to.channels > 0 {
            conv.run(&self.image, zeros, &mut self.result, &mut self.places);
        }
        Ok(&self.result[..conv.to.area() * conv.to.channels])
    }
}
