//! A constant as the nodes that compute see it: f32, perhaps kept as int8 with scales.

use super::constant::{Constant, elements};

/// An f32 tensor, kept as small as in the file. Wasm memory never shrinks, so that the peak of loading is what a page pays
/// as long as it lives: whoever takes one tensor after the other never has all of them as f32.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    constant: Constant,
    quantisation: Option<Quantisation>,
}

/// How int8 values become f32: w = (q - zero point) * scale, per channel along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantisation {
    /// One for each channel.
    pub scales: Vec<f32>,
    /// As many.
    pub zero_points: Vec<i8>,
    /// Neighbouring values of one channel.
    pub inner: usize,
}

/// int8 values of which each stands for itself times the scale of its output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Symmetric<'a> {
    /// In the order of the shape.
    pub values: &'a [i8],
    /// One for each output channel.
    pub scales: Vec<f32>,
}

impl Weight {
    /// A constant that is f32 in the file.
    pub fn full(constant: Constant) -> Self {
        Self { constant, quantisation: None }
    }

    /// A constant that is int8 in the file; scales and zero points fit its shape.
    pub fn quantised(constant: Constant, quantisation: Quantisation) -> Self {
        Self { constant, quantisation: Some(quantisation) }
    }

    /// Dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.constant.shape
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        elements(&self.constant.shape)
    }

    /// The values as they are in the file, if they are int8, each output channel (the first dimension) has a scale, and no zero point
    /// is other than 0.
    pub fn symmetric(&self) -> Option<Symmetric<'_>> {
        let Quantisation { scales, zero_points, inner } = self.quantisation.as_ref()?;
        let channels = *self.shape().first()?;
        let scales = match scales.as_slice() {
            &[scale] => vec![scale; channels],
            _ if *inner == elements(&self.shape()[1..]) => scales.clone(),
            _ => return None,
        };
        zero_points.iter().all(|&point| point == 0).then_some(Symmetric { values: self.constant.int8(), scales })
    }

    /// The values as f32.
    pub fn values(&self) -> Vec<f32> {
        let Some(Quantisation { scales, zero_points, inner }) = &self.quantisation else {
            return self.constant.floats();
        };
        let value = |(place, &value): (usize, &i8)| {
            let channel = place / inner % scales.len();
            (f32::from(value) - f32::from(zero_points[channel])) * scales[channel]
        };
        self.constant.int8().iter().enumerate().map(value).collect()
    }
}
