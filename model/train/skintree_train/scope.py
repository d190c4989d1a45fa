"""Telling photos that are not of the kind the network was trained on, from its pooled features.

``src/scope.rs`` computes the same score; ``methods`` holds what it was compared with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.special import logsumexp

from . import preprocess

COMPONENTS = 64
QUANTILE = 0.98
"""Share of held-out lesion photos that shall be in scope."""


@dataclass(frozen=True)
class Subspace:
    """The principal components of the training's features."""

    mean: np.ndarray
    """``float32 [channels]``."""
    components: np.ndarray
    """Orthonormal rows, ``float32 [components, channels]``."""

    def score(self, features: np.ndarray) -> np.ndarray:
        """Share of the squared distance from the mean that lies outside the subspace, ``[N]`` in [0, 1]."""
        offset = features.astype(np.float64) - self.mean
        inside = ((offset @ self.components.T.astype(np.float64)) ** 2).sum(axis=1)
        return np.clip(1 - inside / (offset**2).sum(axis=1), 0, 1)

    def to_bytes(self) -> bytes:
        """The pack's scope file (``docs/formats.md``)."""
        return np.concatenate([self.mean[None], self.components]).astype("<f4").tobytes()


def fit(features: np.ndarray, components: int = COMPONENTS) -> Subspace:
    """The mean and the first principal components of ``features [N, channels]``."""
    mean = features.mean(axis=0, dtype=np.float64)
    _, _, rows = np.linalg.svd(features - mean, full_matrices=False)
    return Subspace(mean.astype(np.float32), rows[:components].astype(np.float32))


Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Features ``[N, channels]`` and logits ``[N, classes]`` to scores ``[N]``; the farther from the training, the higher."""


def methods(features: np.ndarray, targets: np.ndarray) -> dict[str, Method]:
    """Ways to tell, fitted on the features and classes of training photos."""
    largest = fit(features, 2 * COMPONENTS)
    subspaces = {
        count: Subspace(largest.mean, largest.components[:count])
        for count in (COMPONENTS // 4, COMPONENTS // 2, COMPONENTS, 2 * COMPONENTS)
    }
    subspace = subspaces[COMPONENTS]
    rotated = (features - subspace.mean) @ subspace.components.T
    means = np.stack([rotated[targets == target].mean(axis=0) for target in np.unique(targets)])
    centred = rotated - means[np.searchsorted(np.unique(targets), targets)]
    precision = np.linalg.pinv(centred.T @ centred / len(centred))

    def mahalanobis(rows: np.ndarray, _: np.ndarray) -> np.ndarray:
        offsets = ((rows - subspace.mean) @ subspace.components.T)[:, None] - means
        return np.einsum("nci,ij,ncj->nc", offsets, precision, offsets).min(axis=1)

    angles = {
        f"subspace angle, {count} components{' (shipped)' if count == COMPONENTS else ''}": one.score
        for count, one in subspaces.items()
    }
    return {
        **{name: lambda rows, _, score=score: score(rows) for name, score in angles.items()},
        f"Mahalanobis to the nearest class, {COMPONENTS} components": mahalanobis,
        "energy (Liu et al. 2020)": lambda _, logits: -logsumexp(logits, axis=1),
        "1 - largest probability": lambda _, logits: 1 - np.exp(logits.max(axis=1) - logsumexp(logits, axis=1)),
    }


def other_photos() -> list[Image.Image]:
    """Photos that show no skin: those inside the packages scikit-image and scikit-learn, whole and their four quarters."""
    import skimage
    import sklearn

    folders = (Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets/images")
    photos = []
    for path in sorted(path for folder in folders for path in folder.glob("*.[pj][np]g")):
        photo = preprocess.open_rgb(path)
        half = min(photo.size) // 2
        if half < 50:
            continue
        right, bottom = photo.width - half, photo.height - half
        corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
        photos += [photo, *(photo.crop((x, y, x + half, y + half)) for x, y in corners)]
    return photos
