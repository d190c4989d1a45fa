//! Which kind of photo it is, from the network's features.
//!
//! A logistic regression on the pooled features, fitted by `model/train/skintree_train/kinds.py`. With the kind comes how
//! logits are calibrated, where the operating points lie and what is out of scope: dermoscopic and ordinary photos differ
//! in all three.

use super::error::PackError;

/// The logistic regression that tells the second kind of the manifest's list from the first.
#[derive(Debug, Clone, PartialEq)]
pub struct KindHead {
    bias: f32,
    /// One a channel.
    weights: Vec<f32>,
}

impl KindHead {
    /// Reads the pack's kind file: little-endian f32, the bias and then a weight for each of `channels` channels.
    ///
    /// # Errors
    /// [`PackError::Field`] if the bytes are not as many finite numbers.
    pub(super) fn read(bytes: &[u8], channels: usize) -> Result<Self, PackError> {
        let refuse =
            |problem: &str| Err(PackError::Field { field: "files.kind".to_owned(), problem: problem.to_owned() });
        if channels == 0 || bytes.len() != 4 * (channels + 1) {
            return refuse("is not a bias and `photo_kinds.channels` weights");
        }
        let mut values = super::floats::floats(bytes);
        if !values.iter().all(|value| value.is_finite()) {
            return refuse("has a value that is not a number");
        }
        let weights = values.split_off(1);
        Ok(Self { bias: values[0], weights })
    }

    /// Number of channels of the feature map this is about.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.weights.len()
    }

    /// Probability of the second kind from the pooled features (one value a channel), 0 to 1; NaN for features that are
    /// not numbers. `exp` is the one of `libm`, the same on every machine.
    #[must_use]
    pub fn probability(&self, pooled: &[f64]) -> f64 {
        let products = pooled.iter().zip(&self.weights).map(|(value, &weight)| value * f64::from(weight));
        1.0 / (1.0 + libm::exp(-(f64::from(self.bias) + products.sum::<f64>())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn the_probability_is_logistic() {
        let head = KindHead::read(&bytes(&[1.0, 2.0, -1.0]), 2).unwrap();
        assert_eq!(head.channels(), 2);
        // 1 + 2 x 0.5 - 2 = 0, and 1 + 2 x 1 - 1 = 2.
        assert!((head.probability(&[0.5, 2.0]) - 0.5).abs() < 1e-15);
        assert!((head.probability(&[1.0, 1.0]) - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-15);
        assert!(head.probability(&[f64::NAN, 1.0]).is_nan());
    }

    #[test]
    fn broken_files_are_refused() {
        for (bytes, channels) in [
            (vec![], 2),
            (bytes(&[1.0, 2.0]), 2),
            (bytes(&[1.0, 2.0, 3.0, 4.0]), 2),
            (bytes(&[1.0, f32::INFINITY, 3.0]), 2),
            (bytes(&[1.0]), 0),
        ] {
            assert!(KindHead::read(&bytes, channels).is_err(), "{bytes:?}");
        }
    }
}
