"""How large the tensors of a network become on photos: the scales of engines that compute in integers (``docs/formats.md``)."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from . import inference, preprocess
from .photos import KINDS, Photo

DIGITS = 5
"""Significant digits in the manifest."""

HEADROOM = 1.5
"""How much larger than stored numbers may become before the CPU engine cuts them off (``src/engine/cpu/fixed.rs``)."""


def chosen(photos: list[Photo], of_a_kind: int, seed: int = 1) -> list[Photo]:
    """The same number of photos of each kind, drawn at random."""
    draw = random.Random(seed)
    by_kind = [[photo for photo in photos if photo.kind == kind] for kind in KINDS]
    return [photo for some in by_kind for photo in draw.sample(some, min(of_a_kind, len(some)))]


def largest(model: onnx.ModelProto, inputs: Iterable[np.ndarray]) -> dict[str, float]:
    """The largest magnitude of the input and of what each convolution gives, behind its ``Relu`` if it has one."""
    most: dict[str, float] = {}
    for tensors in _tensors(model, inputs):
        for name, tensor in tensors.items():
            most[name] = max(most.get(name, 0.0), float(np.abs(tensor).max()))
    return {name: float(f"{value:.{DIGITS}g}") for name, value in most.items()}


@dataclass
class Saturation:
    """How many numbers of photos an engine that computes in integers cuts off."""

    photos: int = 0
    numbers: int = 0
    cut: int = 0
    photos_cut: int = 0
    """Photos with at least one number cut off."""
    largest: float = 0.0
    """The largest number against the end of its range: above 1 it was cut off."""


def saturation(model: onnx.ModelProto, stored: dict[str, float], inputs: Iterable[np.ndarray]) -> Saturation:
    """Counts what is larger than ``HEADROOM`` times the stored magnitude of its tensor."""
    found = Saturation()
    for tensors in _tensors(model, inputs):
        shares = {name: np.abs(tensor) / (HEADROOM * stored[name]) for name, tensor in tensors.items()}
        cut = sum(int((share > 1).sum()) for share in shares.values())
        found.photos += 1
        found.numbers += sum(share.size for share in shares.values())
        found.cut += cut
        found.photos_cut += cut > 0
        found.largest = max(found.largest, *(float(share.max()) for share in shares.values()))
    return found


def _tensors(model: onnx.ModelProto, inputs: Iterable[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """For each input the tensors that have a range: the input, and what each convolution gives."""
    relus = {node.input[0]: node.output[0] for node in model.graph.node if node.op_type == "Relu"}
    names = [relus.get(node.output[0], node.output[0]) for node in model.graph.node if node.op_type == "Conv"]
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    (name,) = (tensor.name for tensor in session.get_inputs())
    for x in inputs:
        yield dict(zip([name, *names], [x, *session.run(names, {name: x})], strict=True))


def inputs(photos: list[Photo], size: int) -> Iterator[np.ndarray]:
    """Photos as the network sees them."""
    return (preprocess.tensor(inference.pixels(photo, size)) for photo in photos)


def read(folder: Path) -> tuple[onnx.ModelProto, dict]:
    """Model and manifest of the pack in ``folder``."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return onnx.load(folder / manifest["files"]["model"]["path"]), manifest


def write(folder: Path, photos: list[Photo], others: Iterable[np.ndarray]) -> dict[str, float]:
    """Measures the pack in ``folder`` on photos and other inputs, and writes the field ``activations`` of its manifest."""
    model, manifest = read(folder)
    found = largest(model, [*others, *inputs(photos, manifest["input"]["size"])])
    self_test = manifest.pop("self_test")
    manifest |= {"activations": found, "self_test": self_test}
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return found
