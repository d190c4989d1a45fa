"""The pretrained backbone: Inception v3 out of the npm package nsfwjs (MIT), converted from tensorflow.js to PyTorch.

The package holds a Keras Inception v3 that was pretrained on ImageNet; mixed6 to mixed10 and a head of three dense
layers were then trained to recognise five kinds of picture.  Weights are uint8 with one affine map per tensor, in six
shards of base64 inside JavaScript.  Inputs are RGB in [0, 1].
"""

import base64
import json
import re
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import torch

from . import paths
from .architecture import inception_v3
from .network import Network

PACKAGE = "nsfwjs@4.2.1"
FOLDER = "package/dist/cjs/models/inception_v3"
NEUTRAL = 2
"""The class of the package's own head that an everyday photo belongs to."""


def fetch(folder: Path = paths.CACHE / "src") -> Path:
    """Fetches the npm package with ``npm pack`` unless it is there; returns the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "nsfwjs-4.2.1.tgz"
    if not archive.exists():
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)
    return archive


def decode(archive: Path) -> dict[str, np.ndarray]:
    """All tensors of the Keras model by name, as float32 in Keras' layout (``[kH, kW, I, O]``)."""
    with tarfile.open(archive) as tar:

        def text(name: str) -> str:
            return tar.extractfile(f"{FOLDER}/{name}").read().decode()

        shards = b"".join(
            base64.b64decode(re.search(r'"([A-Za-z0-9+/=]{1000,})"', text(f"group1-shard{n}of6.min.js")).group(1))
            for n in range(1, 7)
        )
        manifest = _manifest(text("model.min.js"))
    tensors, offset = {}, 0
    for entry in manifest:
        count = int(np.prod(entry["shape"]))
        quantisation = entry["quantization"]
        if quantisation["dtype"] != "uint8":
            raise ValueError(f"{entry['name']}: {quantisation['dtype']} is not expected here")
        raw = np.frombuffer(shards, np.uint8, count, offset).astype(np.float32)
        values = raw * np.float32(quantisation["scale"]) + np.float32(quantisation["min"])
        tensors[entry["name"]] = values.reshape(entry["shape"])
        offset += count
    if offset != len(shards):
        raise ValueError(f"{len(shards) - offset} bytes are left over")
    return tensors


def _manifest(script: str) -> list[dict]:
    """The list of weights in ``model.min.js``: a JavaScript literal, turned into JSON by quoting its bare keys."""
    literal = re.search(r"weightsManifest:\[\{.*?weights:(\[.*?\}\}\])", script).group(1)
    quoted = re.sub(r"([{,])([A-Za-z_]\w*):", r'\1"\2":', literal)
    return json.loads(re.sub(r"([:\[,-])\.(\d)", r"\g<1>0.\2", quoted))


def convert(tensors: dict[str, np.ndarray], classes: int) -> Network:
    """An Inception v3 with the backbone's weights and a fresh last layer for ``classes``."""
    network = Network(inception_v3(), classes)
    with torch.no_grad():
        for number, op in enumerate(network.architecture.convolutions(), start=1):
            layer = network.layers[op.name]
            kernel = tensors[f"conv2d_{number}/kernel"].transpose(3, 2, 0, 1)
            if kernel.shape != tuple(layer.conv.weight.shape):
                raise ValueError(f"{op.name}: {kernel.shape} instead of {tuple(layer.conv.weight.shape)}")
            layer.conv.weight.copy_(torch.from_numpy(kernel.copy()))
            norm = f"batch_normalization_{number}"
            layer.norm.bias.copy_(torch.from_numpy(tensors[f"{norm}/beta"]))
            layer.norm.running_mean.copy_(torch.from_numpy(tensors[f"{norm}/moving_mean"]))
            layer.norm.running_var.copy_(torch.from_numpy(tensors[f"{norm}/moving_variance"]))
    return network.eval()


def original_head(network: Network, tensors: dict[str, np.ndarray], x: torch.Tensor) -> torch.Tensor:
    """Probabilities ``[5]`` by the package's own head for ``[1, 3, 299, 299]``: shows that the conversion is right."""
    with torch.no_grad():
        hidden = network.features(x).mean(dim=(2, 3))
        for dense in ("dense_1", "dense_2", "dense_3"):
            kernel, bias = (torch.from_numpy(tensors[f"{dense}/{part}"]) for part in ("kernel", "bias"))
            hidden = hidden @ kernel + bias
            if dense != "dense_3":
                hidden = hidden.relu()
        return hidden.softmax(dim=1)[0]


def load(classes: int, path: Path = paths.BACKBONE) -> Network:
    """The converted backbone from the cache, with a fresh last layer."""
    network = Network(inception_v3(), classes)
    state = {name: value for name, value in torch.load(path).items() if not name.startswith("head.")}
    missing = network.load_state_dict(state, strict=False)
    if missing.unexpected_keys or set(missing.missing_keys) != {"head.weight", "head.bias"}:
        raise ValueError(f"{path} is not a backbone: {missing}")
    return network.eval()
