"""From a training checkpoint to the network that ships."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import calibration, checkpoint, dataset, figures, folds, inference, labels, training
from .architecture import inception_v3
from .labels import CLASSES
from .network import Network
from .schedule import Schedule


@dataclass(frozen=True)
class Trained:
    """The averaged network of a run and what it was trained with."""

    network: Network
    recipe: training.Recipe
    minutes: float
    views: list[int]
    """How many each of the averaged checkpoints had seen."""


def load(paths: list[Path]) -> Trained:
    """Reads the checkpoints of a run, finished or not, and averages their weights (Wortsman et al. 2022, model soups).

    The recipe is that of the last.  Means and variances of the batch norms must be taken anew afterwards if there is
    more than one: see ``recalibrate_norms``.
    """
    total, views = None, []
    for path in paths:
        saved = checkpoint.load(path)
        if saved is None:
            raise SystemExit(f"no checkpoint at {path}")
        state = {name: value.double() / len(paths) for name, value in saved["average"].items()}
        total = state if total is None else {name: value + state[name] for name, value in total.items()}
        views.append(saved["progress"]["photos"])
    network = Network(inception_v3(), len(CLASSES))
    network.load_state_dict({name: value.to(saved["average"][name].dtype) for name, value in total.items()})
    recipe = dict(saved["recipe"])
    recipe["schedule"] = Schedule(**recipe["schedule"])
    return Trained(network.eval(), training.Recipe(**recipe), saved["progress"]["seconds"] / 60, views)


def shift_prior(network: Network, counts: np.ndarray, balance: float, strength: float) -> np.ndarray:
    """Moves the network's class frequencies by its last bias (logit adjustment, Menon et al. 2021).

    Training drew a class of n photos in proportion to n^(1 - balance), and the network answers for a world of these
    frequencies.  ``strength`` 0 leaves that; 1 makes all classes alike; -balance / (1 - balance) gives the photos' own.
    Returns what was taken off the logits.
    """
    offset = strength * _log_prior(counts, balance)
    with torch.no_grad():
        network.head.bias -= torch.from_numpy(offset).float()
    return offset


def _log_prior(counts: np.ndarray, balance: float) -> np.ndarray:
    frequencies = counts ** (1 - balance)
    return np.log(frequencies / frequencies.sum())


def recalibrate_norms(
    network: Network, photos: list[labels.Photo], size: int, count: int, balance: float, batch: int = 32
) -> None:
    """Takes the means and variances of all batch norms anew over ``count`` plain photos at ``size`` pixels.

    They were gathered over augmented views, most of them at smaller sizes.  The photos are drawn with the ``balance`` of
    the training: other frequencies of the classes would move the statistics, and with them the answers.
    """
    order = dataset.draw(photos, count, balance, seed=7)
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    for start in range(0, len(order) - batch + 1, batch):
        pixels = [inference.pixels(photos[place], size) for place in order[start : start + batch]]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            network.features(dataset.to_input(torch.from_numpy(np.stack(pixels)), torch.device("cpu")))
    for norm in norms:
        norm.momentum = 0.1
        norm.eval()


def class_counts(photos: list[labels.Photo]) -> np.ndarray:
    """Photos of each class, ``float64 [classes]``."""
    return np.bincount([photo.target for photo in photos], minlength=len(CLASSES)).astype(float)


def fold(number: int, large_only: bool = True) -> list[labels.Photo]:
    """Photos of one fold."""
    fold_of = folds.read()
    return [p for p in labels.read() if fold_of[p.isic_id] == number and (p.large or not large_only)]


def compare_priors(logits: np.ndarray, targets: np.ndarray, counts: np.ndarray, balance: float) -> list[dict]:
    """Figures for several strengths of ``shift_prior``, each at the temperature that fits these photos best."""
    offset = _log_prior(counts, balance)
    rows = []
    for strength in (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0):
        shifted = logits - strength * offset
        temperature = calibration.fit_temperature(shifted, targets)
        measured = figures.measure(shifted, targets, temperature)
        rows.append({"strength": strength, "temperature": temperature, **measured})
    return rows
