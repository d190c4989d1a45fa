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


def task_auc(probabilities: np.ndarray, targets: np.ndarray, positive: Sequence[int], negative: Sequence[int]) -> float:
    """Area under the ROC curve of P(positive) / (P(positive) + P(negative)) over the photos of either side."""
    side = np.isin(targets, [*positive, *negative])
    p, n = (probabilities[side][:, list(ids)].sum(axis=1) for ids in (positive, negative))
    return auc(np.isin(targets[side], positive), p / (p + n))


def calibration_error(probabilities: np.ndarray, targets: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of the top probability, in bins of equal width (Guo et al. 2017)."""
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    bin_of = np.minimum((top * bins).astype(int), bins - 1)
    gaps = [abs(right[bin_of == b].mean() - top[bin_of == b].mean()) * (bin_of == b).sum() for b in np.unique(bin_of)]
    return float(sum(gaps) / len(top))
