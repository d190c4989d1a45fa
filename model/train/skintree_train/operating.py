"""Operating points: thresholds on the probability of a binary question's positive side.

At or above a threshold the answer is yes.  The rules are those of ``skintree evaluate`` (Rust):

- ``sensitivity-95``: the highest of the scores, taken as thresholds, that finds at least 95 % of the positives.
- ``youden``: the score with the largest J = sensitivity + specificity - 1 (Youden 1950, Cancer 3:32-35); of several with the
  same J the one with the highest sensitivity, since a missed cancer weighs more than a false alarm.
"""

import numpy as np
from sklearn.metrics import confusion_matrix_at_thresholds

DIGITS = 4
"""Of the thresholds in a pack."""


def points(positive: np.ndarray, scores: np.ndarray, sensitivity: float = 0.95) -> list[dict]:
    """The operating points for a pack; none unless there are positives and negatives.

    ``positive`` is bool ``[N]``, ``scores`` the probability of the positive side ``[N]``.  A pack's threshold is the chosen
    score rounded down, so that the photo it comes from stays above it whatever engine computes its score; sensitivity and
    specificity are those of the rounded threshold.
    """
    if positive.all() or not positive.any():
        return []
    chosen = {
        f"sensitivity-{100 * sensitivity:.0f}": reaching(positive, scores, sensitivity),
        "youden": youden(positive, scores),
    }
    scale = 10**DIGITS
    return [
        {"id": name, **measure(positive, scores, np.floor(score * scale) / scale)} for name, score in chosen.items()
    ]


def reaching(positive: np.ndarray, scores: np.ndarray, sensitivity: float) -> float:
    """The highest score that has at least this sensitivity as a threshold."""
    _, _, fn, tp, thresholds = confusion_matrix_at_thresholds(positive, scores.astype(np.float64))
    return float(thresholds[np.argmax(tp / (tp + fn) >= sensitivity)])


def youden(positive: np.ndarray, scores: np.ndarray) -> float:
    """The score with the largest J as a threshold; of several the one with the highest sensitivity."""
    tn, fp, fn, tp, thresholds = confusion_matrix_at_thresholds(positive, scores.astype(np.float64))
    # J times positives times negatives, a whole number, so that equal values compare as equal.
    j = tp * (tn + fp) - fp * (tp + fn)
    # Thresholds fall and sensitivity rises along the array.
    return float(thresholds[np.flatnonzero(j == j.max())[-1]])


def measure(positive: np.ndarray, scores: np.ndarray, threshold: float) -> dict:
    """Sensitivity and specificity of one threshold, at four digits."""
    yes = scores >= threshold
    return {
        "threshold": float(threshold),
        "sensitivity": round(float(yes[positive].mean()), 4),
        "specificity": round(float((~yes)[~positive].mean()), 4),
    }
