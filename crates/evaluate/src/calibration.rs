//! Whether probabilities come true: of the photos given 80 %, 80 % should be right.
//!
//! Bins are those of Guo et al. 2017 (arXiv:1706.04599, section 2) and of scikit-learn's `calibration_curve`: of equal width
//! and closed above. `reliability` in `model/train/skintree_train/metrics.py` has the same.

use serde::{Deserialize, Serialize};

/// Bins of a reliability diagram, of equal width.
pub const BINS: usize = 15;

/// One bin, `(low, high]`; the first one also holds 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Cases in it.
    pub count: u64,
    /// Mean probability; `None` of no cases.
    pub predicted: Option<f64>,
    /// Share of the cases that came true; `None` of no cases.
    pub observed: Option<f64>,
}

/// How far probabilities are from what happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The reliability diagram.
    pub bins: Vec<Bin>,
    /// Expected calibration error (Guo et al. 2017): the bins' distance between predicted and observed, weighted by
    /// their counts; 0 to 1.
    pub expected_calibration_error: Option<f64>,
    /// Mean squared distance between probability and outcome (Brier 1950), 0 to 1.
    pub brier: Option<f64>,
}

impl Calibration {
    /// From a probability and an outcome a case.
    #[must_use]
    pub fn new(probabilities: &[f64], outcomes: &[bool], bins: usize) -> Self {
        let mut sums = vec![(0_u64, 0.0, 0_u64); bins];
        let mut squares = 0.0;
        for (&probability, &outcome) in probabilities.iter().zip(outcomes) {
            let edges = 1..bins;
            let place = edges.filter(|&edge| edge_at(edge, bins) < probability).count();
            let (count, sum, came_true) = &mut sums[place];
            *count += 1;
            *sum += probability;
            *came_true += u64::from(outcome);
            squares += (probability - f64::from(u8::from(outcome))).powi(2);
        }
        let total = probabilities.len() as f64;
        let bin = |(place, &(count, sum, came_true)): (usize, &(u64, f64, u64))| Bin {
            low: edge_at(place, bins),
            high: edge_at(place + 1, bins),
            count,
            predicted: (count > 0).then(|| sum / count as f64),
            observed: (count > 0).then(|| came_true as f64 / count as f64),
        };
        let bins: Vec<Bin> = sums.iter().enumerate().map(bin).collect();
        let gap = |bin: &Bin| Some(bin.count as f64 / total * (bin.predicted? - bin.observed?).abs());
        let any = !probabilities.is_empty();
        Self {
            expected_calibration_error: any.then(|| bins.iter().filter_map(gap).sum()),
            brier: any.then(|| squares / total),
            bins,
        }
    }
}

fn edge_at(place: usize, bins: usize) -> f64 {
    place as f64 / bins as f64
}
