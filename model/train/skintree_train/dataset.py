"""Photos as batches for training."""

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from . import augmentation, inference, preprocess
from .photos import Photo


class Views(Dataset):
    """A fresh random view of a photo at every access, reproducible by ``seed`` and place in the order."""

    def __init__(self, photos: list[Photo], order: np.ndarray, size: int, smallest_cut: float, seed: int):
        self.photos, self.order, self.size, self.seed = photos, order, size, seed
        self.smallest_cut = smallest_cut

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        photo = self.photos[self.order[place]]
        random = np.random.default_rng((self.seed, place))
        pixels = augmentation.view(preprocess.open_photo(photo), self.size, self.smallest_cut, random)
        return torch.from_numpy(pixels), photo.target


def draw(photos: list[Photo], count: int, balance: float, seed: int) -> np.ndarray:
    """Indices of ``count`` photos, drawn so that a class of n photos gets a share proportional to n^(1 - balance).

    0 draws as the photos come, 1 draws all classes alike.  Within a class every photo is drawn about equally often.
    """
    random = np.random.default_rng(seed)
    targets = np.array([photo.target for photo in photos])
    sizes = np.bincount(targets)
    shares = np.where(sizes > 0, np.maximum(sizes, 1.0) ** (1 - balance), 0)
    quota = random.multinomial(count, shares / shares.sum())
    chosen = []
    for target, wanted in enumerate(quota):
        members = np.flatnonzero(targets == target)
        while wanted > 0:
            some = random.permutation(members)[:wanted]
            chosen.append(some)
            wanted -= len(some)
    return random.permutation(np.concatenate(chosen))


def batches(views: Views, batch: int, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Full batches ``uint8 [N, S, S, 3]`` with targets ``int64 [N]``, in order."""
    return iter(DataLoader(views, batch, num_workers=workers, drop_last=True))


def plain_batches(photos: list[Photo | Image.Image], size: int, batch: int) -> Iterator[Tensor]:
    """Inputs ``[N, 3, size, size]`` of photos as they are, without augmentation; the last batch may be smaller."""
    for start in range(0, len(photos), batch):
        pixels = np.stack([inference.pixels(photo, size) for photo in photos[start : start + batch]])
        yield to_input(torch.from_numpy(pixels), torch.device("cpu"))


def to_input(pixels: Tensor, device: torch.device) -> Tensor:
    """``uint8 [N, S, S, 3]`` to ``float32 [N, 3, S, S]`` in [0, 1], laid out with the channels last."""
    return pixels.to(device).permute(0, 3, 1, 2).float().div(255)
