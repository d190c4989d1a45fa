"""Checkpoints that a killed run can go on from."""

import os
from pathlib import Path

import torch


def save(path: Path, state: dict) -> None:
    """Writes ``state`` so that ``path`` holds either the old or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)


def load(path: Path) -> dict | None:
    """The state at ``path``, on the CPU, or nothing if there is none."""
    return torch.load(path, map_location="cpu") if path.exists() else None
