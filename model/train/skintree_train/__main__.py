"""Command line: ``python -m skintree_train STEP``.  ``--help`` lists the steps."""

import argparse
import dataclasses
import json
import os
import re
import time
from pathlib import Path

import numpy as np
import torch

from . import (
    activations,
    backbone,
    calibration,
    card,
    coarse_heads,
    cross_validation,
    evaluation,
    export,
    figures,
    finish,
    folds,
    golden,
    head,
    heat_maps,
    inference,
    ordinary,
    pack,
    paths,
    preprocess,
    recipe,
    sets,
    shipping,
    training,
)
from .network import Network
from .photos import CLASSES, KINDS
from .schedule import Schedule, parse_sizes
from .sets import ham10000


def step_backbone(_: argparse.Namespace) -> None:
    """Fetch and convert the pretrained backbone."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    tensors = backbone.decode(backbone.fetch())
    network = backbone.convert(tensors, len(CLASSES))
    photo = Image.fromarray(load_sample_image("china.jpg"))
    x = torch.from_numpy(preprocess.tensor(preprocess.resized(photo, 299)))
    neutral = backbone.original_head(network, tensors, x)[backbone.NEUTRAL].item()
    print(f"P(neutral) of a photo of a temple by the original head: {neutral:.4f}")
    if neutral < 0.99:
        raise SystemExit("the conversion is wrong")
    torch.save(network.state_dict(), paths.BACKBONE)


def step_split(_: argparse.Namespace) -> None:
    """Deal lesions and patients of all sets to nine folds."""
    photos = sets.read()
    fold_of = folds.split_all(photos)
    folds.write(photos, fold_of)
    for fold in range(folds.COUNT):
        targets = [photo.target for photo in photos if fold_of[photo.unit] == fold]
        print(fold, len(targets), dict(zip(CLASSES, np.bincount(targets).tolist(), strict=True)))


def frozen_features() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of the backbone for the 224x224 photos ``[N, C]``, made only once; targets and folds ``[N]``."""
    photos = [photo for photo in sets.read(ham10000.NAME) if photo.large]
    if not paths.FEATURES.exists():
        session = export.session(export.build(backbone.load(len(CLASSES))))
        np.savez(paths.FEATURES, features=inference.run(session, photos).features)
    rows = np.load(paths.FEATURES)["features"]
    targets = np.array([photo.target for photo in photos])
    fold_of = folds.read()
    return rows, targets, np.array([fold_of[photo.photo_id] for photo in photos])


def step_head(args: argparse.Namespace) -> None:
    """Fit a last layer on frozen features of the 224x224 photos, cross-validated."""
    rows, targets, fold = frozen_features()
    logits = head.cross_validated(rows, targets, fold, len(CLASSES), args.inverse_penalty)
    temperature = calibration.fit_temperature(logits, targets)
    print(json.dumps(figures.rounded(figures.measure(logits, targets, temperature)), indent=2))
    fitted = head.fit(rows, targets, len(CLASSES), args.inverse_penalty)
    torch.save(
        {"weight": torch.from_numpy(fitted.weight), "bias": torch.from_numpy(fitted.bias), "temperature": temperature},
        paths.HEAD,
    )


def step_coarse_heads(args: argparse.Namespace) -> None:
    """Compare heads on fine classes, rolled up, with heads on coarse ones; writes model/coarse-heads.json."""
    rows, targets, fold = frozen_features()
    fine = {c: coarse_heads.held_out(rows, targets, fold, len(CLASSES), c) for c in coarse_heads.PENALTIES}
    levels = {"three-way": "class", "nine-way": "group"}
    parts = {name: coarse_heads.partition(pack.taxonomy(), level) for name, level in levels.items()}
    found = {name: coarse_heads.compare(rows, targets, fold, part, fine) for name, part in parts.items()}
    result = {"photos": len(targets), "inverse_penalties": coarse_heads.PENALTIES, "levels": figures.rounded(found)}
    write_json(args.output, result)
    print(coarse_heads.table(result))


def head_network() -> tuple[Network, float]:
    """The backbone with the head that ``step_head`` fitted, and its temperature."""
    network = backbone.load(len(CLASSES))
    fitted = torch.load(paths.HEAD)
    network.head.weight.data = fitted["weight"]
    network.head.bias.data = fitted["bias"]
    return network, fitted["temperature"]


def step_train(args: argparse.Namespace) -> None:
    """Fine-tune all layers; goes on from the last checkpoint."""
    schedule = Schedule(args.schedule, args.rate, parse_sizes(args.sizes))
    names = {field.name for field in dataclasses.fields(training.Recipe)} - {"schedule"}
    settings = {name: value for name, value in vars(args).items() if name in names}
    settings["frozen"] = tuple(args.frozen)
    training.train(training.Recipe(schedule=schedule, **settings), args.folder)


def step_recipe(args: argparse.Namespace) -> None:
    """Train several networks and a student from them in a given time, on a GPU where there is one."""
    clock = recipe.Clock(time.monotonic() + args.minutes * 60)
    device = torch.device(args.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
    runs = recipe.RECIPES[args.name]
    if args.size:
        runs = recipe.scaled(runs, lambda run: dataclasses.replace(run, sizes=((args.size, 1.0),)))
    if args.batch:
        runs = recipe.scaled(runs, lambda run: dataclasses.replace(run, batch=args.batch))
    if args.only:
        runs = tuple(run for run in runs if run.name in args.only)
    given = {"shipped": paths.PACK / "model.onnx", "teacher": args.teacher, "dermoscopic": args.dermoscopic}
    recipe.train(recipe.Recipe(args.folder, device, args.workers, args.photos, given), runs, clock)


def step_finish(args: argparse.Namespace) -> None:
    """Make the shipping candidate of one network or of several averaged; everything is chosen on the validation fold."""
    candidate = finish.candidate(args.networks, args.recalibrate, args.photos)
    torch.save(candidate, paths.CANDIDATE)
    print(json.dumps(figures.rounded(candidate["kinds"]), indent=1))
    for name, row in candidate["compared"].items():
        print(name, {key: row[key] for key in (*figures.HEADLINES, "changed") if key in row})
    print(json.dumps([candidate["head_measured"], candidate["scope"]["measured"]], indent=1))


def step_pack(args: argparse.Namespace) -> None:
    """Export the candidate of ``finish`` and write the model pack; figures come from ``evaluate`` once that has run."""
    candidate = torch.load(paths.CANDIDATE)
    model = export.build(finish.network_of(candidate))
    evaluation = json.loads(paths.EVALUATION.read_text(encoding="utf-8")) if paths.EVALUATION.exists() else None
    description = pack.described(candidate, args.version, evaluation, model)
    manifest = pack.write(args.folder, model, pack.template(), pack.taxonomy(), description, tolerance=0.001)
    print(json.dumps(manifest["files"], indent=2), manifest["self_test"])


def step_activations(args: argparse.Namespace) -> None:
    """Measure how large the pack's tensors become, on photos of the training and the self-test vector; written to its manifest."""
    photos = activations.chosen(shipping.learned(), args.photos)
    print(json.dumps(activations.write(args.folder, photos, [pack.self_test_input(299)]), indent=1))


def step_saturation(args: argparse.Namespace) -> None:
    """Count the numbers that engines in integers cut off, on photos of the validation fold, by kind of photo; prints them."""
    model, manifest = activations.read(args.folder)
    photos = shipping.fold(folds.HELD_OUT[1])
    for kind in KINDS:
        some = activations.chosen([photo for photo in photos if photo.kind == kind], args.photos)
        counted = activations.inputs(some, manifest["input"]["size"])
        print(kind, dataclasses.asdict(activations.saturation(model, manifest["activations"], counted)))


def step_evaluate(args: argparse.Namespace) -> None:
    """Measure the pack on the test fold with onnxruntime, by kind of photo and source; writes model/evaluation.json."""
    print(
        write_json(args.output, figures.rounded(evaluation.measure(args.folder, args.fold, args.views, args.left_out)))
    )


def write_json(path: Path, result: dict) -> str:
    """Writes and returns JSON with one line a row of numbers, not one a number."""
    text = re.sub(r"\[[^\[\]]*\]", lambda row: re.sub(r"\s+", " ", row.group()), json.dumps(result, indent=1))
    path.write_text(text + "\n", encoding="utf-8")
    return text


def step_cross_validate(args: argparse.Namespace) -> None:
    """Measure networks on the folds that each left out; writes model/cross-validation.json."""
    runs = [
        cross_validation.answers(shipping.load([path]), (test, validation), args.chosen, args.prior)
        for path, test, validation in ((Path(path), int(test), int(other)) for path, test, other in args.network)
    ]
    print(write_json(args.output, figures.rounded({"prior": args.prior, **cross_validation.measure(runs)})))


def step_ordinary(args: argparse.Namespace) -> None:
    """Measure every ordinary photo with a network that has not seen it (recipe ordinary); writes model/ordinary-photos.json and
    its part of the model card.
    """
    measured = figures.rounded(ordinary.measure(args.folder))
    print(write_json(args.output, measured))
    text = paths.CARD.read_text(encoding="utf-8")
    paths.CARD.write_text(card.with_ordinary(text, measured), encoding="utf-8")


def step_card(_: argparse.Namespace) -> None:
    """Write the model card from its template and the figures of ``evaluate`` and ``cross_validate``."""
    measured = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    paths.CARD.write_text(card.render(measured, torch.load(paths.CANDIDATE)), encoding="utf-8")


def step_golden(_: argparse.Namespace) -> None:
    """Write the golden files for the tests."""
    tiny = paths.GOLDEN / "tiny"
    golden.write_tiny(tiny)
    written = golden.write(paths.GOLDEN, {"pack": paths.PACK, "tiny": tiny})
    print(json.dumps({row["photo"]: row["logits"] for row in written["photos"]}, indent=1))
    step_heat_maps(_)


def step_heat_maps(_: argparse.Namespace) -> None:
    """Write the reference heat maps of the golden photos; ``golden`` does so too."""
    packs = {"pack": paths.PACK, "tiny": paths.GOLDEN / "tiny"}
    heat_maps.write(paths.GOLDEN / "heat-maps.json", paths.GOLDEN, packs)


def step_check(_: argparse.Namespace) -> None:
    """Compare PyTorch and onnxruntime, float and int8, on the tiny network and on the backbone."""
    for network in (golden.tiny_network(), head_network()[0]):
        x = pack.self_test_input(network.architecture.size, seed=5) * 0.5 + 0.5
        with torch.no_grad():
            expected = network(torch.from_numpy(x)).numpy()
        for int8 in (False, True):
            logits, last = export.session(export.build(network, int8)).run(["logits", "features"], {"input": x})
            difference = np.abs(logits - expected).max()
            print(f"size {x.shape[-1]} int8 {int8}: logits differ by {difference:.2g}, features {last.shape}")


def _train_options(sub: argparse.ArgumentParser) -> None:
    """One option for each field of the recipe."""
    sub.add_argument("--folder", type=Path, default=paths.CHECKPOINTS, help="where the checkpoint lies")
    sub.add_argument("--schedule", choices=("cosine", "steps"), default="cosine")
    sub.add_argument("--rate", type=float, default=5e-4, help="highest learning rate")
    sub.add_argument("--sizes", default="160:0.45,224:0.9,299:1", help="size:progress up to which it is used, ...")
    sub.add_argument("--frozen", nargs="*", default=[], help="blocks that stay as they are, e.g. stem mixed0")
    sub.add_argument("--minutes", type=float, default=90, help="training time; 0: count --photos instead")
    for field in dataclasses.fields(training.Recipe):
        if field.name not in ("schedule", "minutes", "frozen"):
            sub.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)


def main() -> None:
    """Parses the command line and runs one step."""
    parser = argparse.ArgumentParser(prog="skintree_train", description=__doc__)
    steps = parser.add_subparsers(required=True, metavar="STEP")

    def add(function) -> argparse.ArgumentParser:
        sub = steps.add_parser(function.__name__.removeprefix("step_"), help=function.__doc__)
        sub.set_defaults(run=function)
        return sub

    add(step_backbone)
    add(step_split)
    add(step_head).add_argument("--inverse-penalty", type=float, default=3e-3, help="C of the regression")
    add(step_coarse_heads).add_argument("--output", type=Path, default=paths.COARSE_HEADS)
    _train_options(add(step_train))
    sub = add(step_recipe)
    sub.add_argument("name", choices=tuple(recipe.RECIPES), help="which recipe")
    sub.add_argument("--minutes", type=float, default=10, help="until everything has been written")
    sub.add_argument("--folder", type=Path, default=paths.CACHE / "recipe", help="where networks and figures go")
    sub.add_argument("--teacher", type=Path, help="a state dict of an earlier network, or its parts")
    sub.add_argument("--dermoscopic", type=Path, help="a model.onnx that has not learned from ordinary photos (0.4.0)")
    sub.add_argument("--device", help="cuda or cpu; found by itself")
    sub.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that decode photos")
    sub.add_argument("--photos", type=float, default=1.0, help="share of the photos, for trying")
    sub.add_argument("--size", type=int, help="side of the views instead of the recipe's, for trying")
    sub.add_argument("--batch", type=int, help="views a step instead of the recipe's, for trying")
    sub.add_argument("--only", nargs="*", help="names of the runs to train")
    sub = add(step_activations)
    sub.add_argument("--folder", type=Path, default=paths.PACK)
    sub.add_argument("--photos", type=int, default=150, help="of each kind")
    sub = add(step_saturation)
    sub.add_argument("--folder", type=Path, default=paths.PACK)
    sub.add_argument("--photos", type=int, default=300, help="of each kind")
    add(step_check)
    sub = add(step_finish)
    sub.add_argument("--networks", type=Path, nargs="+", required=True, help="files of recipe or train, averaged")
    sub.add_argument("--recalibrate", type=int, default=0, help="plain photos for new batch-norm statistics")
    sub.add_argument("--photos", type=int, default=1200, help="training photos of a kind for scope and kind head")
    sub = add(step_cross_validate)
    sub.add_argument("--network", nargs=3, action="append", required=True, metavar=("FILE", "TEST", "VALIDATION"))
    sub.add_argument("--chosen", action="store_true", help="the validation folds decided which weights count")
    sub.add_argument("--prior", type=float, default=0.0, help="how far to even out the classes, 0 to 1")
    sub.add_argument("--output", type=Path, default=paths.CROSS_VALIDATION)
    sub = add(step_ordinary)
    sub.add_argument(
        "--folder", type=Path, default=paths.CACHE / "recipe", help="where recipe ordinary wrote its logits"
    )
    sub.add_argument("--output", type=Path, default=paths.ORDINARY)
    sub = add(step_pack)
    sub.add_argument("--folder", type=Path, default=paths.PACK, help="where the pack goes")
    sub.add_argument("--version", required=True)
    sub = add(step_evaluate)
    sub.add_argument("--folder", type=Path, default=paths.PACK, help="the pack")
    sub.add_argument("--fold", type=int, default=0)
    sub.add_argument("--output", type=Path, default=paths.EVALUATION)
    sub.add_argument("--views", type=int, nargs="*", default=[4], help="also with so many views of each photo, up to 4")
    sub.add_argument("--left-out", type=Path, help="a network that has not seen ISIC 2017, to be measured on all of it")
    add(step_card)
    add(step_golden)
    add(step_heat_maps)
    args = parser.parse_args()
    paths.CACHE.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    args.run(args)


if __name__ == "__main__":
    main()
