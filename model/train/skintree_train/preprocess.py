"""From photo to network input, exactly as ``docs/formats.md`` describes the fields of a manifest's ``input``."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from .photos import Photo

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def open_rgb(path: Path) -> Image.Image:
    """Decodes a photo, turns it upright by its EXIF orientation and makes it RGB."""
    with Image.open(path) as photo:
        return ImageOps.exif_transpose(photo).convert("RGB")


def open_photo(photo: Photo) -> Image.Image:
    """A photo of a data set, brought back to its proportions if the file is squeezed."""
    image = open_rgb(photo.path)
    if photo.aspect == 1:
        return image
    return image.resize((round(image.height * photo.aspect), image.height), Image.Resampling.BICUBIC)


def centre_square(photo: Image.Image) -> Image.Image:
    """The largest centred square; odd remainders go to the right and bottom."""
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.crop((left, top, left + side, top + side))


def resized(photo: Image.Image, size: int, resample: str = "bilinear") -> np.ndarray:
    """Centre square of a photo at the network's size: ``uint8 [size, size, 3]``."""
    return np.asarray(centre_square(photo).resize((size, size), FILTERS[resample]))


def tensor(pixels: np.ndarray, mean: tuple[float, ...] = (0, 0, 0), std: tuple[float, ...] = (1, 1, 1)) -> np.ndarray:
    """``uint8 [H, W, 3]`` to ``float32 [1, 3, H, W]``: (byte / 255 - mean) / std, every step in float32."""
    unit = pixels.astype(np.float32) / np.float32(255)
    normal = (unit - np.asarray(mean, np.float32)) / np.asarray(std, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])
