//! Receiver operating characteristic of a score that should be higher for positives.
//!
//! Definitions are those of scikit-learn (`roc_auc_score`, `roc_curve`); `model/train/skintree_train/operating.py` has the
//! same rules for operating points, and `tests/metrics/expected.json` holds both to the same numbers.

use serde::{Deserialize, Serialize};

use crate::metrics::ratio;

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

/// Cases called positive at a threshold, by their true side.
#[derive(Debug, Clone, Copy)]
struct Counts {
    threshold: Option<f64>,
    true_positives: u64,
    false_positives: u64,
}

impl Counts {
    /// The point of the curve, if `all` are the counts when every case is called positive.
    fn point(self, all: Self) -> RocPoint {
        RocPoint {
            threshold: self.threshold,
            sensitivity: self.true_positives as f64 / all.true_positives as f64,
            specificity: 1.0 - self.false_positives as f64 / all.false_positives as f64,
        }
    }
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
    /// are not cases of both sides. `weights` as in [`crate::metrics`].
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
        let nothing = Counts { threshold: None, true_positives: 0, false_positives: 0 };
        let counts: Vec<Counts> = std::iter::once(nothing).chain(self.counts()?).collect();
        let corner = |window: &[Counts]| {
            let [a, b, c] = window else { return true };
            b.true_positives - a.true_positives != c.true_positives - b.true_positives
                || b.false_positives - a.false_positives != c.false_positives - b.false_positives
        };
        let last = counts.len() - 1;
        let kept = (0..counts.len()).filter(|&i| i <= 1 || i == last || corner(&counts[i - 1..=i + 1]));
        Some(kept.map(|i| counts[i].point(counts[last])).collect())
    }

    /// The operating point with the largest J = sensitivity + specificity - 1 (Youden 1950, Cancer 3:32-35). Of several
    /// with the same J the one with the highest sensitivity, which is the one with the lowest threshold: a missed cancer
    /// weighs more than a false alarm. `None` if there are not cases of both sides.
    #[must_use]
    pub fn youden(&self) -> Option<RocPoint> {
        let counts = self.counts()?;
        let all = *counts.last()?;
        // J times positives times negatives, a whole number, so that equal values compare as equal.
        let j = |counts: &&Counts| {
            i128::from(counts.true_positives) * i128::from(all.false_positives)
                - i128::from(counts.false_positives) * i128::from(all.true_positives)
        };
        // The last of several maxima.
        counts.iter().max_by_key(j).map(|counts| counts.point(all))
    }

    /// The operating point with the highest threshold whose sensitivity is at least `sensitivity`, which is 0 to 1.
    /// `None` if there are not cases of both sides.
    #[must_use]
    pub fn reaching(&self, sensitivity: f64) -> Option<RocPoint> {
        let counts = self.counts()?;
        let all = *counts.last()?;
        counts.iter().map(|counts| counts.point(all)).find(|point| point.sensitivity >= sensitivity)
    }

    /// What calling positive every score of at least a distinct score gives, from the highest score to the lowest, whose
    /// counts are those of all cases. `None` if there are not cases of both sides.
    fn counts(&self) -> Option<Vec<Counts>> {
        if self.positives() == 0 || self.negatives() == 0 {
            return None;
        }
        let (mut true_positives, mut false_positives) = (0, 0);
        let count = |tie: &[usize]| {
            let positives = tie.iter().filter(|&&case| self.positive[case]).count() as u64;
            true_positives += positives;
            false_positives += tie.len() as u64 - positives;
            Counts { threshold: Some(self.scores[tie[0]]), true_positives, false_positives }
        };
        Some(self.ties().map(count).collect())
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
    /// Recall of a class in a confusion matrix `[true][predicted]`: the share of its cases that were given it.
    #[must_use]
    pub fn recall(confusion: &[Vec<u64>], class: usize) -> Self {
        Self::new(confusion[class][class], confusion[class].iter().sum())
    }

    /// Precision of a class in a confusion matrix `[true][predicted]`: the share of the cases given it that have it.
    #[must_use]
    pub fn precision(confusion: &[Vec<u64>], class: usize) -> Self {
        Self::new(confusion[class][class], confusion.iter().map(|row| row[class]).sum())
    }

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
