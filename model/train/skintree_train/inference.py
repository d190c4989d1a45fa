"""Runs an exported network over photos with onnxruntime, the same file and the same input that a user's browser gets."""

import sys
import time
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import onnxruntime
from PIL import Image

from . import preprocess
from .photos import Photo

VIEWS = ("as it is", "mirrored", "upside down", "turned by 180 degrees")
"""Views of ``run``, in this order; ``src/views.rs`` has the same."""


class Outputs(NamedTuple):
    """What a network gave for N photos."""

    logits: np.ndarray
    """``float32 [N, classes]``, averaged over the views."""
    features: np.ndarray
    """The last feature map averaged over height and width, ``float32 [N, channels]``, of the first view."""


def pixels(photo: Photo | Image.Image, size: int) -> np.ndarray:
    """A photo's centre square as the network sees it, ``uint8 [size, size, 3]``."""
    return preprocess.resized(preprocess.open_photo(photo) if isinstance(photo, Photo) else photo, size)


def run(session: onnxruntime.InferenceSession, photos: Iterable[Photo | Image.Image], views: int = 1) -> Outputs:
    """Runs the network on each photo."""
    size = session.get_inputs()[0].shape[2]
    logits, features, started = [], [], time.monotonic()
    for count, photo in enumerate(photos, start=1):
        x = preprocess.tensor(pixels(photo, size))
        rows = [session.run(["logits", "features"], {"input": view}) for view in _views(x)[:views]]
        logits.append(np.mean([row[0][0] for row in rows], axis=0))
        features.append(rows[0][1][0].mean(axis=(1, 2)))
        if count % 500 == 0:
            print(f"{count} photos, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return Outputs(np.stack(logits), np.stack(features))


def _views(x: np.ndarray) -> list[np.ndarray]:
    flips = (x, x[..., ::-1], x[..., ::-1, :], x[..., ::-1, ::-1])
    return [np.ascontiguousarray(view) for view in flips]
