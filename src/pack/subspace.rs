//! Whether a photo is of the kind the model was trained on at all.
//!
//! A network divides its belief among the diagnoses it knows, whatever it is shown. What gives a chair away is where its
//! features lie: those of training photos stay close to a subspace of few dimensions (their principal components), those
//! of other things do not. The score is the sine squared of the angle between the photo's pooled features, taken from
//! the training's mean, and that subspace: the residual of Wang et al. 2022 (arXiv:2203.10807) without regard to length.
//! The model card compares it with energy and with Mahalanobis distance, which did worse.

use super::error::PackError;

/// The subspace in which the features of training photos lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Subspace {
    /// Mean of the pooled features over training photos, `[channels]`.
    mean: Vec<f32>,
    /// Orthonormal principal components, `[components, channels]`, row by row.
    components: Vec<f32>,
}

impl Subspace {
    /// Reads the pack's scope file: little-endian f32, the mean of `channels` values and then as many rows of
    /// `channels` values as there are components.
    ///
    /// # Errors
    /// [`PackError::Field`] if the bytes are not a mean and at least one component of unit length.
    pub(super) fn read(bytes: &[u8], channels: usize) -> Result<Self, PackError> {
        let refuse =
            |problem: &str| Err(PackError::Field { field: "files.scope".to_owned(), problem: problem.to_owned() });
        if channels == 0 || !bytes.len().is_multiple_of(4 * channels) || bytes.len() < 8 * channels {
            return refuse("is not a mean and one or more components of `scope.channels` values");
        }
        let mut values = super::floats::floats(bytes);
        let components = values.split_off(channels);
        let length = |row: &[f32]| row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        if !components.chunks_exact(channels).all(|row| (length(row) - 1.0).abs() < 1e-3) {
            return refuse("has a component that is not of unit length");
        }
        if !values.iter().all(|value| value.is_finite()) {
            return refuse("has a mean that is not a number");
        }
        Ok(Self { mean: values, components })
    }

    /// Number of channels of the feature map this is about.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// How far a photo is from those of the training, from its pooled features (one value a channel): the share of the
    /// squared distance from the mean that lies outside the subspace, 0 to 1; NaN for features that are not numbers.
    #[must_use]
    pub fn score(&self, pooled: &[f64]) -> f64 {
        let offset: Vec<f64> = pooled.iter().zip(&self.mean).map(|(value, &mean)| value - f64::from(mean)).collect();
        let total: f64 = offset.iter().map(|v| v * v).sum();
        if total == 0.0 {
            return 0.0;
        }
        let inside: f64 = self
            .components
            .chunks_exact(self.channels())
            .map(|row| row.iter().zip(&offset).map(|(&a, b)| f64::from(a) * b).sum::<f64>().powi(2))
            .sum();
        (1.0 - inside / total).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean (1, 1, 1), one component along the first axis.
    fn subspace() -> Subspace {
        let values: [f32; 6] = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Subspace::read(&bytes, 3).unwrap()
    }

    #[test]
    fn the_score_is_the_share_outside() {
        // All of the distance along the component, none of it, half of it; and no distance.
        for (pooled, score) in
            [([3.0, 1.0, 1.0], 0.0), ([1.0, 3.0, 1.0], 1.0), ([2.0, 2.0, 1.0], 0.5), ([1.0, 1.0, 1.0], 0.0)]
        {
            assert!((subspace().score(&pooled) - score).abs() < 1e-12, "{pooled:?}");
        }
        assert!(subspace().score(&[1.0, f64::NAN, 1.0]).is_nan());
    }

    #[test]
    fn broken_files_are_refused() {
        let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        for (bytes, channels) in [
            (vec![], 3),
            (bytes(&[1.0; 3]), 3),
            (bytes(&[1.0; 7]), 3),
            (bytes(&[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]), 3),
            (bytes(&[f32::NAN, 1.0, 1.0, 1.0, 0.0, 0.0]), 3),
            (bytes(&[1.0, 1.0, 1.0, f32::NAN, 0.0, 0.0]), 3),
            (bytes(&[1.0; 6]), 0),
        ] {
            assert!(Subspace::read(&bytes, channels).is_err(), "{bytes:?}");
        }
    }
}
