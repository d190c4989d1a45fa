"""Random views of a photo for training.

Geometry as in Esteva et al. 2017: rotation by 0 to 359 degrees, the largest upright square inside the rotated photo, and
flips.  On top of that come a random cut and moderate jitter of the colours.
"""

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

RIGHT_ANGLES = 0.5
"""Share of photos that turn by a multiple of 90 degrees only: they keep the whole square, as a user's photo does."""


def inscribed(angle: float) -> float:
    """Side of the largest upright square inside a unit square rotated by ``angle`` degrees."""
    radians = math.radians(angle)
    return 1 / (abs(math.cos(radians)) + abs(math.sin(radians)))


def view(photo: Image.Image, size: int, smallest: float, random: np.random.Generator) -> np.ndarray:
    """A random view ``uint8 [size, size, 3]`` of a photo's centre square, cut to ``smallest`` to 1 of its side."""
    angle = 90.0 * random.integers(4) if random.random() < RIGHT_ANGLES else random.uniform(0, 360)
    quarter, rest = divmod(angle, 90)
    turned = photo.rotate(rest, Image.Resampling.BILINEAR) if rest else photo
    # Rotating and resizing blend the outermost pixels with the black outside.
    room = (min(photo.size) - (3 if rest else 0)) * inscribed(rest)
    side = room * random.uniform(smallest, 1)
    left, top = (
        extent / 2 - room / 2 + shift * (room - side)
        for extent, shift in zip(turned.size, random.random(2), strict=True)
    )
    box = (max(left, 0), max(top, 0), min(left + side, turned.width), min(top + side, turned.height))
    pixels = np.rot90(np.asarray(turned.resize((size, size), Image.Resampling.BILINEAR, box)), int(quarter))
    return (pixels[::-1] if random.random() < 0.5 else pixels).copy()


def jitter(x: Tensor, strength: float) -> Tensor:
    """Changes brightness, contrast, saturation and colour cast of each photo of ``[N, 3, S, S]`` in [0, 1]."""

    def factor(*shape: int, spread: float) -> Tensor:
        return 1 + strength * spread * (2 * torch.rand(len(x), *shape, 1, 1, device=x.device) - 1)

    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * factor(1, spread=0.3)
    middle = x.mean(dim=(2, 3), keepdim=True)
    x = middle + (x - middle) * factor(1, spread=0.3)
    return (x * factor(1, spread=0.2) * factor(3, spread=0.1)).clamp(0, 1)


def mix(x: Tensor, targets: Tensor, concentration: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018): every photo of ``[N, 3, S, S]`` blends with another, and so do its ``[N, classes]``.

    One weight from Beta(concentration, concentration) holds for the whole batch; 0 leaves everything as it is.
    """
    if not concentration:
        return x, targets
    weight = float(torch.distributions.Beta(concentration, concentration).sample())
    partner = torch.randperm(len(x), device=x.device)
    return weight * x + (1 - weight) * x[partner], weight * targets + (1 - weight) * targets[partner]
