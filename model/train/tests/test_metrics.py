"""The figures of merit against scikit-learn, SciPy and NumPy: the numbers to which ``tests/metrics.rs`` holds those in Rust."""

import json
import unittest
from pathlib import Path

import numpy as np

from skintree_train import figures, metrics, operating, pack, photos
from skintree_train.photos import CLASSES, Photo

EXPECTED = Path(__file__).parents[3] / "crates/evaluate/tests/metrics/expected.json"


class Shared(unittest.TestCase):
    """Every case of ``crates/evaluate/tests/metrics/expected.json``."""

    @classmethod
    def setUpClass(cls):
        cls.expected = json.loads(EXPECTED.read_text(encoding="utf-8"))

    def assert_close(self, found, expected):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)

    def assert_calibration(self, probabilities, targets, expected):
        rows = metrics.reliability(probabilities, targets)
        self.assertEqual([row["photos"] for row in rows], expected["count"])
        self.assert_close([row["accuracy"] for row in rows], expected["observed"])
        self.assert_close([row["confidence"] for row in rows], expected["predicted"])
        self.assert_close(metrics.calibration_error(probabilities, targets), expected["expected_calibration_error"])

    def test_several_classes(self):
        for case in self.expected["several"]:
            with self.subTest(case["name"]):
                targets, scores = np.array(case["truth"]), np.array(case["scores"])
                predicted, classes = scores.argmax(axis=1), scores.shape[1]
                self.assert_close((predicted == targets).mean(), case["accuracy"])
                self.assert_close(metrics.balanced_accuracy(targets, predicted), case["balanced_accuracy"])
                self.assertEqual(metrics.confusion(targets, predicted, classes).tolist(), case["confusion"])
                recalls = np.array(case["recall"], float)
                self.assert_close(metrics.recalls(targets, predicted, classes), recalls)
                self.assert_close(metrics.log_loss(targets, scores), case["log_loss"])
                self.assert_calibration(scores, targets, case["calibration"])

    def test_two_sides(self):
        for case in self.expected["binary"]:
            with self.subTest(case["name"]):
                positive, scores = np.array(case["positive"]), np.array(case["scores"])
                if case["auc"] is None:
                    self.assertIsNone(metrics.auc(positive, scores))
                    self.assertEqual(operating.points(positive, scores), [])
                    continue
                self.assert_close(metrics.auc(positive, scores), case["auc"])
                chosen = (operating.youden(positive, scores), operating.reaching(positive, scores, 0.95))
                for threshold, key in zip(chosen, ("youden", "reaching_95"), strict=True):
                    self.assertEqual(threshold, case[key][0])
                    measured = operating.measure(positive, scores, threshold)
                    self.assertAlmostEqual(measured["sensitivity"], case[key][1], delta=6e-5)
                    self.assertAlmostEqual(measured["specificity"], case[key][2], delta=6e-5)

    def test_wilson_intervals(self):
        for case in self.expected["wilson"]:
            self.assert_close(metrics.wilson(case["hits"], case["of"]), case["interval"])

    def test_age_bands(self):
        for case in self.expected["age_bands"]:
            self.assertEqual(photos.age_band(str(case["age"])), case["band"])
        self.assertEqual(photos.age_band(""), "unknown")


class OperatingPoints(unittest.TestCase):
    """Thresholds as a pack has them."""

    def test_thresholds_are_rounded_down_and_measured_afterwards(self):
        positive = np.array([True, True, False, True, False])
        scores = np.array([0.98765, 0.87659, 0.87654, 0.65432, 0.12345])
        # Rounding down Youden's 0.87659 brings the negative at 0.87654 over the threshold.
        reaching, youden = operating.points(positive, scores)
        self.assertEqual(
            reaching, {"id": "sensitivity-95", "threshold": 0.6543, "sensitivity": 1.0, "specificity": 0.5}
        )
        self.assertEqual(youden, {"id": "youden", "threshold": 0.8765, "sensitivity": 0.6667, "specificity": 0.5})

    def test_a_sensitivity_just_below_the_aim_is_not_enough(self):
        # 18,999 of 20,000 are 0.94995, which is 0.95 at four digits.
        positive = np.repeat([True, False], [20000, 1])
        scores = np.arange(20000, -1, -1) / 20000
        self.assertEqual(operating.reaching(positive, scores, 0.95), 1001 / 20000)


class Questions(unittest.TestCase):
    """Binary questions and subgroups."""

    def test_questions_come_from_the_manifest(self):
        self.assertEqual(set(figures.TASKS), {task["id"] for task in pack.template()["tasks"]})
        self.assertEqual(set(figures.TASKS["carcinoma-or-keratosis"][0]), {"bcc", "scc", "ak"})
        self.assertEqual(set(figures.MALIGNANT), {"mel", "bcc", "scc", "ak"})

    def test_a_score_without_mass_is_one_half(self):
        probabilities = np.array([[0.0, 0.0, 1.0], [0.3, 0.1, 0.6]])
        positive, scores = metrics.task_scores(probabilities, np.array([0, 1]), [0], [1])
        self.assertEqual(positive.tolist(), [True, False])
        np.testing.assert_allclose(scores, [0.5, 0.75])

    def test_age_bands_stand_in_order_and_unknown_last(self):
        ages = ("80.0", "", "20.0", "50.0")
        some = [
            Photo(f"I{i}", f"L{i}", i % 2, "histo", Path("x.jpg"), {"age band": photos.age_band(age)})
            for i, age in enumerate(ages)
        ]
        rows = figures.subgroups(np.eye(len(CLASSES))[[0, 1, 0, 0]], some, 1.0)
        self.assertEqual([row["name"] for row in rows], [*(photos.AGE_BANDS[place] for place in (0, 2, 4)), "unknown"])
        self.assertEqual([row["accuracy"] for row in rows], [1, 0, 1, 1])
        self.assertEqual([row["auc malignant"] for row in rows], [None] * 4)

    def test_the_interval_of_the_area_holds_the_area(self):
        random = np.random.default_rng(3)
        positive = np.arange(200) < 80
        scores = np.round(random.normal(positive, 1), 1)
        low, high = figures.auc_interval(positive, scores)
        self.assertLess(low, metrics.auc(positive, scores))
        self.assertLess(metrics.auc(positive, scores), high)
        # Hanley and McNeil 1982: the standard error at this area and these counts is about 0.035.
        self.assertAlmostEqual(high - low, 2 * 1.96 * 0.035, delta=0.03)


if __name__ == "__main__":
    unittest.main()
