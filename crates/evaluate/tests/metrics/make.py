"""Writes what scikit-learn, SciPy and NumPy give for random and degenerate inputs.

``tests/metrics.rs`` and ``model/train/tests/test_metrics.py`` hold the figures in Rust and in Python to the same file.

    .venv/bin/python tests/metrics/make.py
"""

import json
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
random = np.random.default_rng(20170202)


def number(value):
    """A float for JSON, None where it is not defined."""
    value = float(value)
    return value if np.isfinite(value) else None


def several(name, truth, scores):
    """A case of several classes; ``scores[N, C]`` sum to 1."""
    truth, scores = np.asarray(truth), np.asarray(scores, float)
    classes = scores.shape[1]
    labels = list(range(classes))
    predicted = scores.argmax(axis=1)
    # scikit-learn lets the last of equal scores win and skintree the first: the same with the classes turned round.
    top = [
        number(metrics.top_k_accuracy_score(classes - 1 - truth, scores[:, ::-1], k=k, labels=labels))
        for k in range(1, classes)
    ]
    precision, recall, _, _ = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=np.nan
    )
    weights = random.integers(0, 4, len(truth))
    weights[0] = 1
    return {
        "name": name,
        "truth": truth.tolist(),
        "scores": scores.tolist(),
        "weights": weights.tolist(),
        "accuracy": number(metrics.accuracy_score(truth, predicted)),
        "accuracy_weighted": number(metrics.accuracy_score(truth, predicted, sample_weight=weights)),
        "balanced_accuracy": number(metrics.balanced_accuracy_score(truth, predicted)),
        "balanced_accuracy_weighted": number(
            metrics.balanced_accuracy_score(truth[weights > 0], predicted[weights > 0], sample_weight=weights[weights > 0])
        ),
        "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).tolist(),
        "top_k": top,
        "recall": [number(value) for value in recall],
        "precision": [number(value) for value in precision],
        "log_loss": number(metrics.log_loss(truth, scores, labels=labels)),
        "calibration": calibration(truth == predicted, scores.max(axis=1)),
    }


def calibration(outcome, probabilities, bins=15):
    """The bins that have any case, and the expected calibration error of Guo et al. 2017."""
    observed, predicted = calibration_curve(outcome, probabilities, n_bins=bins)
    edges = [place / bins for place in range(1, bins)]
    _, counts = np.unique(np.digitize(probabilities, edges, right=True), return_counts=True)
    return {
        "count": counts.tolist(),
        "observed": observed.tolist(),
        "predicted": predicted.tolist(),
        "expected_calibration_error": float(np.average(np.abs(observed - predicted), weights=counts)),
    }


def operating_points(positive, scores):
    """Youden's point (of several the one with the highest sensitivity) and the highest threshold with a sensitivity of
    95 %, by exact fractions."""
    tn, fp, fn, tp, thresholds = metrics.confusion_matrix_at_thresholds(positive, scores)
    counts = zip(tn.astype(int).tolist(), fp.astype(int).tolist(), fn.astype(int).tolist(), tp.astype(int).tolist())
    rows = [
        (threshold, Fraction(tp, tp + fn), Fraction(tn, tn + fp))
        for threshold, (tn, fp, fn, tp) in zip(thresholds.tolist(), counts)
    ]
    youden = max(rows, key=lambda row: (row[1] + row[2], row[1]))
    reaching = max((row for row in rows if row[1] >= Fraction(95, 100)), key=lambda row: row[0])
    return [[float(value) for value in row] for row in (youden, reaching)]


def binary(name, positive, scores):
    """A case of two sides."""
    positive, scores = np.asarray(positive, bool), np.asarray(scores, float)
    weights = random.integers(0, 4, len(positive))
    both = 0 < positive.sum() < len(positive)
    curve = youden = reaching = None
    if both:
        youden, reaching = operating_points(positive, scores)
        weights[positive.argmax()] = weights[(~positive).argmax()] = 1
        fall_out, sensitivity, thresholds = metrics.roc_curve(positive, scores)
        curve = [[number(t), s, 1 - f] for t, s, f in zip(thresholds, sensitivity.tolist(), fall_out.tolist())]
    return {
        "name": name,
        "positive": positive.tolist(),
        "scores": scores.tolist(),
        "weights": weights.tolist(),
        "auc": number(metrics.roc_auc_score(positive, scores)) if both else None,
        "auc_weighted": number(metrics.roc_auc_score(positive, scores, sample_weight=weights)) if both else None,
        "curve": curve,
        "youden": youden,
        "reaching_95": reaching,
        "brier": number(metrics.brier_score_loss(positive, scores, pos_label=True)),
        "calibration": calibration(positive, scores),
    }


def softmax(logits):
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def wilson(hits, of):
    interval = binomtest(hits, of).proportion_ci(method="wilson")
    return {"hits": hits, "of": of, "interval": [float(interval.low), float(interval.high)]}


def age_band(age):
    """The band of an age in years; a lower edge belongs to its band."""
    names = ["< 30", "30 – < 45", "45 – < 60", "60 – < 75", "≥ 75"]
    return {"age": age, "band": names[np.digitize(age, [30, 45, 60, 75])]}


def percentile(values, share):
    return {"values": values.tolist(), "share": share, "expected": float(np.percentile(values, 100 * share))}


many = random.integers(0, 8, 120)
logits = random.normal(size=(120, 8))
logits[np.arange(120), many] += 1
rare = np.where(random.random(60) < 0.9, 0, random.integers(0, 4, 60))
few = random.random(40) < 0.3
ranks = np.round(random.random(80), 1)
# The most probable class has 6, 9, 12 or 15 fifteenths: the edges of bins.
edges = np.array([[k / 15, (15 - k) / 30, (15 - k) / 30] for k in (6, 9, 12, 15) for _ in range(10)])

fixtures = {
    "several": [
        several("random, 8 classes", many, softmax(logits)),
        several("unequal classes", rare, softmax(random.normal(size=(60, 4)))),
        several("one class only", np.full(20, 2), softmax(random.normal(size=(20, 3)))),
        several("a class that never occurs", random.integers(0, 2, 30), softmax(random.normal(size=(30, 3)))),
        several("all scores equal", random.integers(0, 4, 24), np.full((24, 4), 0.25)),
        several("ties of two", random.integers(0, 4, 40), np.repeat(softmax(random.normal(size=(40, 2))), 2, axis=1) / 2),
        several("sure and wrong", [0, 1, 2, 0], [[0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 0, 0]]),
        several("one photo", [1], [[0.2, 0.5, 0.3]]),
        several("highest scores on the edges of bins", random.integers(0, 2, 40), edges),
    ],
    "binary": [
        binary("random", few, np.clip(0.3 * few + 0.7 * random.random(40), 0, 1)),
        binary("many ties", random.random(80) < ranks, ranks),
        binary("all tied", [True, False, True, False], [0.5] * 4),
        binary("perfect", [True, True, False], [0.9, 0.8, 0.1]),
        binary("the wrong way round", [False, False, True], [0.9, 0.8, 0.1]),
        binary("only zeros and ones", [True, False, True, False], [1.0, 0.0, 0.0, 1.0]),
        binary("positives only", [True] * 5, [0.1, 0.2, 0.3, 0.4, 0.5]),
        binary("negatives only", [False] * 5, [0.1, 0.2, 0.3, 0.4, 0.5]),
        binary("on the edges of bins", random.random(31) < 0.5, np.arange(31) / 30),
        binary("one of each", [True, False], [0.4, 0.6]),
        binary("two points with the same J", [True, False, True, False], [0.9, 0.8, 0.7, 0.6]),
        binary("ten points with the same J, but for rounding", [True, False] * 10, np.arange(20, 0, -1) / 20),
        binary("95 % are reached within a straight part", [True] * 40 + [False] * 10, np.arange(50, 0, -1) / 50),
    ],
    "wilson": [wilson(hits, of) for hits, of in [(0, 1), (1, 1), (0, 20), (20, 20), (29, 53), (433, 495), (1, 1000)]],
    "percentile": [
        percentile(np.sort(random.random(count)), share)
        for count in (1, 2, 7, 1000)
        for share in (0.0, 0.025, 0.5, 0.975, 1.0)
        if count < 1000 or share == 0.025
    ],
    "deviation": [
        {"values": values, "mean": float(np.mean(values)), "expected": float(np.std(values, ddof=1))}
        for values in ([0.7, 0.72, 0.71, 0.69], [0.5, 0.5], random.random(9).tolist())
    ],
    "age_bands": [age_band(age) for age in (0.0, 29.9, 30.0, 44.0, 45.0, 59.5, 60.0, 74.9, 75.0, 85.0, 100.0)],
}
# One line a case.
parts = [
    f'"{name}":[\n' + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases) + "\n]"
    for name, cases in fixtures.items()
]
Path(__file__).with_name("expected.json").write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")
