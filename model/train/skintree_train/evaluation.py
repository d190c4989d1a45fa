"""The figures of a pack on photos that its network has not seen: by kind, by source, by subgroup, on a source left out."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageDraw

from . import export, figures, folds, inference, kinds, metrics, preprocess, scope, sets, shipping
from .kinds import Calibration, Head
from .photos import CLASSES, KINDS, Photo
from .sets import isic2017, padufes20


def measure(folder: Path, fold: int, views: list[int], left_out: Path | None) -> dict:
    """All figures of the pack in ``folder``; ``left_out`` is a network that has not seen ISIC 2017.

    Each photo is calibrated as the kind that the pack's head takes it for, as in use.
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    session = export.session(folder / "model.onnx")
    head = Head.from_bytes((folder / manifest["files"]["kind"]["path"]).read_bytes())
    entries = {entry["id"]: entry for entry in manifest["photo_kinds"]["kinds"]}
    calibrations = {
        kind: Calibration(np.array(entries[kind]["offset"]), entries[kind]["temperature"], 0) for kind in KINDS
    }
    values = np.frombuffer((folder / manifest["files"]["scope"]["path"]).read_bytes(), "<f4")
    rows = values.reshape(-1, manifest["scope"]["channels"])
    subspace = scope.Subspace(rows[0], rows[1:])
    photos = shipping.fold(fold, large_only=False)
    found = inference.run(session, photos)
    taken = head.kinds(found.features)
    logits = kinds.calibrated(found.logits, taken, calibrations)
    labelled = kinds.of(photos)
    result = {
        "model": {"id": manifest["id"], "version": manifest["version"], **manifest["files"]["model"]},
        "fold": fold,
        "head": {
            "photos": np.bincount(labelled, minlength=len(KINDS)).tolist(),
            "auc": metrics.auc(labelled == 1, head.probability(found.features)),
            "right": float((taken == labelled).mean()),
        },
        "kinds": {},
        "sources": {},
    }
    large = np.array([photo.large for photo in photos])
    in_scope = subspace.score(found.features) <= np.array([entries[KINDS[place]]["scope_threshold"] for place in taken])
    for place, kind in enumerate(KINDS):
        result["kinds"][kind] = {}
        for name, some in (("one_per_unit", (labelled == place) & large), ("all_photos", labelled == place)):
            mine = [photo for photo, chosen in zip(photos, some, strict=True) if chosen]
            row = _figures(logits[some], mine)
            row["subgroups"] = figures.subgroups(logits[some], mine, 1.0)
            row["operating_points"] = {
                task: figures.at_points(logits[some], _targets(mine), 1.0, {"id": task, "operating_points": points})
                for task, points in entries[kind]["operating_points"].items()
            }
            row["in_scope"] = float(in_scope[some].mean())
            result["kinds"][kind][name] = row
    for source in dict.fromkeys(photo.source for photo in photos):
        some = np.array([photo.source == source for photo in photos]) & large
        result["sources"][source] = _figures(
            logits[some], [p for p, chosen in zip(photos, some, strict=True) if chosen]
        )
    result["together"] = _figures(logits[large], [photo for photo in photos if photo.large])
    result["views"] = _views(session, [photo for photo in photos if photo.large], head, calibrations, views)
    result["skin types"] = skin_types(session, head, calibrations)
    result["pen marks"] = pen_marks(session, head, calibrations, entries)
    if left_out:
        result["left out"] = _left_out(left_out)
    return result


def _figures(logits: np.ndarray, photos: list[Photo]) -> dict:
    """Figures of calibrated logits, with accuracies after rolling up."""
    targets = _targets(photos)
    return figures.measure(logits, targets, 1.0) | figures.levels(logits, targets, 1.0)


def _views(
    session: onnxruntime.InferenceSession,
    photos: list[Photo],
    head: Head,
    calibrations: dict[str, Calibration],
    counts: list[int],
) -> dict[str, dict]:
    """Headline figures with several views of each photo, by kind."""
    rows = {}
    labelled = kinds.of(photos)
    for count in counts:
        found = inference.run(session, photos, count)
        logits = kinds.calibrated(found.logits, head.kinds(found.features), calibrations)
        for place, kind in enumerate(KINDS):
            mine = labelled == place
            targets = _targets([photo for photo, chosen in zip(photos, mine, strict=True) if chosen])
            measured = figures.measure(logits[mine], targets, 1.0)
            rows[f"{kind}, {count} views"] = {key: measured[key] for key in figures.HEADLINES}
    return rows


def skin_types(session: onnxruntime.InferenceSession, head: Head, calibrations: dict[str, Calibration]) -> list[dict]:
    """Accuracy on the clinical photos of both folds that the training left out, by Fitzpatrick type, ``ak`` as ``scc``.

    Two folds, since one has too few photos; the second gave the temperature, which does not move the answers.
    """
    photos = [photo for fold in folds.HELD_OUT for photo in shipping.fold(fold, padufes20.NAME)]
    found = inference.run(session, photos)
    logits = kinds.calibrated(found.logits, head.kinds(found.features), calibrations)
    right = kinds.right(metrics.softmax(logits), _targets(photos))
    types = np.array([photo.groups["Fitzpatrick type"] for photo in photos])
    rows = []
    for name in (*"123456", "unknown"):
        some = types == name
        hits, count = int(right[some].sum()), int(some.sum())
        interval = metrics.wilson(hits, count) if count else None
        rows.append({"type": name, "photos": count, "right": hits, "accuracy_95": interval})
    return rows


def pen_marks(
    session: onnxruntime.InferenceSession, head: Head, calibrations: dict[str, Calibration], entries: dict[str, dict]
) -> dict[str, dict]:
    """What a drawn circle of blue ink around the lesion does to naevi of the test fold, by kind.

    ``flagged`` counts photos at or above the melanoma threshold of ``sensitivity-95``.
    """
    rows = {}
    for kind in KINDS:
        photos = [
            photo
            for photo in shipping.fold(folds.HELD_OUT[0])
            if photo.kind == kind and CLASSES[photo.target] == "nv" and photo.source != isic2017.NAME
        ][:100]
        plain = [preprocess.open_photo(photo) for photo in photos]
        marked = [circled(image, seed) for seed, image in enumerate(plain)]
        threshold = entries[kind]["operating_points"]["melanoma-or-naevus"][0]["threshold"]
        row: dict[str, float | int] = {"photos": len(photos)}
        answers = {}
        for name, images in (("plain", plain), ("circled", marked)):
            found = inference.run(session, images)
            probabilities = metrics.softmax(kinds.calibrated(found.logits, head.kinds(found.features), calibrations))
            nv, mel = (probabilities[:, CLASSES.index(one)] for one in ("nv", "mel"))
            share = mel / (mel + nv)
            answers[name] = probabilities.argmax(axis=1)
            row[f"{name}: mean share of melanoma"] = float(share.mean())
            row[f"{name}: flagged"] = int((share >= threshold).sum())
            row[f"{name}: taken for clinical"] = int(head.kinds(found.features).sum())
        row["another first diagnosis"] = int((answers["plain"] != answers["circled"]).sum())
        rows[kind] = row
    return rows


def circled(image: Image.Image, seed: int) -> Image.Image:
    """The photo with a hand-drawn circle of blue ink around its middle."""
    random = np.random.default_rng(seed)
    marked = image.copy()
    side = min(image.size)
    radius = side * random.uniform(0.36, 0.46)
    angle = np.linspace(0, 2 * np.pi * random.uniform(0.8, 1.05), 90)
    wobble = radius * (1 + 0.03 * np.sin(3 * angle + seed))
    points = np.stack([image.width / 2 + wobble * np.cos(angle), image.height / 2 + wobble * np.sin(angle)], axis=1)
    tone = tuple(int(value) for value in random.integers((20, 20, 90), (70, 60, 160)))
    ImageDraw.Draw(marked).line([tuple(point) for point in points], fill=tone, width=max(2, round(side * 0.018)))
    return marked


def _left_out(path: Path) -> dict:
    """A network that has not seen ISIC 2017, in its shipping form, on all of it and on the test fold of what it knows.

    Raw logits: nothing was fitted to ISIC 2017.
    """
    network = shipping.load([path]).network
    shipping.round_weights(network)
    session = export.session(export.build(network))
    rows = {}
    for name, photos in (
        ("isic2017, never seen", [photo for photo in sets.read(isic2017.NAME)]),
        ("ham10000, test fold", shipping.fold(folds.HELD_OUT[0], "ham10000")),
        ("padufes20, test fold", shipping.fold(folds.HELD_OUT[0], "padufes20")),
    ):
        logits = inference.run(session, photos).logits
        row = figures.measure(logits, _targets(photos), 1.0)
        rows[name] = {
            key: row[key]
            for key in ("photos", "accuracy_7", "auc malignant", "auc melanoma-or-naevus", "auc melanoma-or-naevus 95")
        }
    return rows


def _targets(photos: list[Photo]) -> np.ndarray:
    return np.array([photo.target for photo in photos])
