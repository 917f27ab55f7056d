"""Backprop held against finite differences, parameter by parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.experiment import Experiment
from nncli.nn.activations import Array
from nncli.nn.gradients import GradientMethod, backprop, central_differences, forward_differences
from nncli.nn.losses import Loss
from nncli.nn.network import Network

TOLERANCE = 1e-6
FLOOR = 1e-5  # times max(1, loss): what is smaller is compared absolutely, for differences resolve no more
ROWS = 64  # rows the check looks at: every parameter is moved a dozen times for each of them
RATIO = 4.0
LADDER = [1e-2 / RATIO**step for step in range(6)]  # 0.01 down to 1e-5, relative to max(1, |w|)


@dataclass(frozen=True)
class TensorCheck:
    """How well two gradients of a weight matrix or bias vector agree.

    Attributes
    ----------
    worst : the largest |a - b| / max(|a|, |b|, 1e-5 max(1, loss)), kinks left out.
    index : where it is; weights by (unit, input).
    backprop, numeric : the two derivatives there.
    kinks : entries where the loss has no derivative (a relu at exactly 0) and backprop gave a value
        between the slopes on both sides, which is all that can be asked.
    """

    name: str
    shape: tuple[int, ...]
    worst: float
    index: tuple[int, ...]
    backprop: float
    numeric: float
    kinks: int


def check_gradients(experiment: Experiment, parameters: Array | None = None) -> list[TensorCheck]:
    """Check the gradient at `parameters` (default: the start) on the first rows of an experiment.

    In float64 whatever the training's dtype: differences of float32 tell too little.
    """
    dataset = experiment.dataset
    at = experiment.initial if parameters is None else parameters
    return compare_gradients(
        experiment.network,
        at.astype(np.float64),
        dataset.X[:ROWS].astype(np.float64),
        dataset.Y[:ROWS].astype(np.float64),
        experiment.recipe.loss,
        backprop(),
    )


def compare_gradients(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, method: GradientMethod
) -> list[TensorCheck]:
    """Hold `method` against differences at parameters (P,), one entry a weight matrix or bias vector."""
    with np.errstate(all="ignore"):
        value, exact = method(network, parameters, X, Y, loss)
        floor = FLOOR * max(1.0, abs(value))
        numeric = extrapolated_differences(network, parameters, X, Y, loss)
        error = np.abs(exact - numeric) / np.maximum(np.maximum(np.abs(exact), np.abs(numeric)), floor)
        error = np.where(np.isfinite(error), error, np.inf)
        kinks = (error > TOLERANCE) & _at_kink(network, parameters, X, Y, loss, exact, floor)
    return _by_tensor(network, np.where(kinks, 0.0, error), exact, numeric, kinks)


def extrapolated_differences(network: Network, parameters: Array, X: Array, Y: Array, loss: Loss) -> Array:
    """The gradient (P,) by central differences at ever smaller steps, extrapolated to none.

    One step size cannot serve all parameters: at 6e-6 rounding leaves an absolute error of about
    1e-11, too much for gradients below 1e-5. Ridders (1982), Adv. Eng. Softw. 4(2): the Neville
    table over a ladder of steps, and for each parameter the entry whose neighbours agree best.
    """
    scale = np.maximum(1.0, np.abs(parameters))
    best = np.zeros_like(parameters)
    doubt = np.full_like(parameters, np.inf)
    above: list[Array] = []
    for step in LADDER:
        row = [central_differences(network, parameters, X, Y, loss, step * scale)[1]]
        for order, previous in enumerate(above, start=1):
            factor = RATIO ** (2 * order)  # a central difference's error goes with the step squared
            row.append((factor * row[-1] - previous) / (factor - 1.0))
            spread = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - previous))
            better = spread < doubt
            best, doubt = np.where(better, row[-1], best), np.where(better, spread, doubt)
        above = row
    return best


def _at_kink(
    network: Network, parameters: Array, X: Array, Y: Array, loss: Loss, exact: Array, floor: float
) -> Array:
    """Where the slopes on both sides differ and `exact` lies between them."""
    steps = 1e-6 * np.maximum(1.0, np.abs(parameters))
    _, right = forward_differences(network, parameters, X, Y, loss, steps)
    _, left = forward_differences(network, parameters, X, Y, loss, -steps)
    size = np.maximum(np.maximum(np.abs(left), np.abs(right)), floor)
    slack = 1e-4 * size
    between = (exact >= np.minimum(left, right) - slack) & (exact <= np.maximum(left, right) + slack)
    return np.asarray(between & (np.abs(right - left) > 1e-3 * size))


def _by_tensor(
    network: Network, error: Array, exact: Array, numeric: Array, kinks: Array
) -> list[TensorCheck]:
    checks = []
    a, b, k = network.tensors(exact), network.tensors(numeric), network.tensors(kinks)
    for name, errors in network.tensors(error).items():
        index = tuple(int(i) for i in np.unravel_index(int(errors.argmax()), errors.shape))
        checks.append(
            TensorCheck(
                name=name,
                shape=errors.shape,
                worst=float(errors[index]),
                index=index,
                backprop=float(a[name][index]),
                numeric=float(b[name][index]),
                kinks=int(k[name].sum()),
            )
        )
    return checks
