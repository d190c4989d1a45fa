"""The data sets, one module each: ``NAME`` and ``read()``, which gives a list of :class:`~skintree_train.photos.Photo`."""

from ..photos import Photo
from . import ham10000, isic2017, padufes20

SETS = {module.NAME: module for module in (ham10000, isic2017, padufes20)}
"""By name, in the order in which the photos stand in lists and files."""


def read(*names: str) -> list[Photo]:
    """The photos of the sets named, or of all."""
    return [photo for name, module in SETS.items() if name in (names or SETS) for photo in module.read()]
