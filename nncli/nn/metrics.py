"""Metrics, which are reported but not minimized: (A, Y) -> float, both (n, k).

Defined as in scikit-learn. Several targets are averaged with equal weight. Classes are one column of
0 and 1, or one column each (one-hot) of which the largest output is the predicted class; there precision,
recall, F1 and AUC are macro averages: of each class against the rest, with equal weight.
Where a row may have any number of labels, LABEL_METRICS measure each column by itself.
A metric that has no value is NaN.
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
    function : (A, Y) -> float, both (n, k).
    higher_is_better : whether the best is its largest value.
    needs_classes : whether it is for class tasks alone, not for regression.
    """

    function: Callable[[Array, Array], float]
    higher_is_better: bool = False
    needs_classes: bool = False

    def __call__(self, A: Array, Y: Array) -> float:
        """The metric of outputs A for targets Y; inf or NaN where numbers overflow."""
        with np.errstate(all="ignore"):
            return self.function(A, Y)


def mse(A: Array, Y: Array) -> float:
    """Mean squared error, in the target's units squared."""
    return float(np.square(A - Y).mean())


def rmse(A: Array, Y: Array) -> float:
    """Root of the mean squared error of each output, averaged, in the target's units."""
    return float(np.sqrt(np.square(A - Y).mean(axis=0)).mean())


def mae(A: Array, Y: Array) -> float:
    """Mean absolute error, in the target's units."""
    return float(np.abs(A - Y).mean())


def max_error(A: Array, Y: Array) -> float:
    """The largest absolute error, in the target's units."""
    return float(np.abs(A - Y).max())


def r2(A: Array, Y: Array) -> float:
    """Share of the variance explained, 1 at best; a constant target gives 1 if met exactly, else 0.

    One row has no variance: NaN, as in scikit-learn.
    """
    if len(Y) < 2:
        return float("nan")
    residual = np.square(A - Y).sum(axis=0)
    total = np.square(Y - Y.mean(axis=0)).sum(axis=0)
    constant = np.where(residual == 0.0, 1.0, 0.0)
    explained = 1.0 - residual / np.where(total == 0.0, 1.0, total)
    return float(np.where(total == 0.0, constant, explained).mean())


def accuracy(A: Array, Y: Array) -> float:
    """Share of rows whose class is right: 0.5 or more is class 1; with several outputs the largest wins."""
    if Y.shape[1] == 1:
        return float(((A >= 0.5) == (Y >= 0.5)).mean())
    return float((A.argmax(axis=1) == Y.argmax(axis=1)).mean())


def precision(A: Array, Y: Array) -> float:
    """Fraction of predicted positives that are correct; 0 where none is predicted."""
    hits, predicted, _ = _counts(A, Y)
    return _mean_share(hits, predicted)


def recall(A: Array, Y: Array) -> float:
    """Fraction of actual positives that are found; 0 where there are none."""
    hits, _, true = _counts(A, Y)
    return _mean_share(hits, true)


def f1(A: Array, Y: Array) -> float:
    """Harmonic mean of precision and recall, 2 hits / (predicted + true); 0 without any."""
    hits, predicted, true = _counts(A, Y)
    return _mean_share(2 * hits, predicted + true)


def _counts(A: Array, Y: Array) -> tuple[Array, Array, Array]:
    """Rows of each class that are predicted and true, predicted, and true, (classes,) each.

    One output counts class 1 alone. Of several, a class neither predicted nor true is left out, as
    scikit-learn does where it is not given the labels.
    """
    if Y.shape[1] == 1:
        predicted, true = A >= 0.5, Y >= 0.5
    else:
        predicted, true = _largest(A), _largest(Y)
        occurring = (predicted | true).any(axis=0)
        predicted, true = predicted[:, occurring], true[:, occurring]
    return (predicted & true).sum(axis=0), predicted.sum(axis=0), true.sum(axis=0)


def _largest(A: Array) -> Array:
    """Tell whether a column is the first largest of its row, (n, k)."""
    return np.asarray(A.argmax(axis=1)[:, np.newaxis] == np.arange(A.shape[1]))


def _mean_share(part: Array, whole: Array) -> float:
    return float((part / np.maximum(whole, 1)).mean())  # where the whole is 0, so is the part


def auc(A: Array, Y: Array) -> float:
    """Area under the ROC curve: how often a row of a class scores above one that is not, ties as half.

    NaN where a class has no row or every row. Unlike scikit-learn it takes outputs of several
    classes that do not sum to one.

    References
    ----------
    Hanley & McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143(1).
    """
    positive = Y >= 0.5 if Y.shape[1] == 1 else _largest(Y)
    areas = [_area(scores, rows) for scores, rows in zip(A.T, positive.T, strict=True)]
    return float(np.mean(areas))


def _area(scores: Array, positive: Array) -> float:
    upper, lower = np.sort(scores[positive]), np.sort(scores[~positive])
    if not upper.size or not lower.size or np.isnan(scores).any():
        return float("nan")
    # For each of `upper`, how many of `lower` are below it, and how many are not above it.
    below = int(np.searchsorted(lower, upper, side="left").sum())
    not_above = int(np.searchsorted(lower, upper, side="right").sum())
    return (below + not_above) / (2 * upper.size * lower.size)


def log_loss(A: Array, Y: Array) -> float:
    """Mean of -log a of the true class, in nats; a is kept within [eps, 1 - eps] of its float type.

    NaN where an output is no probability, below 0 or above 1.
    """
    if (A < 0.0).any() or (A > 1.0).any():
        return float("nan")
    if Y.shape[1] == 1:
        A, Y = np.hstack([1.0 - A, A]), np.hstack([1.0 - Y, Y])
    eps = np.finfo(A.dtype).eps
    return float(-(Y * np.log(np.clip(A, eps, 1.0 - eps))).sum(axis=1).mean())


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


def label_accuracy(A: Array, Y: Array) -> float:
    """Share of rows in which every label is right, the subset accuracy; 0.5 or more predicts a label."""
    return float(((A >= 0.5) == (Y >= 0.5)).all(axis=1).mean())


def label_precision(A: Array, Y: Array) -> float:
    """Precision of each label, averaged with equal weight; 0 for a label that is never predicted."""
    hits, predicted, _ = label_counts(A, Y)
    return _mean_share(hits, predicted)


def label_recall(A: Array, Y: Array) -> float:
    """Recall of each label, averaged with equal weight; 0 for a label that no row has."""
    hits, _, true = label_counts(A, Y)
    return _mean_share(hits, true)


def label_f1(A: Array, Y: Array) -> float:
    """F1 of each label, averaged with equal weight; 0 for a label that is neither predicted nor true."""
    hits, predicted, true = label_counts(A, Y)
    return _mean_share(2 * hits, predicted + true)


def label_auc(A: Array, Y: Array) -> float:
    """Area under the ROC curve of each label, averaged; NaN where no row or every row has some label."""
    areas = [_area(scores, true) for scores, true in zip(A.T, (Y >= 0.5).T, strict=True)]
    return float(np.mean(areas))


def label_log_loss(A: Array, Y: Array) -> float:
    """Binary log loss in nats, averaged over rows and labels; NaN where an output is no probability."""
    return float(np.mean([log_loss(A[:, [k]], Y[:, [k]]) for k in range(Y.shape[1])]))


def label_counts(A: Array, Y: Array) -> tuple[Array, Array, Array]:
    """Rows for which each label is predicted and true, predicted, and true, (k,) each."""
    predicted, true = A >= 0.5, Y >= 0.5
    return (predicted & true).sum(axis=0), predicted.sum(axis=0), true.sum(axis=0)


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
