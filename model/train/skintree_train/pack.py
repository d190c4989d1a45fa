"""The model pack: ``manifest.json``, ``model.onnx`` and ``taxonomy.json`` in one folder (``docs/formats.md``)."""

import copy
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from . import export, paths
from .photos import CLASSES

SELF_TEST_SEED = 1


@dataclass(frozen=True)
class Scope:
    """How to tell photos that are out of scope."""

    channels: int
    threshold: float
    content: bytes
    """Of the scope file."""


@dataclass(frozen=True)
class Description:
    """What a manifest says beyond the hand-written part in ``model/source/manifest.json``."""

    version: str
    temperature: float
    trained_on: dict[str, str]
    """By language."""
    operating_points: dict[str, list[dict]] = field(default_factory=dict)
    """By task."""
    scope: Scope | None = None


def self_test_input(size: int, seed: int = SELF_TEST_SEED) -> np.ndarray:
    """Reproducible input ``float32 [1, 3, size, size]`` in [-1, 1) from a linear congruential generator."""
    state, values = seed, np.empty(3 * size * size, np.float32)
    for place in range(len(values)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values[place] = (state >> 8) / 2**24 * 2 - 1
    return values.reshape(1, 3, size, size)


def write(
    folder: Path, model: onnx.ModelProto, template: dict, taxonomy: str, description: Description, tolerance: float
) -> dict:
    """Writes the three files and returns the manifest.  ``taxonomy`` is the text of ``taxonomy.json``."""
    _check_taxonomy(json.loads(taxonomy), template)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    (folder / "taxonomy.json").write_text(taxonomy, encoding="utf-8")
    size = template["input"]["size"]
    logits = export.session(folder / "model.onnx").run(["logits"], {"input": self_test_input(size)})[0][0]
    manifest = copy.deepcopy(template)
    manifest["version"] = description.version
    manifest["trained_on"] = description.trained_on
    manifest["temperature"] = round(description.temperature, 4)
    manifest["files"] = {
        "model": _file(folder / "model.onnx"),
        "taxonomy": _file(folder / "taxonomy.json"),
    }
    for task in manifest["tasks"]:
        if points := description.operating_points.get(task["id"]):
            task["operating_points"] = points
    if description.scope:
        (folder / "scope.f32").write_bytes(description.scope.content)
        manifest["files"]["scope"] = _file(folder / "scope.f32")
        manifest["scope"] = {"channels": description.scope.channels, "threshold": description.scope.threshold}
    manifest["self_test"] = {
        "seed": SELF_TEST_SEED,
        "logits": [round(float(value), 6) for value in logits],
        "tolerance": tolerance,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest


def template() -> dict:
    """The hand-written part of the manifest with the training classes filled in."""
    manifest = json.loads((paths.SOURCE / "manifest.json").read_text(encoding="utf-8"))
    manifest["classes"] = list(CLASSES)
    return manifest


def taxonomy() -> str:
    """The hand-written taxonomy."""
    return (paths.SOURCE / "taxonomy.json").read_text(encoding="utf-8")


def _file(path: Path) -> dict:
    content = path.read_bytes()
    return {"path": path.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _check_taxonomy(tree: dict, manifest: dict) -> None:
    """Ids are unique, parents exist and levels fit; classes and tasks name nodes."""
    nodes = {node["id"]: node for node in tree["nodes"]}
    if len(nodes) != len(tree["nodes"]):
        raise ValueError("an id occurs twice")
    for node in tree["nodes"]:
        parent = nodes[node["parent"]]["level"] if node["parent"] else None
        level = {None: "class", "class": "group"}.get(parent, "disease")
        if node["level"] != level:
            raise ValueError(f"{node['id']} must be of level {level}")
    named = set(manifest["classes"])
    for task in manifest["tasks"]:
        named |= {*task["positive"]["nodes"], *task["negative"]["nodes"]}
    if named - nodes.keys():
        raise ValueError(f"not in the taxonomy: {named - nodes.keys()}")
