"""A labelled photo, whichever data set it comes from."""

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

CLASSES: tuple[str, ...] = ("nv", "mel", "bkl", "bcc", "scc", "ak", "df", "vasc")
"""Training classes in the order of the network's logits; the ids are nodes of the taxonomy."""

KINDS: tuple[str, ...] = ("dermoscopic", "clinical")
"""Kinds of photo: through a dermatoscope, or with an ordinary camera."""

AGE_EDGES: tuple[float, ...] = (30, 45, 60, 75)
"""Lower edges in years of all age bands but the first, as ``skintree evaluate`` has them."""

AGE_BANDS: tuple[str, ...] = ("< 30", "30 – < 45", "45 – < 60", "60 – < 75", "≥ 75")  # noqa: RUF001
"""Names of the age bands."""


@dataclass(frozen=True)
class Photo:
    """One labelled photo."""

    photo_id: str
    """Unique over all sets."""
    unit: str
    """The lesion or the patient: what must not be split between folds.  Unique over all sets."""
    target: int
    """Index into ``CLASSES``."""
    confirmed_by: str
    """``histo`` (biopsy), ``follow_up``, ``consensus``, ``confocal`` or ``unknown``."""
    path: Path
    groups: dict[str, str] = field(default_factory=dict, compare=False)
    """Values of columns such as ``sex`` and ``age band``, for figures by subgroup."""
    source: str = "ham10000"
    """Name of the data set."""
    kind: str = "dermoscopic"
    """One of ``KINDS``."""
    aspect: float = 1.0
    """Width to height of the picture before it was squeezed, where the file is not of the right proportions; else 1."""

    @property
    def large(self) -> bool:
        """Whether the photo is measured: false for HAM10000's 200x150 frames, whose detail is lower."""
        return self.path.parent.name != "200x150"


def age_band(age: str) -> str:
    """The band of an age in years: ``"45.0"`` is in ``AGE_BANDS[2]``; an empty age is ``unknown``."""
    return AGE_BANDS[bisect_right(AGE_EDGES, float(age))] if age else "unknown"
