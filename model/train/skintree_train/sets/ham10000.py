"""HAM10000 (Tschandl et al. 2018, doi:10.7910/DVN/DBW86T) with the eight-way diagnoses of ISIC 2019."""

import csv
from pathlib import Path

from .. import paths
from ..photos import CLASSES, Photo, age_band

NAME = "ham10000"


def read(folder: Path = paths.HAM) -> list[Photo]:
    """Reads ``labels.csv`` of the data folder, in file order.  The unit is the lesion."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [
            Photo(
                photo_id=row["isic_id"],
                unit=row["lesion_id"],
                target=CLASSES.index(row["diagnosis_isic2019"].lower()),
                confirmed_by=row["confirmed_by"],
                path=folder / row["file"],
                groups={
                    "sex": row["sex"] or "unknown",
                    "age band": age_band(row["age"]),
                    "body site": row["body_site"] or "unknown",
                    "confirmed by": row["confirmed_by"],
                },
                source=NAME,
            )
            for row in csv.DictReader(file)
        ]
