"""Reference class activation maps, worked out by another way than in ``src/heat_map.rs``.

There a node's map is a weighted sum of its classes' maps.  Here PyTorch differentiates the node's logit, and the
gradient says how much each channel of the feature map counts (Grad-CAM, which for a network whose last layer follows a
global average equals the class activation map of Zhou et al. 2016).
"""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from . import export, kinds, preprocess


def _last_layer(model: onnx.ModelProto) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights [channels, classes] and bias [classes] of the ``Gemm`` that makes the logits."""
    dense = next(node for node in model.graph.node if "logits" in node.output)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    weight, bias = (torch.from_numpy(numpy_helper.to_array(constants[name]).copy()) for name in dense.input[1:])
    return weight.double(), bias.double()


def _classes_below(taxonomy: dict, classes: list[str]) -> dict[str, list[int]]:
    """For each node the positions of the classes that are the node or lie below it."""
    parents = {node["id"]: node["parent"] for node in taxonomy["nodes"]}
    below: dict[str, list[int]] = {node: [] for node in parents}
    for position, name in enumerate(classes):
        node: str | None = name
        while node is not None:
            below[node].append(position)
            node = parents[node]
    return {node: positions for node, positions in below.items() if positions}


def node_maps(
    features: np.ndarray,
    weight: torch.Tensor,
    bias: torch.Tensor,
    below: dict[str, list[int]],
    calibration: kinds.Calibration,
) -> dict[str, np.ndarray]:
    """Map [height, width] of each node from the feature map [channels, height, width].

    The calibration decides how much each class of a node counts; the maps themselves are in the unit of raw logits.
    """
    prior, temperature = torch.from_numpy(calibration.offset), calibration.temperature
    f = torch.from_numpy(features).double()
    maps = {}
    for node, positions in below.items():
        mean = f.mean(dim=(1, 2)).requires_grad_()
        offset = bias.clone().requires_grad_()
        logit = torch.logsumexp((mean @ weight + offset + prior)[positions] / temperature, dim=0) * temperature
        by_mean, by_offset = torch.autograd.grad(logit, (mean, offset))
        maps[node] = (torch.einsum("k,kyx->yx", by_mean, f) + by_offset @ bias).numpy()
    return maps


def write(file: Path, photos: Path, packs: dict[str, Path]) -> None:
    """Writes the maps of every node that has a class, for the golden photos (``photos/*.png``) and each pack."""
    names = json.loads((photos / "golden.json").read_text("utf-8"))["photos"]
    result: dict = {"made_by": "python -m skintree_train heat_maps", "model_sha256": {}, "photos": {}}
    for pack_name, folder in packs.items():
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        taxonomy = json.loads((folder / "taxonomy.json").read_text("utf-8"))
        result["model_sha256"][pack_name] = manifest["files"]["model"]["sha256"]
        session = export.session(folder / "model.onnx")
        weight, bias = _last_layer(onnx.load(folder / "model.onnx"))
        below = _classes_below(taxonomy, manifest["classes"])
        recipe = manifest["input"]
        for name in (row["photo"] for row in names):
            pixels = preprocess.resized(preprocess.open_rgb(photos / name), recipe["size"], recipe["filter"])
            x = preprocess.tensor(pixels, recipe["mean"], recipe["std"])
            features = session.run(["features"], {"input": x})[0][0]
            calibration = kinds.calibration_of(folder, manifest, features.mean(axis=(1, 2))[None])
            maps = node_maps(features, weight, bias, below, calibration)
            rows = {node: [round(float(value), 6) for value in values.ravel()] for node, values in maps.items()}
            result["photos"].setdefault(name, {})[pack_name] = rows
    lines = json.dumps(result, separators=(",", ":")).replace("],", "],\n")
    file.write_text(lines + "\n", encoding="utf-8")
