"""scikit-learn's MLPClassifier, given the initial weights and the orders of rows."""

from __future__ import annotations

import time
import warnings
from typing import Any

from sklearn.neural_network import (  # type: ignore[import-untyped]
    MLPClassifier,
    _multilayer_perceptron,
)

from benchmarks.problem import Array, Problem, Weights
from benchmarks.systems import child


class Given(MLPClassifier):  # type: ignore[misc]
    """A classifier that starts from given weights."""

    def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[Array, Array]:
        W, b = next(self.given)
        return W.T.astype(dtype, order="C"), b.astype(dtype)


def train(problem: Problem) -> tuple[float, Weights]:
    """Fit a classifier for as many epochs as there are orders."""
    recipe, epochs, rows = problem.recipe, len(problem.orders), len(problem.X)
    orders = iter(problem.orders)
    _multilayer_perceptron.shuffle = lambda *_, **__: next(orders)
    scale = 1 if recipe.mean else rows  # its loss is a mean
    network = Given(
        problem.sizes[1:-1],
        activation={"sigmoid": "logistic"}.get(recipe.activations[0], recipe.activations[0]),
        solver=recipe.optimizer,
        learning_rate_init=recipe.rate * scale,
        momentum=0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=recipe.batch,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
    )
    network.given = iter(problem.weights)
    labels = problem.Y.argmax(axis=1) if problem.Y.shape[1] > 1 else problem.Y[:, 0].astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged, which is not asked
        began = time.perf_counter()
        network.fit(problem.X, labels)
        seconds = time.perf_counter() - began
    return seconds, [(W.T, b) for W, b in zip(network.coefs_, network.intercepts_, strict=True)]


if __name__ == "__main__":
    child.run(train)
