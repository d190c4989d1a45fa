//! The network's averaged features, as `predictions.jsonl` keeps them for the map.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use skintree::engine::FeatureMap;
use skintree_evaluate::Study;
use skintree_evaluate::predictions::{Prediction, Predictions};

/// Each channel's mean over the area, as base64 of little-endian f32.
pub(super) fn encode(map: &FeatureMap) -> String {
    let area = (map.shape[1] * map.shape[2]).max(1);
    let mean = |channel: &[f32]| channel.iter().sum::<f32>() / area as f32;
    BASE64_STANDARD.encode(map.data.chunks(area).flat_map(|channel| mean(channel).to_le_bytes()).collect::<Vec<u8>>())
}

fn decode(text: &str) -> Option<Vec<f32>> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let value = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    Some(bytes.chunks_exact(4).map(value).collect())
}

/// Those of the study's photos that have some, by the place of the photo.
pub(super) fn of(study: &Study, predictions: &Predictions) -> Vec<(usize, Vec<f32>)> {
    let photos = study.photos().iter().enumerate();
    photos
        .filter_map(|(place, photo)| match predictions.get(&photo.file)? {
            Prediction::Logits { features: Some(text), .. } => Some((place, decode(text)?)),
            _ => None,
        })
        .collect()
}
