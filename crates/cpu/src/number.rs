//! What feature maps are made of: 16-bit integers or f32, and the innermost loops over them.
//!
//! A convolution computes four pixels and eight output channels at a time, which is what fits into sixteen vector registers.

use std::fmt::Debug;

use bytemuck::Pod;
use wide::{f32x4, i16x8, i32x4, i32x8};

use crate::view::View;

/// Output channels at a time.
pub const OUTPUTS: usize = 8;
/// Output pixels at a time.
pub const PIXELS: usize = 4;

/// Where the pixels under one place of the window begin, for [`PIXELS`] output pixels.
pub type Places = [u32; PIXELS];

/// How sums become values of [`OUTPUTS`] output channels.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// What sums are multiplied with.
    pub factors: [f32x4; 2],
    /// What is added then.
    pub biases: [f32x4; 2],
    /// The least and the largest value.
    pub limits: [f32; 2],
}

impl Finish {
    /// The arithmetic is IEEE 754's without fused operations, and so the same everywhere.
    #[inline]
    fn apply(&self, sums: [f32x4; 2]) -> [f32x4; 2] {
        let [least, most] = self.limits.map(f32x4::splat);
        [0, 1].map(|half| (sums[half] * self.factors[half] + self.biases[half]).fast_max(least).fast_min(most))
    }
}

/// A kind of number that feature maps are made of.
pub trait Number: Pod + Debug + Default {
    /// A weight.
    type Weight: Copy + Debug + Default + 'static;
    /// Those of one step: for each of [`OUTPUTS`] output channels [`Self::STEP`] input channels.
    type Weights: AsMut<[Self::Weight]> + Pod + Debug + Default;
    /// The values of one step.
    type Values: Copy;
    /// What is multiplied at a time.
    type Factors: Copy;
    /// Four sums.
    type Sums: Copy + Default;
    /// What pools add up.
    type Sum: Copy + Debug;

    /// Input channels at a time.
    const STEP: usize;
    /// Smaller than any value.
    const LEAST: Self::Sum;
    /// No value yet.
    const ZERO: Self::Sum;

    /// The number that stands for so many times [`View::scale`].
    fn of(value: f32, view: &View) -> Self;

    /// How many times [`View::scale`] it stands for.
    fn value(self) -> f32;

    /// The largest magnitude in a map.
    fn most(view: &View) -> f32;

    /// The values of each step.
    fn steps(values: &[Self]) -> &[Self::Values];

    /// The values of a step, once for each output channel of a vector.
    fn spread(values: Self::Values) -> Self::Factors;

    /// Those of the first four output channels, and those of the others.
    fn halves(weights: &Self::Weights) -> [Self::Factors; 2];

    /// A vector of sums, and the products of one more step.
    fn plus_products(sums: Self::Sums, values: Self::Factors, weights: Self::Factors) -> Self::Sums;

    /// What the sums of a pixel become.
    fn finished(sums: [Self::Sums; 2], finish: &Finish) -> [Self; OUTPUTS];

    /// [`PIXELS`] pixels of [`OUTPUTS`] output channels, `steps` of the weights for each of the places.
    #[inline]
    fn tile(
        image: &[Self],
        places: &[Places],
        weights: &[Self::Weights],
        steps: usize,
        finish: &Finish,
    ) -> [[Self; OUTPUTS]; PIXELS] {
        let mut sums = [[Self::Sums::default(); 2]; PIXELS];
        for (places, weights) in places.iter().zip(weights.chunks_exact(steps)) {
            // All of one length, so that no bounds are checked inside.
            let pixels = places.map(|place| &Self::steps(&image[place as usize..][..Self::STEP * steps])[..steps]);
            for (i, weights) in weights.iter().enumerate() {
                let [low, high] = Self::halves(weights);
                for (sums, pixel) in sums.iter_mut().zip(pixels) {
                    let values = Self::spread(pixel[i]);
                    sums[0] = Self::plus_products(sums[0], values, low);
                    sums[1] = Self::plus_products(sums[1], values, high);
                }
            }
        }
        sums.map(|sums| Self::finished(sums, finish))
    }

    /// A sum, and one more value.
    fn plus(sum: Self::Sum, value: Self) -> Self::Sum;

    /// The larger one.
    fn larger(sum: Self::Sum, value: Self) -> Self::Sum;

    /// [`Self::of`] for four products of a sum and a factor.
    fn of_sums(sums: [Self::Sum; 4], factor: f32, view: &View) -> [Self; 4];
}

/// Two neighbouring input channels a step, multiplied and added by one instruction (`i32x4.dot_i16x8_s`, `pmaddwd`). Sums are exact.
impl Number for i16 {
    type Weight = i8;
    type Weights = [i8; 2 * OUTPUTS];
    type Values = [i16; 2];
    type Factors = i16x8;
    type Sums = i32x4;
    type Sum = i32;

    const STEP: usize = 2;
    const LEAST: i32 = i32::MIN;
    const ZERO: i32 = 0;

    #[inline]
    fn of(value: f32, view: &View) -> Self {
        let most = Self::most(view);
        value.clamp(-most, most).round_ties_even() as Self
    }

    #[inline]
    fn value(self) -> f32 {
        self.into()
    }

    fn most(view: &View) -> f32 {
        view.most.into()
    }

    #[inline]
    fn steps(values: &[Self]) -> &[[Self; 2]] {
        values.as_chunks().0
    }

    #[inline]
    fn spread(values: [Self; 2]) -> i16x8 {
        bytemuck::cast(i32x4::splat(bytemuck::cast(values)))
    }

    #[inline]
    fn halves(weights: &Self::Weights) -> [i16x8; 2] {
        [0, 8].map(|from| i16x8::new(std::array::from_fn(|i| Self::from(weights[from + i]))))
    }

    #[inline]
    fn plus_products(sums: i32x4, values: i16x8, weights: i16x8) -> i32x4 {
        sums + values.dot(weights)
    }

    #[inline]
    fn finished(sums: [i32x4; 2], finish: &Finish) -> [Self; OUTPUTS] {
        let rounded = finish.apply(sums.map(i32x4::round_float)).map(f32x4::fast_round_int);
        i16x8::from_i32x8_saturate(bytemuck::cast::<[i32x4; 2], i32x8>(rounded)).to_array()
    }

    #[inline]
    fn plus(sum: i32, value: Self) -> i32 {
        sum + i32::from(value)
    }

    #[inline]
    fn larger(sum: i32, value: Self) -> i32 {
        sum.max(value.into())
    }

    #[inline]
    fn of_sums(sums: [i32; 4], factor: f32, view: &View) -> [Self; 4] {
        let most = f32x4::splat(Self::most(view));
        let values = i32x4::new(sums).round_float() * factor;
        values.fast_max(-most).fast_min(most).fast_round_int().to_array().map(|value| value as Self)
    }
}

/// One input channel a step.
impl Number for f32 {
    type Weight = f32;
    type Weights = [f32; OUTPUTS];
    type Values = f32;
    type Factors = f32x4;
    type Sums = f32x4;
    type Sum = f32;

    const STEP: usize = 1;
    const LEAST: f32 = Self::NEG_INFINITY;
    const ZERO: f32 = 0.0;

    #[inline]
    fn of(value: f32, _: &View) -> Self {
        value
    }

    #[inline]
    fn value(self) -> f32 {
        self
    }

    fn most(_: &View) -> f32 {
        Self::INFINITY
    }

    #[inline]
    fn steps(values: &[Self]) -> &[Self] {
        values
    }

    #[inline]
    fn spread(value: Self) -> f32x4 {
        f32x4::splat(value)
    }

    #[inline]
    fn halves(weights: &Self::Weights) -> [f32x4; 2] {
        quads(weights)
    }

    #[inline]
    #[cfg(not(all(target_arch = "wasm32", target_feature = "relaxed-simd")))]
    fn plus_products(sums: f32x4, values: f32x4, weights: f32x4) -> f32x4 {
        sums + values * weights
    }

    /// In one instruction, if the processor has one: the last bits depend on it.
    #[inline]
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    fn plus_products(sums: f32x4, values: f32x4, weights: f32x4) -> f32x4 {
        let [sums, values, weights] = [sums, values, weights].map(core::arch::wasm32::v128::from);
        core::arch::wasm32::f32x4_relaxed_madd(values, weights, sums).into()
    }

    #[inline]
    fn finished(sums: [f32x4; 2], finish: &Finish) -> [Self; OUTPUTS] {
        bytemuck::cast(finish.apply(sums))
    }

    #[inline]
    fn plus(sum: f32, value: Self) -> f32 {
        sum + value
    }

    #[inline]
    fn larger(sum: f32, value: Self) -> f32 {
        sum.max(value)
    }

    #[inline]
    fn of_sums(sums: [f32; 4], factor: f32, _: &View) -> [Self; 4] {
        sums.map(|sum| sum * factor)
    }
}

/// Four values and four more.
#[inline]
pub(crate) fn quads(values: &[f32; OUTPUTS]) -> [f32x4; 2] {
    [0, 4].map(|from| f32x4::new(std::array::from_fn(|i| values[from + i])))
}
