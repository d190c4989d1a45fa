"""From a training checkpoint to the network that ships."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import checkpoint, dataset, folds, parts, recipe, sets
from .architecture import inception_v3
from .network import Network
from .photos import CLASSES, Photo
from .quantisation import quantise


@dataclass(frozen=True)
class Trained:
    """A network and how it came about."""

    network: Network
    notes: list[dict]
    """A row for each of the averaged files: what ``progress.jsonl`` or the checkpoint says of it."""


def load(files: list[Path]) -> Trained:
    """Reads networks and averages their weights (Wortsman et al. 2022, model soups): state dicts or their parts as
    ``recipe`` writes them, with ``progress.jsonl`` beside them, or checkpoints of ``train``.

    Means and variances of the batch norms must be taken anew afterwards: see ``recalibrate_norms``.
    """
    states, notes = [], []
    for path in files:
        state, note = _read(path)
        states.append(state)
        notes.append(note)
    network = Network(inception_v3(), len(CLASSES))
    network.load_state_dict(recipe.mean_of(states))
    return Trained(network.eval(), notes)


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    saved = checkpoint.load(path) if path.exists() else None
    if saved and "average" in saved:
        return saved["average"], {"recipe": saved["recipe"], "views": saved["progress"]["photos"]}
    journal = path.with_name("progress.jsonl")
    rows = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()] if journal.exists() else []
    note = next((row for row in rows if row["run"]["name"] == path.stem), {"run": {"name": path.stem}})
    return parts.read(path), note


def recalibrate_norms(network: Network, photos: list[Photo], size: int, batch: int = 32) -> None:
    """Takes the means and variances of all batch norms anew over plain photos at ``size`` pixels.

    They were gathered over augmented views, many of them at smaller sizes.  The photos must be drawn with the shares of
    sources and classes that the training had (``drawn``): other frequencies would move the statistics, and with them the
    answers.
    """
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    # Full batches only: all weigh the same in the statistics.
    for x in dataset.plain_batches(photos[: len(photos) - len(photos) % batch], size, batch):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            network.features(x)
    for norm in norms:
        norm.momentum = 0.1
        norm.eval()


def drawn(photos: list[Photo], count: int, sources: dict[str, float], balance: float, seed: int = 7) -> list[Photo]:
    """``count`` photos: each source gets its share, and within it the classes as in ``dataset.draw``."""
    some = []
    for name, share in sources.items():
        members = [photo for photo in photos if photo.source == name]
        some += [members[place] for place in dataset.draw(members, round(count * share), balance, seed)]
    order = np.random.default_rng(seed).permutation(len(some))
    return [some[place] for place in order]


def frequencies(photos: list[Photo], sources: dict[str, float], balance: float, kind: str) -> np.ndarray:
    """Share of each class among the training views of one kind, ``float64 [classes]``."""
    total = np.zeros(len(CLASSES))
    for name, share in sources.items():
        members = [photo for photo in photos if photo.source == name and photo.kind == kind]
        if members:
            sizes = class_counts(members) ** (1 - balance) * (class_counts(members) > 0)
            total += share * sizes / sizes.sum()
    return total / total.sum()


def round_weights(network: Network) -> None:
    """Gives every convolution the weights that its int8 form will have.

    Folding a norm in scales whole output channels, and so does the int8 form: the integers stay the same in ``export``.
    Done before ``recalibrate_norms``, so that the norms make up for what rounding does to the means.
    """
    with torch.no_grad():
        for layer in network.layers.values():
            rounded = quantise(layer.conv.weight.numpy(), axis=0).expanded()
            layer.conv.weight.copy_(torch.from_numpy(rounded))


def class_counts(photos: list[Photo]) -> np.ndarray:
    """Photos of each class, ``float64 [classes]``."""
    return np.bincount([photo.target for photo in photos], minlength=len(CLASSES)).astype(float)


def learned() -> list[Photo]:
    """Photos of all sets outside the validation and the test fold."""
    fold_of = folds.read()
    return [photo for photo in sets.read() if fold_of[photo.photo_id] not in folds.HELD_OUT]


def fold(number: int, *sources: str, large_only: bool = True) -> list[Photo]:
    """Photos of one fold, of the sources named or of all."""
    fold_of = folds.read()
    photos = sets.read(*sources)
    return [p for p in photos if fold_of[p.photo_id] == number and (p.large or not large_only)]
