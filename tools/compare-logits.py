"""How far the logits of two runs of ``skintree evaluate`` over the same photos are apart: ``compare-logits.py A.jsonl B.jsonl``."""

import json
import sys
from statistics import median


def logits_of(path: str) -> dict[str, list[float]]:
    """Logits by file."""
    with open(path, encoding="utf-8") as lines:
        return {row["file"]: row["logits"] for row in map(json.loads, lines) if "logits" in row}


one, other = map(logits_of, sys.argv[1:])
photos = one.keys() & other.keys()
apart = [max(abs(a - b) for a, b in zip(one[photo], other[photo], strict=True)) for photo in photos]
same = sum(one[photo].index(max(one[photo])) == other[photo].index(max(other[photo])) for photo in photos)
print(f"{len(photos)} photos, the same most probable class on {same}; logits apart: median {median(apart):.4f}, most {max(apart):.4f}")
