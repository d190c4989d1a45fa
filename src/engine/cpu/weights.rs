//! The constants of a graph in the numbers that feature maps are made of.

use std::borrow::Cow;

use skintree_cpu::Number;

use crate::onnx::Weight;

/// Weights as a file has them, and what they are to be multiplied with, one for each output channel.
pub(super) type Scaled<'a, W> = (Cow<'a, [W]>, Vec<f32>);

/// A kind of number that constants can be read in.
pub(super) trait Constant: Number {
    /// What reports call it.
    const NAME: &'static str;

    /// Those of a convolution; `None` if they are not there in this kind.
    fn weights(weight: &Weight) -> Option<Scaled<'_, Self::Weight>>;

    /// The `[inputs, outputs]` of a dense layer; `None` if those are not computed in this kind.
    fn dense(weight: &Weight) -> Option<Vec<Self::Weight>>;
}

impl Constant for i16 {
    const NAME: &'static str = "int8";

    fn weights(weight: &Weight) -> Option<Scaled<'_, i8>> {
        weight.symmetric().map(|weights| (weights.values.into(), weights.scales))
    }

    fn dense(_: &Weight) -> Option<Vec<i8>> {
        None
    }
}

impl Constant for f32 {
    const NAME: &'static str = "f32";

    fn weights(weight: &Weight) -> Option<Scaled<'_, f32>> {
        let values = weight.values();
        let scales = vec![1.0; *weight.shape().first()?];
        Some((values.into(), scales))
    }

    fn dense(weight: &Weight) -> Option<Vec<f32>> {
        Some(weight.values())
    }
}
