"""Measurements of what can be wrong with initial weights, with data or with a trained network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nncli.messages.wording import shown
from nncli.nn.arrays import Array
from nncli.nn.gradients import backprop
from nncli.nn.network import Activity, Layer
from nncli.training.experiment import Experiment

LARGE_INPUT = 10.0  # beyond it a column counts as unscaled
LARGE_WEIGHTS = 10.0  # times the spread of glorot_uniform
FLAT = 1e-3  # a derivative below it hardly passes on an error
MOST_ROWS = 1000


class InputColumn(NamedTuple):
    """A column with its value furthest from 0."""

    name: str
    reaches: float

    @property
    def words(self) -> str:
        """`'height' has values up to 190`."""
        return f"'{shown(self.name)}' has values up to {self.reaches:.4g}"


def largest_input(experiment: Experiment) -> InputColumn:
    """The input column that reaches furthest from 0."""
    return _largest(experiment.rows.training.X, experiment.rows.training.columns.encoded)


def largest_target(experiment: Experiment) -> InputColumn:
    """The target that reaches furthest from 0; of classes the share of one."""
    return _largest(experiment.rows.training.Y, target_names(experiment))


def target_names(experiment: Experiment) -> tuple[str, ...]:
    """Return the name of each column of Y: a target, or a class."""
    columns = experiment.rows.training.columns
    return columns.targets if len(columns.targets) == experiment.network.outputs else columns.classes


def _largest(values: Array, names: tuple[str, ...]) -> InputColumn:
    row, column = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    return InputColumn(names[column], float(values[row, column]))


def largest_weight(experiment: Experiment) -> tuple[int, float]:
    """The layer whose weights start furthest from 0, and how far."""
    reaches = [float(np.abs(view.W).max()) for view in experiment.network.views(experiment.initial)]
    layer = int(np.argmax(reaches))
    return layer, reaches[layer]


def excess_of_weights(experiment: Experiment) -> tuple[int, float]:
    """The layer whose weights start largest, in units of what glorot_uniform would draw, and how large."""
    excess = []
    for layer, view in zip(
        experiment.network.layers, experiment.network.views(experiment.initial), strict=True
    ):
        largest = float(np.abs(view.W).max())
        spread = largest * float(np.sqrt(np.square(view.W / (largest or 1.0)).mean()))
        excess.append(spread / float(np.sqrt(2.0 / (layer.inputs + layer.units))))
    layer_index = int(np.argmax(excess))
    return layer_index, excess[layer_index]


def large_weights(experiment: Experiment) -> str:
    """The layer whose weights start too large, with the number."""
    layer, excess = excess_of_weights(experiment)
    largest = np.abs(experiment.network.views(experiment.initial)[layer].W).max()
    return (
        f"the initial weights of layers.{layer} reach {largest:.3g}, which is {excess:.3g} times the largest "
        "that glorot_uniform would draw"
    )


def curvature(experiment: Experiment) -> float:
    """The largest curvature of a batch's loss at the start: gradient steps beyond 2 / curvature overshoot.

    By power iteration on differences of gradients along a line, on at most 1,000 rows of the first batch.
    """
    network, loss, w = experiment.network, experiment.recipe.loss, experiment.initial
    rows = min(experiment.recipe.batch_size, MOST_ROWS)
    X, Y = experiment.rows.training.X[:rows], experiment.rows.training.Y[:rows]
    scale = experiment.recipe.batch_size / rows if loss.reduction == "sum" else 1.0
    step = 1e-4 * max(1.0, float(np.abs(w).max()))
    gradient = backprop()
    direction = np.cos(np.arange(w.size))  # no axis and no symmetry, and no generator to seed
    size = 0.0
    with np.errstate(all="ignore"):
        for _ in range(20):
            direction = direction / np.sqrt(direction @ direction)
            ahead = gradient(network, w + step * direction, X, Y, loss)[1]
            behind = gradient(network, w - step * direction, X, Y, loss)[1]
            direction = (ahead - behind) / (2.0 * step)
            size = float(np.sqrt(direction @ direction))
            if not np.isfinite(size) or size == 0.0:
                break
    return scale * size


def activities(experiment: Experiment, parameters: Array) -> list[Activity]:
    """A forward pass on at most 1,000 rows."""
    with np.errstate(all="ignore"):
        return experiment.network.forward(parameters, experiment.rows.training.X[:MOST_ROWS])


def slopes(layer: Layer, activity: Activity) -> Array:
    """Return how much of an error each unit passes on for each row: the size of dA/dZ, (n, units)."""
    Z, A = activity
    derivative = layer.activation.derivative
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(derivative(Z, A) if derivative else A * (1.0 - A)))


def reach(layer: Layer, far: float) -> tuple[float, float]:
    """The lowest and highest output of a layer's activation for z from -far to far."""
    Z = np.concatenate([np.linspace(-4.0, 4.0, 81), [-far, far]])
    if layer.activation.derivative is None:
        return 0.0, 1.0
    with np.errstate(all="ignore"):
        A = layer.activation.function(Z)
    return float(A.min()), float(A.max())


def out_of_reach(experiment: Experiment) -> str:
    """Describe targets outside the range of the last activation; empty if there are none.

    A loss with a link has bounds of its own for targets, and a softmax sums to ask for besides.
    """
    Y, layer = experiment.rows.training.Y, experiment.network.layers[-1]
    low, high = reach(layer, 1e3 * max(1.0, float(np.abs(Y).max())))
    excess = np.maximum(low - Y, Y - high)
    outside = int((excess > 1e-9).sum())
    if experiment.recipe.loss.link or not outside:
        return ""
    between = f"between {low:.3g} and {high:.3g}" if high < 1e3 else f"never below {low:.3g}"
    row, column = np.unravel_index(int(excess.argmax()), Y.shape)
    furthest = InputColumn(target_names(experiment)[column], float(Y[row, column]))
    return (
        f"{layer.activation.name} outputs are {between}, but {outside:,} of {Y.size:,} targets "
        f"{'is' if outside == 1 else 'are'} out of that range "
        f"(for example, {shown(furthest.name)} = {furthest.reaches:.4g})"
    )
