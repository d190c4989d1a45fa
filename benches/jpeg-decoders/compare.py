"""``compare.py OUT PHOTO...``: the pixels that ``jpeg-decoders`` has written beside those of Pillow (libjpeg-turbo).

Pillow can also give what it has before its colour conversion, which tells the inverse DCT, the chroma upsampling and the
conversion apart.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, features


def main() -> None:
    """Prints a Markdown table: share of the values that differ by 0, 1, 2 and more, and by how much at most."""
    out, photos = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    print(f"Pillow's libjpeg-turbo {features.version_feature('libjpeg_turbo')}, {len(photos)} photos\n")
    rgb = [np.asarray(Image.open(photo).convert("RGB")) for photo in photos]
    ycbcr = [undone(photo) for photo in photos]

    def written(name: str) -> list[np.ndarray]:
        rows = zip(photos, rgb, strict=True)
        return [np.fromfile(out / f"{photo.stem}.{name}", np.uint8).reshape(like.shape) for photo, like in rows]

    zune = written("zune-ycbcr")
    print("| values | equal | off by 1 | by 2 | by more | most | mean |\n|---|---|---|---|---|---|---|")
    for name in ("zune-jpeg", "jpeg-decoder", "libjpeg-turbo-rs"):
        row(f"{name}: RGB", written(name), rgb)
    row("zune-jpeg: Y (inverse DCT alone)", [x[..., 0] for x in zune], [x[..., 0] for x in ycbcr])
    row("zune-jpeg: Cb, Cr (and upsampling)", [x[..., 1:] for x in zune], [x[..., 1:] for x in ycbcr])
    row("zune-jpeg: conversion of Pillow's YCbCr", [converted(x) for x in ycbcr], rgb)


def undone(photo: Path) -> np.ndarray:
    """Y, Cb, Cr at full size, before the conversion to RGB."""
    image = Image.open(photo)
    image.draft("YCbCr", image.size)
    return np.asarray(image)


def converted(ycbcr: np.ndarray) -> np.ndarray:
    """To RGB as zune-jpeg 0.5 does it, with factors of 14 bits."""
    y, cb, cr = (ycbcr[..., place].astype(np.int32) for place in range(3))
    y, cb, cr = y * 16384 + 8191, cb - 128, cr - 128
    planes = (y + 22970 * cr, y - 11700 * cr - 5638 * cb, y + 29032 * cb)
    return np.clip(np.stack(planes, axis=-1) >> 14, 0, 255)


def row(name: str, ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """One line of the table."""
    off = np.concatenate([np.abs(a.astype(int) - b.astype(int)).ravel() for a, b in zip(ours, theirs, strict=True)])
    count = np.bincount(off, minlength=4) / len(off)
    shares = " | ".join(f"{100 * share:.2f} %" for share in (*count[:3], count[3:].sum()))
    print(f"| {name} | {shares} | {off.max()} | {off.mean():.4f} |")


main()
