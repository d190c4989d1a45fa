"""Ordinary photos, each answered by a network that has not learned from it (``recipe.ORDINARY``): figures for which one fold has too
few photos, and for kinds of ordinary photos that the training did not have.
"""

from pathlib import Path

import numpy as np

from . import calibration, figures, folds, kinds, metrics, operating, recipe, sets
from .photos import CLASSES, Photo
from .sets import padufes20

COLUMNS = ("body region", "Fitzpatrick type", "confirmed by")
"""Columns for which there are figures by value."""

TEST = folds.HELD_OUT[0]


def measure(folder: Path) -> dict:
    """All figures from the logits that ``recipe ordinary`` wrote to ``folder``."""
    photos = [photo for photo in sets.read() if photo.source == padufes20.NAME]
    fold_of = folds.read()
    fold = np.array([fold_of[photo.photo_id] for photo in photos])
    targets = np.array([photo.target for photo in photos])
    by_fold = [run for run in recipe.ORDINARY if run.left_out and run.left_out.column == "fold"]
    whole = [run for run in recipe.ORDINARY if run not in by_fold and recipe.logits_file(folder, run).exists()]
    found = {run.name: _logits(folder, run, photos) for run in (*by_fold, *whole)}
    logits = np.empty((len(photos), len(CLASSES)))
    for number in range(fold.max() + 1):
        # None of them has seen the folds that every training leaves out.
        run = next((run for run in by_fold if str(number) in run.left_out.values), by_fold[0])
        logits[fold == number] = found[run.name][fold == number]
    calibrated = crossed(logits, targets, fold)
    probabilities = metrics.softmax(calibrated)
    result = {
        "photos": len(photos),
        "patients": len({photo.unit for photo in photos}),
        "together": figures.measure(calibrated, targets, 1.0) | figures.levels(calibrated, targets, 1.0),
        "calibration floor": {
            str(count): metrics.calibration_floor(probabilities, count)
            for count in (int((fold == TEST).sum()), len(photos))
        },
        "accuracy_7_95": patients_interval(photos, probabilities, targets),
        "temperature": calibration.fit_temperature(logits[fold != TEST], targets[fold != TEST]),
        "points": {task: crossed_points(probabilities, targets, fold, task) for task in figures.TASKS},
        "by column": {column: by_value(photos, probabilities, targets, column) for column in COLUMNS},
        "left out whole": {},
    }
    for run in whole:
        some = np.array([run.left_out.holds(photo, number) for photo, number in zip(photos, fold, strict=True)])
        result["left out whole"][run.name] = {
            "column": run.left_out.column,
            "values": run.left_out.values,
            **{
                name: _few(rows[some], targets[some])
                for name, rows in (("never seen", found[run.name]), ("others of the kind seen", logits))
            },
        }
    return result


def _logits(folder: Path, run: recipe.Run, photos: list[Photo]) -> np.ndarray:
    """What the mean network of a run answers, ``[N, classes]``."""
    saved = np.load(recipe.logits_file(folder, run))
    place = {photo_id: place for place, photo_id in enumerate(saved["photos"].tolist())}
    return saved["mean"][[place[photo.photo_id] for photo in photos]].astype(np.float64)


def crossed(logits: np.ndarray, targets: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Logits over the temperature that fits all other folds."""
    scaled = np.empty_like(logits)
    for number in np.unique(fold):
        mine = fold == number
        scaled[mine] = logits[mine] / calibration.fit_temperature(logits[~mine], targets[~mine])
    return scaled


def crossed_points(probabilities: np.ndarray, targets: np.ndarray, fold: np.ndarray, task: str) -> dict:
    """The operating points of all folds but the test fold; and sensitivity and specificity with Wilson's intervals where each fold is
    judged by the points of all others.
    """
    learned = fold != TEST
    positive, scores = figures.task_scores(probabilities[learned], targets[learned], task)
    chosen = operating.points(positive, scores)
    counts = {point["id"]: np.zeros(2, int) for point in chosen}
    sides = np.zeros(2, int)
    for number in np.unique(fold):
        mine = fold == number
        points = operating.points(*figures.task_scores(probabilities[~mine], targets[~mine], task))
        positive, scores = figures.task_scores(probabilities[mine], targets[mine], task)
        sides += [int(positive.sum()), int((~positive).sum())]
        for point in points:
            yes = scores >= point["threshold"]
            counts[point["id"]] += [int(yes[positive].sum()), int((~yes)[~positive].sum())]
    return {
        "points": chosen,
        "photos": sides.tolist(),
        "crossed": {
            name: {
                side: {"share": hits / count, "95": metrics.wilson(int(hits), int(count))}
                for side, hits, count in zip(("sensitivity", "specificity"), row, sides, strict=True)
            }
            for name, row in counts.items()
        },
    }


def by_value(photos: list[Photo], probabilities: np.ndarray, targets: np.ndarray, column: str) -> list[dict]:
    """Figures of the photos with each value of a column, ``scc`` and ``ak`` as one; Wilson's intervals."""
    right = kinds.right(probabilities, targets)
    values = np.array([photo.groups[column] for photo in photos])
    rows = []
    for value in sorted(set(values.tolist()), key=lambda value: (value == "unknown", value)):
        some = values == value
        hits, count = int(right[some].sum()), int(some.sum())
        rows.append({"value": value, "photos": count, "accuracy_7": hits / count, "95": metrics.wilson(hits, count)})
    return rows


def _few(logits: np.ndarray, targets: np.ndarray) -> dict:
    """The figures that do not depend on a temperature."""
    row = figures.measure(logits, targets, 1.0)
    return {key: row[key] for key in ("photos", "accuracy_7", "balanced_accuracy_7", "auc malignant")}


def patients_interval(
    photos: list[Photo], probabilities: np.ndarray, targets: np.ndarray, seed: int = 1
) -> tuple[float, float]:
    """95 % interval of the accuracy: percentile bootstrap over patients, since photos of one patient are alike."""
    right = kinds.right(probabilities, targets)
    _, patient = np.unique([photo.unit for photo in photos], return_inverse=True)
    hits, counts = np.bincount(patient, right), np.bincount(patient)
    random = np.random.default_rng(seed)
    drawn = random.integers(len(counts), size=(figures.RESAMPLES, len(counts)))
    low, high = np.percentile(hits[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5))
    return float(low), float(high)
