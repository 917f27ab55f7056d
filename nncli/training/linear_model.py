"""Linear models solved exactly, with which a network is compared: a constant, and a model of all inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nncli.data.columns import Dataset
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.losses import Loss

LARGEST_FIT = 5_000_000  # rows x inputs x outputs; logistic regression then takes about a second
LARGEST_NUMBER = 1e100  # whose square is finite, also summed over many rows
NEWTON_STEPS, CONJUGATE_STEPS = 100, 300  # at most, of which a tenth is usual
SOLVED = 1e-9  # largest entry of the gradient, per row
LEAST_SHARE = 1e-15  # of a class, so that its logarithm is finite
RIDGE = 1.0  # of logistic regression, scikit-learn's default: without it separable classes have no solution

Link = Literal["identity", "sigmoid", "softmax"]


@dataclass(frozen=True)
class LinearModel:
    """Outputs A = link(X W^T + b), with weights W (outputs, inputs) and biases b (outputs,)."""

    W: Array
    b: Array
    link: Link

    def outputs(self, X: Array) -> tuple[Array, Array]:
        """Return Z and A, (n, outputs) each, of inputs X (n, inputs)."""
        Z = X @ self.W.T + self.b
        return Z, ACTIVATIONS[self.link]().function(Z)


def constant_model(dataset: Dataset, loss: Loss) -> LinearModel:
    """Return the best constant: each target's mean (with mae and huber its median), or the shares of classes.

    The same as scikit-learn's DummyRegressor, and its DummyClassifier with the strategy `prior`.
    """
    Y, link = dataset.Y.astype(np.float64), _link(dataset)
    W = np.zeros((Y.shape[1], dataset.X.shape[1]))
    if link == "identity":
        return LinearModel(W, np.median(Y, axis=0) if loss.name in ("mae", "huber") else Y.mean(axis=0), link)
    shares = np.clip(Y.mean(axis=0), LEAST_SHARE, 1.0 - LEAST_SHARE)
    return LinearModel(W, np.log(shares) if link == "softmax" else np.log(shares / (1.0 - shares)), link)


def linear_model(dataset: Dataset) -> LinearModel | None:
    """Fit least squares or logistic regression to all inputs; None if the table is too large for that.

    The same as scikit-learn's LinearRegression, and its LogisticRegression with C = 1: an L2 penalty of 1/2
    on the weights, none on the biases.
    """
    if dataset.X.size * dataset.Y.shape[1] > LARGEST_FIT:
        return None
    X, Y = dataset.X.astype(np.float64), dataset.Y.astype(np.float64)
    if max(np.abs(X).max(), np.abs(Y).max()) > LARGEST_NUMBER:
        return None
    link, center, scale = _link(dataset), X.mean(axis=0), X.std(axis=0)
    scale[scale < 1e-100] = 1.0
    if link == "identity":
        W, b = np.linalg.lstsq(X - center, Y - Y.mean(axis=0))[0].T, Y.mean(axis=0)
    else:
        # Inputs of mean 0 and standard deviation 1 take a tenth of the steps; the penalty is that of W.
        W, b = _logistic_regression((X - center) / scale, Y, link, RIDGE / scale**2)
        W = W / scale
    return LinearModel(W, b - W @ center, link)


def _link(dataset: Dataset) -> Link:
    task = dataset.columns.task
    return "identity" if task == "regression" else "softmax" if task == "multiclass" else "sigmoid"


def _logistic_regression(X: Array, Y: Array, link: Link, ridge: Array) -> tuple[Array, Array]:
    """Minimize the cross-entropy with a penalty ridge (inputs,) by Newton's method; return W and b."""
    X = np.column_stack([X, np.ones(len(X))])
    ridge = np.append(ridge, 0.0)
    activation = ACTIVATIONS[link]()
    W = np.zeros((Y.shape[1], X.shape[1]))

    def value(W: Array) -> float:
        Z = X @ W.T
        terms = np.logaddexp(0.0, Z) if link == "sigmoid" else np.logaddexp.reduce(Z, axis=1, keepdims=True)
        return float(terms.sum() - (Z * Y).sum() + 0.5 * (ridge * W * W).sum())

    for _ in range(NEWTON_STEPS):
        A = activation.function(X @ W.T)
        gradient = (A - Y).T @ X + ridge * W
        if np.abs(gradient).max() < SOLVED * len(X):
            break
        step = _conjugate_gradients(_curvature(X, A, link, ridge), gradient)
        length, before = 1.0, value(W)
        while length > 1e-6 and not value(W - length * step) <= before + 1e-12 * abs(before):
            length /= 2.0
        W = W - length * step
    return W[:, :-1], W[:, -1]


Product = Callable[[Array], Array]


def _curvature(X: Array, A: Array, link: Link, ridge: Array) -> Product:
    """Return the product of the Hessian with directions (outputs, inputs)."""

    def product(V: Array) -> Array:
        R = X @ V.T
        if link == "softmax":
            R = R - (A * R).sum(axis=1, keepdims=True)
            return np.asarray((A * R).T @ X + ridge * V)
        return np.asarray((A * (1.0 - A) * R).T @ X + ridge * V)

    return product


def _conjugate_gradients(product: Product, right: Array) -> Array:
    """Solve product(V) = right for V by conjugate gradients (Hestenes & Stiefel 1952)."""
    V, residual = np.zeros_like(right), right.copy()
    direction, size = residual.copy(), float((residual * residual).sum())
    target = size * min(0.01, size) * 1e-4
    for _ in range(CONJUGATE_STEPS):
        curved = product(direction)
        along = float((direction * curved).sum())
        if along <= 0.0 or size <= target:
            break
        V += size / along * direction
        residual -= size / along * curved
        before, size = size, float((residual * residual).sum())
        direction = residual + size / before * direction
    return V if V.any() else right
