"""What differs by kind of photo: a head that tells the kind, and for each kind how logits become probabilities.

``src/photo_kind.rs`` computes the same.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from . import calibration, metrics
from .photos import CLASSES, KINDS, Photo

STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
"""Strengths of the prior that are tried, see ``offset``."""


@dataclass(frozen=True)
class Head:
    """Logistic regression on the pooled features: the probability that a photo is clinical."""

    weight: np.ndarray
    """``float32 [channels]``."""
    bias: float

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Probability that each photo of ``features [N, channels]`` is clinical, ``[N]``."""
        return expit(features.astype(np.float64) @ self.weight.astype(np.float64) + self.bias)

    def kinds(self, features: np.ndarray) -> np.ndarray:
        """Index into ``KINDS`` of each photo, ``[N]``."""
        return (self.probability(features) >= 0.5).astype(int)

    def to_bytes(self) -> bytes:
        """The pack's kind file (``docs/formats.md``): the bias, then a weight a channel."""
        return np.concatenate([[self.bias], self.weight]).astype("<f4").tobytes()

    @staticmethod
    def from_bytes(content: bytes) -> "Head":
        """The reverse of ``to_bytes``."""
        values = np.frombuffer(content, "<f4")
        return Head(values[1:].copy(), float(values[0]))


def fit_head(features: np.ndarray, kinds: np.ndarray, inverse_penalty: float = 1e-3) -> Head:
    """Fits the head on photos of both kinds, each kind with equal weight."""
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=inverse_penalty, class_weight="balanced", max_iter=1000)
    model.fit(scaler.transform(features), kinds)
    weight = model.coef_[0] / scaler.scale_
    return Head(weight.astype(np.float32), float(model.intercept_[0] - weight @ scaler.mean_))


@dataclass(frozen=True)
class Calibration:
    """How the logits of one kind become probabilities: softmax((logits + offset) / temperature)."""

    offset: np.ndarray
    """``float64 [classes]``."""
    temperature: float
    strength: float
    """Of the prior that ``offset`` takes off."""

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated logits ``[N, classes]``, for a softmax at temperature 1."""
        return (logits + self.offset) / self.temperature


def offset(frequencies: np.ndarray, strength: float) -> np.ndarray:
    """What evens out the classes of one kind (logit adjustment, Menon et al. 2021): 0 leaves the training's frequencies
    (``[classes]``, any scale), 1 makes all classes alike.  Classes that the kind does not have get nothing.
    """
    seen = frequencies > 0
    share = np.where(seen, frequencies, 1) / frequencies.sum()
    change = np.where(seen, -strength * np.log(share), 0.0)
    return change - change[seen].min()


def calibrate(logits: np.ndarray, targets: np.ndarray, frequencies: np.ndarray) -> tuple[Calibration, list[dict]]:
    """The calibration of one kind from held-out photos, and the figures of every strength tried.

    Of the strengths the one with the best mean of accuracy and balanced accuracy is taken: one alone is bought with the
    other.  ``scc`` and ``ak`` count as one.
    """
    merged = merge(targets)
    rows, best = [], None
    for strength in STRENGTHS:
        change = offset(frequencies, strength)
        temperature = calibration.fit_temperature(logits + change, targets)
        probabilities = merged_probabilities(metrics.softmax((logits + change) / temperature))
        predicted = probabilities.argmax(axis=1)
        accuracy = float((predicted == merged).mean())
        balanced = metrics.balanced_accuracy(merged, predicted)
        rows.append({"strength": strength, "temperature": temperature, "accuracy": accuracy, "balanced": balanced})
        if best is None or accuracy + balanced > best[0]:
            best = (accuracy + balanced, Calibration(change, temperature, strength))
    return best[1], rows


SEVEN = [CLASSES.index("scc") if name == "ak" else place for place, name in enumerate(CLASSES)]
"""Place of each class when ``ak`` counts as ``scc``, as HAM10000's seven diagnoses have it."""


def merge(targets: np.ndarray) -> np.ndarray:
    """Classes with ``ak`` as ``scc``."""
    return np.array(SEVEN)[targets]


def merged_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """``[N, classes]`` with the probability of ``ak`` added to that of ``scc`` and 0 left behind."""
    merged = np.zeros_like(probabilities)
    for place, into in enumerate(SEVEN):
        merged[:, into] += probabilities[:, place]
    return merged


def right(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Whether the most probable of the seven diagnoses is that of the photo, ``bool [N]``."""
    return merged_probabilities(probabilities).argmax(axis=1) == merge(targets)


def of(photos: list[Photo]) -> np.ndarray:
    """Index into ``KINDS`` of each photo."""
    return np.array([KINDS.index(photo.kind) for photo in photos])


def calibrated(logits: np.ndarray, kinds: np.ndarray, calibrations: dict[str, Calibration]) -> np.ndarray:
    """Calibrated logits ``[N, classes]``, each photo by its kind."""
    rows = np.empty(logits.shape, np.float64)
    for place, name in enumerate(KINDS):
        rows[kinds == place] = calibrations[name].apply(logits[kinds == place].astype(np.float64))
    return rows


def calibration_of(folder: Path, manifest: dict, features: np.ndarray) -> Calibration:
    """The calibration of a pack for one photo with pooled ``features [1, channels]``."""
    if "photo_kinds" not in manifest:
        return Calibration(np.zeros(len(manifest["classes"])), manifest["temperature"], 0.0)
    head = Head.from_bytes((folder / manifest["files"]["kind"]["path"]).read_bytes())
    entry = manifest["photo_kinds"]["kinds"][head.kinds(features)[0]]
    return Calibration(np.array(entry["offset"]), entry["temperature"], 0.0)
