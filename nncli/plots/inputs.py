"""Grid, rows and labels shared by the pictures over two inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nncli.inspection import surfaces
from nncli.inspection.surfaces import Plane, Surface
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.axes_choice import chosen_plane
from nncli.plots.picture import View
from nncli.plots.scale import FARTHEST, AxisScale, number
from nncli.runs import Run
from nncli.tables.column import numbers_or_nan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS_DRAWN = 2000  # drawn as points; more would hide each other
MANY_POINTS = 300  # above, points are translucent


def too_few(run: Run, view: View) -> str | None:
    """Return the reason why a run has no two inputs that can be drawn, or None if it has.

    Raises
    ------
    RunError
        If the view names inputs that the run does not have.
    """
    if view.features is None and (reason := surfaces.has_too_few_inputs(run)):
        return reason
    plane = chosen_plane(run, view).plane
    reach = float(np.abs([plane.x, plane.y]).max())
    return None if reach < FARTHEST else f"an input reaches {reach:.1e}, which is too large for an axis"


def no_errors(run: Run, view: View) -> str | None:
    """Return the reason why the error between the rows cannot be drawn, or None if it can.

    Raises
    ------
    RunError
        If the view names inputs that the run does not have.
    """
    if reason := too_few(run, view):
        return reason
    if surfaces.knows_truth(run):
        return None
    return "no formula gives the true value between the rows; nncli plot output shows the network's output"


def label_axes(axes: Axes, plane: Plane) -> None:
    """Label the axes with the names of the two inputs."""
    axes.set_xlabel(style.plain(plane.features[0], 60))
    axes.set_ylabel(style.plain(plane.features[1], 40))


def fixed_inputs(plane: Plane) -> str:
    """Format the values of the fixed inputs: ` at c = 1`; nothing if there are none."""
    if not plane.held:
        return ""
    values = [f"{naming.short(name, 20)} = {_value(value)}" for name, value in plane.held.items()]
    if len(values) <= 4:
        return f" at {', '.join(values)}"
    return f" at {', '.join(values[:3])} and {len(values) - 3} more fixed inputs"


def _value(value: float | str) -> str:
    return naming.short(value, 20) if isinstance(value, str) else number(value)


def about(plane: Plane, run: str) -> str:
    """Return the end of a title: the values of the fixed inputs and the run."""
    return f"{fixed_inputs(plane)}: {run}"


def drawn_rows(run: Run) -> Array:
    """Return positions (m,) of the rows drawn as points."""
    rows = len(run.experiment.rows.training)
    return np.unique(np.linspace(0, rows - 1, min(rows, MOST_POINTS_DRAWN)).astype(int))


def points(run: Run, plane: Plane, rows: Array) -> tuple[Array, Array]:
    """Return the coordinates of rows on the plane, (m,) each; NaN for a missing value."""
    columns = run.experiment.rows.training.table.columns
    x, y = (numbers_or_nan(columns[name])[rows] for name in plane.features)
    return x, y


def point_size(count: int) -> float:
    """Return the area of a marker in pt^2, smaller the more there are."""
    return float(np.clip(2500 / max(1, count), 12, 45))


def point_style(count: int) -> dict[str, Any]:
    """Return the size, opacity and edge of markers, such that many of them do not hide what is below."""
    crowded = count > MANY_POINTS
    return {
        "s": point_size(count),
        "alpha": 0.55 if crowded else 1.0,
        "edgecolors": style.BLACK,
        "linewidths": 0.3 if crowded else 0.8,
    }


def which(plane: Plane, reason: str) -> str:
    """Format the inputs on the axes and the values of the others: `a and b (...) at c = 1`."""
    names = " and ".join(naming.short(name, 20) for name in plane.features)
    return f"{names}{f' ({reason})' if reason else ''}{fixed_inputs(plane)}"


def surface_summary(surface: Surface) -> str:
    """Format the maximum of a surface with its place, the minimum and the mean."""
    finite, highest = surface.finite, surface.highest
    if highest is None:
        return "no finite value"
    features = [naming.short(name, 20) for name in surface.plane.features]
    where = ", ".join(f"{name} = {number(value)}" for name, value in zip(features, highest, strict=True))
    return f"max {number(finite.max())} at {where}; min {number(finite.min())}; mean {number(finite.mean())}"


def heat_map(figure: Figure, surface: Surface, scale: AxisScale, label: str) -> Axes:
    """Draw a surface as a heat map with its color bar, and label the axes."""
    plane, drawn = surface.plane, scale.drawn(surface.values)
    axes = figure.subplots()
    image = style.heat(axes, plane.x, plane.y, drawn, scale.low, scale.high)
    style.color_bar(figure, image, axes, scale, label)
    label_axes(axes, plane)
    return axes


def columns(plane: Plane, values: Mapping[str, Array]) -> dict[str, Array]:
    """Return a grid as columns: both inputs, then the values."""
    across, up = np.meshgrid(plane.x, plane.y)
    first, second = plane.features
    return {
        first: across.ravel(),
        second: up.ravel(),
        **{name: grid.ravel() for name, grid in values.items()},
    }


def worst_output(run: Run) -> int:
    """Return the position of the output with the largest mean squared error on the training rows."""
    data = run.experiment.rows.training
    with np.errstate(all="ignore"):
        return int(np.square(run.model.outputs(data.X) - data.expected).mean(axis=0).argmax())


def output_name(run: Run, index: int) -> str:
    """Return the name of an output: a target, or the probability of a class."""
    columns = run.model.columns
    if columns.task == "regression":
        return naming.short(columns.targets[index])
    name = columns.classes[1] if columns.task == "binary" else columns.classes[index]
    return (
        f"probability of {naming.short(columns.targets[0])} = {naming.short(name)}"
        if columns.labelled
        else (f"probability of {naming.short(name)}")
    )


@dataclass(frozen=True)
class RowOutputs:
    """One output of the network at the rows drawn.

    Attributes
    ----------
    name : target, or the probability of a class.
    is_probability : whether the output lies between 0 and 1.
    expected, predicted : values at the rows, (m,) each.
    """

    name: str
    is_probability: bool
    expected: Array
    predicted: Array

    @property
    def errors(self) -> Array:
        """Prediction minus target, (m,)."""
        return np.asarray(self.predicted - self.expected)

    def scale(self, values: Array) -> AxisScale:
        """Return a linear scale: from 0 to 1 for probabilities, else over the values."""
        return AxisScale(False, 0.0, 1.0) if self.is_probability else AxisScale.linear(values)


@dataclass(frozen=True)
class InputSurface:
    """Surface over two inputs, with training rows.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    surface : the squared error, or an output.
    x, y : coordinates of the rows drawn, (m,) each.
    rows : number of training rows.
    reason : why these two inputs are on the axes; empty if there was no choice.
    reach : the largest absolute target, at least 1.
    angle : azimuth and elevation of the camera in three dimensions, in degrees.
    outputs : the output at the rows drawn; None if the surface is the squared error.
    """

    run: str
    surface: Surface
    x: Array
    y: Array
    rows: int
    reason: str
    reach: float
    angle: tuple[float, float]
    outputs: RowOutputs | None

    @classmethod
    def of_errors(cls, run: Run, view: View) -> Self:
        """Compute the squared error; formulas must give the true values."""
        plane, reason = chosen_plane(run, view)
        surface = surfaces.error_surface(run, plane)
        assert surface is not None
        return cls._of(run, view, surface, reason, None)

    @classmethod
    def of_output(cls, run: Run, view: View) -> Self:
        """Compute the output with the largest error over the inputs that the view names."""
        plane, reason = chosen_plane(run, view)
        index = worst_output(run)
        surface = Surface(plane, surfaces.output_surface(run, plane)[:, :, index])
        return cls._of(run, view, surface, reason, _row_outputs(run, index, drawn_rows(run)))

    @classmethod
    def _of(cls, run: Run, view: View, surface: Surface, reason: str, outputs: RowOutputs | None) -> Self:
        data = run.experiment.rows.training
        x, y = points(run, surface.plane, drawn_rows(run))
        reach = max(1.0, float(np.abs(data.expected).max()))
        return cls(naming.run_and_rows(run), surface, x, y, len(data), reason, reach, view.angle, outputs)

    @property
    def features(self) -> str:
        """Names of both inputs, for a title."""
        return " and ".join(naming.short(name) for name in self.surface.plane.features)

    @property
    def about(self) -> str:
        """End of a title: the values of the fixed inputs and the run."""
        return about(self.surface.plane, self.run)

    @property
    def caption(self) -> str:
        """Maximum, minimum and mean of the surface."""
        what = "squared error" if self.outputs is None else self.outputs.name
        over = f" over {which(self.surface.plane, self.reason)}" if self.surface.plane.held else ""
        return f"{what}{over}: {surface_summary(self.surface)}"

    @property
    def choice(self) -> str:
        """Sentence on the choice of the inputs for the note of a picture, empty if there was none."""
        return f" Axes: {self.reason}." if self.reason else ""

    @property
    def rows_shown(self) -> str:
        """Number of the rows drawn: `the 4 training rows`."""
        drawn = len(self.x)
        if drawn == self.rows:
            return f"the {self.rows:,} training rows"
        return f"{drawn:,} of the {self.rows:,} training rows"

    @property
    def columns(self) -> dict[str, Array]:
        """Values at every point of the grid."""
        name = "squared_error" if self.outputs is None else "output"
        return columns(self.surface.plane, {name: self.surface.values})


def _row_outputs(run: Run, index: int, rows: Array) -> RowOutputs:
    data = run.experiment.rows.training
    return RowOutputs(
        output_name(run, index),
        run.model.columns.task != "regression",
        data.expected[rows, index],
        run.model.outputs(data.X)[rows, index],
    )
