"""Several networks and a student that learns from them, within a given number of minutes.

Made for a GPU that is there for ten minutes only; on a CPU the same code runs with fewer photos.  Every network is
trained on folds 2 to 8 of its sources, at a learning rate that never falls below a third of its peak: in every run so
far the network overfitted when it fell further.  What is kept is the moving average of the weights, at several times.
"""

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import backbone, checkpoint, dataset, folds, parts, resident, sets, warm_start
from .architecture import inception_v3
from .averaging import Average
from .photos import CLASSES, KINDS, Photo
from .resident import Resident, Strength
from .sets import ham10000, isic2017, padufes20

SAVE_EVERY = 60.0
"""Seconds between checkpoints."""

CUTS = (0.75, 0.9, 1.0)
"""Shares of a run after which the average is kept."""

RESERVE = 12.0
"""Seconds kept for measuring a network and writing it."""


@dataclass(frozen=True)
class LeftOut:
    """Photos that a network does not learn from, so that it can be measured on them."""

    source: str
    column: str
    """``fold``, or one of ``Photo.groups``."""
    values: tuple[str, ...]

    def holds(self, photo: Photo, fold: int) -> bool:
        """Whether a photo, which lies in that fold, is one of them."""
        value = str(fold) if self.column == "fold" else photo.groups.get(self.column)
        return photo.source == self.source and value in self.values


@dataclass(frozen=True)
class Run:
    """How one network is trained."""

    name: str
    start: str
    """``shipped`` (the pack in the repository), ``teacher`` or ``dermoscopic`` (the files given), ``backbone``, or the name of an
    earlier run."""
    share: float
    """Of the time."""
    sources: dict[str, float]
    """Share of the views that each source gets."""
    teachers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Weight of each teacher for a photo of each of ``KINDS``; names as in ``start``."""
    soft: float = 0.6
    """Share of the loss that comes from the teachers; none without teachers."""
    rate: float = 4e-4
    """Highest learning rate, for ``batch`` views a step."""
    batch: int = 128
    sizes: tuple[tuple[int, float], ...] = ((224, 0.55), (299, 1.0))
    """Sides of the views in pixels, each with the share of the run up to which it is used."""
    weight_decay: float = 0.05
    dropout: float = 0.3
    smoothing: float = 0.1
    """Label smoothing."""
    mixup: float = 0.3
    """Views are mixed in pairs with weights from Beta(mixup, mixup)."""
    balance: float = 0.5
    """A class of n photos of a source gets views in proportion to n^(1 - balance)."""
    average: float = 0.997
    """Decay of the moving average, a step."""
    strength: Strength = field(default_factory=Strength)
    seed: int = 1
    left_out: LeftOut | None = None
    """Besides ``folds.HELD_OUT``."""

    def size(self, share: float) -> int:
        """Side of the views when ``share`` of the run is done."""
        return next((size for size, until in self.sizes if share < until), self.sizes[-1][0])

    def learning_rate(self, share: float) -> float:
        """Warm-up over the first twentieth, then a cosine down to a third of the peak."""
        warm = min(1.0, (share + 1e-3) / 0.05)
        return self.rate * warm * (2 / 3 + 1 / 3 * math.cos(math.pi * min(share, 1.0)))


ALL = {ham10000.NAME: 0.5, isic2017.NAME: 0.3, padufes20.NAME: 0.2}

GPU = (
    Run("without-isic2017", "shipped", 0.17, {ham10000.NAME: 0.8, padufes20.NAME: 0.2}),
    Run("all-sources", "teacher", 0.27, ALL, seed=2),
    Run(
        "student",
        "shipped",
        0.4,
        ALL,
        teachers={"shipped": (0.4, 0.0), "teacher": (0.25, 0.5), "all-sources": (0.35, 0.5)},
        mixup=0.2,
        seed=3,
    ),
    Run("all-from-shipped", "shipped", 0.16, ALL, mixup=0.4, seed=5),
)
"""One network for the question how well it does on a source it has not seen, one more teacher, the student, and one without
teachers to average the student with."""


def ordinary(name: str, column: str, *values: str, seed: int) -> Run:
    """As ``all-from-shipped``, whose start knew dermoscopic photos only, without some of the ordinary photos."""
    left_out = LeftOut(padufes20.NAME, column, values)
    return Run(name, "dermoscopic", 1.0, ALL, mixup=0.4, seed=seed, left_out=left_out)


ORDINARY = (
    ordinary("without-folds-2-3", "fold", "2", "3", seed=11),
    ordinary("without-folds-4-5", "fold", "4", "5", seed=12),
    ordinary("without-folds-6-8", "fold", "6", "7", "8", seed=13),
    ordinary("without-heads", "body region", "face", "nose", "ear", "lip", "scalp", "neck", seed=14),
    ordinary("without-types-3-6", "Fitzpatrick type", "3", "4", "5", "6", seed=15),
)
"""Every ordinary photo answered by a network that has not learned from it, and two kinds of ordinary photos left out whole."""

RECIPES = {"gpu": GPU, "ordinary": ORDINARY}


@dataclass
class Clock:
    """Time that may be used, in seconds of ``time.monotonic``."""

    end: float

    def left(self) -> float:
        """Seconds until the end."""
        return self.end - time.monotonic()


class Recipe:
    """Runs in order; goes on after a cut from the last checkpoint in ``folder``."""

    def __init__(
        self, folder: Path, device: torch.device, workers: int, share_of_photos: float, given: dict[str, Path | None]
    ):
        """``given`` are files by the names that ``Run.start`` may have."""
        self.folder, self.device, self.workers, self.given = folder, device, workers, given
        folder.mkdir(parents=True, exist_ok=True)
        self.fold_of = folds.read()
        everything = thinned(sets.read(), share_of_photos)
        self.learned = [photo for photo in everything if self.fold_of[photo.photo_id] not in folds.HELD_OUT]
        # Networks may leave these sources out, whole or in part.
        whole = (isic2017.NAME, padufes20.NAME)
        self.measured = [
            photo
            for photo in everything
            if photo.large and (self.fold_of[photo.photo_id] in folds.HELD_OUT or photo.source in whole)
        ]
        self.say(f"{len(self.learned)} photos to learn, {len(self.measured)} to measure")
        self.resident = Resident(self.learned, device, workers)
        self.plain = resident.plain(self.measured, inception_v3().size, workers)
        self.known: dict[str, nn.Module] = {}
        self.say("photos decoded")

    def say(self, text: str) -> None:
        """Writes a line with the time of day."""
        print(time.strftime("%H:%M:%S"), text, flush=True)

    def network(self, name: str) -> nn.Module:
        """A network by the name that ``Run.start`` may have, in evaluation mode on the device."""
        if name not in self.known:
            self.known[name] = self._load(name).to(self.device, memory_format=torch.channels_last).eval()
        return self.known[name]

    def _load(self, name: str) -> nn.Module:
        if name == "backbone":
            return backbone.load(len(CLASSES))
        path = self.given.get(name, self.folder / f"{name}.pt")
        if path is None:
            raise SystemExit(f"--{name} names no file")
        if path.suffix == ".onnx":
            dermoscopic = [photo for photo in self.learned if photo.source == ham10000.NAME]
            places = dataset.draw(dermoscopic, min(256, len(dermoscopic)), 0.5, seed=1)
            return warm_start.load(path, [dermoscopic[place] for place in places])
        network = warm_start.Network(inception_v3(), len(CLASSES))
        network.load_state_dict(parts.read(path))
        return network

    def train(self, run: Run, seconds: float) -> None:
        """Trains one network for so long (less what an earlier sitting has done) and writes it."""
        saved_path = self.folder / f"{run.name}.checkpoint"
        saved = checkpoint.load(saved_path)
        network = copy.deepcopy(self.network(run.start)).requires_grad_(True)
        network.dropout.p = run.dropout
        average = Average(network, run.average)
        optimiser = optimiser_of(network, run, fused=self.device.type == "cuda")
        done, steps, views, kept = 0.0, 0, 0, {}
        if saved:
            network.load_state_dict(saved["network"])
            average.network.load_state_dict(saved["average"])
            optimiser.load_state_dict(saved["optimiser"])
            done, steps, views, kept = saved["done"], saved["steps"], saved["views"], saved["kept"]
            average.updates = steps
        teachers = [(self.network(name), weights) for name, weights in run.teachers.items()]
        torch.manual_seed(run.seed * 1_000_003 + steps)
        shares = self.resident.shares(
            run.sources, run.balance, [not self.left_out(run, photo) for photo in self.learned]
        )
        self.say(f"{run.name}: {seconds:.0f} s, from {run.start} at {done:.0%}")
        began = logged = stored = time.monotonic()
        before, logged_views, losses = began, views, []
        while done < 1:
            places = torch.multinomial(shares, run.batch, replacement=True)
            rate = run.learning_rate(done)
            for group in optimiser.param_groups:
                group["lr"] = rate * group["factor"]
            x = self.resident.views(places, run.size(done), run.strength)
            loss = self.loss(network.train(), x, places, run, teachers)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            average.update(network)
            losses.append(loss.detach())
            steps, views = steps + 1, views + run.batch
            now = time.monotonic()
            done, before = done + (now - before) / seconds, now
            for cut in CUTS[:-1]:
                if done >= cut and cut not in kept:
                    kept[cut] = {name: value.clone() for name, value in average.network.state_dict().items()}
            if now - logged > 10 or done >= 1:
                value = float(torch.stack(losses).mean())
                speed = (views - logged_views) / (now - logged)
                self.say(f"{run.name} {done:.0%} size {run.size(done)} loss {value:.3f} {views} views {speed:.0f}/s")
                if not math.isfinite(value):
                    raise FloatingPointError(f"{run.name}: the loss is {value} after {steps} steps")
                losses, logged, logged_views = [], now, views
            if now - stored > SAVE_EVERY:
                state = {"network": network.state_dict(), "average": average.network.state_dict()}
                state |= {"optimiser": optimiser.state_dict(), "done": done, "steps": steps, "views": views}
                checkpoint.save(saved_path, state | {"kept": kept})
                stored = time.monotonic()
        kept[CUTS[-1]] = average.network.state_dict()
        self.finish(run, kept, views)
        saved_path.unlink(missing_ok=True)

    def left_out(self, run: Run, photo: Photo) -> bool:
        """Whether a run does not learn from a photo though it is in none of ``folds.HELD_OUT``."""
        return run.left_out is not None and run.left_out.holds(photo, self.fold_of[photo.photo_id])

    def loss(
        self,
        network: nn.Module,
        x: Tensor,
        places: Tensor,
        run: Run,
        teachers: list[tuple[nn.Module, tuple[float, ...]]],
    ) -> Tensor:
        """Cross entropy with the labels and, with teachers, with their weighted mean for the very view."""
        wanted = functional.one_hot(self.resident.targets[places], len(CLASSES)).float()
        kinds = functional.one_hot(self.resident.kinds[places], len(KINDS)).float()
        if run.mixup:
            weight = float(torch.distributions.Beta(run.mixup, run.mixup).sample())
            partner = torch.randperm(len(x), device=x.device)
            x = weight * x + (1 - weight) * x[partner]
            wanted = weight * wanted + (1 - weight) * wanted[partner]
            kinds = weight * kinds + (1 - weight) * kinds[partner]
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = network(x)
        hard = functional.cross_entropy(logits.float(), wanted, label_smoothing=run.smoothing)
        if not teachers:
            return hard
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            believed = sum(
                (kinds @ torch.tensor(weights, device=x.device))[:, None] * teacher(x).float()
                for teacher, weights in teachers
            )
        soft = functional.cross_entropy(logits.float(), believed.softmax(dim=1))
        return (1 - run.soft) * hard + run.soft * soft

    def finish(self, run: Run, kept: dict[float, dict[str, Tensor]], views: int) -> None:
        """Measures the averages and their mean, and writes the network: the mean of them all."""
        candidates = {f"at {cut:.0%}": state for cut, state in sorted(kept.items())}
        candidates["mean"] = mean_of([kept[cut] for cut in CUTS if cut in kept])
        network = warm_start.Network(inception_v3(), len(CLASSES)).to(self.device, memory_format=torch.channels_last)
        found = {}
        for name, state in candidates.items():
            network.load_state_dict(state)
            found[name] = self.answers(network.eval())
        photos = np.array([photo.photo_id for photo in self.measured])
        np.savez_compressed(logits_file(self.folder, run), photos=photos, **found)
        network.load_state_dict(candidates["mean"])
        self.known[run.name] = network
        parts.write(self.folder / f"{run.name}.pt", candidates["mean"])
        parts.write(self.folder / f"{run.name}-last.pt", candidates[f"at {CUTS[-1]:.0%}"])
        note = {
            "run": asdict(run),
            "views": views,
            "figures": {name: self.figures(run, rows) for name, rows in found.items()},
        }
        with (self.folder / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(note) + "\n")
        for name, figures in note["figures"].items():
            self.say(f"{run.name} {name}: {figures}")

    def answers(self, network: nn.Module, batch: int = 128) -> np.ndarray:
        """Logits ``[N, classes]`` for the plain photos that are measured."""
        rows = []
        with torch.no_grad():
            for start in range(0, len(self.plain), batch):
                x = dataset.to_input(self.plain[start : start + batch], self.device)
                rows.append(network(x).float().cpu())
        return torch.cat(rows).numpy()

    def figures(self, run: Run, logits: np.ndarray) -> dict[str, float]:
        """A few figures by source on the validation fold, on all of ISIC 2017 (for networks that have not seen it), and on what the
        run left out.
        """
        from sklearn.metrics import roc_auc_score

        targets = np.array([photo.target for photo in self.measured])
        sources = np.array([photo.source for photo in self.measured])
        validation = np.array([self.fold_of[photo.photo_id] == folds.HELD_OUT[1] for photo in self.measured])
        left_out = np.array([self.left_out(run, photo) for photo in self.measured])
        merged = np.array([4 if name == "ak" else place for place, name in enumerate(CLASSES)])
        malignant = np.isin(targets, [1, 3, 4, 5])
        probabilities = torch.from_numpy(logits).softmax(dim=1).numpy()
        row = {}
        for name, some in (
            ("ham10000", (sources == ham10000.NAME) & validation),
            ("padufes20", (sources == padufes20.NAME) & validation),
            ("isic2017 whole", sources == isic2017.NAME),
            ("left out", left_out),
        ):
            binary = some & np.isin(targets, [0, 1])
            with_both = some if name != "isic2017 whole" else binary
            if not some.any() or len(set(malignant[with_both])) < 2 or len(set(targets[binary])) < 2:
                continue
            right = merged[logits[some].argmax(axis=1)] == merged[targets[some]]
            row[f"{name} accuracy"] = float(right.mean())
            row[f"{name} auc malignant"] = float(
                roc_auc_score(malignant[some], probabilities[some][:, [1, 3, 4, 5]].sum(axis=1))
            )
            row[f"{name} auc mel/nv"] = float(
                roc_auc_score(targets[binary] == 1, (logits[:, 1] - logits[:, 0])[binary])
            )
        return {name: round(value, 4) for name, value in row.items()}


def train(recipe: Recipe, runs: tuple[Run, ...], clock: Clock) -> None:
    """Trains the runs that are not finished, each with its share of the time that is left."""
    waiting = [run for run in runs if not any(recipe.folder.glob(f"{run.name}.pt*"))]
    for place, run in enumerate(waiting):
        rest = waiting[place:]
        time_left = clock.left() - RESERVE * len(rest)
        recipe.train(run, max(1.0, time_left * run.share / sum(other.share for other in rest)))
    recipe.say(f"done, {clock.left():.0f} s left")


def logits_file(folder: Path, run: Run) -> Path:
    """Where ``Recipe.finish`` writes what the networks of a run answer: ids of the photos, and logits by candidate."""
    return folder / f"{run.name}.logits.npz"


def scaled(runs: tuple[Run, ...], change: Callable[[Run], Run]) -> tuple[Run, ...]:
    """The runs with some settings changed, for trying them on a small machine."""
    return tuple(change(run) for run in runs)


def thinned(photos: list[Photo], share: float) -> list[Photo]:
    """Every n-th photo, so that about ``share`` of them are left."""
    return photos if share >= 1 else photos[:: max(1, round(1 / share))]


def mean_of(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of state dicts (Wortsman et al. 2022, model soups); counters are those of the last."""
    first = states[-1]
    return {
        name: sum(state[name].double() for state in states).div(len(states)).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in first.items()
    }


def optimiser_of(network: nn.Module, run: Run, fused: bool) -> torch.optim.Optimizer:
    """AdamW over all layers; norms and biases do not decay, a new last layer learns faster."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        groups.setdefault((name.startswith("head."), parameter.ndim > 1), []).append(parameter)
    settings = [
        {
            "params": members,
            "weight_decay": run.weight_decay if decays else 0.0,
            "factor": 5.0 if head and run.start == "backbone" else 1.0,
        }
        for (head, decays), members in groups.items()
    ]
    return torch.optim.AdamW(settings, lr=run.rate, fused=fused)
