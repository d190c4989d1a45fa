"""The pack's network as other runtimes want it, and what each form costs in accuracy.

    python benches/peers/models.py OUT [--photos N]

Writes into OUT

- ``f32.tflite``: the same network in float, NHWC, by TensorFlow's converter;
- ``mediapipe.tflite``: the same with the metadata that MediaPipe asks for;
- ``dynamic-int8.tflite``: weights in int8, activations made int8 at each run;
- ``int8.tflite`` and ``int8.onnx``: weights and activations in int8, by scales from photos of the training, therefore only
  where SKINTREE_DATA has photos;
- ``accuracy.json``: for each form the largest difference of a logit from the float network's and the share of photos with the
  same first diagnosis, over N photos of each kind from the test fold.

Needs the packages of requirements.txt beside this file; ``model/train`` is found by itself.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from onnxruntime import quantization

import metadata
import nhwc

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "model" / "train"))

from skintree_train import folds, inference, paths, preprocess, sets  # noqa: E402
from skintree_train.activations import chosen  # noqa: E402

CALIBRATION = 50
"""Photos of each kind that scales are taken from; as many as is usual."""


def photos_of(numbers: set[int], of_a_kind: int, size: int) -> list[np.ndarray]:
    """Inputs ``float32 [1, 3, size, size]`` of photos in these folds; none where there is no data."""
    if not paths.HAM.exists():
        return []
    fold_of = folds.read()
    some = chosen([photo for photo in sets.read() if fold_of[photo.photo_id] in numbers and photo.large], of_a_kind)
    return [preprocess.tensor(inference.pixels(photo, size)) for photo in some]


def to_nhwc(x: np.ndarray) -> np.ndarray:
    """``[1, size, size, 3]`` of ``[1, 3, size, size]``."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def converted(network: nhwc.Network, *, int8: bool = False, photos: list[np.ndarray] | None = None) -> bytes:
    """A .tflite; with photos its activations have fixed int8 scales, input and output stay float."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.function()], network)
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if photos:
        converter.representative_dataset = lambda: ([to_nhwc(x)] for x in photos)
    return converter.convert()


class Calibration(quantization.CalibrationDataReader):
    """Photos for onnxruntime's quantiser."""

    def __init__(self, photos: list[np.ndarray]) -> None:
        self.photos: Iterator[np.ndarray] = iter(photos)

    def get_next(self) -> dict[str, np.ndarray] | None:
        x = next(self.photos, None)
        return None if x is None else {"input": x}


def quantised_onnx(model: onnx.ModelProto, photos: list[np.ndarray], out: Path) -> None:
    """u8 activations against s8 weights in QDQ form, which is what onnxruntime-web has kernels for."""
    plain = out.with_suffix(".f32.onnx")
    onnx.save(model, plain)
    quantization.quantize_static(
        plain,
        out,
        Calibration(photos),
        quant_format=quantization.QuantFormat.QDQ,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
    )
    plain.unlink()


def tflite_runner(model: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Logits of an input ``[1, 3, size, size]``, on this processor."""
    interpreter = tf.lite.Interpreter(model_content=model)
    interpreter.allocate_tensors()
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(x: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(given["index"], to_nhwc(x))
        interpreter.invoke()
        return interpreter.get_tensor(wanted["index"])[0]

    return run


def onnx_runner(model: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Logits of an input ``[1, 3, size, size]``, as the file says: on processors without VNNI onnxruntime's own int8 kernels
    saturate (first diagnoses of 5 in 20 photos became others), those for wasm do not.
    """
    how = onnxruntime.SessionOptions()
    how.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, how, providers=["CPUExecutionProvider"])
    return lambda x: session.run(["logits"], {"input": x})[0][0]


def main() -> None:
    """Writes the files and says what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=int, default=100, help="photos of each kind for accuracy.json")
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    shipped = paths.PACK / "model.onnx"
    manifest = json.loads((paths.PACK / "manifest.json").read_text(encoding="utf-8"))
    size = manifest["input"]["size"]
    model = nhwc.expanded(onnx.load(shipped))
    network = nhwc.Network(model, size)
    calibration = photos_of({*range(folds.COUNT)} - {*folds.HELD_OUT}, CALIBRATION, size)
    forms = {"f32.tflite": converted(network), "dynamic-int8.tflite": converted(network, int8=True)}
    forms["mediapipe.tflite"] = metadata.added(forms["f32.tflite"], manifest["input"]["mean"], manifest["input"]["std"])
    if calibration:
        forms["int8.tflite"] = converted(network, int8=True, photos=calibration)
        quantised_onnx(model, calibration, out / "int8.onnx")
        forms["int8.onnx"] = (out / "int8.onnx").read_bytes()
    else:
        print(f"int8.tflite and int8.onnx are left out: no photos in {paths.DATA}", file=sys.stderr)
    for name, content in forms.items():
        (out / name).write_bytes(content)
    test = photos_of({folds.HELD_OUT[0]}, options.photos, size) or [
        np.random.default_rng(1).random((1, 3, size, size), np.float32)
    ]
    reference = np.stack([onnx_runner(shipped.read_bytes())(x) for x in test])
    accuracy = {}
    for name, content in forms.items():
        run = (onnx_runner if name.endswith(".onnx") else tflite_runner)(content)
        logits = np.stack([run(x) for x in test])
        accuracy[name] = {
            "photos": len(test),
            "bytes": len(content),
            "largest_difference": float(np.abs(logits - reference).max()),
            "same_first": float((logits.argmax(axis=1) == reference.argmax(axis=1)).mean()),
        }
        print(name, accuracy[name], file=sys.stderr, flush=True)
    (out / "accuracy.json").write_text(json.dumps(accuracy, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
