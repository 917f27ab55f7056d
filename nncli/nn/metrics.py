"""How good the outputs are, in numbers for people: (A, Y) -> float, both (n, k).

Defined as in scikit-learn; several outputs are averaged with equal weight.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nncli.nn.activations import Array

Metric = Callable[[Array, Array], float]


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


METRICS: dict[str, Metric] = {
    "mse": mse,
    "rmse": rmse,
    "mae": mae,
    "max_error": max_error,
    "r2": r2,
    "accuracy": accuracy,
}

CLASS_METRICS = frozenset({"accuracy"})
