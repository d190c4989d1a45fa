//! A map of the network's features by t-SNE (van der Maaten & Hinton 2008), as the paper's figure 4.

use skintree_evaluate::FeatureMapPlaces;

use crate::output::note;

/// The usual value, or less where there are few photos.
const PERPLEXITY: f32 = 30.0;
const EPOCHS: usize = 1000;
/// Accuracy of Barnes-Hut; the usual value.
const THETA: f32 = 0.5;
/// More photos than this are thinned out evenly: dots on dots show nothing.
const MOST: usize = 3000;
/// Fewer make no map.
const FEWEST: usize = 10;

/// The map; `None` if the pack gives no features or there are too few photos.
pub(super) fn map(features: &[(usize, Vec<f32>)]) -> Option<FeatureMapPlaces> {
    let step = features.len().div_ceil(MOST).max(1);
    let chosen: Vec<&(usize, Vec<f32>)> = features.iter().step_by(step).collect();
    if chosen.len() < FEWEST {
        return None;
    }
    let channels = chosen[0].1.len();
    note!("mapping {} photos by t-SNE", chosen.len());
    let samples: Vec<&[f32]> = chosen.iter().map(|(_, features)| features.as_slice()).collect();
    let perplexity = PERPLEXITY.min((samples.len() - 1) as f32 / 3.0);
    // A start of our own, so that the same photos give the same map.
    let mut random = fastrand::Rng::with_seed(1);
    let start: Vec<f32> = (0..2 * samples.len()).map(|_| (random.f32() - 0.5) * 1e-4).collect();
    let distance = |a: &&[f32], b: &&[f32]| a.iter().zip(*b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
    let mut tsne = bhtsne::tSNE::<f32, &[f32], 2>::new(&samples);
    tsne.perplexity(perplexity).epochs(EPOCHS).initial_embedding(start).barnes_hut(THETA, distance);
    let points = tsne.embedding();
    let place =
        |(&&(place, _), point): (&&(usize, Vec<f32>), &[f32])| (place, f64::from(point[0]), f64::from(point[1]));
    let points: Vec<(usize, f64, f64)> = chosen.iter().zip(points.chunks_exact(2)).map(place).collect();
    let method = format!(
        "t-SNE (Barnes-Hut, perplexity {perplexity:.0}, {EPOCHS} epochs) of the {channels} averaged features of {} photos.",
        chosen.len()
    );
    points.iter().all(|(_, x, y)| x.is_finite() && y.is_finite()).then_some(FeatureMapPlaces { method, points })
}
