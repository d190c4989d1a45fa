"""Several folds, each answered by a network that has not learned from it.

A run leaves two folds out, for validation and for test.  One that is finished without looking at either (its last averaged
weights count) is measured on both, each with the temperature that fits the other one.  One whose checkpoints were chosen on
the validation fold is measured on the test fold only.
"""

from dataclasses import dataclass

import numpy as np

from . import calibration, export, figures, inference, kinds, recipe, shipping
from .sets import ham10000

SHOWN = ("accuracy_7", "balanced_accuracy_7", "balanced_accuracy", "auc malignant", "log_loss", "calibration_error")
"""What is averaged over folds, besides the binary questions and the levels."""


@dataclass(frozen=True)
class Answers:
    """Of one network for one photo a lesion of one fold."""

    fold: int
    logits: np.ndarray
    """Without the prior's offset, ``float32 [N, classes]``."""
    targets: np.ndarray
    """``[N]``."""


@dataclass(frozen=True)
class Run:
    """What a network answers for the two folds that it has not learned from."""

    validation: Answers
    test: Answers
    chosen: bool
    """Whether the validation fold decided which checkpoints count."""

    def measured(self) -> list[tuple[Answers, Answers]]:
        """Folds that count, each with the one that gives it its temperature."""
        pairs = [(self.test, self.validation)]
        return pairs if self.chosen else [*pairs, (self.validation, self.test)]


def answers(trained: shipping.Trained, held_out: tuple[int, int], chosen: bool, strength: float) -> Run:
    """Logits of a network in its shipping form (int8) for the test and the validation fold of HAM10000 that it has not seen.

    ``strength`` is that of the prior (``kinds.offset``).
    """
    network = trained.network
    shipping.round_weights(network)
    session = export.session(export.build(network))
    offset = kinds.offset(shipping.frequencies(shipping.learned(), recipe.ALL, 0.5, "dermoscopic"), strength)
    test, validation = (
        Answers(
            number,
            inference.run(session, photos).logits + offset,
            np.array([photo.target for photo in photos]),
        )
        for number in held_out
        for photos in [shipping.fold(number, ham10000.NAME)]
    )
    return Run(validation, test, chosen)


def measure(runs: list[Run]) -> dict:
    """Figures of each fold, their mean and sample standard deviation, and those of all photos taken together.

    Raises ``ValueError`` where only one fold counts.
    """
    folds, scaled, targets = [], [], []
    for mine, other in (pair for run in runs for pair in run.measured()):
        temperature = calibration.fit_temperature(other.logits, other.targets)
        measured = figures.measure(mine.logits, mine.targets, temperature)
        measured |= figures.levels(mine.logits, mine.targets, temperature)
        folds.append({"fold": mine.fold, "temperature": temperature, **measured})
        scaled.append(mine.logits / temperature)
        targets.append(mine.targets)
    if len(folds) < 2:
        raise ValueError("one fold is not a cross-validation: measure another run too")
    folds.sort(key=lambda row: row["fold"])
    names = (*SHOWN, *figures.LEVELS, *(f"auc {task}" for task in figures.TASKS))
    values = {name: np.array([row[name] for row in folds]) for name in names}
    return {
        "folds": folds,
        "mean": {name: float(row.mean()) for name, row in values.items()},
        "deviation": {name: float(row.std(ddof=1)) for name, row in values.items()},
        "together": figures.measure(np.concatenate(scaled), np.concatenate(targets), 1.0),
    }
