"""Exponential moving average of a network's parameters and batch-norm statistics: what is validated and shipped."""

import copy

import torch

from .network import Network


class Average:
    """Holds the averaged network as ``network``, in evaluation mode."""

    def __init__(self, network: Network, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    def update(self, source: Network) -> None:
        """Moves the average towards ``source``; faster in the beginning, when there is little to average."""
        self.updates += 1
        weight = max(1 - self.decay, 1 / (1 + self.updates / 2))
        with torch.no_grad():
            torch._foreach_lerp_(self._state(self.network), self._state(source), weight)

    @staticmethod
    def _state(network: Network) -> list[torch.Tensor]:
        return [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
