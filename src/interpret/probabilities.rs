//! Probabilities from logits, and how they divide between the two sides of a question.

use super::InterpretError;
use crate::pack::TaskNodes;
use crate::taxonomy::NodeIndex;

/// Probabilities from logits: softmax(logits / temperature), computed in f64 after subtracting the maximum, so that it
/// neither overflows nor depends on the machine (`exp` is the one of `libm` everywhere). They sum to 1 up to rounding.
///
/// # Errors
/// [`InterpretError::NotFinite`].
pub fn probabilities(logits: &[f32], temperature: f64) -> Result<Vec<f64>, InterpretError> {
    if let Some(class) = logits.iter().position(|logit| !logit.is_finite()) {
        return Err(InterpretError::NotFinite { class });
    }
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f64> =
        logits.iter().map(|&logit| libm::exp((f64::from(logit) - f64::from(max)) / temperature)).collect();
    // At least 1, the largest logit's share.
    let sum: f64 = exps.iter().sum();
    Ok(exps.into_iter().map(|exp| exp / sum).collect())
}

/// How probability divides between the two sides of a binary question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaskShares {
    /// P(positive side) / mass, 0 to 1; 0.5 if the mass is 0.
    pub positive: f64,
    /// P(negative side) / mass, 0 to 1; 0.5 if the mass is 0.
    pub negative: f64,
    /// P(positive side) + P(negative side), 0 to 1.
    pub mass: f64,
}

/// The shares of a question's sides from the probability of each node, `sums[node]`.
#[must_use]
pub fn task_shares(nodes: &TaskNodes, sums: &[f64]) -> TaskShares {
    // In taxonomy order, so that the order of ids in the manifest does not matter either.
    let total = |side: &[NodeIndex]| {
        let mut side = side.to_vec();
        side.sort_unstable();
        side.iter().map(|node| sums[node.index()]).sum::<f64>()
    };
    let (positive, negative) = (total(&nodes.positive), total(&nodes.negative));
    let mass = positive + negative;
    let share = |part: f64| if mass > 0.0 { part / mass } else { 0.5 };
    TaskShares { positive: share(positive), negative: share(negative), mass }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_is_stable() {
        let p = probabilities(&[1000.0, 1000.0, -1000.0], 1.0).unwrap();
        assert_eq!(p, [0.5, 0.5, 0.0]);
        let p = probabilities(&[f32::MAX, f32::MIN], 1.0).unwrap();
        assert_eq!(p, [1.0, 0.0]);
    }

    #[test]
    fn temperature_softens() {
        let sharp = probabilities(&[2.0, 0.0], 1.0).unwrap();
        let soft = probabilities(&[2.0, 0.0], 2.0).unwrap();
        assert!((sharp[0] - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-15);
        assert!((soft[0] - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-15);
    }

    #[test]
    fn non_finite_logits_are_refused() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = probabilities(&[0.0, bad], 1.0).unwrap_err();
            assert_eq!(error, InterpretError::NotFinite { class: 1 });
        }
    }
}
