"""What the pictures over two inputs have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.inspection.surfaces import Plane, Surface
from nncli.nn.arrays import Array
from nncli.plots import lettering
from nncli.plots.picture import View
from nncli.plots.scale import FARTHEST, Scale, number
from nncli.runs import Run
from nncli.tables.table import numbers_or_nan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 2000  # drawn as points; more would hide what is under them


def too_few(run: Run, view: View) -> str | None:
    """Why two inputs cannot be shown, or None; a view that names unknown inputs is an error."""
    if view.features is None and (reason := surfaces.too_few(run)):
        return reason
    plane = surfaces.plane(run, view.features, view.at)
    reach = float(np.abs([plane.x, plane.y]).max())
    return None if reach < FARTHEST else f"the inputs reach {reach:.1e}, too far for an axis"


def label_axes(axes: Axes, plane: Plane) -> None:
    """The names of the two inputs."""
    axes.set_xlabel(lettering.plain(plane.features[0], 60))
    axes.set_ylabel(lettering.plain(plane.features[1], 40))


def held(plane: Plane) -> str:
    """` at c = 1` for every input that does not vary; counted where they are many."""
    if not plane.held:
        return ""
    values = [f"{lettering.plain(name, 20)} = {_value(value)}" for name, value in plane.held.items()]
    if len(values) <= 4:
        return f" at {', '.join(values)}"
    return f" at {', '.join(values[:3])} and {len(values) - 3} other inputs held"


def _value(value: float | str) -> str:
    return lettering.plain(value, 20) if isinstance(value, str) else number(value)


def about(plane: Plane, run: Run) -> str:
    """The end of a title: where the other inputs are, and the run."""
    return f"{held(plane)}: {lettering.of_run(run)}"


def drawn_rows(run: Run) -> Array:
    """Numbers of the rows drawn as points."""
    rows = len(run.experiment.dataset)
    return np.unique(np.linspace(0, rows - 1, min(rows, MOST_ROWS)).astype(int))


def points(run: Run, plane: Plane, rows: Array) -> tuple[Array, Array]:
    """Where rows lie on the plane; NaN where a row misses a value."""
    columns = run.experiment.dataset.table.columns
    x, y = (numbers_or_nan(columns[name])[rows] for name in plane.features)
    return x, y


def point_size(count: int) -> float:
    """Area of a marker in pt^2: small where there are many."""
    return float(np.clip(2500 / max(1, count), 4, 45))


def summary(surface: Surface) -> str:
    """Largest, smallest and mean value of a surface, and where the largest is."""
    finite, highest = surface.finite, surface.highest
    if highest is None:
        return "no finite value"
    names = [lettering.plain(name, 20) for name in surface.plane.features]
    where = ", ".join(f"{name} = {number(value)}" for name, value in zip(names, highest, strict=True))
    return f"max {number(finite.max())} at {where}; min {number(finite.min())}; mean {number(finite.mean())}"


def columns(plane: Plane, values: Mapping[str, Array]) -> dict[str, Array]:
    """A grid as columns: both inputs, then the values."""
    across, up = np.meshgrid(plane.x, plane.y)
    first, second = plane.features
    return {
        first: across.ravel(),
        second: up.ravel(),
        **{name: grid.ravel() for name, grid in values.items()},
    }


def worst_output(run: Run) -> int:
    """The output with the largest mean squared error on the rows: the one to look at."""
    data = run.experiment.dataset
    with np.errstate(all="ignore"):
        return int(np.square(run.model.outputs(data.X) - data.expected).mean(axis=0).argmax())


def output_scale(run: Run, values: Array) -> Scale:
    """From 0 to 1 for probabilities; other outputs are never logarithmic, because they may be any number."""
    if run.model.columns.task != "regression":
        return Scale(False, 0.0, 1.0)
    return Scale.linear(values)


def output_name(run: Run, index: int) -> str:
    """What an output stands for: a target, or the share of a class."""
    columns = run.model.columns
    if columns.task == "regression":
        return lettering.plain(columns.targets[index])
    name = columns.classes[1] if columns.task == "binary" else columns.classes[index]
    return (
        f"probability of {lettering.plain(columns.targets[0])} = {lettering.plain(name)}"
        if columns.labelled
        else (f"probability of {lettering.plain(name)}")
    )
