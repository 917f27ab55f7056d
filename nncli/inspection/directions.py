"""Backprop compared with finite differences along random directions, for large networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nncli.inspection.gradcheck import CHECKED_ROWS, RESOLUTION, TensorCheck, TensorChecks, check_gradients
from nncli.nn.arrays import Array
from nncli.nn.gradients import backprop
from nncli.nn.losses import Loss
from nncli.nn.network import Network
from nncli.training.experiment import Experiment

MANY = 20_000  # parameters; checking each of 50,000 takes 9 s, 3 directions in each tensor 0.3 s
DIRECTIONS = 3  # in each tensor, where none are asked for
LONGEST, RATIO, STEPS = 0.01, 4.0, 12  # of the ladder of steps along a direction of length 1
BESIDE = 0.01  # from a kink, per parameter: long steps then meet it, short ones do not


@dataclass(frozen=True)
class DirectionCheck(TensorCheck):
    """The derivatives along random directions within a tensor, by backprop and by finite differences.

    The arrays have an entry for each direction, (directions,). A single wrong gradient among many shows in a
    random direction, but not which one it is.
    """

    tensor_shape: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor; weights are (units, inputs)."""
        return self.tensor_shape

    @property
    def index(self) -> tuple[int, ...]:
        """Number of the direction with the largest error, from 0."""
        return (int(self.error.argmax()),)

    @staticmethod
    def place(index: tuple[int, ...]) -> str:
        """Name a direction by its number, from 0."""
        return f" along direction {index[0]}"


def check_all_or_directions(
    experiment: Experiment, parameters: Array | None = None, directions: int | None = None
) -> TensorChecks:
    """Check every gradient, or derivatives along random directions in each tensor.

    Parameters
    ----------
    directions : in each tensor; 0 checks every parameter (default: every parameter of a network with up to
        20,000 of them, else 3 directions).
    """
    if directions is None:
        directions = DIRECTIONS if experiment.network.parameter_count > MANY else 0
    if directions:
        return check_directions(experiment, parameters, directions)
    return check_gradients(experiment, parameters)


def check_directions(experiment: Experiment, parameters: Array | None, directions: int) -> TensorChecks:
    """Check backprop along random directions within each tensor, at `parameters` (default: the initial ones).

    If the loss has no derivative there, parameters a little beside are taken.

    Parameters
    ----------
    directions : in each tensor; a direction takes some twenty evaluations of the loss, whatever its size.
    """
    data, network = experiment.rows.training, experiment.network
    at = (experiment.initial if parameters is None else parameters).astype(np.float64)
    X, Y = (each[:CHECKED_ROWS].astype(np.float64) for each in (data.X, data.Y))
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        if _is_at_kink(network, at, X, Y, experiment.recipe.loss):
            at = at + BESIDE * rng.normal(size=at.shape)
        line = _Line(network, at, X, Y, experiment.recipe.loss)
        gradient = backprop()(network, at, X, Y, line.loss)[1]
        return TensorChecks(_checks(line, gradient, directions, rng))


def _is_at_kink(network: Network, parameters: Array, X: Array, Y: Array, loss: Loss) -> bool:
    """Tell whether the loss has no derivative, as with a relu at exactly 0."""
    activities = network.forward(parameters, X)
    layers = zip(network.layers, activities, strict=True)
    units = any(np.isin(activity.Z, layer.activation.kinks).any() for layer, activity in layers)
    errors = loss.kinks is not None and bool((loss.kinks(activities[-1].A, Y) == 0.0).any())
    penalty = network.penalty
    return units or errors or (penalty is not None and bool((parameters[penalty.l1 > 0.0] == 0.0).any()))


def _checks(
    line: _Line, gradient: Array, directions: int, rng: np.random.Generator
) -> Iterator[DirectionCheck]:
    network = line.network
    for name, slope in network.tensors(gradient).items():
        exact, numeric, error = np.zeros((3, directions))
        for k in range(directions):
            direction = np.zeros_like(line.parameters)
            part = network.tensors(direction)[name]
            part[...] = rng.normal(size=part.shape)
            direction /= np.sqrt(direction @ direction)
            exact[k], (numeric[k], step) = float((slope * part).sum()), line.slope(direction)
            floor = max(1.0, abs(line.value)) * RESOLUTION / step
            error[k] = abs(exact[k] - numeric[k]) / max(abs(exact[k]), abs(numeric[k]), floor)
        error = np.where(np.isfinite(error), error, np.inf)
        yield DirectionCheck(name, exact, numeric, error, np.zeros(directions, dtype=bool), slope.shape)


@dataclass(frozen=True)
class _Line:
    """The loss along lines through a point (P,)."""

    network: Network
    parameters: Array
    X: Array
    Y: Array
    loss: Loss

    @cached_property
    def base(self) -> Array:
        """The terms of the loss at the point, (n, outputs) or (n, 1)."""
        return self._terms(self.parameters)

    @property
    def value(self) -> float:
        """The loss at the point, without penalties."""
        return float(self.base.sum() / self.loss.divisor(self.Y))

    def _terms(self, parameters: Array) -> Array:
        last = self.network.forward(parameters, self.X)[-1]
        return self.loss.terms_of(last.Z, last.A, self.Y)

    def change(self, step: Array) -> float:
        """L(w + step) - L(w), added up term by term, so that two large sums do not cancel."""
        moved = self.parameters + step
        change = float((self._terms(moved) - self.base).sum() / self.loss.divisor(self.Y))
        if penalty := self.network.penalty:
            change += float((penalty.terms(moved) - penalty.terms(self.parameters)).sum())
        return change

    def slope(self, direction: Array) -> tuple[float, float]:
        """The derivative along a direction of length 1, and the step that it rests on.

        By central differences at ever smaller steps, extrapolated to none: the entry of the Neville table
        whose neighbors agree best (Ridders 1982, Adv. Eng. Softw. 4(2)).
        """
        best, doubt, shortest = 0.0, np.inf, LONGEST
        above: list[float] = []
        for rung in range(STEPS):
            step = LONGEST / RATIO**rung
            row = [(self.change(step * direction) - self.change(-step * direction)) / (2.0 * step)]
            for order, previous in enumerate(above, start=1):
                factor = RATIO ** (2 * order)
                row.append((factor * row[-1] - previous) / (factor - 1.0))
                spread = max(abs(row[-1] - row[-2]), abs(row[-1] - previous))
                if spread < doubt:
                    best, doubt, shortest = row[-1], spread, step
            above = row
        return best, shortest
