"""The figures of merit that the model card quotes, from logits and true classes."""

import numpy as np

from . import metrics
from .calibration import negative_log_likelihood
from .labels import CLASSES

TASKS = {
    "carcinoma-or-keratosis": (("bcc", "scc", "ak"), ("bkl",)),
    "melanoma-or-naevus": (("mel",), ("nv",)),
}
"""Positive and negative classes of the binary questions, as in ``model/source/manifest.json``."""

MALIGNANT = ("mel", "bcc", "scc", "ak")
"""Classes below the node ``malignant`` of the taxonomy; all others are below ``benign``."""

RESAMPLES = 1000


def measure(logits: np.ndarray, targets: np.ndarray, temperature: float) -> dict:
    """All figures over the photos given: logits ``[N, classes]``, targets ``[N]``."""
    probabilities = metrics.softmax(logits / temperature)
    predicted = probabilities.argmax(axis=1)
    malignant = np.isin(targets, _places(MALIGNANT))
    result = {
        "photos": len(targets),
        "photos_by_class": dict(zip(CLASSES, np.bincount(targets, minlength=len(CLASSES)).tolist(), strict=True)),
        "accuracy": float((predicted == targets).mean()),
        "balanced_accuracy": metrics.balanced_accuracy(targets, predicted, len(CLASSES)),
        "balanced_accuracy_95": interval(targets, predicted),
        "recall": dict(zip(CLASSES, metrics.recalls(targets, predicted, len(CLASSES)).tolist(), strict=True)),
        "log_loss": negative_log_likelihood(logits, targets, temperature),
        "calibration_error": metrics.calibration_error(probabilities, targets),
        "auc malignant": metrics.auc(malignant, probabilities[:, _places(MALIGNANT)].sum(axis=1)),
        "confusion": metrics.confusion(targets, predicted, len(CLASSES)).tolist(),
    }
    for task, (positive, negative) in TASKS.items():
        result[f"auc {task}"] = metrics.task_auc(probabilities, targets, _places(positive), _places(negative))
    return result


def interval(targets: np.ndarray, predicted: np.ndarray, seed: int = 1) -> tuple[float, float]:
    """95 % interval of the balanced accuracy: percentile bootstrap within the classes."""
    random = np.random.default_rng(seed)
    recalls = [
        random.binomial((targets == c).sum(), (predicted[targets == c] == c).mean(), RESAMPLES) / (targets == c).sum()
        for c in np.unique(targets)
    ]
    low, high = np.percentile(np.mean(recalls, axis=0), (2.5, 97.5))
    return float(low), float(high)


def rounded(value: object) -> object:
    """The same with floats at four digits, for JSON."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value


def _places(classes: tuple[str, ...]) -> list[int]:
    return [CLASSES.index(name) for name in classes]
