"""Golden files for the tests: synthetic photos with their network inputs and logits, and a small complete pack.

Everything here is drawn by numpy from fixed seeds; no photo of the data is used.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import export, pack, preprocess
from .architecture import tiny
from .network import Network
from .photos import CLASSES

NORMALISATIONS = (
    ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
)
"""Mean and standard deviation: as the pack has it, the [-1, 1] of many Keras models, and that of torchvision."""


def photos() -> dict[str, Image.Image]:
    """Synthetic photos by name: odd sizes, smaller and larger than the network's input, portrait, grey."""
    return {
        "upscale-37x53": _draw(37, 53, seed=1, noise=24),
        "landscape-640x481": _draw(640, 481, seed=2, noise=0),
        "exact-299x299": _draw(299, 299, seed=3, noise=0),
        "large-1200x801": _draw(1200, 801, seed=4, noise=0),
        "portrait-300x533-grey": _draw(300, 533, seed=5, noise=0).convert("L"),
    }


def _draw(width: int, height: int, seed: int, noise: int) -> Image.Image:
    """A blot with a ragged rim on a shaded ground, hairs, sharp stripes and a patch of noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    u, v = x / width - 0.5, y / height - 0.5
    ground = np.stack([220 + 30 * u, 170 + 40 * v, 150 - 30 * u * v], axis=-1)
    angle = np.arctan2(v, u)
    rim = 0.25 + 0.04 * np.sin(3 * angle + seed) + 0.02 * np.sin(11 * angle)
    blot = 1 / (1 + np.exp((np.hypot(u, v) - rim) * 60))
    image = ground * (1 - blot[..., None]) + np.array([110, 70, 50 + 10 * seed]) * blot[..., None]
    hair = np.abs(v - 0.3 * np.sin(4 * u + seed)) < 0.004
    image[hair] = (30, 25, 20)
    stripes = (u < -0.35) & (v < -0.35)
    image[stripes] = np.where((x[stripes] // 2 % 2)[:, None] > 0, 255, 0)
    patch = (abs(u) < 0.08) & (abs(v) < 0.08)
    image[patch] += random.normal(0, 40, (int(patch.sum()), 3))
    image += random.normal(0, noise, image.shape) if noise else 0
    return Image.fromarray(np.clip(np.rint(image), 0, 255).astype(np.uint8))


def tiny_network(seed: int = 7) -> Network:
    """The small architecture with random weights whose activations keep a sensible scale from layer to layer."""
    torch.manual_seed(seed)
    network = Network(tiny(), len(CLASSES)).eval()
    with torch.no_grad():
        for layer in network.layers.values():
            torch.nn.init.kaiming_normal_(layer.conv.weight, nonlinearity="relu")
            layer.norm.bias.uniform_(-0.2, 0.4)
            layer.norm.running_mean.uniform_(-0.1, 0.1)
            layer.norm.running_var.uniform_(0.5, 1.0)
        network.head.weight.normal_(0, 0.1)
        network.head.bias.normal_(0, 0.5)
    return network


def write_tiny(folder: Path) -> None:
    """A complete pack around the small network."""
    template = pack.template()
    template["id"] = "skintree-tiny"
    template["name"] = {"en": "Random weights, for tests", "ko": "시험용 임의 가중치"}
    template["licence"] = "MIT"
    template["intended_use"] = {"en": "Tests only: the weights are random.", "ko": "시험용: 가중치는 임의입니다."}
    template["source"] = "model/train: python -m skintree_train golden"
    template["input"]["size"] = tiny().size
    nothing = {"en": "Nothing: random weights.", "ko": "학습하지 않음: 임의 가중치."}
    description = pack.Description("1.0.0", 1.5, nothing)
    pack.write(folder, export.build(tiny_network()), template, pack.taxonomy(), description, tolerance=0.001)


def write(folder: Path, packs: dict[str, Path]) -> dict:
    """Writes photos, inputs and ``golden.json`` with the logits of each of ``packs`` by name; returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    sessions = {name: export.session(path / "model.onnx") for name, path in packs.items()}
    manifests = {name: json.loads((path / "manifest.json").read_text("utf-8")) for name, path in packs.items()}
    rows = []
    for name, photo in photos().items():
        photo.save(folder / f"{name}.png", optimize=True)
        upright = preprocess.open_rgb(folder / f"{name}.png")
        row = {"photo": f"{name}.png", "width": photo.width, "height": photo.height, "inputs": [], "logits": {}}
        for resample in preprocess.FILTERS:
            pixels = preprocess.resized(upright, 299, resample)
            file = f"{name}.{resample}.input.png"
            Image.fromarray(pixels).save(folder / file, optimize=True)
            hashes = [
                {"mean": mean, "std": std, "sha256": _sha256(preprocess.tensor(pixels, mean, std))}
                for mean, std in NORMALISATIONS
            ]
            row["inputs"].append({"filter": resample, "size": 299, "pixels": file, "tensors": hashes})
        for pack_name, session in sessions.items():
            recipe = manifests[pack_name]["input"]
            pixels = preprocess.resized(upright, recipe["size"], recipe["filter"])
            x = preprocess.tensor(pixels, recipe["mean"], recipe["std"])
            logits = session.run(["logits"], {"input": x})[0][0]
            row["logits"][pack_name] = [round(float(value), 6) for value in logits]
        rows.append(row)
    models = {name: manifest["files"]["model"]["sha256"] for name, manifest in manifests.items()}
    golden = {"made_by": "python -m skintree_train golden", "model_sha256": models, "photos": rows}
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")
    return golden


def _sha256(x: np.ndarray) -> str:
    """Hash of the bytes of a tensor as little-endian float32 in NCHW order."""
    return hashlib.sha256(x.astype("<f4").tobytes()).hexdigest()
