"""How large the tensors of a network become on photos: the scales of engines that compute in integers (``docs/formats.md``)."""

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from . import inference, preprocess
from .photos import KINDS, Photo

DIGITS = 5
"""Significant digits in the manifest."""


def chosen(photos: list[Photo], of_a_kind: int, seed: int = 1) -> list[Photo]:
    """The same number of photos of each kind, drawn at random."""
    draw = random.Random(seed)
    by_kind = [[photo for photo in photos if photo.kind == kind] for kind in KINDS]
    return [photo for some in by_kind for photo in draw.sample(some, min(of_a_kind, len(some)))]


def largest(model: onnx.ModelProto, inputs: Iterable[np.ndarray]) -> dict[str, float]:
    """The largest magnitude of the input and of what each convolution gives, behind its ``Relu`` if it has one."""
    relus = {node.input[0]: node.output[0] for node in model.graph.node if node.op_type == "Relu"}
    names = [relus.get(node.output[0], node.output[0]) for node in model.graph.node if node.op_type == "Conv"]
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    most = np.zeros(1 + len(names), np.float32)
    (name,) = (tensor.name for tensor in session.get_inputs())
    for x in inputs:
        tensors = [x, *session.run(names, {name: x})]
        most = np.maximum(most, [np.abs(tensor).max() for tensor in tensors])
    return {name: float(f"{value:.{DIGITS}g}") for name, value in zip([name, *names], most, strict=True)}


def inputs(photos: list[Photo], size: int) -> Iterator[np.ndarray]:
    """Photos as the network sees them."""
    return (preprocess.tensor(inference.pixels(photo, size)) for photo in photos)


def write(folder: Path, photos: list[Photo], others: Iterable[np.ndarray]) -> dict[str, float]:
    """Measures the pack in ``folder`` on photos and other inputs, and writes the field ``activations`` of its manifest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    model = onnx.load(folder / manifest["files"]["model"]["path"])
    found = largest(model, [*others, *inputs(photos, manifest["input"]["size"])])
    self_test = manifest.pop("self_test")
    manifest |= {"activations": found, "self_test": self_test}
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return found
