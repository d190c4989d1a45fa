"""The model pack: ``manifest.json``, ``model.onnx`` and ``taxonomy.json`` in one folder (``docs/formats.md``)."""

import copy
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from . import export, kinds, paths, scope
from .photos import CLASSES

SELF_TEST_SEED = 1


@dataclass(frozen=True)
class Scope:
    """How to tell photos that are out of scope."""

    channels: int
    threshold: float
    content: bytes
    """Of the scope file."""


@dataclass(frozen=True)
class Kinds:
    """How to tell the kinds of photo, and what holds for each."""

    head: bytes
    """Of the kind file."""
    channels: int
    entries: list[dict]
    """``photo_kinds.kinds`` of the manifest."""


@dataclass(frozen=True)
class Description:
    """What a manifest says beyond the hand-written part in ``model/source/manifest.json``."""

    version: str
    temperature: float
    trained_on: dict[str, str]
    """By language."""
    operating_points: dict[str, list[dict]] = field(default_factory=dict)
    """By task."""
    scope: Scope | None = None
    kinds: Kinds | None = None


def self_test_input(size: int, seed: int = SELF_TEST_SEED) -> np.ndarray:
    """Reproducible input ``float32 [1, 3, size, size]`` in [-1, 1) from a linear congruential generator."""
    state, values = seed, np.empty(3 * size * size, np.float32)
    for place in range(len(values)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values[place] = (state >> 8) / 2**24 * 2 - 1
    return values.reshape(1, 3, size, size)


def write(
    folder: Path, model: onnx.ModelProto, template: dict, taxonomy: str, description: Description, tolerance: float
) -> dict:
    """Writes the three files and returns the manifest.  ``taxonomy`` is the text of ``taxonomy.json``."""
    _check_taxonomy(json.loads(taxonomy), template)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    (folder / "taxonomy.json").write_text(taxonomy, encoding="utf-8")
    size = template["input"]["size"]
    logits = export.session(folder / "model.onnx").run(["logits"], {"input": self_test_input(size)})[0][0]
    manifest = copy.deepcopy(template)
    manifest["version"] = description.version
    manifest["trained_on"] = description.trained_on
    manifest["temperature"] = round(description.temperature, 4)
    manifest["files"] = {
        "model": _file(folder / "model.onnx"),
        "taxonomy": _file(folder / "taxonomy.json"),
    }
    for task in manifest["tasks"]:
        if points := description.operating_points.get(task["id"]):
            task["operating_points"] = points
    if description.scope:
        (folder / "scope.f32").write_bytes(description.scope.content)
        manifest["files"]["scope"] = _file(folder / "scope.f32")
        manifest["scope"] = {"channels": description.scope.channels, "threshold": description.scope.threshold}
    if description.kinds:
        (folder / "kind.f32").write_bytes(description.kinds.head)
        manifest["files"]["kind"] = _file(folder / "kind.f32")
        manifest["schema"] = "skintree.pack/2"
        manifest["photo_kinds"] = {"channels": description.kinds.channels, "kinds": description.kinds.entries}
    manifest["self_test"] = {
        "seed": SELF_TEST_SEED,
        "logits": [round(float(value), 6) for value in logits],
        "tolerance": tolerance,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest


KIND_NAMES = {
    "dermoscopic": {"en": "dermoscopic photo", "ko": "더모스코피 사진"},
    "clinical": {"en": "ordinary photo", "ko": "일반 사진"},
}


def described(candidate: dict, version: str, evaluation: dict | None, model: onnx.ModelProto) -> Description:
    """What the manifest says of a candidate of ``finish``; with the figures of ``evaluation`` if that is of this model."""
    limit, found = candidate["scope"], candidate["kinds"]
    subspace = scope.Subspace(limit["mean"].numpy(), limit["components"].numpy())
    head = kinds.Head(candidate["head"]["weight"].numpy(), candidate["head"]["bias"])
    sha256 = hashlib.sha256(model.SerializeToString()).hexdigest()
    measured = evaluation["kinds"] if evaluation and evaluation["model"]["sha256"] == sha256 else {}
    entries = [
        {
            "id": kind,
            "name": KIND_NAMES[kind],
            "offset": row["offset"],
            "temperature": row["temperature"],
            "scope_threshold": row["scope_threshold"],
            "operating_points": {task: points["points"] for task, points in row["operating_points"].items()},
            **({"figures": figures_text(measured[kind]["one_per_unit"])} if kind in measured else {}),
        }
        for kind, row in found.items()
    ]
    first = found["dermoscopic"]
    return Description(
        version,
        first["temperature"],
        trained_on(candidate["learned"]),
        scope=Scope(len(subspace.mean), first["scope_threshold"], subspace.to_bytes()),
        kinds=Kinds(head.to_bytes(), len(head.weight), entries),
    )


def figures_text(row: dict) -> dict[str, str]:
    """The figures that hold for one kind of photo, in a sentence."""
    count, right, area = row["photos"], f"{row['accuracy_7']:.0%}", f"{row['auc malignant']:.2f}"
    melanomas = row["photos_by_class"]["mel"]
    return {
        "en": f"Measured on {count} photos of this kind that the training had not seen, from the same clinics ({melanomas} melanomas): "
        f"{right} of the most probable diagnoses were right, area under the ROC curve for malignant {area}. Expect less elsewhere.",
        "ko": f"학습에 쓰이지 않은 같은 기관의 이 종류 사진 {count}장(흑색종 {melanomas}장)에서 측정: 가장 가능성 높은 진단의 {right}가 맞았고, "
        f"악성에 대한 ROC 곡선 아래 면적은 {area}였습니다. 다른 곳에서는 이보다 낮을 수 있습니다.",
    }


def trained_on(learned: dict[str, dict]) -> dict[str, str]:
    """Which photos the network has learned from, by language."""
    count = {kind: sum(row["photos"] for row in learned.values() if row["kind"] == kind) for kind in KIND_NAMES}
    return {
        "en": f"{count['dermoscopic']:,} dermoscopic photos (HAM10000, ISIC 2017) and {count['clinical']:,} ordinary smartphone photos "
        "(PAD-UFES-20), mostly of light skin; all layers were trained.",
        "ko": f"더모스코피 사진 {count['dermoscopic']:,}장(HAM10000, ISIC 2017)과 일반 스마트폰 사진 {count['clinical']:,}장(PAD-UFES-20), "
        "대부분 밝은 피부; 모든 층을 학습했습니다.",
    }


def tasks() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The training classes on the positive and the negative side of each binary question, by its id."""
    return {
        task["id"]: tuple(
            tuple(name for node in task[side]["nodes"] for name in training_classes_below(node))
            for side in ("positive", "negative")
        )
        for task in template()["tasks"]
    }


def training_classes_below(node: str) -> tuple[str, ...]:
    """Training classes at or below a node of the taxonomy, in the order of ``CLASSES``."""
    parent = {row["id"]: row["parent"] for row in json.loads(taxonomy())["nodes"]}

    def within(name: str | None) -> bool:
        return name is not None and (name == node or within(parent[name]))

    return tuple(name for name in CLASSES if within(name))


def template() -> dict:
    """The hand-written part of the manifest with the training classes filled in."""
    manifest = json.loads((paths.SOURCE / "manifest.json").read_text(encoding="utf-8"))
    manifest["classes"] = list(CLASSES)
    return manifest


def taxonomy() -> str:
    """The hand-written taxonomy."""
    return (paths.SOURCE / "taxonomy.json").read_text(encoding="utf-8")


def _file(path: Path) -> dict:
    content = path.read_bytes()
    return {"path": path.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _check_taxonomy(tree: dict, manifest: dict) -> None:
    """Ids are unique, parents exist and levels fit; classes and tasks name nodes."""
    nodes = {node["id"]: node for node in tree["nodes"]}
    if len(nodes) != len(tree["nodes"]):
        raise ValueError("an id occurs twice")
    for node in tree["nodes"]:
        parent = nodes[node["parent"]]["level"] if node["parent"] else None
        level = {None: "class", "class": "group"}.get(parent, "disease")
        if node["level"] != level:
            raise ValueError(f"{node['id']} must be of level {level}")
    named = set(manifest["classes"])
    for task in manifest["tasks"]:
        named |= {*task["positive"]["nodes"], *task["negative"]["nodes"]}
    if named - nodes.keys():
        raise ValueError(f"not in the taxonomy: {named - nodes.keys()}")
