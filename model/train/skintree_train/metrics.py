"""Figures of merit of a classifier with unequal classes: scikit-learn's, and what it does not have.

``crates/evaluate`` (Rust) has the same definitions; ``tests/metrics/shared.json`` holds both to the same numbers.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax as _softmax
from sklearn.metrics import confusion_matrix, roc_auc_score


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    return _softmax(np.asarray(logits, np.float64), axis=-1)


def confusion(targets: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts ``[true, predicted]``."""
    return confusion_matrix(targets, predicted, labels=np.arange(classes))


def recalls(targets: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Share of each class that is recognised, in [0, 1]; NaN for a class without photos."""
    table = confusion(targets, predicted, classes)
    with np.errstate(invalid="ignore"):
        return table.diagonal() / table.sum(axis=1)


def balanced_accuracy(targets: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """Mean of the recalls of the classes that occur."""
    return float(np.nanmean(recalls(targets, predicted, classes)))


def auc(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """Area under the ROC curve: P(score of a positive > score of a negative), ties counting half; ``None`` without both."""
    if positive.all() or not positive.any():
        return None
    return float(roc_auc_score(positive, scores))


def task_scores(
    probabilities: np.ndarray, targets: np.ndarray, positive: Sequence[int], negative: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """For the photos of either side: which are positive, and P(positive) / (P(positive) + P(negative))."""
    side = np.isin(targets, [*positive, *negative])
    p, n = (probabilities[side][:, list(ids)].sum(axis=1) for ids in (positive, negative))
    return np.isin(targets[side], positive), p / (p + n)


def reliability(probabilities: np.ndarray, targets: np.ndarray, bins: int = 15) -> list[dict[str, float]]:
    """Mean top probability and accuracy of the photos in each bin that has any.

    Bins are of equal width and closed above, ((m - 1) / M, m / M], as in Guo et al. 2017 (arXiv:1706.04599), section 2.
    """
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    bin_of = np.clip(np.ceil(top * bins).astype(int) - 1, 0, bins - 1)
    members = (bin_of == place for place in np.unique(bin_of))
    return [
        {"photos": int(m.sum()), "confidence": float(top[m].mean()), "accuracy": float(right[m].mean())}
        for m in members
    ]


def calibration_error(probabilities: np.ndarray, targets: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of the top probability (Guo et al. 2017), over the bins of ``reliability``."""
    rows = reliability(probabilities, targets, bins)
    return float(sum(abs(row["accuracy"] - row["confidence"]) * row["photos"] for row in rows) / len(targets))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    z = 1.959964
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + spread)
    return float(middle - half), float(middle + half)
