"""Small checks that need neither photos nor weights."""

import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from skintree_train import augmentation, calibration, dataset, export, folds, golden, metrics, pack, preprocess
from skintree_train.labels import Photo
from skintree_train.quantisation import quantise
from skintree_train.schedule import Schedule, parse_sizes
from skintree_train.shipping import shift_prior


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
            self.assertGreaterEqual(augmentation.view(white, 150, random).min(), 254)


class Sampling(unittest.TestCase):
    """Class balance of the training photos."""

    def test_balance_one_draws_all_classes_alike(self):
        photos = [photo(i, 0 if i < 90 else 1) for i in range(100)]
        order = dataset.draw(photos, 1000, balance=1, seed=1)
        self.assertAlmostEqual(np.mean([photos[i].target for i in order]), 0.5, delta=0.06)
        self.assertEqual(len(order), 1000)


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

    def test_a_shifted_prior_evens_out_the_classes(self):
        network = golden.tiny_network()
        before = network.head.bias.clone()
        counts = np.array([100.0, 1, 1, 1, 1, 1, 1, 1])
        shift_prior(network, counts, balance=0.5, strength=1)
        moved = (network.head.bias - before).detach().numpy()
        self.assertAlmostEqual(moved[1] - moved[0], np.log(10), places=4)


if __name__ == "__main__":
    unittest.main()
