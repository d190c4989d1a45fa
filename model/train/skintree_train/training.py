"""Fine-tuning of the whole network."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import augmentation, backbone, checkpoint, dataset, folds, metrics, parallel, sets, warm_start
from .architecture import inception_v3
from .averaging import Average
from .calibration import fit_temperature, negative_log_likelihood
from .network import ConvNormRelu, Network
from .photos import CLASSES, Photo
from .schedule import Schedule
from .sets import ham10000

SAVE_EVERY = 180.0
"""Seconds between checkpoints."""
LOG_EVERY = 60.0
"""Seconds between lines in the log."""
ROUND = 8192
"""Views between validations, about one pass over the data."""


@dataclass(frozen=True)
class Recipe:
    """All that determines a training run, but for chance."""

    schedule: Schedule
    minutes: float
    """Budget of training time; progress is the share of it that is spent.  0: count ``photos`` instead."""
    photos: int = 200_000
    """Views to train on where ``minutes`` is 0."""
    batch: int = 32
    """Views a step in each process."""
    processes: int = 1
    optimiser: str = "adamw"
    """``adamw``, or ``rmsprop`` with the paper's decay 0.9, momentum 0.9, epsilon 0.1."""
    weight_decay: float = 0.02
    balance: float = 0.5
    """0 draws photos as they come, 1 all classes alike (``dataset.draw``)."""
    smoothing: float = 0.05
    """Label smoothing."""
    dropout: float = 0.2
    smallest_cut: float = 0.7
    """Views are random cuts between this share of the side and all of it."""
    colour: float = 1.0
    """Strength of the colour jitter."""
    mixup: float = 0.0
    """Photos are mixed in pairs with weights from Beta(mixup, mixup) (Zhang et al. 2018); 0: they are not."""
    average: float = 0.995
    """Decay of the moving average, a step."""
    start: str = ""
    """An ONNX file to go on from, which must not have seen the held-out folds; else the backbone and a new last layer."""
    frozen: tuple[str, ...] = ()
    """Blocks that stay as they are: ``stem``, ``mixed0``, ..."""
    test_fold: int = 0
    validation_fold: int = 1
    workers: int = 0
    """Processes that load photos, for each one that trains; 0 loads in the training process itself."""
    seed: int = 1


@dataclass
class Progress:
    """How far a run has come."""

    step: int = 0
    photos: int = 0
    seconds: float = 0.0
    """Time spent on training steps, over all sittings."""
    round: int = 0
    history: list[dict] = field(default_factory=list)

    def share(self, recipe: Recipe) -> float:
        """Done part of the run, 0 to 1."""
        return self.seconds / 60 / recipe.minutes if recipe.minutes else self.photos / recipe.photos


def divide(recipe: Recipe) -> tuple[list[Photo], list[Photo], list[Photo]]:
    """Training, validation and test photos.  The latter two leave the 200x150 frames out, as their detail is lower."""
    fold_of = folds.read()
    photos = sets.read(ham10000.NAME)
    held_out = (recipe.validation_fold, recipe.test_fold)
    training = [photo for photo in photos if fold_of[photo.photo_id] not in held_out]
    rest = ([photo for photo in photos if photo.large and fold_of[photo.photo_id] == fold] for fold in held_out)
    return training, *rest


def train(recipe: Recipe, folder: Path) -> None:
    """Trains until the budget is spent, going on from the checkpoint in ``folder`` if there is one."""
    parallel.spawn(recipe.processes, _train, recipe, folder)


def _train(recipe: Recipe, folder: Path) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    chief = parallel.rank() == 0
    training, validation, _ = divide(recipe)
    torch.manual_seed(recipe.seed)
    path = folder / "checkpoint.pt"
    saved = checkpoint.load(path)
    network = Network(inception_v3(), len(CLASSES)) if saved else _start(recipe, training)
    network.to(device, memory_format=torch.channels_last)
    network.dropout.p = recipe.dropout
    _freeze(network, recipe.frozen)
    average = Average(network, recipe.average)
    optimiser = _optimiser(network, recipe)
    progress = Progress()
    if saved:
        network.load_state_dict(saved["network"])
        average.network.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        progress = Progress(**saved["progress"])
        average.updates = progress.step
    torch.manual_seed(recipe.seed + progress.step * parallel.processes() + parallel.rank())
    trained = parallel.wrap(network)

    def save() -> None:
        state = {"network": network.state_dict(), "average": average.network.state_dict()}
        state |= {"optimiser": optimiser.state_dict(), "progress": asdict(progress), "recipe": asdict(recipe)}
        checkpoint.save(path, state)

    if chief:
        log(f"{len(training)} photos to train, {len(validation)} to validate, on {device}, from step {progress.step}")
    saved_at = time.monotonic()
    while (share := parallel.agree(progress.share(recipe))) < 1:
        size = recipe.schedule.size(share)
        seed = recipe.seed * 1_000_003 + progress.photos
        order = dataset.draw(training, ROUND, recipe.balance, seed)
        dealt = order[parallel.rank() :: parallel.processes()]
        mine = dataset.Views(training, dealt, size, recipe.smallest_cut, seed + parallel.rank())
        for _ in _round(trained, optimiser, mine, recipe, progress):
            if chief:
                average.update(network)
                if time.monotonic() - saved_at > SAVE_EVERY:
                    save()
                    saved_at = time.monotonic()
        progress.round += 1
        if chief:
            started = time.monotonic()
            logits, targets = evaluate(average.network, validation, size, device)
            row = {"round": progress.round, "size": size, "minutes": round(progress.seconds / 60, 1)}
            row |= summary(logits, targets)
            progress.history.append(row)
            log(f"validation in {time.monotonic() - started:.0f} s: {row}")
            save()
            saved_at = time.monotonic()
    if chief:
        log("done")


def _round(
    network: nn.Module, optimiser: torch.optim.Optimizer, views: dataset.Views, recipe: Recipe, progress: Progress
) -> Iterator[float]:
    """One pass over ``views``; yields the running loss after each step."""
    device = next(network.parameters()).device
    _train_mode(network, recipe.frozen)
    running, logged_at = None, 0.0
    before = time.monotonic()
    for pixels, targets in dataset.batches(views, recipe.batch, recipe.workers):
        share = parallel.agree(progress.share(recipe))
        if share >= 1 or recipe.schedule.size(share) != views.size:
            return
        rate = recipe.schedule.learning_rate(share)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        x = augmentation.jitter(dataset.to_input(pixels, device), recipe.colour)
        x, wanted = augmentation.mix(x, functional.one_hot(targets.to(device), len(CLASSES)).float(), recipe.mixup)
        with torch.autocast(device.type, torch.bfloat16):
            logits = network(x)
        loss = functional.cross_entropy(logits.float(), wanted, label_smoothing=recipe.smoothing)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        value = loss.item()
        if not np.isfinite(value):
            raise FloatingPointError(f"the loss is {value} at step {progress.step}")
        running = value if running is None else 0.97 * running + 0.03 * value
        yield running
        now = time.monotonic()
        progress.step += 1
        progress.photos += len(targets) * parallel.processes()
        progress.seconds += now - before
        if parallel.rank() == 0 and now - logged_at > LOG_EVERY:
            log(
                f"step {progress.step} {share:.1%} size {views.size} rate {rate:.2g} loss {running:.3f} "
                f"{now - before:.2f} s/step"
            )
            logged_at = now
        before = now


def evaluate(
    network: Network, photos: list[Photo], size: int, device: torch.device, batch: int = 32
) -> tuple[np.ndarray, np.ndarray]:
    """Logits ``[N, classes]`` and targets ``[N]`` for plain photos (no augmentation) at ``size`` pixels."""
    rows = []
    for x in dataset.plain_batches(photos, size, batch):
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            rows.append(network(x.to(device)).float().cpu().numpy())
    return np.concatenate(rows), np.array([photo.target for photo in photos])


def summary(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """A few figures for the log."""
    predicted = logits.argmax(axis=1)
    temperature = fit_temperature(logits, targets)
    figures = {
        "accuracy": float((predicted == targets).mean()),
        "balanced_accuracy": metrics.balanced_accuracy(targets, predicted),
        "log_loss": negative_log_likelihood(logits, targets, temperature),
        "temperature": temperature,
    }
    return {name: round(value, 4) for name, value in figures.items()}


def log(text: str) -> None:
    """Prints a line with the time of day."""
    print(time.strftime("%H:%M:%S"), text, flush=True)


def _start(recipe: Recipe, training: list[Photo]) -> Network:
    """The network as it is before the first step."""
    if recipe.start:
        some = dataset.draw(training, 256, recipe.balance, recipe.seed)
        return warm_start.load(Path(recipe.start), [training[place] for place in some])
    network = backbone.load(len(CLASSES))
    nn.init.normal_(network.head.weight, std=0.01)
    nn.init.zeros_(network.head.bias)
    return network


def _optimiser(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser over what is not frozen; norms and biases do not decay, a new last layer learns faster."""
    groups = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = (name.startswith("head."), parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    settings = [
        {
            "params": members,
            "weight_decay": recipe.weight_decay if decays else 0.0,
            "factor": 5.0 if new and not recipe.start else 1.0,
        }
        for (new, decays), members in groups.items()
    ]
    if recipe.optimiser == "rmsprop":
        return torch.optim.RMSprop(settings, lr=recipe.schedule.peak, alpha=0.9, momentum=0.9, eps=0.1)
    return torch.optim.AdamW(settings, lr=recipe.schedule.peak)


def _frozen_layers(network: nn.Module, blocks: tuple[str, ...]) -> list[ConvNormRelu]:
    named = (item for item in network.named_modules() if isinstance(item[1], ConvNormRelu))
    return [layer for name, layer in named if name.split("layers.")[1].split("/")[0] in blocks]


def _freeze(network: nn.Module, blocks: tuple[str, ...]) -> None:
    for layer in _frozen_layers(network, blocks):
        layer.requires_grad_(False)


def _train_mode(network: nn.Module, blocks: tuple[str, ...]) -> None:
    network.train()
    for layer in _frozen_layers(network, blocks):
        layer.eval()
