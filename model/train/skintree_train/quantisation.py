"""Symmetric int8 weights, one scale per output channel."""

from dataclasses import dataclass

import numpy as np

LIMIT = 127
CLIPS = np.linspace(0.6, 1.0, 17)
"""Shares of a channel's largest weight that are tried as the end of the int8 range."""


@dataclass(frozen=True)
class Quantised:
    """``values * scales`` along ``axis`` gives the weights back."""

    values: np.ndarray
    """``int8``, shaped like the weights."""
    scales: np.ndarray
    """``float32 [channels]``"""
    axis: int

    def expanded(self) -> np.ndarray:
        """The weights as DequantizeLinear gives them, ``float32``."""
        shape = [1] * self.values.ndim
        shape[self.axis] = -1
        return self.values.astype(np.float32) * self.scales.reshape(shape)


def quantise(weights: np.ndarray, axis: int) -> Quantised:
    """Rounds weights to int8; per channel of ``axis`` the scale with the least squared error is taken."""
    rows = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1).astype(np.float64)
    peak = np.maximum(np.abs(rows).max(axis=1), 1e-12)
    best_error = np.full(len(rows), np.inf)
    scales = peak / LIMIT
    for clip in CLIPS:
        scale = (peak * clip / LIMIT).astype(np.float32).astype(np.float64)
        error = ((_rounded(rows, scale) * scale[:, None] - rows) ** 2).sum(axis=1)
        better = error < best_error
        best_error[better], scales[better] = error[better], scale[better]
    moved = np.moveaxis(weights, axis, 0).shape
    values = np.moveaxis(_rounded(rows, scales).reshape(moved), 0, axis).astype(np.int8)
    return Quantised(np.ascontiguousarray(values), scales.astype(np.float32), axis)


def _rounded(rows: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(rows / scale[:, None]), -LIMIT, LIMIT)
