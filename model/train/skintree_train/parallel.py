"""Data-parallel training over several processes on one machine.

On a CPU one process a core with one thread each is much faster than one process with as many threads, all the more when
other programs compete for the cores: processes wait for each other once a step, threads at every operation.
"""

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import distributed, multiprocessing, nn


def spawn(processes: int, work: Callable[..., None], *arguments) -> None:
    """Runs ``work(*arguments)`` in that many processes that know of each other."""
    if processes == 1:
        work(*arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meeting"
        multiprocessing.spawn(_enter, (processes, str(meeting), work, arguments), nprocs=processes)


def _enter(rank: int, processes: int, meeting: str, work: Callable[..., None], arguments: tuple) -> None:
    # Torch sends SIGINT to its children when their parent dies; a shell lets its background jobs ignore that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))
    distributed.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=processes)
    try:
        work(*arguments)
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """Number of this process; 0 validates, saves and logs."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def processes() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def wrap(network: nn.Module) -> nn.Module:
    """The network with gradients averaged over all processes."""
    return nn.parallel.DistributedDataParallel(network) if processes() > 1 else network


def agree(value: float) -> float:
    """The value that process 0 has."""
    if processes() == 1:
        return value
    tensor = torch.tensor([value], dtype=torch.float64)
    distributed.broadcast(tensor, src=0)
    return tensor.item()
