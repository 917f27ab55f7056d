"""Losses: the distance of outputs from targets as one number to minimize, and its derivative.

With A, Y of shape (n, k) and e = A - Y, a loss is a sum of terms, one per output (`mse`, `mae` ...)
or one per row (`cross_entropy`). `reduction: sum` adds them; `mean` divides by n k, or by n for
`cross_entropy`. Where rows count by their class, their terms are multiplied by its weight, and `mean` counts
rows by their weights, as PyTorch's CrossEntropyLoss does. A test checks every loss x reduction x output
activation x width against finite differences, because an average over outputs is easily lost in the
derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np

from nncli.nn.activations import LOGISTIC, Activation, below_largest, logistic
from nncli.nn.arrays import Array

Reduction = Literal["mean", "sum"]


@dataclass(frozen=True)
class Loss:
    """A loss with its options bound.

    Attributes
    ----------
    terms : (U, Y) -> terms, (..., n, k) or (..., n, 1); U is A, or Z where `link` is set.
    slope : (U, Y) -> d(terms)/dU, (..., n, k).
    link : the output activation the loss is written for. Sigmoid with binary cross-entropy and
        softmax with cross-entropy join into a form in Z that neither overflows nor cancels.
    class_weights : of each class, (classes,): the terms of a row count as often as its class weighs.
    expression, slope_expression : a term and its derivative as scalar expressions of `a` (or `z`), the target
        `y` and the options by name; None where a term depends on several outputs.
    options : what the entry was made with besides the reduction, by name.
    targets : the range in which the loss has a least value.
    kinks : (A, Y) -> numbers that are 0 where a derivative of a term, be it the second, jumps.
    """

    name: str
    reduction: Reduction
    terms: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    link: str | None = None
    per_row: bool = False
    class_weights: Array | None = None
    kinks: Callable[[Array, Array], Array] | None = None
    expression: str | None = None
    slope_expression: str | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[float, float] = (-math.inf, math.inf)

    def divisor(self, Y: Array) -> float:
        """Return what the sum of the terms is divided by; rows count as much as their class weighs."""
        if self.reduction == "sum":
            return 1.0
        rows = len(Y) if self.class_weights is None else float(self.row_weights(Y).sum(dtype=np.float64))
        return float(rows if self.per_row else rows * Y.shape[1])

    def terms_of(self, Z: Array, A: Array, Y: Array) -> Array:
        """The unreduced terms of outputs A = activation(Z); leading axes are kept."""
        terms = self.terms(Z if self.link else A, Y)
        return terms if self.class_weights is None else terms * self.row_weights(Y)

    def row_weights(self, Y: Array) -> Array:
        """The weight of each row's class (n, 1), for classes as 0/1 (n, 1) or one-hot (n, classes)."""
        assert self.class_weights is not None
        weights = self.class_weights.astype(Y.dtype, copy=False)
        if Y.shape[1] == 1:
            return np.asarray(weights[0] + (weights[1] - weights[0]) * Y)
        return np.asarray(Y @ weights[:, np.newaxis])

    def _slope(self, U: Array, Y: Array) -> Array:
        slope = self.slope(U, Y) / self.divisor(Y)
        return slope if self.class_weights is None else slope * self.row_weights(Y)

    def value(self, Z: Array, A: Array, Y: Array) -> Array:
        """The loss (...) of outputs A = activation(Z), (..., n, k); the terms are added in float64."""
        terms = self.terms_of(Z, A, Y).astype(np.float64, copy=False)
        return np.asarray(terms.sum(axis=(-2, -1)) / self.divisor(Y))

    def output_error(self, activation: Activation, Z: Array, A: Array, Y: Array) -> Array:
        """DZ of the last layer, (n, k)."""
        if self.link:
            return self._slope(Z, Y)
        return activation.backward(self._slope(A, Y), Z, A)


def squared_error(reduction: Reduction = "mean") -> Loss:
    """e^2."""
    return _square("squared_error", reduction)


def mse(reduction: Reduction = "mean") -> Loss:
    """Mean squared error: e^2, averaged over rows and outputs."""
    return _square("mse", reduction)


def _square(name: str, reduction: Reduction) -> Loss:
    return Loss(
        name,
        reduction,
        lambda A, Y: np.square(A - Y),
        lambda A, Y: 2.0 * (A - Y),
        expression="square(a - y)",
        slope_expression="2 * (a - y)",
    )


def half_squared_error(reduction: Reduction = "mean") -> Loss:
    """e^2 / 2, whose derivative is e itself."""
    return Loss(
        "half_squared_error",
        reduction,
        lambda A, Y: 0.5 * np.square(A - Y),
        lambda A, Y: A - Y,
        expression="0.5 * square(a - y)",
        slope_expression="a - y",
    )


def mae(reduction: Reduction = "mean") -> Loss:
    """Mean absolute error: |e|; its derivative at 0 is taken as 0."""
    return Loss(
        "mae",
        reduction,
        lambda A, Y: np.abs(A - Y),
        lambda A, Y: np.sign(A - Y),
        kinks=lambda A, Y: A - Y,
        expression="abs(a - y)",
        slope_expression="sign(a - y)",
    )


def huber(
    reduction: Reduction = "mean",
    delta: Annotated[
        float, "> 0", "error at which the loss changes from quadratic to linear, in the target's unit"
    ] = 1.0,
) -> Loss:
    """e^2 / 2 if |e| is at most `delta`, else delta * (|e| - delta / 2) (Huber 1964)."""

    def terms(A: Array, Y: Array) -> Array:
        E = np.abs(A - Y)
        square = 0.5 * np.square(np.minimum(E, delta))
        return np.asarray(np.where(E <= delta, square, delta * (E - 0.5 * delta)))

    return Loss(
        "huber",
        reduction,
        terms,
        lambda A, Y: np.clip(A - Y, -delta, delta),
        kinks=lambda A, Y: np.abs(A - Y) - delta,
        expression="where(abs(a - y) <= delta, 0.5 * square(minimum(abs(a - y), delta)),"
        " delta * (abs(a - y) - 0.5 * delta))",
        slope_expression="maximum(minimum(a - y, delta), -delta)",
        options={"delta": delta},
    )


def binary_cross_entropy(reduction: Reduction = "mean") -> Loss:
    """-(y log a + (1 - y) log(1 - a)) per output, a = sigmoid(z)."""

    def terms(Z: Array, Y: Array) -> Array:
        # Equal to the formula above with a = sigmoid(z), without log(0): no term cancels or overflows.
        return np.asarray(np.maximum(Z, 0.0) - Z * Y + np.log1p(np.exp(-np.abs(Z))))

    return Loss(
        "binary_cross_entropy",
        reduction,
        terms,
        lambda Z, Y: logistic(Z) - Y,
        link="sigmoid",
        expression="maximum(z, 0) - z * y + log1p(exp(-abs(z)))",
        slope_expression=f"{LOGISTIC} - y",
        targets=(0.0, 1.0),
    )


def cross_entropy(reduction: Reduction = "mean") -> Loss:
    """-sum_j y_j log a_j per row, a = softmax(z)."""

    def terms(Z: Array, Y: Array) -> Array:
        S = below_largest(Z)
        log_sum = np.log(np.exp(S).sum(axis=-1, keepdims=True))
        return np.asarray(((log_sum - S) * Y).sum(axis=-1, keepdims=True))

    def slope(Z: Array, Y: Array) -> Array:
        E = np.exp(below_largest(Z))
        A = E / E.sum(axis=-1, keepdims=True)
        # The rows of Y may sum to something other than one (soft or weighted targets).
        return np.asarray(A * Y.sum(axis=-1, keepdims=True) - Y)

    return Loss(
        "cross_entropy", reduction, terms, slope, link="softmax", per_row=True, targets=(0.0, math.inf)
    )


LOSSES: dict[str, Callable[..., Loss]] = {
    "mse": mse,
    "mae": mae,
    "huber": huber,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "squared_error": squared_error,
    "half_squared_error": half_squared_error,
}
