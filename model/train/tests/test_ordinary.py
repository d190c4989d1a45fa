"""Ordinary photos answered by networks that have not learned from them; needs neither photos nor weights."""

import json
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from skintree_train import card, folds, metrics, ordinary, paths, recipe, resident
from skintree_train.photos import CLASSES, Photo
from skintree_train.recipe import LeftOut
from skintree_train.sets import padufes20


def photo(number: int, target: int, **groups: str) -> Photo:
    """An ordinary photo that exists only by name."""
    return Photo(
        f"P{number}",
        f"patient {number // 2}",
        target,
        "histo",
        Path("x"),
        groups,
        source=padufes20.NAME,
        kind="clinical",
    )


class Selection(unittest.TestCase):
    """What a network does not learn from."""

    def test_photos_are_left_out_by_fold_or_by_a_column_of_their_source(self):
        face = photo(1, 0, **{"body region": "face"})
        self.assertTrue(LeftOut(padufes20.NAME, "fold", ("2", "3")).holds(face, 3))
        self.assertFalse(LeftOut(padufes20.NAME, "fold", ("2", "3")).holds(face, 4))
        self.assertTrue(LeftOut(padufes20.NAME, "body region", ("face",)).holds(face, 4))
        self.assertFalse(LeftOut(padufes20.NAME, "body region", ("arm",)).holds(face, 4))
        self.assertFalse(LeftOut(padufes20.NAME, "fold", ("4",)).holds(replace(face, source="ham10000"), 4))

    def test_what_is_left_out_is_never_drawn(self):
        photos = [photo(number, number % 3) for number in range(30)]
        held = resident.Resident.__new__(resident.Resident)
        held.photos, held.device = photos, torch.device("cpu")
        used = [number >= 10 for number in range(30)]
        shares = held.shares({padufes20.NAME: 1.0}, 0.5, used)
        self.assertEqual(float(shares[:10].sum()), 0.0)
        self.assertAlmostEqual(float(shares.sum()), 1.0, places=5)
        self.assertTrue(bool((shares[10:] > 0).all()))

    def test_every_fold_is_left_out_by_one_network_and_by_one_only(self):
        left_out = [run.left_out for run in recipe.ORDINARY if run.left_out.column == "fold"]
        values = [value for one in left_out for value in one.values]
        self.assertEqual(sorted(values), [str(fold) for fold in range(9) if fold not in folds.HELD_OUT])


class Figures(unittest.TestCase):
    """Figures over folds."""

    def setUp(self):
        random = np.random.default_rng(3)
        self.targets = random.integers(0, 6, 900)
        self.fold = np.arange(900) % 9
        self.logits = random.normal(size=(900, len(CLASSES))) + 3 * np.eye(len(CLASSES))[self.targets]

    def test_the_temperature_of_a_fold_comes_from_the_others(self):
        changed = self.logits.copy()
        changed[self.fold == 4] *= 5
        before, after = (ordinary.crossed(logits, self.targets, self.fold) for logits in (self.logits, changed))
        # Its own logits do not move the temperature of fold 4, but that of all others.
        np.testing.assert_allclose(after[self.fold == 4], 5 * before[self.fold == 4])
        self.assertFalse(np.allclose(after[self.fold == 5], before[self.fold == 5]))

    def test_points_are_judged_on_folds_that_did_not_choose_them(self):
        probabilities = metrics.softmax(self.logits)
        row = ordinary.crossed_points(probabilities, self.targets, self.fold, "melanoma-or-naevus")
        self.assertEqual(row["photos"], [int((self.targets == 1).sum()), int((self.targets == 0).sum())])
        found = row["crossed"]["sensitivity-95"]["sensitivity"]
        self.assertGreater(found["share"], 0.85)
        self.assertTrue(found["95"][0] < found["share"] < found["95"][1])
        # A fold whose melanomas look like naevi is missed by the points of the others.
        odd = self.logits.copy()
        odd[(self.fold == 2) & (self.targets == 1)] = 4 * np.eye(len(CLASSES))[0]
        missed = ordinary.crossed_points(metrics.softmax(odd), self.targets, self.fold, "melanoma-or-naevus")
        self.assertLess(missed["crossed"]["sensitivity-95"]["sensitivity"]["share"], found["share"])

    def test_an_interval_over_patients_is_wider_than_one_over_photos(self):
        photos = [photo(number, target) for number, target in enumerate(self.targets)]
        # Both photos of a patient are right or both are wrong.
        right = (np.arange(900) // 2) % 2 == 0
        probabilities = np.eye(len(CLASSES))[np.where(right, self.targets, (self.targets + 1) % 4)]
        low, high = ordinary.patients_interval(photos, probabilities, self.targets)
        share = right.mean()
        self.assertTrue(low < share < high)
        photos_low, photos_high = metrics.wilson(int(right.sum()), 900)
        self.assertGreater(high - low, 1.2 * (photos_high - photos_low))

    def test_few_photos_have_a_calibration_error_by_chance(self):
        probabilities = metrics.softmax(self.logits)
        few, many = (metrics.calibration_floor(probabilities, count) for count in (60, 900))
        self.assertGreater(few, 2 * many)
        # All alike and certain: chance has no part.
        self.assertEqual(metrics.calibration_floor(np.eye(8)[self.targets], 100), 0.0)


class Card(unittest.TestCase):
    """The part of the card."""

    def test_the_card_holds_what_was_measured(self):
        text = paths.CARD.read_text(encoding="utf-8")
        measured = json.loads(paths.ORDINARY.read_text(encoding="utf-8"))
        self.assertEqual(card.with_ordinary(text, measured), text)
        measured["together"]["auc malignant"] = 0.5
        self.assertNotEqual(card.with_ordinary(text, measured), text)
        with self.assertRaises(ValueError):
            card.with_ordinary("no such part", measured)


if __name__ == "__main__":
    unittest.main()
