"""A network to train on, out of a model pack: the way back from ``export``.

An ONNX file holds convolutions with their batch norms folded in, and training wants the norms.  Each is put back with the
mean and variance that its convolution really has over some photos, so that the network computes what the file does.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from . import dataset
from .architecture import inception_v3
from .network import EPSILON, Network
from .photos import CLASSES, Photo
from .quantisation import Quantised

FLOOR = 0.05
"""A channel's deviation is taken as at least this share of its layer's median: silent channels must not blow up."""


def load(model: Path, photos: list[Photo]) -> Network:
    """The network of ``model.onnx`` with norms measured over ``photos``.

    They are measured at the size for which the file was made.  At another size the network would compute the same, but
    its gains would be those of other statistics, and the first norms that are taken anew would change its answers.
    """
    network = Network(inception_v3(), len(CLASSES)).eval()
    fill(network, tensors(onnx.load(model)))
    restore_norms(network, photos, network.architecture.size)
    return network


def tensors(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Initialisers by name; int8 weights expanded under the name of their DequantizeLinear."""
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear":
            values, scales = (known[name] for name in node.input[:2])
            axis = next(attribute.i for attribute in node.attribute if attribute.name == "axis")
            known[node.output[0]] = Quantised(values, scales, axis).expanded()
    return known


def fill(network: Network, known: dict[str, np.ndarray]) -> None:
    """Copies weights and biases in; norms then only add the bias."""
    with torch.no_grad():
        for name, layer in network.layers.items():
            layer.conv.weight.copy_(torch.from_numpy(known[f"{name}/weight"].copy()))
            layer.norm.bias.copy_(torch.from_numpy(known[f"{name}/bias"].copy()))
            layer.norm.running_mean.zero_()
            layer.norm.running_var.fill_(1 - EPSILON)
        network.head.weight.copy_(torch.from_numpy(known["head/dense/weight"].T.copy()))
        network.head.bias.copy_(torch.from_numpy(known["head/dense/bias"].copy()))


def restore_norms(network: Network, photos: list[Photo], size: int, batch: int = 32) -> None:
    """Gives convolutions outputs of deviation 1 and norms the rest; what the network computes stays the same."""
    sums = {
        name: torch.zeros(2, layer.conv.out_channels, dtype=torch.float64) for name, layer in network.layers.items()
    }
    count = dict.fromkeys(sums, 0)

    def watch(name: str):
        def hook(_module, _inputs, output: torch.Tensor) -> None:
            values = output.double()
            sums[name] += torch.stack([values.sum(dim=(0, 2, 3)), values.square().sum(dim=(0, 2, 3))])
            count[name] += values.numel() // values.shape[1]

        return hook

    hooks = [layer.conv.register_forward_hook(watch(name)) for name, layer in network.layers.items()]
    for x in dataset.plain_batches(photos, size, batch):
        with torch.no_grad():
            network.features(x)
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        for name, layer in network.layers.items():
            mean, square = sums[name] / count[name]
            variance = (square - mean.square()).clamp(min=0)
            deviation = variance.sqrt()
            deviation = torch.maximum(deviation, FLOOR * deviation.median()).clamp(min=1e-6)
            norm = layer.norm
            layer.conv.weight.copy_(layer.conv.weight.double() / deviation[:, None, None, None])
            norm.running_mean.copy_(mean / deviation)
            norm.running_var.copy_(variance / deviation.square())
            norm.weight.copy_(deviation * torch.sqrt(norm.running_var.double() + EPSILON))
            norm.bias.copy_(norm.bias.double() + mean)
