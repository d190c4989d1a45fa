//! Receiver operating characteristic of a score that should be higher for positives.

use serde::{Deserialize, Serialize};

use super::metrics::ratio;

/// Cases with a score each, sorted once so that curves and resampled areas take one pass.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// Cases from the highest score to the lowest.
    order: Vec<usize>,
    positive: Vec<bool>,
    scores: Vec<f64>,
}

/// What calling positive every score of at least `threshold` gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// `None` stands for infinity: nothing is called positive.
    pub threshold: Option<f64>,
    /// True positives over positives, 0 to 1.
    pub sensitivity: f64,
    /// True negatives over negatives, 0 to 1.
    pub specificity: f64,
}

/// How many of each side a threshold gets right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hits {
    /// Positives called positive.
    pub true_positives: u64,
    /// Negatives called negative.
    pub true_negatives: u64,
}

impl Ranking {
    /// `positive` and `scores` give one entry a case; scores are finite.
    #[must_use]
    pub fn new(positive: Vec<bool>, scores: Vec<f64>) -> Self {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        Self { order, positive, scores }
    }

    /// Number of positives.
    #[must_use]
    pub fn positives(&self) -> u64 {
        self.positive.iter().filter(|&&positive| positive).count() as u64
    }

    /// Number of negatives.
    #[must_use]
    pub fn negatives(&self) -> u64 {
        self.positive.len() as u64 - self.positives()
    }

    /// Area under the curve, 0 to 1: P(score of a positive > score of a negative), ties counting half. `None` if there
    /// are not cases of both sides. `weights` as in [`super::metrics`].
    #[must_use]
    pub fn area(&self, weights: &[u32]) -> Option<f64> {
        let (mut positives, mut negatives) = (0_u64, 0_u64);
        // Twice the number of pairs in the right order, ties counting one; whole numbers, so that nothing is rounded.
        let mut twice = 0_u128;
        for tie in self.ties() {
            let total = |side: bool| -> u64 {
                tie.iter().filter(|&&case| self.positive[case] == side).map(|&case| u64::from(weights[case])).sum()
            };
            let (up, right) = (total(true), total(false));
            twice += u128::from(right) * u128::from(2 * positives + up);
            positives += up;
            negatives += right;
        }
        let pairs = 2 * u128::from(positives) * u128::from(negatives);
        (pairs > 0).then(|| twice as f64 / pairs as f64)
    }

    /// The curve from (0, 0) to (1, 1), one point a distinct score, without those on a straight line between their
    /// neighbours. `None` if there are not cases of both sides.
    #[must_use]
    pub fn curve(&self) -> Option<Vec<RocPoint>> {
        let (positives, negatives) = (self.positives(), self.negatives());
        if positives == 0 || negatives == 0 {
            return None;
        }
        let mut counts: Vec<(Option<f64>, i64, i64)> = vec![(None, 0, 0)];
        let (mut true_positives, mut false_positives) = (0, 0);
        for tie in self.ties() {
            for &case in tie {
                if self.positive[case] { true_positives += 1 } else { false_positives += 1 }
            }
            counts.push((Some(self.scores[tie[0]]), true_positives, false_positives));
        }
        let corner = |window: &[(Option<f64>, i64, i64)]| {
            let [(_, t0, f0), (_, t1, f1), (_, t2, f2)] = window else { return true };
            t1 - t0 != t2 - t1 || f1 - f0 != f2 - f1
        };
        let last = counts.len() - 1;
        let kept = (0..counts.len()).filter(|&i| i <= 1 || i == last || corner(&counts[i - 1..=i + 1]));
        let point = |(threshold, true_positives, false_positives): (Option<f64>, i64, i64)| RocPoint {
            threshold,
            sensitivity: true_positives as f64 / positives as f64,
            specificity: 1.0 - false_positives as f64 / negatives as f64,
        };
        Some(kept.map(|i| point(counts[i])).collect())
    }

    /// Cases of equal score, from the highest to the lowest.
    #[expect(clippy::float_cmp, reason = "a tie is a tie")]
    fn ties(&self) -> impl Iterator<Item = &[usize]> {
        self.order.chunk_by(|&a, &b| self.scores[a] == self.scores[b])
    }

    /// What calling positive every score of at least `threshold` gets right.
    #[must_use]
    pub fn hits(&self, threshold: f64) -> Hits {
        let count = |side: bool| {
            let right = |&(&positive, &score): &(&bool, &f64)| positive == side && (score >= threshold) == side;
            self.positive.iter().zip(&self.scores).filter(right).count() as u64
        };
        Hits { true_positives: count(true), true_negatives: count(false) }
    }
}

/// The point with the largest sensitivity + specificity (Youden 1950); the highest threshold of several equal ones.
#[must_use]
pub fn youden(curve: &[RocPoint]) -> Option<RocPoint> {
    let sum = |point: &RocPoint| point.sensitivity + point.specificity;
    curve
        .iter()
        .copied()
        .filter(|point| point.threshold.is_some())
        .reduce(|best, point| if sum(&point) > sum(&best) { point } else { best })
}

/// The point with the highest threshold that reaches a sensitivity.
#[must_use]
pub fn reaching(curve: &[RocPoint], sensitivity: f64) -> Option<RocPoint> {
    curve.iter().copied().find(|point| point.threshold.is_some() && point.sensitivity >= sensitivity)
}

/// A share of a count, with its 95 % interval after Wilson (1927).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// How many did.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// `hits / of`; `None` of none.
    pub value: Option<f64>,
    /// Lower and upper end; `None` of none.
    pub interval: Option<[f64; 2]>,
}

impl Proportion {
    /// The proportion and its interval.
    #[must_use]
    pub fn new(hits: u64, of: u64) -> Self {
        /// The 97.5th percentile of the standard normal distribution.
        const Z: f64 = 1.959_963_984_540_054;
        let value = ratio(hits, of);
        let interval = value.map(|p| {
            let n = of as f64;
            let centre = p + Z * Z / (2.0 * n);
            let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
            let scale = 1.0 + Z * Z / n;
            [((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0)]
        });
        Self { hits, of, value, interval }
    }
}
