"""Operating points: thresholds on the probability of a binary question's positive side."""

import numpy as np


def points(positive: np.ndarray, scores: np.ndarray, sensitivity: float = 0.95) -> list[dict]:
    """The highest threshold that finds ``sensitivity`` of the positives, and Youden's (1950): largest J, ties to the highest.

    ``positive`` is bool ``[N]``, ``scores`` the probability of the positive side ``[N]``; at or above a threshold the
    answer is yes.  Thresholds are rounded down to four digits before they are measured.
    """
    scores = scores.astype(np.float64)
    candidates = np.unique(np.floor(scores * 1e4) / 1e4)
    measured = [measure(positive, scores, threshold) for threshold in candidates]
    enough = [point for point in measured if point["sensitivity"] >= sensitivity]
    # Of equal ones the highest threshold, as in the evaluation in Rust.
    youden = max(reversed(measured), key=lambda point: point["sensitivity"] + point["specificity"])
    return [{"id": f"sensitivity-{100 * sensitivity:.0f}", **enough[-1]}, {"id": "youden", **youden}]


def measure(positive: np.ndarray, scores: np.ndarray, threshold: float) -> dict:
    """Sensitivity and specificity of one threshold."""
    yes = scores >= threshold
    return {
        "threshold": float(threshold),
        "sensitivity": round(float(yes[positive].mean()), 4),
        "specificity": round(float((~yes)[~positive].mean()), 4),
    }
