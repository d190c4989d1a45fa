"""A new last layer on frozen features: multinomial logistic regression."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

LEAST_SPREAD = 0.01
"""Standard deviation below which a feature counts as dead: scaling it up would make huge weights out of noise."""


@dataclass(frozen=True)
class Head:
    """Dense layer in the units of the raw features: logits = features @ weight.T + bias."""

    weight: np.ndarray
    """``float32 [classes, C]``"""
    bias: np.ndarray
    """``float32 [classes]``"""

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Logits ``float32 [N, classes]``."""
        return features @ self.weight.T + self.bias


def fit(features: np.ndarray, targets: np.ndarray, classes: int, inverse_penalty: float, balanced: bool = True) -> Head:
    """Fits on standardised features and folds the standardisation into the layer.

    Every class weighs the same if ``balanced``, else every photo. ``inverse_penalty`` is C of scikit-learn: smaller means
    stronger L2.
    """
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), LEAST_SPREAD)
    model = LogisticRegression(C=inverse_penalty, class_weight="balanced" if balanced else None, max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((features - mean) / spread, targets)
    if len(model.classes_) != classes:
        raise ValueError("every class must occur in the training photos")
    weight, bias = model.coef_ / spread, model.intercept_
    if classes == 2:
        # scikit-learn gives one row, for the difference of the two logits.
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return Head(weight.astype(np.float32), (bias - weight @ mean).astype(np.float32))


def cross_validated(
    features: np.ndarray,
    targets: np.ndarray,
    folds: np.ndarray,
    classes: int,
    inverse_penalty: float,
    balanced: bool = True,
) -> np.ndarray:
    """Logits for every photo from the head that was fitted on the other folds: ``float32 [N, classes]``."""
    logits = np.zeros((len(targets), classes), np.float32)
    for fold in np.unique(folds):
        out = folds == fold
        logits[out] = fit(features[~out], targets[~out], classes, inverse_penalty, balanced).logits(features[out])
    return logits
