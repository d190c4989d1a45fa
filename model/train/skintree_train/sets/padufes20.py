"""PAD-UFES-20 (Pacheco et al. 2020, doi:10.1016/j.dib.2020.106221): smartphone photos, clinical."""

import csv
from pathlib import Path

from .. import paths
from ..photos import CLASSES, Photo, age_band

NAME = "padufes20"


def read(folder: Path = paths.PADUFES20) -> list[Photo]:
    """Reads ``labels.csv`` of the data folder, in file order.  The unit is the patient."""
    return [
        Photo(
            photo_id=row["img_id"],
            unit=row["patient_id"],
            target=CLASSES.index(row["diagnosis_class"]),
            confirmed_by="histo" if row["biopsed"] == "True" else "consensus",
            path=folder / row["file"],
            groups={
                "sex": row["gender"].lower() or "unknown",
                "age band": age_band(row["age"]),
                "body region": row["region"].lower() or "unknown",
                "Fitzpatrick type": row["fitzpatrick"] or "unknown",
                "confirmed by": "histo" if row["biopsed"] == "True" else "consensus",
            },
            source=NAME,
            kind="clinical",
        )
        for row in rows(folder)
    ]


def folds(folder: Path = paths.PADUFES20) -> dict[str, int]:
    """Fold by patient, as the table has it."""
    return {row["patient_id"]: int(row["fold"]) for row in rows(folder)}


def rows(folder: Path) -> list[dict[str, str]]:
    """The table as it is."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
