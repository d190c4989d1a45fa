"""The figures of merit that the model card quotes, from logits and true classes."""

import numpy as np
from scipy.stats import mannwhitneyu

from . import coarse_heads, kinds, metrics, operating
from .pack import tasks, taxonomy, training_classes_below
from .photos import AGE_BANDS, CLASSES, Photo

TASKS = tasks()
"""Positive and negative classes of the binary questions, by id, as the pack's manifest has them."""

MALIGNANT = training_classes_below("malignant")
"""Training classes at or below the node ``malignant`` of the pack's taxonomy."""

LEVELS = {"accuracy three-way": "class", "accuracy nine-way": "group"}
"""Levels of the taxonomy to which the probabilities are rolled up, by the figure's name."""

HEADLINES = ("accuracy", "balanced_accuracy", "balanced_accuracy_7", "accuracy_7", "log_loss", "calibration_error")
"""The figures for comparisons; those of the binary questions are named after them."""

RESAMPLES = 1000


def measure(logits: np.ndarray, targets: np.ndarray, temperature: float) -> dict:
    """All figures over the photos given: logits ``[N, classes]``, targets ``[N]``."""
    probabilities = metrics.softmax(logits / temperature)
    predicted = probabilities.argmax(axis=1)
    malignant = np.isin(targets, _places(MALIGNANT))
    # The seven diagnoses of HAM10000, which does not tell ``scc`` from ``ak``.
    seven, predicted_7 = kinds.merge(targets), kinds.merged_probabilities(probabilities).argmax(axis=1)
    result = {
        "photos": len(targets),
        "photos_by_class": dict(zip(CLASSES, np.bincount(targets, minlength=len(CLASSES)).tolist(), strict=True)),
        "accuracy": float((predicted == targets).mean()),
        "balanced_accuracy": metrics.balanced_accuracy(targets, predicted),
        "balanced_accuracy_95": interval(targets, predicted),
        "accuracy_7": float((predicted_7 == seven).mean()),
        "balanced_accuracy_7": metrics.balanced_accuracy(seven, predicted_7),
        "balanced_accuracy_7_95": interval(seven, predicted_7),
        "recall": dict(zip(CLASSES, metrics.recalls(targets, predicted, len(CLASSES)).tolist(), strict=True)),
        "log_loss": metrics.log_loss(targets, probabilities),
        "calibration_error": metrics.calibration_error(probabilities, targets),
        "auc malignant": metrics.auc(malignant, probabilities[:, _places(MALIGNANT)].sum(axis=1)),
        "confusion": metrics.confusion(targets, predicted, len(CLASSES)).tolist(),
    }
    for task in TASKS:
        result[f"auc {task}"] = metrics.auc(*task_scores(probabilities, targets, task))
        result[f"auc {task} 95"] = auc_interval(*task_scores(probabilities, targets, task))
        result[f"{task} photos"] = [int(np.isin(targets, _places(side)).sum()) for side in TASKS[task]]
    result["reliability"] = metrics.reliability(probabilities, targets)
    return result


def levels(logits: np.ndarray, targets: np.ndarray, temperature: float) -> dict[str, float]:
    """Accuracy after rolling the probabilities up to each of ``LEVELS``."""
    probabilities = metrics.softmax(logits / temperature)
    found = {}
    for name, level in LEVELS.items():
        parts = coarse_heads.partition(taxonomy(), level)
        rolled = coarse_heads.roll_up(probabilities, parts)
        found[name] = float((rolled.argmax(axis=1) == coarse_heads.coarse_targets(targets, parts)).mean())
    return found


def task_scores(probabilities: np.ndarray, targets: np.ndarray, task: str) -> tuple[np.ndarray, np.ndarray]:
    """The photos of either side of a binary question: which are positive, and P(positive) / P(either)."""
    return metrics.task_scores(probabilities, targets, *(_places(side) for side in TASKS[task]))


def at_points(logits: np.ndarray, targets: np.ndarray, temperature: float, task: dict) -> list[dict]:
    """What the operating points of a manifest's task do on these photos."""
    positive, scores = task_scores(metrics.softmax(logits / temperature), targets, task["id"])
    return [
        {"id": point["id"], **operating.measure(positive, scores, point["threshold"])}
        for point in task.get("operating_points", [])
    ]


def subgroups(logits: np.ndarray, photos: list[Photo], temperature: float) -> list[dict]:
    """Accuracy of each value of each column of ``Photo.groups`` with a 95 % Wilson interval, and AUC of malignant against benign."""
    probabilities = metrics.softmax(logits / temperature)
    targets = np.array([photo.target for photo in photos])
    right = probabilities.argmax(axis=1) == targets
    malignant = np.isin(targets, _places(MALIGNANT))
    scores = probabilities[:, _places(MALIGNANT)].sum(axis=1)
    rows = []
    for kind in dict.fromkeys(kind for photo in photos for kind in photo.groups):
        names = np.array([photo.groups.get(kind, "") for photo in photos])
        for name in sorted(set(names) - {""}, key=_place_in_table):
            chosen = names == name
            hits, count = int(right[chosen].sum()), int(chosen.sum())
            rows.append(
                {
                    "kind": kind,
                    "name": name,
                    "photos": count,
                    "malignant": int(malignant[chosen].sum()),
                    "accuracy": hits / count,
                    "accuracy_95": metrics.wilson(hits, count),
                    "auc malignant": metrics.auc(malignant[chosen], scores[chosen]),
                }
            )
    return rows


def auc_interval(positive: np.ndarray, scores: np.ndarray, seed: int = 1) -> tuple[float, float] | None:
    """95 % interval of the area under the ROC curve: percentile bootstrap within the sides; ``None`` without both."""
    if positive.all() or not positive.any():
        return None
    random = np.random.default_rng(seed)
    drawn = [random.choice(side, (RESAMPLES, len(side))) for side in (scores[positive], scores[~positive])]
    # The area is the statistic of Mann and Whitney (1947) over the number of pairs; its p-value is not used.
    pairs = positive.sum() * (~positive).sum()
    areas = mannwhitneyu(*drawn, axis=1, method="asymptotic").statistic / pairs
    low, high = np.percentile(areas, (2.5, 97.5))
    return float(low), float(high)


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
    """The same with floats at four digits, for JSON; ``None`` for what is no number."""
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value


def _place_in_table(name: str) -> tuple[bool, int, str]:
    """Order of a subgroup's values: age bands by age, others by name, unknown ones last."""
    return name == "unknown", AGE_BANDS.index(name) if name in AGE_BANDS else 0, name


def _places(classes: tuple[str, ...]) -> list[int]:
    return [CLASSES.index(name) for name in classes]
