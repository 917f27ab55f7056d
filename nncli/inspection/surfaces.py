"""Surfaces on a grid: outputs and errors over two inputs, the loss over two directions in weight space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nncli.data.encoding import Category, Encoding, Number, why_not
from nncli.data.sources import BUILTIN
from nncli.messages.errors import RunError
from nncli.messages.suggestions import nearest
from nncli.messages.wording import listed
from nncli.nn.arrays import Array
from nncli.nn.network import Network
from nncli.nn.randomness import random_stream
from nncli.runs import Run
from nncli.tables.column import Cells, Column
from nncli.tables.table import Table
from nncli.training.experiment import Experiment

GRID = 100  # points along each input
BORDER = 0.12  # beyond the smallest and largest value of a column, relative to its range
AFFORDABLE = 2e10  # multiplications allowed for a loss surface: a few seconds
ACTIVATION_COST = 20  # multiplications that take as long as an activation of a neuron


@dataclass(frozen=True)
class Plane:
    """Grid over two inputs with the other inputs fixed.

    Attributes
    ----------
    features : names of the two inputs.
    x, y : values of the two inputs, (GRID,) each, in the units of the columns.
    held : value of every other input by name, a number or a text.
    """

    features: tuple[str, str]
    x: Array
    y: Array
    held: Mapping[str, float | str]

    @property
    def table(self) -> Table:
        """Table with a row for each of the GRID * GRID points; y varies slowest."""
        across, up = np.meshgrid(self.x, self.y)
        columns: dict[str, Cells] = {
            name: [value] * across.size if isinstance(value, str) else np.full(across.size, value)
            for name, value in self.held.items()
        }
        return Table("the plane", {**columns, self.features[0]: across.ravel(), self.features[1]: up.ravel()})


@dataclass(frozen=True)
class Surface:
    """One value at every point of a plane: values[i, j] is at (x[j], y[i])."""

    plane: Plane
    values: Array

    @property
    def finite(self) -> Array:
        """Finite values, (n,)."""
        return np.asarray(self.values[np.isfinite(self.values)])

    @property
    def highest(self) -> tuple[float, float] | None:
        """Point (x, y) of the largest finite value, or None if no value is finite."""
        if not self.finite.size:
            return None
        row, column = np.unravel_index(
            np.argmax(np.where(np.isfinite(self.values), self.values, -np.inf)), self.values.shape
        )
        return float(self.plane.x[column]), float(self.plane.y[row])


def plane(run: Run, features: tuple[str, str] | None, at: Mapping[str, float | str]) -> Plane:
    """Return a grid over two numeric inputs of a run (default: the first two).

    The other inputs are fixed at the values in `at`, else at their median or most frequent category in the
    training rows. The grid covers the declared ranges of a formula's inputs; for other data, the range of the
    training rows with a margin.

    Raises
    ------
    RunError
        If the run has fewer than two numeric inputs, or a name is not an input that can be drawn or fixed.
    """
    columns = {column.name: column for column in run.model.columns.preprocessing.columns}
    numbers = [name for name, column in columns.items() if isinstance(column, Number)]
    if len(numbers) < 2:
        raise RunError(f"{run.path}: {has_too_few_inputs(run)}")
    shown = features or (numbers[0], numbers[1])
    _check_names(run, shown, at)
    table = run.experiment.rows.training.table
    held = {
        name: _at(column, at[name]) if name in at else typical_value(column, table)
        for name, column in columns.items()
        if name not in shown
    }
    ranges = declared_ranges(run.experiment)
    x, y = (np.linspace(*ranges.get(name, around(table.typed[name].numbers)), GRID) for name in shown)
    return Plane(shown, x, y, held)


def has_too_few_inputs(run: Run) -> str | None:
    """Return the reason why a run has no two numeric inputs for a surface, or None if it has."""
    columns = run.model.columns.preprocessing.columns
    numbers = [column.name for column in columns if isinstance(column, Number)]
    if len(numbers) > 1:
        return None
    if len(columns) == 1:
        return f"a surface needs two inputs, but the run has one ({columns[0].name})"
    return f"a surface needs two numeric inputs, but the run has {_listed(numbers) or 'none'}"


def require_inputs(run: Run, names: Iterable[str]) -> None:
    """Raise RunError unless every name is an input of a run."""
    known = run.model.columns.inputs
    for name in names:
        if name not in known:
            near = nearest(name, known)
            raise RunError(
                f"{run.path}: no input named '{name}'; the inputs are {_listed(known)}",
                hint=f"did you mean {near}?" if near else None,
            )


def require_two(run: Run, shown: tuple[str, str]) -> None:
    """Raise RunError if both inputs to show are the same."""
    if shown[0] == shown[1]:
        raise RunError(
            f"--features {shown[0]},{shown[1]}: the two inputs must differ",
            hint=f"inputs: {_listed(run.model.columns.inputs)}",
        )


def _check_names(run: Run, shown: tuple[str, str], at: Mapping[str, float | str]) -> None:
    require_inputs(run, (*shown, *at))
    for column in run.model.columns.preprocessing.columns:
        if column.name in shown and not isinstance(column, Number):
            raise RunError(
                f"--features {','.join(shown)}: input {column.name} is not numeric",
                hint=f"fix its value with --at {column.name}=VALUE",
            )
    require_two(run, shown)
    for name in at:
        if name in shown:
            raise RunError(
                f"--at {name}: this input is on an axis, so its value cannot be fixed",
                hint="choose another input",
            )


def _at(column: Encoding, value: float | str) -> float | str:
    """Check a value of `--at` and convert it to the type of its input."""
    if isinstance(value, float):
        return value
    if not np.isfinite(column.encode(Column([value]))).all():
        problem, hint = why_not(column, value)
        raise RunError(f"--at {column.name}={value}: {problem}", hint=hint)
    if column.unseen_rows(Column([value])):  # which the config lets pass in tables
        problem, _ = column.problem(value)
        raise RunError(f"--at {column.name}={value}: {problem}", hint=f"choose {_examples(column)}")
    return float(value) if isinstance(column, Number) else value


def _examples(column: Encoding) -> str:
    """Return the known categories of a column, for a hint."""
    return f"from {listed(column.categories)}" if isinstance(column, Category) else "another value"


def typical_value(column: Encoding, table: Table) -> float | str:
    """Return the median of a numeric column, else its most frequent value."""
    cells = table.typed[column.name]
    if isinstance(column, Number):
        return float(np.nanmedian(cells.numbers))
    counts = Counter(cell for cell in cells.texts if cell)
    return min(counts, key=lambda cell: (-counts[cell], cell))


def output_surface(run: Run, over: Plane) -> Array:
    """Predict the grid: (GRID, GRID, outputs), in the units of the targets."""
    A = run.model.outputs(run.model.columns.X(over.table))
    return A.reshape(over.y.size, over.x.size, A.shape[1])


def knows_truth(run: Run) -> bool:
    """Tell whether formulas give the true value of every output at any inputs."""
    columns = run.model.columns
    table = run.experiment.rows.training.table
    return columns.task != "multiclass" and columns.expected(table) is not None


def error_surface(run: Run, over: Plane) -> Surface | None:
    """Return sum_k (prediction_k - expected_k)^2 on the grid, or None if no formula gives the true values."""
    columns = run.model.columns
    if columns.task == "multiclass":
        return None
    table = over.table
    expected = columns.expected(table)
    if expected is None:
        return None
    with np.errstate(all="ignore"):
        errors = np.square(run.model.outputs(columns.X(table)) - expected).sum(axis=1)
    return Surface(over, errors.reshape(over.y.size, over.x.size))


def declared_ranges(experiment: Experiment) -> Mapping[str, tuple[float, float]]:
    """Return the range of each input that a formula's config declares, by name."""
    given = experiment.config.dataset
    if given.function is not None:
        return given.function.inputs
    entry = BUILTIN[given.name] if given.name is not None else {}
    ranges: Mapping[str, tuple[float, float]] = entry.get("function", {}).get("inputs", {})
    return ranges


def around(values: Array) -> tuple[float, float]:
    """Return the range of values (n,), some of them NaN, with a margin."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low == high:
        reach = max(1.0, abs(low))
        return low - reach, high + reach
    return low - BORDER * (high - low), high + BORDER * (high - low)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


@dataclass(frozen=True)
class WeightPlane:
    """Plane in weight space: parameters = origin + x axes[0] + y axes[1].

    Attributes
    ----------
    origin : parameters (P,) at x = y = 0.
    axes : the two directions, (2, P).
    labels : names of the two directions.
    kind : "weights", "pca" or "random".
    explained : fraction of the path's variance along each PCA direction, (2,).
    """

    origin: Array
    axes: Array
    labels: tuple[str, str]
    kind: str
    explained: Array | None = None

    def parameters(self, x: float, y: float) -> Array:
        """Return the parameters (P,) at a point."""
        return np.asarray(self.origin + x * self.axes[0] + y * self.axes[1])

    def project(self, points: Array) -> Array:
        """Return the nearest points (s, 2) on the plane to parameter vectors (s, P)."""
        return np.asarray(np.linalg.lstsq(self.axes.T, (points - self.origin).T, rcond=None)[0].T)


@dataclass(frozen=True)
class LossSurface:
    """Loss on a plane in weight space, and the training path.

    Attributes
    ----------
    plane : the plane in weight space.
    x, y, values : the grid, and the loss on it (len(y), len(x)).
    epochs, path : recorded epochs (s,) and their points (s, 2); the trained weights come last.
    true_loss, shown_loss : loss of the weights of each recorded epoch, and of its point on the plane, (s,).
    rows : number of training rows on which the losses were computed.
    """

    plane: WeightPlane
    x: Array
    y: Array
    values: Array
    epochs: Array
    path: Array
    true_loss: Array
    shown_loss: Array
    rows: int


def weight_names(network: Network) -> list[str]:
    """Return the name of every parameter in vector order: layers.0.weight[0,1], layers.0.bias[0]."""
    names = [""] * network.parameter_count
    for layer, (W, b) in enumerate(network.views(np.arange(network.parameter_count))):
        for (unit, column), position in np.ndenumerate(W):
            names[position] = f"layers.{layer}.weight[{unit},{column}]"
        for unit, position in enumerate(() if b is None else b):
            names[position] = f"layers.{layer}.bias[{unit}]"
    return names


def weight_position(network: Network, name: str) -> int:
    """Return the position of a named parameter in the vector.

    Raises
    ------
    RunError
        If no parameter has that name. The hint lists the valid names.
    """
    names = weight_names(network)
    compact = name.replace(" ", "")
    if compact in names:
        return names.index(compact)
    ranges = []
    for index, layer in enumerate(network.layers):
        ranges.append(f"layers.{index}.weight[0..{layer.units - 1},0..{layer.inputs - 1}]")
        ranges += [f"layers.{index}.bias[0..{layer.units - 1}]"] if layer.bias else []
    listing = ", ".join(ranges[:8]) + (f" and {len(ranges) - 8} more" if len(ranges) > 8 else "")
    hint = f"valid weights: {listing}; the indices are [unit, input]"
    raise RunError(f"no weight named '{name}'", hint=hint)


def recorded_path(run: Run) -> tuple[Array, Array]:
    """Return recorded epochs (s,) and their parameters (s, P); the trained weights come last."""
    snapshots, trained = run.snapshots, run.model.parameters
    last = int(run.info.get("epochs", 0))
    usable = (snapshots.weight_epochs < last) & np.isfinite(snapshots.weights).all(axis=1)
    epochs = np.append(snapshots.weight_epochs[usable], last)
    return epochs, np.concatenate([snapshots.weights[usable], trained[np.newaxis]])


def along_weights(run: Run, names: tuple[str, str]) -> WeightPlane:
    """Return the plane over two named weights, with every other weight as trained.

    Raises
    ------
    RunError
        If a name is not a weight of the run, or both are the same.
    """
    network = run.model.network
    first, second = (weight_position(network, name) for name in names)
    if first == second:
        raise RunError(f"--weights: '{names[0]}' is named twice", hint="name two different weights")
    axes = np.eye(network.parameter_count)[[first, second]]
    origin = run.model.parameters.copy()
    origin[[first, second]] = 0.0
    return WeightPlane(origin, axes, names, "weights")


def along_path(run: Run) -> WeightPlane | None:
    """Return the plane of the two principal components of the training path, or None without a path.

    References
    ----------
    Li, Xu, Taylor, Studer & Goldstein (2018), Visualizing the loss landscape of neural nets, section 7.
    """
    _, path = recorded_path(run)
    centered = path - path.mean(axis=0)
    if len(path) < 3 or not centered.any():
        return None
    _, singular, axes = np.linalg.svd(centered, full_matrices=False)
    axes = axes[:2]
    # The sign of a singular vector is arbitrary: make its largest entry positive.
    axes *= np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, np.newaxis]
    explained = np.square(singular / singular[0])
    return WeightPlane(
        run.model.parameters,
        axes,
        ("1st principal direction", "2nd principal direction"),
        "pca",
        explained[:2] / explained.sum(),
    )


def along_random(run: Run) -> WeightPlane:
    """Return the plane of two random directions with filter normalization.

    As in Li et al. (2018), each neuron's part of a direction has the length of the neuron's weights and bias.
    """
    network, trained = run.model.network, run.model.parameters
    rng = random_stream(run.config.seed.training, "directions")
    axes = rng.normal(size=(2, network.parameter_count))
    for axis in axes:
        for direction, weights in zip(network.blocks(axis), network.blocks(trained), strict=True):
            lengths = np.linalg.norm(weights, axis=1, keepdims=True)
            direction *= lengths / np.linalg.norm(direction, axis=1, keepdims=True)
    labels = ("1st random direction", "2nd random direction")
    return WeightPlane(trained, axes, labels, "random")


def loss_surface(run: Run, over: WeightPlane) -> LossSurface:
    """Compute the loss on a grid that contains the whole path, on fewer rows if there are too many."""
    experiment = run.experiment
    epochs, points = recorded_path(run)
    path = over.project(points)
    x_range, y_range = _ranges(over, path)
    count = len(experiment.rows.training)
    steps = int(np.clip(np.sqrt(AFFORDABLE / (count * _cost_of_a_row(experiment.network))), 21, 61))
    rows = affordable_rows(experiment.network, count, steps**2)
    x, y = np.linspace(*x_range, steps), np.linspace(*y_range, steps)
    values = [[_loss(experiment, over.parameters(a, b), rows) for a in x] for b in y]
    return LossSurface(
        plane=over,
        x=x,
        y=y,
        values=np.array(values),
        epochs=epochs,
        path=path,
        true_loss=np.array([_loss(experiment, point, rows) for point in points]),
        shown_loss=np.array([_loss(experiment, over.parameters(a, b), rows) for a, b in path]),
        rows=len(rows),
    )


def _loss(experiment: Experiment, parameters: Array, rows: Array) -> float:
    data, network = experiment.rows.training, experiment.network
    with np.errstate(all="ignore"):
        output = network.forward(parameters, data.X[rows])[-1]
        value = experiment.recipe.loss.value(output.Z, output.A, data.Y[rows])
        return float(value + network.cost(parameters))


def affordable_rows(network: Network, count: int, passes: int) -> Array:
    """Return evenly spaced positions of the rows that can pass a network so often within a few seconds.

    These are all of `count` rows if possible, and at least 100 if there are as many.
    """
    most = int(AFFORDABLE / (passes * _cost_of_a_row(network)))
    return np.unique(np.linspace(0, count - 1, min(count, max(100, most))).astype(int))


def _cost_of_a_row(network: Network) -> int:
    """Return the multiplications that take as long as a row's pass through a network."""
    return network.parameter_count + ACTIVATION_COST * sum(layer.units for layer in network.layers)


def _ranges(over: WeightPlane, path: Array) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ranges of x and y: the path with a margin, or one unit around a path without extent."""
    low, high = path.min(axis=0), path.max(axis=0)
    span = high - low
    reach = np.maximum(1.0, np.abs(path[-1])) if over.kind == "weights" else np.ones(2)
    least = 2.0 * reach if over.kind == "random" or not span.any() else np.full(2, 0.3 * span.max())
    margin = np.maximum(0.2 * span, (least - span) / 2.0)
    return (float(low[0] - margin[0]), float(high[0] + margin[0])), (
        float(low[1] - margin[1]),
        float(high[1] + margin[1]),
    )
