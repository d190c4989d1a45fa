//! What the network gives.

/// What a caller has a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// [`Outputs::features`] will be `None`.
    Logits,
    /// Of [`Outputs::features`] the mean of each channel is enough, which a GPU hands over sooner than all of the map.
    LogitsAndMeans,
    /// All that the pack names.
    LogitsAndFeatures,
}

/// What the network gives for one photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// One value a class, before the softmax.
    pub logits: Vec<f32>,
    /// The last feature map, if the pack names one. Where means are enough, it may be a map of one pixel, which holds them.
    pub features: Option<FeatureMap>,
}

/// The network's last feature map, channel by channel, each row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMap {
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// channels x height x width values.
    pub data: Vec<f32>,
}

impl FeatureMap {
    /// The mean of each channel over its area.
    #[must_use]
    pub fn pooled(&self) -> Vec<f64> {
        let area = (self.shape[1] * self.shape[2]).max(1);
        let mean = |channel: &[f32]| channel.iter().map(|&value| f64::from(value)).sum::<f64>() / area as f64;
        self.data.chunks_exact(area).map(mean).collect()
    }
}
