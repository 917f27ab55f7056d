"""A training problem as arrays: what every system reads, so that all of them do the same arithmetic."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = list[tuple[Array, Array]]


@dataclass(frozen=True)
class Recipe:
    """Everything about a training but its arrays.

    Attributes
    ----------
    config : nncli's config.
    loss : squared or cross_entropy; the latter with sigmoid or softmax as last activation.
    mean : whether the loss is a mean over the rows of a batch, or a sum.
    epsilon : of central differences; 0 with backprop.
    warm : whether a short training goes before the one that is timed.
    copies : how many times it is trained.
    """

    config: dict[str, Any]
    activations: tuple[str, ...]
    loss: str
    mean: bool
    optimizer: str
    rate: float
    batch: int
    epsilon: float
    style: str
    warm: bool
    copies: int


@dataclass(frozen=True)
class Problem:
    """Rows X (n, inputs), Y (n, outputs), the initial weights, and each epoch's order (epochs, n)."""

    recipe: Recipe
    X: Array
    Y: Array
    weights: Weights
    orders: Array

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer, the inputs first."""
        return (self.X.shape[1], *(len(b) for _, b in self.weights))

    def factor(self, rows: int) -> float:
        """What multiplies the difference of output and target in the gradient of a batch of rows."""
        squared = self.recipe.loss == "squared"
        terms = rows * self.Y.shape[1] if squared else rows
        return (2.0 if squared else 1.0) / (terms if self.recipe.mean else 1)

    def shortened(self, epochs: int) -> Problem:
        """The same problem with fewer epochs."""
        return replace(self, orders=self.orders[:epochs])

    def loss(self, weights: Weights) -> float:
        """The loss over all rows, in float64, however the weights were trained."""
        A = np.asarray(self.X, dtype=np.float64)
        for (W, b), activation in zip(weights, self.recipe.activations, strict=True):
            A = activate(activation, A @ np.asarray(W, dtype=np.float64).T + b)
        if self.recipe.loss == "squared":
            terms = (A - self.Y) ** 2
        elif A.shape[1] == 1:
            terms = -np.log(np.where(self.Y > 0.5, A, 1 - A))
        else:
            terms = -np.log((A * self.Y).sum(axis=1))
        return float(terms.mean() if self.recipe.mean else terms.sum())

    def save(self, path: Path) -> None:
        """Write the problem to an .npz file."""
        layers = {
            f"{part}{at}": w
            for at, pair in enumerate(self.weights)
            for part, w in zip("Wb", pair, strict=True)
        }
        np.savez(
            path, X=self.X, Y=self.Y, orders=self.orders, recipe=json.dumps(asdict(self.recipe)), **layers
        )

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what `save` has written."""
        with np.load(path) as saved:
            found = json.loads(str(saved["recipe"]))
            recipe = Recipe(**{**found, "activations": tuple(found["activations"])})
            weights = [(saved[f"W{at}"], saved[f"b{at}"]) for at in range(len(recipe.activations))]
            return cls(recipe, saved["X"], saved["Y"], weights, saved["orders"])


def activate(name: str, Z: Array) -> Array:
    """An activation of rows (n, units)."""
    if name == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-Z)))
    if name == "tanh":
        return np.tanh(Z)
    if name == "relu":
        return np.maximum(Z, 0)
    if name == "softmax":
        powers = np.exp(Z - Z.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return Z
