"""Figures of merit of a classifier with unequal classes."""

from collections.abc import Sequence

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def confusion(targets: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts ``[true, predicted]``."""
    table = np.zeros((classes, classes), int)
    np.add.at(table, (targets, predicted), 1)
    return table


def recalls(targets: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Share of each class that is recognised, in [0, 1]; NaN for a class without photos."""
    table = confusion(targets, predicted, classes)
    with np.errstate(invalid="ignore"):
        return table.diagonal() / table.sum(axis=1)


def balanced_accuracy(targets: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """Mean of the recalls of the classes that occur."""
    return float(np.nanmean(recalls(targets, predicted, classes)))


def auc(positive: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative), ties counting half."""
    order = np.argsort(scores, kind="stable")
    _, place, count = np.unique(scores[order], return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks = np.empty(len(scores))
    ranks[order] = (last - (count - 1) / 2)[place]
    hits = int(positive.sum())
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * (len(scores) - hits)))


def task_scores(
    probabilities: np.ndarray, targets: np.ndarray, positive: Sequence[int], negative: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """For the photos of either side: which are positive, and P(positive) / (P(positive) + P(negative))."""
    side = np.isin(targets, [*positive, *negative])
    p, n = (probabilities[side][:, list(ids)].sum(axis=1) for ids in (positive, negative))
    return np.isin(targets[side], positive), p / (p + n)


def reliability(probabilities: np.ndarray, targets: np.ndarray, bins: int = 15) -> list[dict[str, float]]:
    """Mean top probability and accuracy of the photos in each bin of equal width that has any."""
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    bin_of = np.minimum((top * bins).astype(int), bins - 1)
    members = (bin_of == place for place in np.unique(bin_of))
    return [
        {"photos": int(m.sum()), "confidence": float(top[m].mean()), "accuracy": float(right[m].mean())}
        for m in members
    ]


def calibration_error(probabilities: np.ndarray, targets: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of the top probability, in bins of equal width (Guo et al. 2017)."""
    rows = reliability(probabilities, targets, bins)
    return float(sum(abs(row["accuracy"] - row["confidence"]) * row["photos"] for row in rows) / len(targets))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    z = 1.959964
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + spread)
    return float(middle - half), float(middle + half)
