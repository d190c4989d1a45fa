"""Checkpoints as half-precision files in parts that any transfer takes, and the way back."""

import hashlib
import io
from pathlib import Path

import torch
from torch import Tensor

PART_BYTES = 15_000_000
"""Size of all parts but the last."""


def write(path: Path, state: dict[str, Tensor], part_bytes: int = PART_BYTES) -> list[Path]:
    """Writes the state dict as ``path.000``, ``path.001``, ... with convolutions in f16, and ``path.sha256`` of the whole."""
    small = {name: value.half() if value.ndim == 4 else value for name, value in state.items()}
    buffer = io.BytesIO()
    torch.save({name: value.cpu().contiguous() for name, value in small.items()}, buffer)
    content = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for number, start in enumerate(range(0, len(content), part_bytes)):
        part = path.with_name(f"{path.name}.{number:03}")
        part.write_bytes(content[start : start + part_bytes])
        written.append(part)
    digest = path.with_name(f"{path.name}.sha256")
    digest.write_text(hashlib.sha256(content).hexdigest() + "\n", encoding="utf-8")
    return [*written, digest]


def read(path: Path) -> dict[str, Tensor]:
    """The state dict in f32, from the parts of ``path`` or from ``path`` itself.

    Raises ``ValueError`` if the parts do not have the SHA-256 that was noted when they were written.
    """
    if path.exists():
        content = path.read_bytes()
    else:
        parts = sorted(path.parent.glob(f"{path.name}.[0-9][0-9][0-9]"))
        content = b"".join(part.read_bytes() for part in parts)
        expected = path.with_name(f"{path.name}.sha256").read_text(encoding="utf-8").strip()
        if hashlib.sha256(content).hexdigest() != expected:
            raise ValueError(f"the {len(parts)} parts of {path} are not complete or damaged; fetch them again")
    state = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
