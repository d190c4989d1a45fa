"""From a training checkpoint to the network that ships."""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import calibration, checkpoint, dataset, figures, folds, sets, training
from .architecture import inception_v3
from .photos import CLASSES, Photo
from .network import Network
from .quantisation import quantise
from .schedule import Schedule
from .sets import ham10000


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

    The recipe is that of the last, with the mere name of the file that it went on from.  Means and variances of the batch
    norms must be taken anew afterwards if there is more than one: see ``recalibrate_norms``.
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
    recipe["start"] = Path(recipe["start"]).name
    return Trained(network.eval(), training.Recipe(**recipe), saved["progress"]["seconds"] / 60, views)


def recalibrate_norms(
    network: Network, photos: list[Photo], size: int, count: int, balance: float, batch: int = 32
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
    # Full batches only: all weigh the same in the statistics.
    some = [photos[place] for place in order[: len(order) - len(order) % batch]]
    for x in dataset.plain_batches(some, size, batch):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            network.features(x)
    for norm in norms:
        norm.momentum = 0.1
        norm.eval()


def round_weights(network: Network) -> None:
    """Gives every convolution the weights that its int8 form will have.

    Folding a norm in scales whole output channels, and so does the int8 form: the integers stay the same in ``export``.
    Done before ``recalibrate_norms``, so that the norms make up for what rounding does to the means.
    """
    with torch.no_grad():
        for layer in network.layers.values():
            rounded = quantise(layer.conv.weight.numpy(), axis=0).expanded()
            layer.conv.weight.copy_(torch.from_numpy(rounded))


def finished(trained: Trained, learned: list[Photo], int8: bool, recalibrate: int) -> Network:
    """The network that would ship, but for the prior: a copy with weights as float or as in int8, and norms taken anew."""
    network = copy.deepcopy(trained.network)
    if int8:
        round_weights(network)
    if recalibrate:
        recalibrate_norms(network, learned, network.architecture.size, recalibrate, trained.recipe.balance)
    return network


def prior_offset(counts: np.ndarray, balance: float, strength: float) -> np.ndarray:
    """What to take off the logits to move the class frequencies (logit adjustment, Menon et al. 2021), ``[classes]``.

    Training drew a class of n photos in proportion to n^(1 - balance), and the network answers for a world of these
    frequencies.  ``strength`` 0 leaves that; 1 makes all classes alike; -balance / (1 - balance) gives the photos' own.
    """
    frequencies = counts ** (1 - balance)
    return strength * np.log(frequencies / frequencies.sum())


def class_counts(photos: list[Photo]) -> np.ndarray:
    """Photos of each class, ``float64 [classes]``."""
    return np.bincount([photo.target for photo in photos], minlength=len(CLASSES)).astype(float)


def fold(number: int, large_only: bool = True) -> list[Photo]:
    """Photos of one fold."""
    fold_of = folds.read()
    return [p for p in sets.read(ham10000.NAME) if fold_of[p.photo_id] == number and (p.large or not large_only)]


def compare_priors(logits: np.ndarray, targets: np.ndarray, counts: np.ndarray, balance: float) -> list[dict]:
    """Figures for several strengths of ``prior_offset``, each at the temperature that fits these photos best."""
    rows = []
    for strength in (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0):
        shifted = logits - prior_offset(counts, balance, strength)
        temperature = calibration.fit_temperature(shifted, targets)
        measured = figures.measure(shifted, targets, temperature)
        rows.append({"strength": strength, "temperature": temperature, **measured})
    return rows
