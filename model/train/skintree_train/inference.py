"""Runs an exported network over photos with onnxruntime, the same file and the same input that a user's browser gets."""

import sys
import time

import numpy as np
import onnxruntime

from . import preprocess
from .labels import Photo


def pixels(photo: Photo, size: int) -> np.ndarray:
    """A photo's centre square as the network sees it, ``uint8 [size, size, 3]``."""
    return preprocess.resized(preprocess.open_rgb(photo.path), size)


def run(session: onnxruntime.InferenceSession, photos: list[Photo], pooled: bool = False) -> np.ndarray:
    """Logits ``float32 [N, classes]`` of each photo, or with ``pooled`` the average of its last feature map."""
    size = session.get_inputs()[0].shape[2]
    rows, started = [], time.monotonic()
    for count, photo in enumerate(photos, start=1):
        x = preprocess.tensor(pixels(photo, size))
        if pooled:
            rows.append(session.run(["features"], {"input": x})[0][0].mean(axis=(1, 2)))
        else:
            rows.append(session.run(["logits"], {"input": x})[0][0])
        if count % 500 == 0:
            print(f"{count}/{len(photos)} photos, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return np.stack(rows)
