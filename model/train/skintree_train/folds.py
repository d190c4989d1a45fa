"""Nine folds for cross-validation (as many as in Esteva et al. 2017), cut by unit and stratified by diagnosis.

Several photos show the same lesion or patient: all photos of such a unit share its fold.
"""

import csv
import random
from collections import defaultdict
from pathlib import Path

from . import paths
from .photos import Photo
from .sets import SETS, ham10000, isic2017, padufes20

COUNT = 9

HELD_OUT = (0, 1)
"""Test and validation fold: no network that ships learns from them."""


def split(photos: list[Photo], seed: int = 1, count: int = COUNT) -> dict[str, int]:
    """Deals lesions to folds: shuffled within their diagnosis, then in turn.  Returns fold by lesion id."""
    diagnosis: dict[str, int] = {}
    for photo in photos:
        if diagnosis.setdefault(photo.unit, photo.target) != photo.target:
            raise ValueError(f"{photo.unit} has two diagnoses")
    by_target = defaultdict(list)
    for lesion, target in sorted(diagnosis.items()):
        by_target[target].append(lesion)
    dealer = random.Random(seed)
    order = []
    for target in sorted(by_target):
        dealer.shuffle(by_target[target])
        order += by_target[target]
    # One deal through all diagnoses keeps both the folds and each diagnosis within them even to one lesion.
    return {lesion: place % count for place, lesion in enumerate(order)}


def split_all(photos: list[Photo], seed: int = 1) -> dict[str, int]:
    """Fold by unit for the photos of all sets: PAD-UFES-20 as its table has it, the others dealt, each set by itself."""
    fold_of = padufes20.folds()
    for name in (ham10000.NAME, isic2017.NAME):
        fold_of |= split([photo for photo in photos if photo.source == name], seed)
    return fold_of


def write(photos: list[Photo], fold_of: dict[str, int], path: Path = paths.FOLDS) -> None:
    """Writes one row a photo, set by set: isic_id (or the photo's id in a set without), lesion_id (or patient), fold, source."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["isic_id", "lesion_id", "fold", "source"])
        order = list(SETS)
        for photo in sorted(photos, key=lambda p: (order.index(p.source), p.photo_id)):
            writer.writerow([photo.photo_id, photo.unit, fold_of[photo.unit], photo.source])


def read(path: Path = paths.FOLDS) -> dict[str, int]:
    """Fold by photo id, of all sets."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["isic_id"]: int(row["fold"]) for row in csv.DictReader(file)}
