"""Command line: ``python -m skintree_train STEP``.  ``--help`` lists the steps."""

import argparse
import json

import numpy as np
import torch

from . import backbone, calibration, export, folds, golden, head, inference, labels, metrics, pack, paths, preprocess
from .labels import CLASSES
from .network import Network

TASKS = {
    "carcinoma-or-keratosis": (("bcc", "scc", "ak"), ("bkl",)),
    "melanoma-or-naevus": (("mel",), ("nv",)),
}


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
    """Deal the lesions to nine folds."""
    photos = labels.read()
    fold_of = folds.split(photos)
    folds.write(photos, fold_of)
    for fold in range(folds.COUNT):
        targets = [photo.target for photo in photos if fold_of[photo.lesion_id] == fold]
        print(fold, len(targets), dict(zip(CLASSES, np.bincount(targets).tolist(), strict=True)))


def step_head(args: argparse.Namespace) -> None:
    """Fit a last layer on frozen features of the 224x224 photos, cross-validated."""
    photos = [photo for photo in labels.read() if photo.large]
    if not paths.FEATURES.exists():
        session = export.session(export.build(backbone.load(len(CLASSES))))
        np.savez(paths.FEATURES, features=inference.run(session, photos, pooled=True))
    rows = np.load(paths.FEATURES)["features"]
    targets = np.array([photo.target for photo in photos])
    fold_of = folds.read()
    fold = np.array([fold_of[photo.isic_id] for photo in photos])
    logits = head.cross_validated(rows, targets, fold, len(CLASSES), args.inverse_penalty)
    temperature = calibration.fit_temperature(logits, targets)
    print(json.dumps(figures(logits, targets, temperature), indent=2))
    fitted = head.fit(rows, targets, len(CLASSES), args.inverse_penalty)
    torch.save(
        {"weight": torch.from_numpy(fitted.weight), "bias": torch.from_numpy(fitted.bias), "temperature": temperature},
        paths.HEAD,
    )


def figures(logits: np.ndarray, targets: np.ndarray, temperature: float) -> dict:
    """The figures of merit that the model card quotes."""
    probabilities = metrics.softmax(logits / temperature)
    predicted = probabilities.argmax(axis=1)
    recall = metrics.recalls(targets, predicted, len(CLASSES))
    result = {
        "photos": len(targets),
        "accuracy": float((predicted == targets).mean()),
        "balanced_accuracy": metrics.balanced_accuracy(targets, predicted, len(CLASSES)),
        "recall": dict(zip(CLASSES, recall.tolist(), strict=True)),
        "temperature": temperature,
        "log_loss": calibration.negative_log_likelihood(logits, targets, temperature),
        "calibration_error": metrics.calibration_error(probabilities, targets),
    }
    for task, sides in TASKS.items():
        positive, negative = ([CLASSES.index(node) for node in side] for side in sides)
        result[f"auc {task}"] = metrics.task_auc(probabilities, targets, positive, negative)
    return result


def head_network() -> tuple[Network, float]:
    """The backbone with the head that ``step_head`` fitted, and its temperature."""
    network = backbone.load(len(CLASSES))
    fitted = torch.load(paths.HEAD)
    network.head.weight.data = fitted["weight"]
    network.head.bias.data = fitted["bias"]
    return network, fitted["temperature"]


def step_pack(args: argparse.Namespace) -> None:
    """Export the network and write the model pack."""
    network, temperature = head_network()
    model = export.build(network)
    trained_on = {
        "en": "5,984 dermoscopic photos of HAM10000, one per lesion; only the last layer was trained.",
        "ko": "HAM10000의 더모스코피 사진 5,984장(병변당 1장); 마지막 층만 학습했습니다.",
    }
    description = pack.Description(args.version, temperature, trained_on)
    manifest = pack.write(paths.PACK, model, pack.template(), pack.taxonomy(), description, tolerance=0.001)
    print(json.dumps(manifest["files"], indent=2), manifest["self_test"])


def step_golden(_: argparse.Namespace) -> None:
    """Write the golden files for the tests."""
    tiny = paths.GOLDEN / "tiny"
    golden.write_tiny(tiny)
    written = golden.write(paths.GOLDEN, {"pack": paths.PACK, "tiny": tiny})
    print(json.dumps({row["photo"]: row["logits"] for row in written["photos"]}, indent=1))


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
    add(step_check)
    add(step_pack).add_argument("--version", default="0.1.0")
    add(step_golden)
    args = parser.parse_args()
    paths.CACHE.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    args.run(args)


if __name__ == "__main__":
    main()
