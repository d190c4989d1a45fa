"""Small checks that need neither photos nor weights."""

import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from skintree_train import (
    activations,
    augmentation,
    calibration,
    coarse_heads,
    cross_validation,
    dataset,
    export,
    folds,
    golden,
    head,
    inference,
    metrics,
    pack,
    preprocess,
    warm_start,
)
from skintree_train.cross_validation import Answers, Run
from skintree_train.network import Network
from skintree_train.photos import CLASSES, Photo
from skintree_train.quantisation import quantise
from skintree_train.schedule import Schedule, parse_sizes
from skintree_train.shipping import round_weights


def photo(lesion: int, target: int, view: int = 0) -> Photo:
    """A photo that exists only by name."""
    return Photo(f"I{lesion}-{view}", f"L{lesion}", target, "histo", Path(f"224/{lesion}-{view}.jpg"))


class Folds(unittest.TestCase):
    """Dealing lesions to folds."""

    def test_a_lesion_is_in_one_fold_and_classes_are_spread_evenly(self):
        photos = [photo(i, i % 3, view) for i in range(90) for view in range(2)]
        fold_of = folds.split(photos)
        self.assertEqual(len(fold_of), 90)
        for target in range(3):
            counts = np.bincount([fold_of[f"L{i}"] for i in range(90) if i % 3 == target], minlength=9)
            self.assertLessEqual(counts.max() - counts.min(), 1)


class Activations(unittest.TestCase):
    """How large tensors become, of a network that doubles a number and drops it if it is negative."""

    def setUp(self):
        helper, shape = onnx.helper, [1, 1, 1, 3]
        tensors = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("input", "out")]
        nodes = [helper.make_node("Conv", ["input", "w"], ["made"]), helper.make_node("Relu", ["made"], ["out"])]
        weights = [helper.make_tensor("w", onnx.TensorProto.FLOAT, [1, 1, 1, 1], [2.0])]
        graph = helper.make_graph(nodes, "doubles", tensors[:1], tensors[1:], weights)
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def inputs(self, *rows: list[float]) -> list[np.ndarray]:
        return [np.array(row, np.float32).reshape(1, 1, 1, 3) for row in rows]

    def test_the_largest_magnitudes_are_those_of_the_input_and_behind_the_relu(self):
        self.assertEqual(activations.largest(self.model, self.inputs([1, -4, 2], [3, 0, 0])), {"input": 4, "out": 6})

    def test_what_is_above_the_range_is_counted(self):
        # The ranges end at 6 and 9.
        stored = {"input": 4.0, "out": 6.0}
        found = activations.saturation(self.model, stored, self.inputs([6, -6, 0], [4.5, 5, 7], [1, 2, 3]))
        self.assertEqual((found.photos, found.numbers), (3, 18))
        # 12 of the first photo; 10, 14 and the 7 of the second.
        self.assertEqual((found.cut, found.photos_cut), (4, 2))
        self.assertAlmostEqual(found.largest, 14 / 9, places=6)


class Input(unittest.TestCase):
    """From photo to tensor."""

    def test_the_odd_pixel_goes_to_the_right_and_bottom(self):
        wide = Image.fromarray(np.arange(2 * 5, dtype=np.uint8).reshape(2, 5))
        np.testing.assert_array_equal(np.asarray(preprocess.centre_square(wide)), [[1, 2], [6, 7]])

    def test_the_tensor_is_planar_and_normalised(self):
        x = preprocess.tensor(np.array([[[0, 51, 255]]], np.uint8), (0.5,) * 3, (0.5,) * 3)
        self.assertEqual(x.shape, (1, 3, 1, 1))
        np.testing.assert_allclose(x.ravel(), [-1, -0.6, 1], atol=1e-6)

    def test_the_self_test_vector_starts_as_specified(self):
        state = (1664525 + 1013904223) % 2**32
        self.assertAlmostEqual(pack.self_test_input(2)[0, 0, 0, 0], (state >> 8) / 2**24 * 2 - 1, places=6)


class Augmentation(unittest.TestCase):
    """Random views."""

    def test_the_inscribed_square_stays_inside(self):
        self.assertAlmostEqual(augmentation.inscribed(0), 1)
        self.assertAlmostEqual(augmentation.inscribed(45), 0.5**0.5)
        white = Image.new("RGB", (200, 150), "white")
        random = np.random.default_rng(1)
        for _ in range(200):
            self.assertGreaterEqual(augmentation.view(white, 150, 0.7, random).min(), 254)

    def test_mixup_blends_photos_as_it_blends_their_classes(self):
        targets = torch.eye(4)
        x = targets[:, :, None, None].expand(4, 4, 2, 2)
        mixed, wanted = augmentation.mix(x, targets, 0.5)
        torch.testing.assert_close(mixed[:, :, 0, 0], wanted)
        torch.testing.assert_close(wanted.sum(dim=1), torch.ones(4))
        self.assertIs(augmentation.mix(x, targets, 0)[0], x)


class Sampling(unittest.TestCase):
    """Class balance of the training photos."""

    def test_balance_one_draws_all_classes_alike(self):
        photos = [photo(i, 0 if i < 90 else 1) for i in range(100)]
        order = dataset.draw(photos, 1000, balance=1, seed=1)
        self.assertAlmostEqual(np.mean([photos[i].target for i in order]), 0.5, delta=0.06)
        self.assertEqual(len(order), 1000)


class CoarseHeads(unittest.TestCase):
    """Fine classes rolled up against coarse ones."""

    def test_the_parts_are_those_of_the_taxonomy_that_have_classes(self):
        parts = coarse_heads.partition(pack.taxonomy(), "class")
        names = {node: {coarse_heads.CLASSES[place] for place in places} for node, places in parts.items()}
        malignant, benign = {"mel", "bcc", "scc", "ak"}, {"nv", "bkl", "df", "vasc"}
        self.assertEqual(names, {"malignant": malignant, "benign": benign})
        self.assertEqual(len(coarse_heads.partition(pack.taxonomy(), "group")), 5)

    def test_rolling_up_adds_and_targets_follow(self):
        parts = {"a": [0, 2], "b": [1]}
        np.testing.assert_allclose(coarse_heads.roll_up(np.array([[0.1, 0.6, 0.3]]), parts), [[0.4, 0.6]])
        self.assertEqual(coarse_heads.coarse_targets(np.array([2, 1, 0]), parts).tolist(), [0, 1, 0])

    def test_figures_of_a_known_case(self):
        probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.8, 0.2]])
        found = coarse_heads.measure(probabilities, np.array([0, 0, 1, 0]), np.array([0.75, 0.25]))
        # Beside a share of 0.25, 0.4 and 0.3 are more than 0.6 and 0.7 beside 0.75.
        self.assertEqual(found["accuracy"], 0.75)
        self.assertAlmostEqual(found["balanced_accuracy"], (2 / 3 + 1) / 2)
        self.assertAlmostEqual(found["auc"], 2 / 3)
        self.assertAlmostEqual(found["log_loss"], -np.log([0.9, 0.6, 0.3, 0.8]).mean())

    def test_a_head_for_two_classes_gives_the_probabilities_of_scikit_learn(self):
        random = np.random.default_rng(1)
        features = random.normal(size=(60, 3)) * (1, 5, 0.2) + 2
        targets = (features[:, 0] + random.normal(size=60) > 2).astype(int)
        fitted = head.fit(features, targets, 2, 1.0, balanced=False)
        scaled = (features - features.mean(axis=0)) / features.std(axis=0)
        expected = LogisticRegression(C=1.0).fit(scaled, targets).predict_proba(scaled)
        np.testing.assert_allclose(metrics.softmax(fitted.logits(features)), expected, atol=1e-3)


class Schedules(unittest.TestCase):
    """Learning rate and size."""

    def test_cosine_warms_up_and_ends_at_nothing(self):
        schedule = Schedule("cosine", 1.0, parse_sizes("128:0.5,224:1"))
        self.assertLess(schedule.learning_rate(0), 0.1)
        self.assertGreater(schedule.learning_rate(0.06), 0.95)
        self.assertAlmostEqual(schedule.learning_rate(1), 0)
        self.assertEqual([schedule.size(p) for p in (0, 0.5, 1.2)], [128, 224, 224])


class Figures(unittest.TestCase):
    """Metrics and calibration."""

    def test_auc_counts_ties_half(self):
        self.assertEqual(metrics.auc(np.array([True, True, False, False]), np.array([3.0, 1, 1, 0])), 0.875)

    def test_the_temperature_of_overconfident_logits_is_found(self):
        random = np.random.default_rng(1)
        logits = random.normal(0, 2, (4000, 3))
        targets = np.array([random.choice(3, p=p) for p in metrics.softmax(logits)])
        self.assertAlmostEqual(calibration.fit_temperature(logits * 3, targets), 3, delta=0.2)


class Export(unittest.TestCase):
    """Int8 and ONNX."""

    def test_int8_weights_are_close(self):
        weights = np.random.default_rng(1).normal(size=(4, 3, 5, 5)).astype(np.float32)
        small = quantise(weights, axis=0)
        self.assertLess(np.abs(small.expanded() - weights).max(), np.abs(weights).max() / 127)

    def test_onnxruntime_agrees_with_pytorch(self):
        network = golden.tiny_network()
        x = pack.self_test_input(network.architecture.size)
        logits, last = export.session(export.build(network, int8=False)).run(["logits", "features"], {"input": x})
        with torch.no_grad():
            np.testing.assert_allclose(logits, network(torch.from_numpy(x)).numpy(), atol=1e-4)
            np.testing.assert_allclose(last, network.features(torch.from_numpy(x)).numpy(), atol=1e-4)


class WarmStart(unittest.TestCase):
    """Going on from an exported network."""

    def test_norms_are_put_back_without_changing_the_answers(self):
        images = [
            Image.fromarray(pixels) for pixels in np.random.default_rng(3).integers(0, 256, (8, 39, 39, 3), np.uint8)
        ]
        x = torch.from_numpy(np.concatenate([preprocess.tensor(np.asarray(image)) for image in images]))
        for int8 in (False, True):
            model = export.build(golden.tiny_network(), int8)
            network = Network(golden.tiny_network().architecture, len(CLASSES)).eval()
            warm_start.fill(network, warm_start.tensors(model))
            with torch.no_grad():
                before = network(x)
            expected = inference.run(export.session(model), images).logits
            np.testing.assert_allclose(before.numpy(), expected, atol=1e-4)
            warm_start.restore_norms(network, images, 39)
            with torch.no_grad():
                np.testing.assert_allclose(network(x).numpy(), expected, atol=1e-4)
                outputs = network.layers["stem/conv1"].conv(x)
            loud = network.layers["stem/conv1"].norm.running_var > 0.5
            self.assertTrue(loud.any())
            np.testing.assert_allclose(outputs.std(dim=(0, 2, 3), correction=0)[loud].numpy(), 1, atol=1e-3)


class Int8(unittest.TestCase):
    """Rounding before the norms are taken anew."""

    def test_rounded_weights_are_those_of_the_exported_file(self):
        network = golden.tiny_network()
        expected = warm_start.tensors(export.build(network))
        round_weights(network)
        after = warm_start.tensors(export.build(network))
        for name in expected:
            if name.endswith("_int8"):
                np.testing.assert_array_equal(after[name], expected[name])


class CrossValidation(unittest.TestCase):
    """Figures over folds."""

    def setUp(self):
        random = np.random.default_rng(5)
        targets = np.arange(400) % len(CLASSES)
        sure = 4 * np.eye(len(CLASSES))[targets] + random.normal(0, 2, (400, len(CLASSES)))
        self.three, self.one = Answers(3, 2 * sure, targets), Answers(1, sure, targets)

    def test_each_fold_takes_the_temperature_of_the_other(self):
        result = cross_validation.measure([Run(self.three, self.one, chosen=False)])
        self.assertEqual([row["fold"] for row in result["folds"]], [1, 3])
        one, three = (row["temperature"] for row in result["folds"])
        self.assertAlmostEqual(one / three, 2, places=2)
        self.assertEqual(result["together"]["photos"], 800)
        self.assertAlmostEqual(result["deviation"]["balanced_accuracy"], 0)

    def test_a_fold_that_chose_the_checkpoints_does_not_count(self):
        other = Run(replace(self.three, fold=5), replace(self.one, fold=4), chosen=False)
        result = cross_validation.measure([Run(self.three, self.one, chosen=True), other])
        self.assertEqual([row["fold"] for row in result["folds"]], [1, 4, 5])
        self.assertEqual(result["together"]["photos"], 1200)

    def test_one_fold_is_not_a_cross_validation(self):
        with self.assertRaises(ValueError):
            cross_validation.measure([Run(self.three, self.one, chosen=True)])


if __name__ == "__main__":
    unittest.main()
