//! Figures of merit of a classifier with several classes.
//!
//! Every function takes a weight a case, a whole number: 1 for the plain figure, the number of draws in a bootstrap
//! resample. A figure that is not defined (no cases, no case of a class) is `None`, never 0. The definitions are those
//! of scikit-learn, with which `tests/metrics.rs` compares them.

/// A class each case has, and a class each case was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisions {
    /// Number of classes.
    pub classes: usize,
    /// The true class of each case, below `classes`.
    pub truth: Vec<usize>,
    /// The class given to each case, below `classes`.
    pub predicted: Vec<usize>,
}

impl Decisions {
    /// From the scores of each case, one a class: the highest wins, the first of several equal ones.
    #[must_use]
    pub fn from_scores(classes: usize, truth: Vec<usize>, scores: &[Vec<f64>]) -> Self {
        let predicted = scores.iter().map(|scores| argmax(scores)).collect();
        Self { classes, truth, predicted }
    }

    /// Share of the cases that were given their class, 0 to 1.
    #[must_use]
    pub fn accuracy(&self, weights: &[u32]) -> Option<f64> {
        let mut hits = 0;
        let mut of = 0;
        for ((truth, predicted), &weight) in self.truth.iter().zip(&self.predicted).zip(weights) {
            of += u64::from(weight);
            hits += u64::from(weight) * u64::from(truth == predicted);
        }
        ratio(hits, of)
    }

    /// Mean recall of the classes that occur, 0 to 1.
    #[must_use]
    pub fn balanced_accuracy(&self, weights: &[u32]) -> Option<f64> {
        let mut counts = vec![(0, 0); self.classes];
        for ((&truth, &predicted), &weight) in self.truth.iter().zip(&self.predicted).zip(weights) {
            let (hits, of) = &mut counts[truth];
            *of += u64::from(weight);
            *hits += u64::from(weight) * u64::from(truth == predicted);
        }
        let recalls: Vec<f64> = counts.into_iter().filter_map(|(hits, of)| ratio(hits, of)).collect();
        mean(&recalls)
    }

    /// Counts by true class (rows) and given class (columns).
    #[must_use]
    pub fn confusion(&self, weights: &[u32]) -> Vec<Vec<u64>> {
        let mut counts = vec![vec![0; self.classes]; self.classes];
        for ((&truth, &predicted), &weight) in self.truth.iter().zip(&self.predicted).zip(weights) {
            counts[truth][predicted] += u64::from(weight);
        }
        counts
    }
}

/// 1 where the true class is among the `k` highest scores, else 0. Ties go to the class that comes first.
#[must_use]
pub fn top_k_hits(truth: &[usize], scores: &[Vec<f64>], k: usize) -> Vec<bool> {
    #[expect(clippy::float_cmp, reason = "a tie is a tie")]
    let hit = |(&truth, scores): (&usize, &Vec<f64>)| {
        let ahead = |(class, &score): (usize, &f64)| score > scores[truth] || (score == scores[truth] && class < truth);
        scores.iter().enumerate().filter(|&item| ahead(item)).count() < k
    };
    truth.iter().zip(scores).map(hit).collect()
}

/// Weighted share of `true`, 0 to 1.
#[must_use]
pub fn share(hits: &[bool], weights: &[u32]) -> Option<f64> {
    let hit: u64 = hits.iter().zip(weights).filter(|(hit, _)| **hit).map(|(_, &weight)| u64::from(weight)).sum();
    ratio(hit, weights.iter().map(|&weight| u64::from(weight)).sum())
}

/// Mean of -ln P(true class), in nats. Probabilities below `f64::EPSILON` count as that, as in scikit-learn.
#[must_use]
pub fn log_loss(truth: &[usize], probabilities: &[Vec<f64>]) -> Option<f64> {
    let losses: Vec<f64> = truth
        .iter()
        .zip(probabilities)
        .map(|(&truth, probabilities)| -libm::log(probabilities[truth].clamp(f64::EPSILON, 1.0 - f64::EPSILON)))
        .collect();
    mean(&losses)
}

/// Mean and sample standard deviation (n - 1 in the denominator) of the values there are; the latter needs two.
#[must_use]
pub fn mean_and_deviation(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt());
    Some((mean, deviation))
}

/// The place of the highest value, the first of several equal ones; 0 for none.
#[must_use]
pub fn argmax(values: &[f64]) -> usize {
    let first_highest = |best: usize, (place, &value): (usize, &f64)| if value > values[best] { place } else { best };
    values.iter().enumerate().fold(0, first_highest)
}

pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
