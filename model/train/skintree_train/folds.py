"""Nine folds for cross-validation (as many as in Esteva et al. 2017), cut by lesion and stratified by diagnosis.

Several photos show the same lesion, so the unit that is dealt out is the lesion: all its photos share its fold.
"""

import csv
import random
from collections import defaultdict
from pathlib import Path

from . import paths
from .labels import Photo

COUNT = 9


def split(photos: list[Photo], seed: int = 1, count: int = COUNT) -> dict[str, int]:
    """Deals lesions to folds: shuffled within their diagnosis, then in turn.  Returns fold by lesion id."""
    diagnosis: dict[str, int] = {}
    for photo in photos:
        if diagnosis.setdefault(photo.lesion_id, photo.target) != photo.target:
            raise ValueError(f"{photo.lesion_id} has two diagnoses")
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


def write(photos: list[Photo], fold_of: dict[str, int], path: Path = paths.FOLDS) -> None:
    """Writes one row a photo: isic_id, lesion_id, fold."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["isic_id", "lesion_id", "fold"])
        for photo in sorted(photos, key=lambda p: p.isic_id):
            writer.writerow([photo.isic_id, photo.lesion_id, fold_of[photo.lesion_id]])


def read(path: Path = paths.FOLDS) -> dict[str, int]:
    """Fold by isic_id."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["isic_id"]: int(row["fold"]) for row in csv.DictReader(file)}
