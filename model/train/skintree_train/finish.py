"""From trained networks to a candidate for shipping: int8, calibration by kind of photo, operating points, scope.

Everything is chosen on the validation fold; the test fold has no part in it.
"""

import copy
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from . import export, figures, folds, inference, kinds, metrics, operating, recipe, scope, shipping
from .inference import Outputs
from .network import Network
from .photos import CLASSES, KINDS, Photo

VALIDATION = folds.HELD_OUT[1]


def candidate(files: list[Path], norm_photos: int, scope_photos: int) -> dict:
    """The candidate as one dictionary for ``torch.save``: network, calibration by kind, kind head, scope, figures.

    ``files`` are averaged (``shipping.load``).  ``norm_photos`` plain photos give new batch-norm statistics, 0 keeps those
    of the training; ``scope_photos`` training photos of each kind at most define the subspace and the kind head.
    """
    trained = shipping.load(files)
    learned = shipping.learned()
    # Photos of one fold that are measured: no 200x150 frames.
    validation = shipping.fold(VALIDATION)
    network = copy.deepcopy(trained.network)
    shipping.round_weights(network)
    plain = trained.network
    if norm_photos:
        drawn = shipping.drawn(learned, norm_photos, recipe.ALL, balance=0.5)
        for one in (network, plain):
            shipping.recalibrate_norms(one, drawn, network.architecture.size)
    session = export.session(export.build(network))
    found = inference.run(session, validation)
    floats = inference.run(export.session(export.build(plain, int8=False)), validation)
    some = _some(learned, scope_photos)
    seen = inference.run(session, some)
    head = kinds.fit_head(seen.features, kinds.of(some))
    calibrations, tried = {}, {}
    for place, kind in enumerate(KINDS):
        mine = kinds.of(validation) == place
        frequencies = shipping.frequencies(learned, recipe.ALL, 0.5, kind)
        targets = _targets([photo for photo, chosen in zip(validation, mine, strict=True) if chosen])
        calibrations[kind], tried[kind] = kinds.calibrate(found.logits[mine], targets, frequencies)
    detected = head.kinds(found.features)
    subspace = scope.fit(seen.features)
    return {
        "network": network.state_dict(),
        "notes": trained.notes,
        "recalibrate": norm_photos,
        "learned": counted(learned),
        "head": {"weight": torch.from_numpy(head.weight), "bias": head.bias},
        "head_measured": {
            "photos": [int((kinds.of(validation) == place).sum()) for place in range(len(KINDS))],
            "auc": metrics.auc(kinds.of(validation) == 1, head.probability(found.features)),
            "right": float((detected == kinds.of(validation)).mean()),
        },
        "kinds": {kind: _kind(kind, validation, found, calibrations, tried[kind], subspace) for kind in KINDS},
        "compared": figures.rounded(_int8(validation, found, floats, calibrations)),
        "scope": _scope(session, some, seen, validation, found, subspace, head),
    }


def _kind(
    kind: str,
    validation: list[Photo],
    found: Outputs,
    calibrations: dict[str, kinds.Calibration],
    tried: list[dict],
    subspace: scope.Subspace,
) -> dict:
    """Calibration, operating points and limit of scope of one kind, from its validation photos."""
    mine = kinds.of(validation) == KINDS.index(kind)
    targets = _targets([photo for photo, chosen in zip(validation, mine, strict=True) if chosen])
    calibration = calibrations[kind]
    probabilities = metrics.softmax(calibration.apply(found.logits[mine]))
    points = {}
    for task in figures.TASKS:
        positive, scores = figures.task_scores(probabilities, targets, task)
        points[task] = {
            "points": operating.points(positive, scores),
            "photos": [int(positive.sum()), int((~positive).sum())],
        }
    return {
        "offset": [round(float(value), 4) for value in calibration.offset],
        "temperature": round(calibration.temperature, 4),
        "strength": calibration.strength,
        "tried": figures.rounded(tried),
        "operating_points": points,
        "scope_threshold": round(float(np.quantile(subspace.score(found.features[mine]), scope.QUANTILE)), 4),
    }


def _int8(
    validation: list[Photo], found: Outputs, floats: Outputs, calibrations: dict[str, kinds.Calibration]
) -> dict[str, dict]:
    """Figures of the float and of the int8 network on the validation photos, by kind."""
    rows = {}
    for place, kind in enumerate(KINDS):
        mine = kinds.of(validation) == place
        targets = _targets([photo for photo, chosen in zip(validation, mine, strict=True) if chosen])
        for name, outputs in (("float", floats), ("int8", found)):
            rows[f"{kind}, {name}"] = figures.measure(calibrations[kind].apply(outputs.logits[mine]), targets, 1.0)
        changed = floats.logits[mine].argmax(axis=1) != found.logits[mine].argmax(axis=1)
        rows[f"{kind}, int8"]["changed"] = float(changed.mean())
    return rows


def _scope(
    session: onnxruntime.InferenceSession,
    some: list[Photo],
    seen: Outputs,
    validation: list[Photo],
    found: Outputs,
    subspace: scope.Subspace,
    head: kinds.Head,
) -> dict:
    """The subspace, and how well each method tells the validation photos from photos that show no skin, when the limit is
    that of the kind which the head takes a photo for.
    """
    other = inference.run(session, scope.other_photos())
    rows = {}
    for name, method in scope.methods(seen.features, _targets(some)).items():
        inside, outside = method(found.features, found.logits), method(other.features, other.logits)
        which = np.arange(len(inside) + len(outside)) >= len(inside)
        as_kind = head.kinds(other.features)
        limits = np.array([np.quantile(inside[kinds.of(validation) == place], scope.QUANTILE) for place in (0, 1)])
        rows[name] = {
            "auc": metrics.auc(which, np.concatenate([inside, outside])),
            "caught": float((outside > limits[as_kind]).mean()),
        }
    return {
        "mean": torch.from_numpy(subspace.mean),
        "components": torch.from_numpy(subspace.components),
        "measured": {
            "lesion photos": len(validation),
            "other photos": len(other.logits),
            "methods": figures.rounded(rows),
        },
    }


def network_of(saved: dict) -> Network:
    """The network of a candidate."""
    network = Network(shipping.inception_v3(), len(CLASSES)).eval()
    network.load_state_dict(saved["network"])
    return network


def counted(photos: list[Photo]) -> dict:
    """Photos, units and classes of each source."""
    rows = {}
    for source in dict.fromkeys(photo.source for photo in photos):
        mine = [photo for photo in photos if photo.source == source]
        rows[source] = {
            "photos": len(mine),
            "units": len({photo.unit for photo in mine}),
            "kind": mine[0].kind,
            "counts": shipping.class_counts(mine).astype(int).tolist(),
        }
    return rows


def _some(learned: list[Photo], count: int) -> list[Photo]:
    """At most ``count`` photos of each kind, without the frames of lower detail."""
    random = np.random.default_rng(1)
    some = []
    for kind in KINDS:
        mine = [photo for photo in learned if photo.kind == kind and photo.large]
        some += [mine[place] for place in random.permutation(len(mine))[:count]]
    return some


def _targets(photos: list[Photo]) -> np.ndarray:
    return np.array([photo.target for photo in photos])
