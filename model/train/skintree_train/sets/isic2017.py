"""The ISIC 2017 challenge (Codella et al. 2018, arXiv:1710.05006): melanomas, naevi and seborrhoeic keratoses."""

import csv
from pathlib import Path

from .. import paths
from ..photos import CLASSES, Photo

NAME = "isic2017"
ASPECT = 4 / 3
"""The files are squeezed from about these proportions to a square."""


def read(folder: Path = paths.ISIC2017) -> list[Photo]:
    """Reads ``labels.csv`` of the data folder, in file order.  Lesions are not known, so the unit is the photo."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [
            Photo(
                photo_id=row["isic_id"],
                unit=row["isic_id"],
                target=CLASSES.index(row["diagnosis"]),
                confirmed_by="unknown",
                path=folder / row["file"],
                groups={"part": row["part"]},
                source=NAME,
                aspect=ASPECT,
            )
            for row in csv.DictReader(file)
        ]
