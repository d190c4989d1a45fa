"""Data sets, folds, views on a device, kinds of photo, files in parts: what needs neither photos nor weights."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from skintree_train import evaluation, folds, kinds, parts, preprocess, recipe, resident
from skintree_train.photos import Photo
from skintree_train.recipe import Run
from skintree_train.resident import Strength

NOTHING = Strength(1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Views that differ from the photo in their geometry only."""


def picture(side: int = 64) -> torch.Tensor:
    """A photo ``[1, 3, side, side]`` whose corners differ: red to the right, green to the bottom."""
    ramp = torch.linspace(0, 1, side)
    return torch.stack([ramp.expand(side, side), ramp[:, None].expand(side, side), torch.full((side, side), 0.5)])[None]


class Sets(unittest.TestCase):
    """One list of photos out of several sets."""

    def test_the_folds_in_the_repository_keep_units_together_and_cover_all_sets(self):
        rows = folds.paths.FOLDS.read_text(encoding="utf-8").splitlines()[1:]
        by_unit: dict[str, set[str]] = {}
        sources: dict[str, int] = {}
        for row in rows:
            _, unit, fold, source = row.split(",")
            by_unit.setdefault(unit, set()).add(fold)
            sources[source] = sources.get(source, 0) + 1
        self.assertEqual(sources, {"ham10000": 10015, "isic2017": 2150, "padufes20": 617})
        self.assertTrue(all(len(found) == 1 for found in by_unit.values()))

    def test_a_squeezed_file_gets_its_proportions_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.png"
            Image.new("RGB", (96, 96)).save(path)
            photo = Photo("a", "a", 0, "unknown", path, aspect=4 / 3)
            self.assertEqual(preprocess.open_photo(photo).size, (128, 96))
            self.assertEqual(preprocess.open_photo(replace(photo, aspect=1.0)).size, (96, 96))


class Views(unittest.TestCase):
    """Random views made on a device."""

    def test_right_angles_keep_the_whole_square(self):
        torch.manual_seed(1)
        x = picture().repeat(64, 1, 1, 1)
        views = resident.geometry(x, 64, NOTHING)
        # Turned by right angles and mirrored, corners stay corners: red and green are near 0 or 1 there.
        corners = views[:, :2][:, :, [2, 2, -3, -3], [2, -3, 2, -3]]
        whole = ((corners < 0.1) | (corners > 0.9)).flatten(1).all(dim=1)
        self.assertGreater(int(whole.sum()), 20)
        self.assertLess(int(whole.sum()), 50)

    def test_views_stay_in_range_and_differ(self):
        torch.manual_seed(2)
        x = resident.geometry(picture().repeat(16, 1, 1, 1), 48, Strength())
        x = resident.overlaid(x, resident.overlays(6), 0.5)
        x = resident.quality(resident.colour(x, Strength()), Strength(blur=0.5, coarse=0.5, noise=0.5))
        self.assertEqual(tuple(x.shape), (16, 3, 48, 48))
        self.assertTrue(bool(torch.isfinite(x).all()))
        self.assertGreaterEqual(float(x.min()), -1e-3)
        self.assertLessEqual(float(x.max()), 1 + 1e-3)
        self.assertGreater(float(x.std(dim=0).mean()), 0.05)

    def test_a_blur_keeps_the_mean(self):
        x = torch.rand(2, 3, 40, 40)
        self.assertLess(float((resident.blurred(x, 1.5).mean() - x.mean()).abs()), 0.01)
        self.assertLess(float(resident.blurred(x, 1.5).std()), float(x.std()) / 2)


class Recipes(unittest.TestCase):
    """Runs within a given time."""

    def test_the_rate_never_falls_below_a_third_of_its_peak(self):
        run = Run("a", "shipped", 1.0, {})
        rates = [run.learning_rate(share) for share in np.linspace(0.05, 1, 50)]
        self.assertAlmostEqual(max(rates), run.rate, delta=run.rate * 0.01)
        self.assertGreaterEqual(min(rates), run.rate / 3 - 1e-12)
        self.assertLess(run.learning_rate(0.0), run.rate / 10)

    def test_parts_give_the_network_back_and_a_lost_part_is_noticed(self):
        state = {"a.weight": torch.randn(4, 3, 2, 2), "a.bias": torch.randn(4), "count": torch.tensor(3)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.pt"
            written = parts.write(path, state, part_bytes=700)
            self.assertGreater(len(written), 2)
            found = parts.read(path)
            self.assertEqual(found["a.weight"].dtype, torch.float32)
            self.assertLess(float((found["a.weight"] - state["a.weight"]).abs().max()), 2e-3)
            self.assertTrue(torch.equal(found["a.bias"], state["a.bias"]))
            written[1].unlink()
            with self.assertRaises(ValueError):
                parts.read(path)

    def test_the_mean_of_networks_is_the_mean_of_their_weights(self):
        mean = recipe.mean_of(
            [{"w": torch.tensor([1.0]), "n": torch.tensor(1)}, {"w": torch.tensor([3.0]), "n": torch.tensor(2)}]
        )
        self.assertEqual((mean["w"].item(), mean["n"].item()), (2.0, 2))


class Kinds(unittest.TestCase):
    """Calibration by kind of photo."""

    def test_a_shifted_prior_evens_out_the_classes_that_are_there(self):
        frequencies = np.array([0.9, 0.09, 0.01, 0, 0, 0, 0, 0])
        change = kinds.offset(frequencies, strength=1)
        self.assertAlmostEqual(change[1] - change[0], np.log(10), places=6)
        np.testing.assert_allclose(kinds.offset(frequencies, 0.0)[:3], 0)

    def test_the_head_tells_two_clouds_apart_and_survives_its_file(self):
        random = np.random.default_rng(1)
        features = random.normal(size=(200, 8)) + np.repeat([[0.0], [2.0]], 100, axis=0)
        labels = np.repeat([0, 1], 100)
        head = kinds.fit_head(features, labels, inverse_penalty=1.0)
        self.assertGreater(float((head.kinds(features) == labels).mean()), 0.97)
        again = kinds.Head.from_bytes(head.to_bytes())
        np.testing.assert_allclose(again.probability(features), head.probability(features), atol=1e-6)

    def test_a_drawn_circle_changes_the_rim_and_leaves_the_middle(self):
        image = Image.new("RGB", (200, 150), (200, 170, 150))
        changed = np.any(np.asarray(evaluation.circled(image, 1)) != np.asarray(image), axis=2)
        self.assertTrue(changed.any())
        self.assertFalse(changed[50:100, 70:130].any())


if __name__ == "__main__":
    unittest.main()
