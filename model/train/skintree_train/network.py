"""The PyTorch module of an architecture: a feature extractor and one dense layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .architecture import Architecture, Concat, Conv, Pool

EPSILON = 1e-3
"""Batch norm's epsilon, as Keras has it in Inception v3."""


class ConvNormRelu(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(self, op: Conv):
        super().__init__()
        self.conv = nn.Conv2d(op.inputs, op.outputs, op.kernel, op.stride, op.padding, bias=False)
        self.norm = nn.BatchNorm2d(op.outputs, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(x)), inplace=True)

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weights ``[O, I, kH, kW]`` and bias ``[O]`` of the one convolution that equals both at inference."""
        norm = self.norm
        gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        weight = self.conv.weight.double() * gain[:, None, None, None]
        bias = norm.bias.double() - norm.running_mean.double() * gain
        return weight.float(), bias.float()


class Network(nn.Module):
    """``float32 [N, 3, S, S]`` in [0, 1] to logits ``[N, classes]``."""

    def __init__(self, architecture: Architecture, classes: int, dropout: float = 0.0):
        super().__init__()
        self.architecture = architecture
        self.layers = nn.ModuleDict({op.name: ConvNormRelu(op) for op in architecture.convolutions()})
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(architecture.channels[architecture.features], classes)

    def tensors(self, x: Tensor, until: str) -> Tensor:
        """The tensor named ``until``; others are let go as soon as nothing needs them."""
        operations = self.architecture.operations
        last_use = {source: place for place, op in enumerate(operations) for source in _sources(op)}
        known = {"input": x}
        for place, op in enumerate(operations):
            known[op.name] = self._run(op, known)
            if op.name == until:
                break
            for source in _sources(op):
                if last_use[source] == place:
                    del known[source]
        return known[until]

    def features(self, x: Tensor) -> Tensor:
        """The last feature map, ``[N, C, H, W]``."""
        return self.tensors(x, self.architecture.features)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.features(x).mean(dim=(2, 3))
        return self.head(self.dropout(pooled))

    def _run(self, op: Conv | Pool | Concat, known: dict[str, Tensor]) -> Tensor:
        match op:
            case Conv():
                return self.layers[op.name](known[op.source])
            case Pool(kind="max"):
                return functional.max_pool2d(known[op.source], 3, stride=2)
            case Pool(kind="average"):
                return functional.avg_pool2d(known[op.source], 3, stride=1, padding=1, count_include_pad=False)
            case Concat():
                return torch.cat([known[source] for source in op.sources], dim=1)
        raise ValueError(f"unknown operation {op}")


def _sources(op: Conv | Pool | Concat) -> tuple[str, ...]:
    return op.sources if isinstance(op, Concat) else (op.source,)
