"""Photos that stay on the training device, and random views of them that are made there.

A GPU computes views faster than processors can decode photos: all photos are decoded once, kept as bytes in the
device's memory, and every view is one sampling of them.  The geometry is that of ``augmentation``.  The other changes
imitate other clinics: white balance, exposure, distance, sharpness, compression, hair and ink.
"""

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from . import inference
from .augmentation import RIGHT_ANGLES
from .photos import CLASSES, KINDS, Photo

SIDE = 256
"""Side of a resident photo in pixels."""

OVERLAYS = 48
"""How many drawings of hair and ink are made."""


@dataclass(frozen=True)
class Strength:
    """How far views may be from the photo.  Probabilities are of a view; 0 everywhere leaves the geometry only."""

    smallest_cut: float = 0.5
    """Views are random cuts between this share of the side and all of it."""
    far: float = 0.15
    """Probability that the lesion is seen from farther away, up to ``farthest`` times; what is missing is mirrored in."""
    farthest: float = 1.8
    white_balance: float = 0.12
    """Standard deviation of the logarithm of each channel's gain."""
    grey: float = 0.25
    """Probability that the photo's own cast is taken away by shades of grey (Finlayson and Trezzi 2004, norm 6)."""
    exposure: float = 0.2
    """Greatest change of brightness, contrast and saturation, as a share."""
    gamma: float = 0.25
    """Greatest absolute logarithm of the exponent."""
    blur: float = 0.15
    """Probability of a blur of 0.5 to 2 pixels."""
    coarse: float = 0.15
    """Probability that the view loses detail by being scaled down and up again, as strong compression does."""
    noise: float = 0.1
    """Probability of noise with a standard deviation up to 0.04."""
    overlay: float = 0.1
    """Probability of drawn hair or ink."""


class Resident:
    """Photos ``uint8 [N, 3, SIDE, SIDE]`` on a device, with targets and what a batch is drawn by."""

    def __init__(self, photos: list[Photo], device: torch.device, workers: int):
        self.photos = photos
        self.device = device
        pixels = decoded(photos, SIDE, workers)
        self.pixels = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().to(device)
        self.targets = torch.tensor([photo.target for photo in photos], device=device)
        self.kinds = torch.tensor([KINDS.index(photo.kind) for photo in photos], device=device)
        self.overlays = overlays().to(device)

    def shares(self, sources: dict[str, float], balance: float, used: Sequence[bool]) -> Tensor:
        """Probability of each photo to be drawn, ``[N]``: a source gets its share, a class of n photos in it n^(1 - balance).

        Only photos that are ``used`` count.
        """
        share = np.zeros(len(self.photos))
        for source, part in sources.items():
            mine = [place for place, photo in enumerate(self.photos) if photo.source == source and used[place]]
            places = np.array(mine, dtype=int)
            targets = np.array([self.photos[place].target for place in places], dtype=int)
            sizes = np.bincount(targets, minlength=len(CLASSES)).astype(float)
            wanted = np.where(sizes > 0, np.maximum(sizes, 1) ** (1 - balance), 0)
            share[places] = part * (wanted / wanted.sum() / np.maximum(sizes, 1))[targets]
        return torch.from_numpy(share / share.sum()).to(self.device, torch.float32)

    def views(self, places: Tensor, size: int, strength: Strength) -> Tensor:
        """Random views ``[B, 3, size, size]`` in [0, 1] of the photos at ``places``."""
        x = self.pixels[places].float().div_(255)
        x = geometry(x, size, strength)
        x = overlaid(x, self.overlays, strength.overlay)
        return quality(colour(x, strength), strength)


def decoded(photos: list[Photo], size: int, workers: int) -> np.ndarray:
    """Centre squares ``uint8 [N, size, size, 3]``, decoded by so many processes (0: by this one)."""
    out = np.empty((len(photos), size, size, 3), np.uint8)
    jobs = [(photo, size) for photo in photos]
    if workers:
        with ProcessPoolExecutor(workers) as pool:
            for place, pixels in enumerate(pool.map(_decode, jobs, chunksize=64)):
                out[place] = pixels
    else:
        for place, job in enumerate(jobs):
            out[place] = _decode(job)
    return out


def _decode(job: tuple[Photo, int]) -> np.ndarray:
    return inference.pixels(*job)


def geometry(x: Tensor, size: int, strength: Strength) -> Tensor:
    """Turns, cuts and mirrors ``[B, 3, H, H]`` to ``[B, 3, size, size]`` (Esteva et al. 2017: rotation, inscribed square, flip)."""
    count, device = len(x), x.device
    random = torch.rand(7, count, device=device)
    right = random[0] < RIGHT_ANGLES
    angle = torch.where(right, (random[1] * 4).floor() * (math.pi / 2), random[1] * (2 * math.pi))
    rest = torch.where(right, torch.zeros_like(angle), angle)
    room = 1 / (rest.cos().abs() + rest.sin().abs())
    far = random[2] < strength.far
    cut = strength.smallest_cut + (1 - strength.smallest_cut) * random[3]
    # From far away the whole square is seen and mirrored surroundings, so nothing needs to be inscribed.
    side = torch.where(far, 1 + (strength.farthest - 1) * random[3], room * cut)
    shift = (2 * random[4:6] - 1) * torch.where(far, 0.2 * torch.ones_like(room), room * (1 - cut))
    flip = torch.where(random[6] < 0.5, -1.0, 1.0)
    cosine, sine = angle.cos(), angle.sin()
    # Coordinates of the view are first scaled, shifted and mirrored, then turned into the photo.
    scale = torch.stack([side * flip, side])
    matrix = torch.stack(
        [
            torch.stack([cosine * scale[0], -sine * scale[1], cosine * shift[0] - sine * shift[1]], dim=1),
            torch.stack([sine * scale[0], cosine * scale[1], sine * shift[0] + cosine * shift[1]], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(matrix, [count, 3, size, size], align_corners=False)
    sharp = functional.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    if side.max() * x.shape[-1] / size < 1.5 or not far.any():
        return sharp
    # Bilinear sampling skips pixels where the view is much smaller than what it shows.
    soft = functional.grid_sample(
        functional.avg_pool2d(x[far], 2), grid[far], mode="bilinear", padding_mode="reflection", align_corners=False
    )
    sharp[far] = soft
    return sharp


def colour(x: Tensor, strength: Strength) -> Tensor:
    """White balance, brightness, contrast, saturation and gamma of each photo of ``[B, 3, S, S]`` in [0, 1]."""

    def factor(*shape: int) -> Tensor:
        return 1 + strength.exposure * (2 * torch.rand(len(x), *shape, 1, 1, device=x.device) - 1)

    norm = x.pow(6).mean(dim=(2, 3), keepdim=True).clamp(min=1e-6).pow(1 / 6)
    neutral = norm.mean(dim=1, keepdim=True) / norm
    own = torch.rand(len(x), 1, 1, 1, device=x.device) < strength.grey
    gain = torch.where(own, neutral, torch.ones_like(neutral))
    gain = gain * (strength.white_balance * torch.randn(len(x), 3, 1, 1, device=x.device)).exp()
    x = x * gain * factor(1)
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * factor(1)
    middle = x.mean(dim=(2, 3), keepdim=True)
    x = (middle + (x - middle) * factor(1)).clamp(0, 1)
    exponent = (strength.gamma * (2 * torch.rand(len(x), 1, 1, 1, device=x.device) - 1)).exp()
    return x.clamp(min=1e-4).pow(exponent)


def quality(x: Tensor, strength: Strength) -> Tensor:
    """Blur, lost detail and noise, each for some photos of ``[B, 3, S, S]``."""
    size = x.shape[-1]
    chosen = torch.rand(3, len(x), device=x.device) < torch.tensor(
        [[strength.blur], [strength.coarse], [strength.noise]], device=x.device
    )
    if chosen[0].any():
        x[chosen[0]] = blurred(x[chosen[0]], (0.5 + 1.5 * _chance()) * size / 299)
    if chosen[1].any():
        small = int(size * (0.35 + 0.45 * _chance()))
        lower = functional.interpolate(x[chosen[1]], size=small, mode="bilinear", antialias=True)
        x[chosen[1]] = functional.interpolate(lower, size=size, mode="bilinear")
    if chosen[2].any():
        part = x[chosen[2]]
        deviation = 0.04 * torch.rand(len(part), 1, 1, 1, device=x.device)
        x[chosen[2]] = (part + deviation * torch.randn_like(part)).clamp(0, 1)
    return x


def blurred(x: Tensor, deviation: float) -> Tensor:
    """``[B, 3, S, S]`` under a Gaussian of so many pixels."""
    reach = max(1, math.ceil(2.5 * deviation))
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=x.device) / deviation) ** 2)
    taps = (taps / taps.sum()).to(x.dtype)
    channels = x.shape[1]
    for shape, padding in (((1, 1, 1, -1), (reach, reach, 0, 0)), ((1, 1, -1, 1), (0, 0, reach, reach))):
        kernel = taps.reshape(shape).repeat(channels, 1, 1, 1)
        x = functional.conv2d(functional.pad(x, padding, mode="reflect"), kernel, groups=channels)
    return x


def overlays(count: int = OVERLAYS, seed: int = 3) -> Tensor:
    """Drawings of hair and ink ``[count, 4, SIDE, SIDE]`` in [0, 1]: opacity, then red, green and blue."""
    random = np.random.default_rng(seed)
    drawn = np.empty((count, 4, SIDE, SIDE), np.float32)
    for number in range(count):
        ink = number % 3 == 0
        mask = Image.new("L", (SIDE * 2, SIDE * 2))
        draw = ImageDraw.Draw(mask)
        for _ in range(random.integers(1, 3) if ink else random.integers(3, 16)):
            _stroke(draw, random, ink)
        opacity = np.asarray(mask.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255
        if ink:
            tone = np.array([0.15, 0.12, 0.5]) + random.uniform(-0.1, 0.15, 3)
        else:
            tone = np.array([0.16, 0.11, 0.08]) * random.uniform(0.3, 2)
        drawn[number, 0] = opacity * random.uniform(0.6, 1)
        drawn[number, 1:] = tone[:, None, None]
    return torch.from_numpy(drawn.clip(0, 1))


def _stroke(draw: ImageDraw.ImageDraw, random: np.random.Generator, ink: bool) -> None:
    """A hair (a long thin curve), or a part of a circle or a line of a pen near the border."""
    span = SIDE * 2
    if ink and random.random() < 0.6:
        radius = random.uniform(0.3, 0.48) * span
        middle = span / 2 + random.uniform(-0.06, 0.06, 2) * span
        box = (*(middle - radius), *(middle + radius))
        start = random.uniform(0, 360)
        draw.arc(box, start, start + random.uniform(60, 360), fill=255, width=int(random.integers(5, 16)))
        return
    start, end = random.uniform(-0.1, 1.1, (2, 2)) * span
    bend = (start + end) / 2 + random.normal(0, 0.15, 2) * span
    t = np.linspace(0, 1, 24)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
    width = int(random.integers(5, 14) if ink else random.integers(1, 5))
    draw.line([tuple(point) for point in curve], fill=255, width=width)


def overlaid(x: Tensor, drawings: Tensor, probability: float) -> Tensor:
    """``[B, 3, S, S]`` with drawings over some photos, each mirrored and turned at random."""
    chosen = torch.rand(len(x), device=x.device) < probability
    count = int(chosen.sum())
    if not count:
        return x
    drawing = drawings[torch.randint(len(drawings), (count,), device=x.device)]
    drawing = functional.interpolate(drawing, size=x.shape[-1], mode="bilinear", antialias=True)
    drawing = torch.rot90(drawing, int(4 * _chance()), (2, 3))
    opacity, tone = drawing[:, :1], drawing[:, 1:]
    x[chosen] = x[chosen] * (1 - opacity) + tone * opacity
    return x


def plain(photos: Iterable[Photo], size: int, workers: int) -> Tensor:
    """Photos as the network sees them in use, ``uint8 [N, size, size, 3]``, on the CPU."""
    return torch.from_numpy(decoded(list(photos), size, workers))


def _chance() -> float:
    """A number in [0, 1) on the processor, from torch's seed."""
    return float(torch.rand(()))
