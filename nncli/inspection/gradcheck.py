"""Backprop compared with finite differences, parameter by parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nncli.inspection.kinks import meets_kink
from nncli.messages.notebook import html_table
from nncli.nn.arrays import Array
from nncli.nn.gradients import GradientMethod, backprop, central_differences, forward_differences
from nncli.nn.losses import Loss
from nncli.nn.network import Network
from nncli.training.experiment import Experiment

TOLERANCE = 1e-6
CHECKED_ROWS = 64  # rows the check looks at: every parameter is moved a dozen times for each of them
RATIO = 4.0
STEPS_HALVED = 6
LARGEST, SMALLEST = 1e-2, 1e-9  # steps relative to max(1, |w|), before extrapolation
SHORTEST = 1e-5  # relative step below which extrapolation brings more rounding than it takes truncation
BESIDE = 1e-6  # of a bias, relative likewise
ONE_SIDED = 1e-7  # relative step of the slopes on both sides of a kink
SLACK = 1e-4  # of such a slope: it is not extrapolated
RESOLUTION = 1e-10  # times max(1, loss): rounding of a difference whose step is 1, over the tolerance


@dataclass(frozen=True)
class TensorCheck:
    """Two gradients of a weight matrix (units, inputs) or bias vector (units,), and how well they agree.

    Attributes
    ----------
    backprop, finite_difference : the derivatives.
    error : |a - b| / max(|a|, |b|, floor); 0 at a kink where backprop is right.
    kinks : entries where the loss has no derivative (a relu at exactly 0) and backprop gave a value
        between the slopes on both sides, which is all that can be asked.

    The floor is 1e-5 max(1, loss), for differences resolve no more, and rises where a kink is so near that
    only a step shorter than 1e-5 avoids it: rounding grows as the step shrinks.
    """

    name: str
    backprop: Array
    finite_difference: Array
    error: Array
    kinks: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor; weights are (units, inputs)."""
        return self.error.shape

    @property
    def index(self) -> tuple[int, ...]:
        """Position of the entry with the largest error; weights by (unit, input)."""
        return tuple(int(i) for i in np.unravel_index(int(self.error.argmax()), self.shape))

    @property
    def worst(self) -> float:
        """The largest error."""
        return float(self.error[self.index])

    @staticmethod
    def place(index: tuple[int, ...]) -> str:
        """Name an entry, to follow the name of the tensor: [unit,input]."""
        return f"[{','.join(map(str, index))}]"


class TensorChecks(tuple[TensorCheck, ...]):
    """The checks of all tensors of a network."""

    __slots__ = ()

    @property
    def worst(self) -> TensorCheck:
        """The check with the largest error."""
        return max(self, key=lambda check: check.worst)

    @property
    def sorted(self) -> list[TensorCheck]:
        """The checks, those with the largest errors first."""
        return sorted(self, key=lambda check: -check.worst)

    def _repr_html_(self) -> str:
        rows = [
            (
                check.name,
                str(check.shape),
                f"{check.worst:.1e}",
                *(f"{each[check.index]:.6g}" for each in pair),
            )
            for check in self.sorted
            for pair in [(check.backprop, check.finite_difference)]
        ]
        return html_table(rows, ("tensor", "shape", "largest error", "backprop", "finite difference"))


def wrong_place(checks: TensorChecks, limit: float) -> str | None:
    """Return where a wrong gradient points to; None if no error is above the limit.

    Errors are passed from the last layer to the first, so the mistake is where they begin.
    """
    wrong = {check.name for check in checks if check.worst > limit}
    if not wrong:
        return None
    layers = sorted({name.rpartition(".")[0] for name in wrong}, key=lambda name: int(name.split(".")[1]))
    last = checks[-1].name.rpartition(".")[0]
    if all(name.endswith(".bias") for name in wrong):
        return f"only biases are wrong ({', '.join(sorted(wrong))}): look at db, the sum of dZ over the rows"
    if all(name.endswith(".weight") for name in wrong) and any(
        check.name.endswith(".bias") for check in checks
    ):
        return "the biases are right, so dZ is too: look at dW = dZ^T u, with the input u of the layer"
    if layers[-1] == last:
        return (
            f"the error begins in the last layer, {last}: look at dZ there, the derivative of the loss times "
            "that of the activation"
        )
    above = f"layers.{int(layers[-1].split('.')[1]) + 1}"
    return (
        f"{above} is right, and the error begins in {layers[-1]}: look at the step between them, dA = dZ W "
        f"times the derivative of the activation of {layers[-1]}"
    )


def check_gradients(experiment: Experiment, parameters: Array | None = None) -> TensorChecks:
    """Check backprop at `parameters` (default: the initial ones) on the first rows of an experiment."""
    return check_method(experiment, backprop(), parameters)


def check_method(
    experiment: Experiment, method: GradientMethod, parameters: Array | None = None
) -> TensorChecks:
    """Check any gradient method; in float64 whatever the training's dtype, float32 being too imprecise."""
    dataset = experiment.rows.training
    at = experiment.initial if parameters is None else parameters
    return compare_gradients(
        experiment.network,
        at.astype(np.float64),
        dataset.X[:CHECKED_ROWS].astype(np.float64),
        dataset.Y[:CHECKED_ROWS].astype(np.float64),
        experiment.recipe.loss,
        method,
    )


def compare_gradients(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, method: GradientMethod
) -> TensorChecks:
    """Compare `method` with finite differences at parameters (P,), tensor by tensor."""
    with np.errstate(all="ignore"):
        value, gradient = method(network, parameters, X, Y, loss)
        numeric = finite_differences(network, parameters, X, Y, loss)
    return compared(network, value, gradient, numeric)


def compared(network: Network, value: float, gradient: Array, numeric: Differences) -> TensorChecks:
    """Compare a loss and its gradient (P,) with the finite differences."""
    low, high = numeric.low, numeric.high
    with np.errstate(all="ignore"):
        floor = max(1.0, abs(value)) * RESOLUTION / numeric.steps
        size = np.maximum(np.maximum(np.abs(low), np.abs(high)), floor)
        slack = np.where(numeric.at_kink, SLACK * size, 0.0)
        beyond = np.maximum(low - slack - gradient, gradient - high - slack)
        error = np.maximum(beyond, 0.0) / np.maximum(np.abs(gradient), size)
    error = np.where(np.isfinite(error) & np.isfinite(gradient), error, np.inf)
    kinks = numeric.at_kink & (error == 0.0)
    named = [network.tensors(each) for each in (gradient, 0.5 * (low + high), error, kinks)]
    return TensorChecks(TensorCheck(name, *(each[name] for each in named)) for name in named[0])


class Differences(NamedTuple):
    """A gradient by finite differences, (P,) each.

    Attributes
    ----------
    low, high : the derivative twice; at a kink the slopes on both sides.
    steps : the shortest relative step they rest on.
    at_kink : whether every step meets a kink.
    """

    low: Array
    high: Array
    steps: Array
    at_kink: Array


def finite_differences(network: Network, parameters: Array, X: Array, Y: Array, loss: Loss) -> Differences:
    """The gradient (P,) by central differences at ever smaller steps, extrapolated to none.

    One step size cannot serve all parameters: at 6e-6 rounding leaves an absolute error of about
    1e-11, too much for gradients below 1e-5. Ridders (1982), Adv. Eng. Softw. 4(2): the Neville
    table over a ladder of steps, and for each parameter the entry whose neighbors agree best. The ladder
    of each parameter begins with its longest step that meets no kink.
    """
    scale = np.maximum(1.0, np.abs(parameters))
    reach = _longest_steps(network, parameters, X, Y, loss)
    best = np.zeros_like(parameters)
    doubt = np.full_like(parameters, np.inf)
    shortest = reach.copy()
    above: list[Array] = []
    for rung in range(STEPS_HALVED):
        steps = reach / RATIO**rung
        if rung > 1:  # two are extrapolated in any case
            steps[steps < SHORTEST] = 0.0
        shortest = np.where(steps > 0.0, steps, shortest)
        row = [central_differences(network, parameters, X, Y, loss, steps * scale)[1]]
        for order, previous in enumerate(above, start=1):
            factor = RATIO ** (2 * order)  # a central difference's error goes with the step squared
            row.append((factor * row[-1] - previous) / (factor - 1.0))
            spread = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - previous))
            better = spread < doubt  # never of NaN, which a step of 0 gives
            best, doubt = np.where(better, row[-1], best), np.where(better, spread, doubt)
        above = row
    at_kink = reach == 0.0
    if not at_kink.any():
        return Differences(best, best, shortest, at_kink)
    slopes = _slopes_at_kinks(network, parameters, X, Y, loss, np.where(at_kink, ONE_SIDED * scale, 0.0))
    low, high = (np.where(at_kink, slope, best) for slope in (slopes.min(axis=0), slopes.max(axis=0)))
    return Differences(low, high, np.where(at_kink, ONE_SIDED, shortest), at_kink)


def _slopes_at_kinks(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, steps: Array
) -> Array:
    """Slopes that a derivative at a kink may lie between, (3, P): left, right and beside.

    With several units at their kinks a parameter may raise some and lower others: relu(w) - relu(-w) has
    slope 1 on both sides, and backprop, for which a unit at 0 is off, gives 0. So it is also measured
    beside the kinks, where lower biases have turned these units off.
    """
    sides = [forward_differences(network, parameters, X, Y, loss, side)[1] for side in (-steps, steps)]
    beside = _off_kinks(network, parameters, X)
    if loss.kinks:  # an error of 0 stays 0, where the slope of |e| is taken as 0
        Y = Y + network.predict(beside, X) - network.predict(parameters, X)
    return np.array([*sides, central_differences(network, beside, X, Y, loss, steps)[1]])


def _off_kinks(network: Network, parameters: Array, X: Array) -> Array:
    """The parameters with biases a little lower, so that every sum that lay at a kink lies below it."""
    lower = parameters.copy()
    A = X
    for layer, (W, b), (Z, _) in zip(
        network.layers, network.views(lower), network.forward(parameters, X), strict=True
    ):
        Z_lower = A @ W.T
        if b is not None:
            Z_lower += b
            raised = np.where(np.isin(Z, layer.activation.kinks), Z_lower - Z, 0.0).max(axis=0)
            fall = np.maximum(raised, 0.0) + BESIDE * np.maximum(1.0, np.abs(b))
            b -= fall
            Z_lower -= fall
        A = layer.activation.function(Z_lower)
    return lower


def _longest_steps(network: Network, parameters: Array, X: Array, Y: Array, loss: Loss) -> Array:
    """The longest step (P,), relative to max(1, |w|), that meets no kink on either side; 0 for none."""
    scale = np.maximum(1.0, np.abs(parameters))
    reach = np.full_like(parameters, LARGEST)
    undecided = np.ones(len(parameters), dtype=bool)
    while undecided.any():
        steps = np.where(undecided, reach * scale, 0.0)
        sides = (meets_kink(network, parameters, X, Y, loss, side) for side in (steps, -steps))
        undecided = np.logical_or(*sides)
        reach[undecided] /= RATIO
        undecided &= reach >= SMALLEST
    return np.where(reach >= SMALLEST, reach, 0.0)
