"""Figures of merit of a classifier with unequal classes: those of scikit-learn and SciPy, and what they do not have.

``skintree evaluate`` (Rust) has the same definitions; ``crates/evaluate/tests/metrics/expected.json`` holds both to the same numbers.
"""

from collections.abc import Sequence

import numpy as np
import scipy.special
import scipy.stats
import sklearn.metrics


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis, in float64."""
    return scipy.special.softmax(np.asarray(logits, np.float64), axis=-1)


def confusion(targets: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts ``[true, predicted]``."""
    return sklearn.metrics.confusion_matrix(targets, predicted, labels=np.arange(classes))


def recalls(targets: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Share of each class that is recognised, in [0, 1]; NaN for a class without photos."""
    labels = np.arange(classes)
    return sklearn.metrics.recall_score(targets, predicted, labels=labels, average=None, zero_division=np.nan)


def balanced_accuracy(targets: np.ndarray, predicted: np.ndarray) -> float:
    """Mean of the recalls of the classes that occur among ``targets``: scikit-learn's ``balanced_accuracy_score``, without
    its warning for a class that occurs only among ``predicted``.
    """
    return float(sklearn.metrics.recall_score(targets, predicted, labels=np.unique(targets), average="macro"))


def log_loss(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of -ln P(true class), in nats.  Probabilities ``[N, classes]`` below 2.2e-16 count as that."""
    labels = np.arange(probabilities.shape[1])
    return float(sklearn.metrics.log_loss(targets, np.asarray(probabilities, np.float64), labels=labels))


def auc(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """Area under the ROC curve: P(score of a positive > score of a negative), ties counting half; ``None`` without both."""
    if positive.all() or not positive.any():
        return None
    return float(sklearn.metrics.roc_auc_score(positive, scores))


def task_scores(
    probabilities: np.ndarray, targets: np.ndarray, positive: Sequence[int], negative: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """For the photos of either side: which are positive, and P(positive) / (P(positive) + P(negative)), which is 0.5 where
    both are 0.
    """
    side = np.isin(targets, [*positive, *negative])
    p, n = (probabilities[side][:, list(ids)].sum(axis=1) for ids in (positive, negative))
    return np.isin(targets[side], positive), np.divide(p, p + n, out=np.full(len(p), 0.5), where=p + n > 0)


BINS = 15
"""Bins of a reliability diagram."""


def reliability(probabilities: np.ndarray, targets: np.ndarray, bins: int = BINS) -> list[dict[str, float]]:
    """Mean top probability and accuracy of the photos in each bin that has any.

    Bins are of equal width and closed above, ((m - 1) / M, m / M], as in Guo et al. 2017 (arXiv:1706.04599), section 2, and
    in scikit-learn's ``calibration_curve``, which does not give the counts.
    """
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    bin_of = np.searchsorted(np.arange(1, bins) / bins, top, side="left")
    members = (bin_of == place for place in np.unique(bin_of))
    return [
        {"photos": int(m.sum()), "confidence": float(top[m].mean()), "accuracy": float(right[m].mean())}
        for m in members
    ]


def calibration_error(probabilities: np.ndarray, targets: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error of the top probability (Guo et al. 2017), over the bins of ``reliability``."""
    rows = reliability(probabilities, targets, bins)
    return float(sum(abs(row["accuracy"] - row["confidence"]) * row["photos"] for row in rows) / len(targets))


def calibration_floor(probabilities: np.ndarray, photos: int, draws: int = 100, seed: int = 1) -> float:
    """The calibration error that so many photos with such probabilities have by chance if every probability is true: the mean over
    draws of photos and of their classes (consistency resampling, Broecker and Smith 2007, doi:10.1175/WAF993.1).
    """
    random = np.random.default_rng(seed)
    errors = []
    for _ in range(draws):
        some = probabilities[random.choice(len(probabilities), photos, replace=False)]
        drawn = (some.cumsum(axis=1) < random.random((photos, 1))).sum(axis=1)
        errors.append(calibration_error(some, np.minimum(drawn, some.shape[1] - 1)))
    return float(np.mean(errors))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); all of [0, 1] where there is nothing."""
    if not count:
        return 0.0, 1.0
    interval = scipy.stats.binomtest(hits, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
