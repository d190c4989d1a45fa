"""Training on fine classes and rolling up, or on the coarse classes at once: the same head on the same frozen features.

Esteva et al. 2017 found the first to be better at both of its levels.  Here only the last layer is compared, over the nine
folds, on features of the backbone that has seen no photo of skin: features of a network that was fine-tuned on the fine
classes would decide the question beforehand, and of photos that it has learned from they would not be held out.
"""

import json

import numpy as np

from . import head, metrics
from .photos import CLASSES

PENALTIES = (3e-4, 3e-3, 3e-2, 3e-1)
"""Values of C that are tried.  Each head gets the one with the least log loss over the folds: two classes need one row of
weights and eight need eight, so equal penalties would not be equally strong."""

FIGURES = ("accuracy", "balanced_accuracy", "auc", "log_loss")


def partition(taxonomy: str, level: str) -> dict[str, list[int]]:
    """Nodes of a level (``class`` or ``group``) in a ``taxonomy.json``, with the places in ``CLASSES`` of the classes in
    or below them; without the nodes that have none.
    """
    nodes = {node["id"]: node for node in json.loads(taxonomy)["nodes"]}
    members: dict[str, list[int]] = {}
    for place, name in enumerate(CLASSES):
        node = nodes[name]
        while node["level"] != level:
            node = nodes[node["parent"]]
        members.setdefault(node["id"], []).append(place)
    return members


def roll_up(probabilities: np.ndarray, parts: dict[str, list[int]]) -> np.ndarray:
    """Sums over the classes of each part: ``[N, classes]`` to ``[N, parts]``."""
    return np.stack([probabilities[:, places].sum(axis=1) for places in parts.values()], axis=1)


def coarse_targets(targets: np.ndarray, parts: dict[str, list[int]]) -> np.ndarray:
    """The part that each photo's class lies in."""
    part_of = {place: part for part, places in enumerate(parts.values()) for place in places}
    return np.array([part_of[target] for target in targets])


def measure(probabilities: np.ndarray, targets: np.ndarray, shares: np.ndarray) -> dict[str, float]:
    """Figures of one fold.  The most probable class wins for the accuracy; for the balanced accuracy the one whose
    probability is highest beside its share of the training photos, which is the rule that is best for it.  ``auc`` is the
    mean over the classes, each against the rest.
    """
    classes = probabilities.shape[1]
    balanced = (probabilities / shares).argmax(axis=1)
    areas = [metrics.auc(targets == place, probabilities[:, place]) for place in range(classes if classes > 2 else 1)]
    return {
        "accuracy": float((probabilities.argmax(axis=1) == targets).mean()),
        "balanced_accuracy": metrics.balanced_accuracy(targets, balanced),
        "auc": float(np.mean(areas)),
        "log_loss": metrics.log_loss(targets, probabilities),
    }


def compare(
    features: np.ndarray, targets: np.ndarray, fold: np.ndarray, parts: dict[str, list[int]], fine: dict
) -> dict:
    """Both ways over all folds: mean and standard deviation (n - 1), and those of the difference fold by fold.

    ``fine`` maps a penalty to the probabilities ``[N, classes]`` of :func:`held_out` on the fine classes.
    """
    coarse = coarse_targets(targets, parts)
    shares = {
        out: np.bincount(coarse[fold != out], minlength=len(parts)) / (fold != out).sum() for out in np.unique(fold)
    }

    def by_fold(probabilities: np.ndarray) -> dict[str, list[float]]:
        rows = [measure(probabilities[fold == out], coarse[fold == out], shares[out]) for out in shares]
        return {name: [row[name] for row in rows] for name in FIGURES}

    tried = {
        "fine": {penalty: by_fold(roll_up(found, parts)) for penalty, found in fine.items()},
        "coarse": {penalty: by_fold(held_out(features, coarse, fold, len(parts), penalty)) for penalty in fine},
    }
    best = {way: min(rows, key=lambda penalty: np.mean(rows[penalty]["log_loss"])) for way, rows in tried.items()}
    result: dict = {"parts": {name: [CLASSES[place] for place in places] for name, places in parts.items()}}
    for way, rows in tried.items():
        result[way] = {"inverse_penalty": best[way], **{name: spread(rows[best[way]][name]) for name in FIGURES}}
    result["difference"] = {
        name: spread(np.subtract(tried["fine"][best["fine"]][name], tried["coarse"][best["coarse"]][name]).tolist())
        for name in FIGURES
    }
    return result


def held_out(features: np.ndarray, targets: np.ndarray, fold: np.ndarray, classes: int, penalty: float) -> np.ndarray:
    """Probabilities for every photo from the head fitted on the other folds, all photos weighing the same."""
    return metrics.softmax(head.cross_validated(features, targets, fold, classes, penalty, balanced=False))


def spread(values: list[float]) -> dict:
    """Mean, standard deviation (n - 1) and the values themselves."""
    return {"mean": float(np.mean(values)), "standard_deviation": float(np.std(values, ddof=1)), "folds": values}


def table(result: dict) -> str:
    """The result as a Markdown table: per cent, mean ± standard deviation over the folds."""

    def cell(row: dict) -> str:
        # Adding nothing turns -0.0 into 0.0.
        return f"{round(100 * row['mean'], 1) + 0.0:.1f} ± {100 * row['standard_deviation']:.1f}"

    lines = ["| level | trained on | accuracy | balanced accuracy | AUC |", "|---|---|---|---|---|"]
    for level, found in result["levels"].items():
        ways = (
            ("fine", f"{len(CLASSES)} fine classes, rolled up"),
            ("coarse", f"the {len(found['parts'])} coarse classes"),
            ("difference", "difference, fold by fold"),
        )
        for way, words in ways:
            lines.append(f"| {level} | {words} | " + " | ".join(cell(found[way][name]) for name in FIGURES[:3]) + " |")
    return "\n".join(lines)
