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
    architecture,
    backbone,
    calibration,
    card,
    coarse_heads,
    cross_validation,
    export,
    figures,
    folds,
    golden,
    head,
    heat_maps,
    inference,
    metrics,
    operating,
    pack,
    paths,
    preprocess,
    recipe,
    scope,
    sets,
    shipping,
    training,
)
from .photos import CLASSES
from .network import Network
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
    runs = recipe.GPU
    if args.size:
        runs = recipe.scaled(runs, lambda run: dataclasses.replace(run, sizes=((args.size, 1.0),)))
    if args.batch:
        runs = recipe.scaled(runs, lambda run: dataclasses.replace(run, batch=args.batch))
    if args.only:
        runs = tuple(run for run in runs if run.name in args.only)
    recipe.train(recipe.Recipe(args.folder, device, args.workers, args.photos, args.teacher), runs, clock)


def step_quantise(args: argparse.Namespace) -> None:
    """Make the shipping candidate of a training run; compare it in float and int8 on the validation fold."""
    trained = shipping.load(args.checkpoints)
    learned, validation, _ = training.divide(trained.recipe)
    counts, balance = shipping.class_counts(learned), trained.recipe.balance
    targets = np.array([photo.target for photo in validation])
    compared = {}
    for name, int8 in (("float", False), ("int8", True)):
        network = shipping.finished(trained, learned, int8, args.recalibrate)
        logits = inference.run(export.session(export.build(network, int8)), validation).logits
        compared[name] = logits
        for row in shipping.compare_priors(logits, targets, counts, balance):
            shown = ("strength", "temperature", *figures.HEADLINES)
            areas = [name for name in row if name.startswith("auc") and not name.endswith("95")]
            print(name, " ".join(f"{key} {row[key]:.4f}" for key in (*shown, *areas)))
    changed = float((compared["float"].argmax(axis=1) != compared["int8"].argmax(axis=1)).mean())
    print(f"int8 changes {changed:.2%} of the answers")
    offset = shipping.prior_offset(counts, balance, args.prior)
    with torch.no_grad():
        network.head.bias -= torch.from_numpy(offset).float()
    temperature = calibration.fit_temperature(logits - offset, targets)
    compared = {
        "before calibration, float": figures.measure(compared["float"] - offset, targets, 1.0),
        "float": figures.measure(compared["float"] - offset, targets, temperature),
        "int8": figures.measure(logits - offset, targets, temperature),
    }
    lesions = len({photo.unit for photo in learned})
    torch.save(
        {
            "network": network.state_dict(),
            "temperature": temperature,
            "photos": len(learned),
            "lesions": lesions,
            "counts": counts.astype(int).tolist(),
            "recipe": dataclasses.asdict(trained.recipe),
            "minutes": trained.minutes,
            "views": trained.views,
            "recalibrate": args.recalibrate,
            "prior": args.prior,
            "compared": figures.rounded(compared),
        },
        paths.CANDIDATE,
    )


def step_hold_out(args: argparse.Namespace) -> None:
    """Take operating points and the limit of scope from the validation fold; needs ``quantise``."""
    candidate = torch.load(paths.CANDIDATE)
    session = export.session(export.build(candidate_network(candidate)))
    recipe = candidate["recipe"]
    held_out = shipping.fold(recipe["validation_fold"], large_only=False)
    found = inference.run(session, held_out)
    targets = np.array([photo.target for photo in held_out])
    probabilities = metrics.softmax(found.logits / candidate["temperature"])
    candidate["operating_points"] = {
        task: operating.points(*figures.task_scores(probabilities, targets, task)) for task in figures.TASKS
    }
    print(json.dumps(candidate["operating_points"], indent=1))

    fold_of = folds.read()
    unseen = (recipe["validation_fold"], recipe["test_fold"])
    learned = [photo for photo in sets.read(ham10000.NAME) if fold_of[photo.photo_id] not in unseen]
    some = [learned[place] for place in np.random.default_rng(1).permutation(len(learned))[: args.photos]]
    seen = inference.run(session, some)
    other = inference.run(session, scope.other_photos())
    subspace = scope.fit(seen.features)
    threshold = float(np.quantile(subspace.score(found.features), scope.QUANTILE))
    rows = {}
    for name, method in scope.methods(seen.features, np.array([photo.target for photo in some])).items():
        inside, outside = method(found.features, found.logits), method(other.features, other.logits)
        which = np.arange(len(inside) + len(outside)) >= len(inside)
        rows[name] = {
            "auc": metrics.auc(which, np.concatenate([inside, outside])),
            "caught": float((outside > np.quantile(inside, scope.QUANTILE)).mean()),
        }
    measured = {"lesion photos": len(held_out), "other photos": len(other.logits), "methods": figures.rounded(rows)}
    print(json.dumps(measured, indent=1))
    candidate["scope"] = {
        "mean": torch.from_numpy(subspace.mean),
        "components": torch.from_numpy(subspace.components),
        "threshold": round(threshold, 4),
        "measured": measured,
    }
    torch.save(candidate, paths.CANDIDATE)


def candidate_network(candidate: dict) -> Network:
    """The network that ``quantise`` saved."""
    network = Network(architecture.inception_v3(), len(CLASSES)).eval()
    network.load_state_dict(candidate["network"])
    return network


def step_pack(args: argparse.Namespace) -> None:
    """Export the candidate of ``quantise`` (or the network of ``head``) and write the model pack."""
    if args.source == "head":
        network, temperature = head_network()
        photos, lesions, what = 5984, 5984, {"en": "only the last layer was", "ko": "마지막 층만 학습"}
    else:
        candidate = torch.load(paths.CANDIDATE)
        network = candidate_network(candidate)
        temperature, photos, lesions = (candidate[key] for key in ("temperature", "photos", "lesions"))
        what = {"en": "all layers were", "ko": "모든 층을 학습"}
    trained_on = {
        "en": f"{photos:,} dermoscopic photos of {lesions:,} lesions out of HAM10000; {what['en']} trained.",
        "ko": f"HAM10000의 더모스코피 사진 {photos:,}장(병변 {lesions:,}개); {what['ko']}했습니다.",
    }
    description = pack.Description(args.version, temperature, trained_on)
    if args.source == "candidate" and "scope" in candidate:
        limit = candidate["scope"]
        subspace = scope.Subspace(limit["mean"].numpy(), limit["components"].numpy())
        description = dataclasses.replace(
            description,
            operating_points=candidate["operating_points"],
            scope=pack.Scope(len(subspace.mean), limit["threshold"], subspace.to_bytes()),
        )
    model = export.build(network)
    manifest = pack.write(args.folder, model, pack.template(), pack.taxonomy(), description, tolerance=0.001)
    print(json.dumps(manifest["files"], indent=2), manifest["self_test"])


def step_evaluate(args: argparse.Namespace) -> None:
    """Measure the pack on the test fold with onnxruntime; writes model/evaluation.json."""
    manifest = json.loads((args.folder / "manifest.json").read_text(encoding="utf-8"))
    session = export.session(args.folder / "model.onnx")
    result = {
        "model": {"id": manifest["id"], "version": manifest["version"], **manifest["files"]["model"]},
        "temperature": manifest["temperature"],
        "fold": args.fold,
    }
    for name, large_only in (("one_per_lesion", True), ("all_photos", False)):
        photos = shipping.fold(args.fold, large_only)
        found = inference.run(session, photos)
        targets = np.array([photo.target for photo in photos])
        result[name] = figures.rounded(figures.measure(found.logits, targets, manifest["temperature"]))
        result[name]["subgroups"] = figures.rounded(figures.subgroups(found.logits, photos, manifest["temperature"]))
        result[name]["operating_points"] = {
            task["id"]: figures.at_points(found.logits, targets, manifest["temperature"], task)
            for task in manifest["tasks"]
        }
        if scope_file := manifest["files"].get("scope"):
            values = np.frombuffer((args.folder / scope_file["path"]).read_bytes(), "<f4")
            rows = values.reshape(-1, manifest["scope"]["channels"])
            scores = scope.Subspace(rows[0], rows[1:]).score(found.features)
            result[name]["in_scope"] = round(float((scores <= manifest["scope"]["threshold"]).mean()), 4)
    photos = shipping.fold(args.fold)
    targets = np.array([photo.target for photo in photos])
    for views in args.views:
        found = inference.run(session, photos, views)
        measured = figures.measure(found.logits, targets, manifest["temperature"])
        result[f"{views} views"] = figures.rounded({key: measured[key] for key in figures.HEADLINES})
    print(write_json(args.output, result))


def write_json(path: Path, result: dict) -> str:
    """Writes and returns JSON with one line a row of numbers, not one a number."""
    text = re.sub(r"\[[^\[\]]*\]", lambda row: re.sub(r"\s+", " ", row.group()), json.dumps(result, indent=1))
    path.write_text(text + "\n", encoding="utf-8")
    return text


def step_cross_validate(args: argparse.Namespace) -> None:
    """Measure runs on the folds that each left out; writes model/cross-validation.json."""
    trained = [shipping.load(paths) for paths in args.run_checkpoints]
    runs = [cross_validation.answers(run, args.recalibrate, args.prior) for run in trained]
    result = {
        "runs": [
            {
                "recipe": dataclasses.asdict(made.recipe),
                "minutes": made.minutes,
                "views": made.views,
                "folds": [mine.fold for mine, _ in run.measured()],
            }
            for made, run in zip(trained, runs, strict=True)
        ],
        "recalibrate": args.recalibrate,
        "prior": args.prior,
        **cross_validation.measure(runs),
    }
    print(write_json(args.output, figures.rounded(result)))


def step_card(_: argparse.Namespace) -> None:
    """Write the model card from its template and the figures of ``evaluate`` and ``cross_validate``."""
    evaluation = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    folded = paths.CROSS_VALIDATION
    cross = json.loads(folded.read_text(encoding="utf-8")) if folded.exists() else None
    paths.CARD.write_text(card.render(evaluation, torch.load(paths.CANDIDATE), cross), encoding="utf-8")


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


def _finishing_options(sub: argparse.ArgumentParser) -> None:
    """Options of the steps that make a network fit for shipping."""
    sub.add_argument("--recalibrate", type=int, default=0, help="plain photos for new batch-norm statistics")
    sub.add_argument("--prior", type=float, default=0.0, help="how far to even out the classes, 0 to 1")


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
    sub.add_argument("name", choices=("gpu",), help="which recipe")
    sub.add_argument("--minutes", type=float, default=10, help="until everything has been written")
    sub.add_argument("--folder", type=Path, default=paths.CACHE / "recipe", help="where networks and figures go")
    sub.add_argument("--teacher", type=Path, help="a state dict of an earlier network, or its parts")
    sub.add_argument("--device", help="cuda or cpu; found by itself")
    sub.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that decode photos")
    sub.add_argument("--photos", type=float, default=1.0, help="share of the photos, for trying")
    sub.add_argument("--size", type=int, help="side of the views instead of the recipe's, for trying")
    sub.add_argument("--batch", type=int, help="views a step instead of the recipe's, for trying")
    sub.add_argument("--only", nargs="*", help="names of the runs to train")
    add(step_check)
    sub = add(step_quantise)
    default = [paths.CHECKPOINTS / "checkpoint.pt"]
    sub.add_argument("--checkpoints", type=Path, nargs="+", default=default, help="averaged if several")
    _finishing_options(sub)
    sub = add(step_cross_validate)
    sub.add_argument(
        "--checkpoints",
        type=Path,
        nargs="+",
        action="append",
        required=True,
        dest="run_checkpoints",
        help="of one run, averaged if several; repeat the option for every run",
    )
    _finishing_options(sub)
    sub.add_argument("--output", type=Path, default=paths.CROSS_VALIDATION)
    sub = add(step_hold_out)
    sub.add_argument("--photos", type=int, default=1500, help="training photos whose features define the subspace")
    sub = add(step_pack)
    sub.add_argument("--source", choices=("candidate", "head"), default="candidate")
    sub.add_argument("--folder", type=Path, default=paths.PACK, help="where the pack goes")
    sub.add_argument("--version", required=True)
    sub = add(step_evaluate)
    sub.add_argument("--folder", type=Path, default=paths.PACK, help="the pack")
    sub.add_argument("--fold", type=int, default=0)
    sub.add_argument("--output", type=Path, default=paths.EVALUATION)
    sub.add_argument("--views", type=int, nargs="*", default=[4], help="also with so many views of each photo, up to 4")
    add(step_card)
    add(step_golden)
    add(step_heat_maps)
    args = parser.parse_args()
    paths.CACHE.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    args.run(args)


if __name__ == "__main__":
    main()
