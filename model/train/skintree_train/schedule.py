"""Learning rate and photo size as functions of progress, the share of the training that is done (0 to 1)."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """``kind`` is ``cosine`` (with linear warm-up) or ``steps`` (times 0.16 at every quarter, after the paper)."""

    kind: str
    peak: float
    """Highest learning rate."""
    sizes: tuple[tuple[int, float], ...]
    """Photo sizes in pixels, each with the progress up to which it is used; the last ends at 1."""
    warm_up: float = 0.05
    """Progress at which the warm-up ends."""

    def learning_rate(self, progress: float) -> float:
        """Learning rate at ``progress``."""
        warm = min(1.0, (progress + 1e-3) / self.warm_up)
        if self.kind == "steps":
            return self.peak * warm * 0.16 ** int(min(progress, 0.999) * 4)
        return self.peak * warm * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))

    def size(self, progress: float) -> int:
        """Side of the training photos at ``progress``."""
        return next((size for size, until in self.sizes if progress < until), self.sizes[-1][0])


def parse_sizes(text: str) -> tuple[tuple[int, float], ...]:
    """``128:0.4,160:0.8,224:1`` as pairs."""
    pairs = tuple((int(size), float(until)) for size, until in (part.split(":") for part in text.split(",")))
    if pairs[-1][1] != 1 or sorted(until for _, until in pairs) != [until for _, until in pairs]:
        raise ValueError("sizes must rise in progress and end at 1")
    return pairs
