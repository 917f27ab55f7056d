"""Metrics, which are reported but not minimized: of outputs A (..., n, k) and targets Y (n, k), (...).

Defined as in scikit-learn. Several targets are averaged with equal weight. Classes are one column of
0 and 1, or one column each (one-hot) of which the largest output is the predicted class; there precision,
recall, F1 and AUC are macro averages: of each class against the rest, with equal weight.
Where a row may have any number of labels, LABEL_METRICS measure each column by itself.
A metric that has no value is NaN. Stacked outputs give the same numbers, to the last bit, as each by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nncli.nn.arrays import Array


@dataclass(frozen=True)
class Metric:
    """A function of outputs and targets, and how to read it.

    Attributes
    ----------
    function : (A, Y) -> values (...), of A (..., n, k) and Y (n, k).
    higher_is_better : whether the best is its largest value.
    needs_classes : whether it is for class tasks alone, not for regression.
    """

    function: Callable[[Array, Array], Array]
    higher_is_better: bool = False
    needs_classes: bool = False

    def __call__(self, A: Array, Y: Array) -> float:
        """The metric of outputs A (n, k) for targets Y; inf or NaN where numbers overflow."""
        return float(self.each(A, Y))

    def each(self, A: Array, Y: Array) -> Array:
        """The metric of every one of the outputs A (..., n, k) for targets Y (n, k)."""
        with np.errstate(all="ignore"):
            return np.asarray(self.function(A, Y))


def mse(A: Array, Y: Array) -> Array:
    """Mean squared error, in the target's units squared."""
    return np.asarray(np.square(A - Y).mean(axis=(-2, -1)))


def rmse(A: Array, Y: Array) -> Array:
    """Root of the mean squared error of each output, averaged, in the target's units."""
    return np.asarray(np.sqrt(np.square(A - Y).mean(axis=-2)).mean(axis=-1))


def mae(A: Array, Y: Array) -> Array:
    """Mean absolute error, in the target's units."""
    return np.asarray(np.abs(A - Y).mean(axis=(-2, -1)))


def max_error(A: Array, Y: Array) -> Array:
    """The largest absolute error, in the target's units."""
    return np.asarray(np.abs(A - Y).max(axis=(-2, -1)))


def r2(A: Array, Y: Array) -> Array:
    """Share of the variance explained, 1 at best; a constant target gives 1 if met exactly, else 0.

    One row has no variance: NaN, as in scikit-learn.
    """
    if len(Y) < 2:
        return np.full(A.shape[:-2], np.nan)
    residual = np.square(A - Y).sum(axis=-2)
    total = np.square(Y - Y.mean(axis=0)).sum(axis=0)
    constant = np.where(residual == 0.0, 1.0, 0.0)
    explained = 1.0 - residual / np.where(total == 0.0, 1.0, total)
    return np.asarray(np.where(total == 0.0, constant, explained).mean(axis=-1))


def accuracy(A: Array, Y: Array) -> Array:
    """Share of rows whose class is right: 0.5 or more is class 1; with several outputs the largest wins."""
    if Y.shape[1] == 1:
        return np.asarray(((A >= 0.5) == (Y >= 0.5)).mean(axis=(-2, -1)))
    return np.asarray((A.argmax(axis=-1) == Y.argmax(axis=-1)).mean(axis=-1))


def precision(A: Array, Y: Array) -> Array:
    """Fraction of predicted positives that are correct; 0 where none is predicted."""
    hits, predicted, true = _counts(A, Y)
    return _mean_share(hits, predicted, _occurring(predicted, true))


def recall(A: Array, Y: Array) -> Array:
    """Fraction of actual positives that are found; 0 where there are none."""
    hits, predicted, true = _counts(A, Y)
    return _mean_share(hits, true, _occurring(predicted, true))


def f1(A: Array, Y: Array) -> Array:
    """Harmonic mean of precision and recall, 2 hits / (predicted + true); 0 without any."""
    hits, predicted, true = _counts(A, Y)
    return _mean_share(2 * hits, predicted + true, _occurring(predicted, true))


def _counts(A: Array, Y: Array) -> tuple[Array, Array, Array]:
    """Rows of each class that are predicted and true, predicted, and true; the first two (..., classes).

    One output counts class 1 alone.
    """
    if Y.shape[1] == 1:
        return label_counts(A, Y)
    predicted, true = _largest(A), _largest(Y)
    return (predicted & true).sum(axis=-2), predicted.sum(axis=-2), true.sum(axis=-2)


def _occurring(predicted: Array, true: Array) -> Array:
    """Tell whether a class counts: of several, one neither predicted nor true is left out.

    So does scikit-learn where it is not given the labels.
    """
    return np.asarray((predicted + true > 0) | (predicted.shape[-1] == 1))


def _largest(A: Array) -> Array:
    """Tell whether a column is the first largest of its row, (..., n, k)."""
    return np.asarray(A.argmax(axis=-1)[..., np.newaxis] == np.arange(A.shape[-1]))


def _mean_share(part: Array, whole: Array, counts: Array | bool = True) -> Array:
    """Mean share of the columns that count; where the whole is 0, so is the part."""
    shares = part / np.maximum(whole, 1)
    return np.asarray(shares.mean(axis=-1, where=np.broadcast_to(counts, shares.shape)))


def auc(A: Array, Y: Array) -> Array:
    """Area under the ROC curve: how often a row of a class scores above one that is not, ties as half.

    NaN where a class has no row or every row. Unlike scikit-learn it takes outputs of several
    classes that do not sum to one.

    References
    ----------
    Hanley & McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143(1).
    """
    return _mean_area(A, Y >= 0.5 if Y.shape[1] == 1 else _largest(Y))


def _mean_area(A: Array, positive: Array) -> Array:
    """Area of each column, averaged, (...)."""
    scores = A.reshape(-1, *A.shape[-2:]).transpose(0, 2, 1)
    areas = [[_area(*pair) for pair in zip(each, positive.T, strict=True)] for each in scores]
    return np.asarray(np.mean(areas, axis=-1)).reshape(A.shape[:-2])


def _area(scores: Array, positive: Array) -> float:
    upper, lower = np.sort(scores[positive]), np.sort(scores[~positive])
    if not upper.size or not lower.size or np.isnan(scores).any():
        return float("nan")
    # For each of `upper`, how many of `lower` are below it, and how many are not above it.
    below = int(np.searchsorted(lower, upper, side="left").sum())
    not_above = int(np.searchsorted(lower, upper, side="right").sum())
    return (below + not_above) / (2 * upper.size * lower.size)


def log_loss(A: Array, Y: Array) -> Array:
    """Mean of -log a of the true class, in nats; a is kept within [eps, 1 - eps] of its float type.

    NaN where an output is no probability, below 0 or above 1.
    """
    terms = _binary_terms(A, Y) if Y.shape[1] == 1 else -Y * _clipped_log(A)
    return np.where(_are_probabilities(A), terms.sum(axis=-1).mean(axis=-1), np.nan)


def _binary_terms(A: Array, Y: Array) -> Array:
    return np.asarray(-(1.0 - Y) * _clipped_log(1.0 - A) - Y * _clipped_log(A))


def _clipped_log(A: Array) -> Array:
    eps = np.finfo(A.dtype).eps
    return np.asarray(np.log(np.clip(A, eps, 1.0 - eps)))


def _are_probabilities(A: Array) -> Array:
    """Tell whether all outputs of a stack are from 0 to 1, (...); NaN, which is no number, passes."""
    return np.asarray(~((A < 0.0) | (A > 1.0)).any(axis=(-2, -1)))


METRICS: dict[str, Metric] = {
    "mse": Metric(mse),
    "rmse": Metric(rmse),
    "mae": Metric(mae),
    "max_error": Metric(max_error),
    "r2": Metric(r2, higher_is_better=True),
    "accuracy": Metric(accuracy, higher_is_better=True, needs_classes=True),
    "precision": Metric(precision, higher_is_better=True, needs_classes=True),
    "recall": Metric(recall, higher_is_better=True, needs_classes=True),
    "f1": Metric(f1, higher_is_better=True, needs_classes=True),
    "auc": Metric(auc, higher_is_better=True, needs_classes=True),
    "log_loss": Metric(log_loss, needs_classes=True),
}


def label_accuracy(A: Array, Y: Array) -> Array:
    """Share of rows in which every label is right, the subset accuracy; 0.5 or more predicts a label."""
    return np.asarray(((A >= 0.5) == (Y >= 0.5)).all(axis=-1).mean(axis=-1))


def label_precision(A: Array, Y: Array) -> Array:
    """Precision of each label, averaged with equal weight; 0 for a label that is never predicted."""
    hits, predicted, _ = label_counts(A, Y)
    return _mean_share(hits, predicted)


def label_recall(A: Array, Y: Array) -> Array:
    """Recall of each label, averaged with equal weight; 0 for a label that no row has."""
    hits, _, true = label_counts(A, Y)
    return _mean_share(hits, true)


def label_f1(A: Array, Y: Array) -> Array:
    """F1 of each label, averaged with equal weight; 0 for a label that is neither predicted nor true."""
    hits, predicted, true = label_counts(A, Y)
    return _mean_share(2 * hits, predicted + true)


def label_auc(A: Array, Y: Array) -> Array:
    """Area under the ROC curve of each label, averaged; NaN where no row or every row has some label."""
    return _mean_area(A, Y >= 0.5)


def label_log_loss(A: Array, Y: Array) -> Array:
    """Binary log loss in nats, averaged over rows and labels; NaN where an output is no probability."""
    return np.where(_are_probabilities(A), _binary_terms(A, Y).mean(axis=-2).mean(axis=-1), np.nan)


def label_counts(A: Array, Y: Array) -> tuple[Array, Array, Array]:
    """Rows for which each label is predicted and true, predicted, and true; the first two (..., k)."""
    predicted, true = A >= 0.5, Y >= 0.5
    return (predicted & true).sum(axis=-2), predicted.sum(axis=-2), true.sum(axis=-2)


# The same metrics where each column is a label of its own, and a row may have any number of them.
LABEL_METRICS: dict[str, Metric] = METRICS | {
    name: replace(METRICS[name], function=function)
    for name, function in {
        "accuracy": label_accuracy,
        "precision": label_precision,
        "recall": label_recall,
        "f1": label_f1,
        "auc": label_auc,
        "log_loss": label_log_loss,
    }.items()
}

CLASS_METRICS = frozenset(name for name, metric in METRICS.items() if metric.needs_classes)
