"""The HAM10000 label table (Tschandl et al. 2018, doi:10.7910/DVN/DBW86T) with the eight-way diagnoses of ISIC 2019."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

from . import paths

CLASSES: tuple[str, ...] = ("nv", "mel", "bkl", "bcc", "scc", "ak", "df", "vasc")
"""Training classes in the order of the network's logits; the ids are nodes of the taxonomy."""


@dataclass(frozen=True)
class Photo:
    """One labelled photo."""

    isic_id: str
    lesion_id: str
    target: int
    """Index into ``CLASSES``."""
    confirmed_by: str
    """``histo`` (biopsy), ``follow_up``, ``consensus`` or ``confocal``."""
    path: Path
    groups: dict[str, str] = field(default_factory=dict, compare=False)
    """``sex``, ``age band``, ``body site`` and ``confirmed by``, for figures by subgroup."""

    @property
    def large(self) -> bool:
        """Whether this is the 224x224 centre crop; the others are 200x150 full frames."""
        return self.path.parent.name == "224"


def read(folder: Path = paths.HAM) -> list[Photo]:
    """Reads ``labels.csv`` of the data folder, in file order."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [
            Photo(
                isic_id=row["isic_id"],
                lesion_id=row["lesion_id"],
                target=CLASSES.index(row["diagnosis_isic2019"].lower()),
                confirmed_by=row["confirmed_by"],
                path=folder / row["file"],
                groups={
                    "sex": row["sex"] or "unknown",
                    "age band": age_band(row["age"]),
                    "body site": row["body_site"] or "unknown",
                    "confirmed by": row["confirmed_by"],
                },
            )
            for row in csv.DictReader(file)
        ]


def age_band(age: str) -> str:
    """``"45.0"`` is in ``40-59``; an empty age is ``unknown``."""
    if not age:
        return "unknown"
    return next(name for name, below in (("0-39", 40), ("40-59", 60), ("60 and over", 999)) if float(age) < below)
