"""Numbers on which a student's functions are tried: weights and rows, with the right answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nncli.nn.arrays import Array
from nncli.nn.gradients import backprop
from nncli.nn.losses import Loss
from nncli.nn.network import Network
from nncli.training.experiment import Experiment

OWN_ROWS = 8  # of the config's own
RANDOM_ROWS = 5  # of the random ones


@dataclass(frozen=True)
class Problem:
    """A network with parameters (P,), and rows X (n, inputs) with targets Y (n, outputs)."""

    network: Network
    parameters: Array
    X: Array
    Y: Array
    loss: Loss

    @cached_property
    def outputs(self) -> Array:
        """The right outputs, (n, outputs)."""
        return self.network.predict(self.parameters, self.X)

    @cached_property
    def gradient(self) -> Array:
        """The right gradient, (P,)."""
        return backprop()(self.network, self.parameters, self.X, self.Y, self.loss)[1]

    def value_of(self, loss: Loss) -> float:
        """A loss of the right outputs, without penalties."""
        last = self.network.forward(self.parameters, self.X)[-1]
        return float(loss.value(last.Z, last.A, self.Y))

    def single_rows(self) -> Iterator[Problem]:
        """The same problem for each row by itself."""
        for row in range(len(self.X)):
            yield replace(self, X=self.X[[row]], Y=self.Y[[row]])


def problems(experiment: Experiment, parameters: Array | None = None) -> list[Problem]:
    """Return the parameters (default: the initial ones) on the config's first rows, and two random problems.

    At the config's own numbers different mistakes can give the same gradient: a mean is a sum where there is
    one row, and a transposed matrix is none where all weights are equal. The number of random rows is that of
    no layer's units, so that arrays laid out the wrong way around do not fit.
    """
    network, loss = experiment.network, experiment.recipe.loss
    data = experiment.rows.training
    X, Y = (each[:OWN_ROWS].astype(np.float64) for each in (data.X, data.Y))
    at = experiment.initial if parameters is None else parameters
    own = Problem(network, at.astype(np.float64), X, Y, loss)
    widths = {network.inputs, *(layer.units for layer in network.layers)}
    counts = [count for count in range(RANDOM_ROWS, RANDOM_ROWS + len(widths) + 2) if count not in widths][:2]
    return [own, *(_random(own, count) for count in counts)]


def _random(own: Problem, rows: int) -> Problem:
    """The problem with other numbers, the same in every check."""
    rng = np.random.default_rng(rows)
    network = own.network
    return replace(
        own,
        parameters=rng.uniform(-1.0, 1.0, network.parameter_count),
        X=rng.normal(size=(rows, network.inputs)),
        Y=_random_targets(own, rows, rng),
    )


def _random_targets(own: Problem, rows: int, rng: np.random.Generator) -> Array:
    outputs = own.network.outputs
    if own.loss.per_row:
        return np.eye(outputs)[rng.integers(outputs, size=rows)]
    if own.loss.class_weights is not None:
        return rng.integers(2, size=(rows, outputs)).astype(np.float64)
    return rng.uniform(size=(rows, outputs))
