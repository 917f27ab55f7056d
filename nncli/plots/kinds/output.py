"""The network's output over two inputs, as a heat map with the error of each training row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.nn.arrays import Array
from nncli.plots import inputs, style
from nncli.plots.inputs import InputSurface, RowOutputs
from nncli.plots.picture import View
from nncli.plots.scale import number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

unfit = inputs.too_few


def by_default(run: Run) -> bool:
    """Tell whether no other picture over two inputs shows more: an error surface or a boundary."""
    return run.model.columns.task not in ("binary", "multiclass") and not surfaces.knows_truth(run)


class OutputSurface(InputSurface):
    """Output over two inputs, with the error of each row."""

    @property
    def caption(self) -> str:
        """Maximum, minimum and mean of the output, and the largest error of a row."""
        assert self.outputs is not None
        return f"{super().caption}; largest row error {number(_sizes(self.outputs).max())}"


def numbers(run: Run, view: View) -> OutputSurface:
    """Compute the output with the largest mean squared error on a grid, and the errors of the rows."""
    return OutputSurface.of_output(run, view)


def draw(data: OutputSurface) -> Figure:
    """Draw a heat map with the sign and size of the error of each row."""
    figure, outputs = style.figure(height=5.0), data.outputs
    assert outputs is not None
    surface, scale = data.surface, outputs.scale(data.surface.values)
    axes = inputs.heat_map(figure, surface, scale, outputs.name)
    style.contours(axes, surface.plane.x, surface.plane.y, scale.drawn(surface.values), scale)
    _mark_rows(axes, data.x, data.y, outputs)
    style.head(
        figure,
        f"Output over {data.features}, with the error of each row{scale.name}{data.about}",
        f"Output: {inputs.surface_summary(surface)}. "
        f"Triangles: {data.rows_shown}, area proportional to |error|.{data.choice}",
    )
    return figure


def _sizes(outputs: RowOutputs) -> Array:
    """Return the absolute error of each row; 0 if it is not finite."""
    return np.asarray(np.nan_to_num(np.abs(outputs.errors), nan=0.0, posinf=0.0))


def _mark_rows(axes: Axes, x: Array, y: Array, outputs: RowOutputs) -> None:
    """Draw a triangle at each row: up if the output is too high, down if it is too low."""
    from matplotlib.lines import Line2D

    errors, size = outputs.errors, _sizes(outputs)
    largest = float(size.max())
    area = 12 + 90 * size / largest if largest else np.full(len(x), 12.0)
    signs = (("^", style.ORANGE, errors >= 0, "too high"), ("v", style.SKY, errors < 0, "too low"))
    for marker, color, chosen, _ in signs:
        axes.scatter(
            x[chosen],
            y[chosen],
            s=area[chosen],
            marker=marker,
            color=color,
            edgecolors=style.BLACK,
            linewidths=0.8,
            gid="rows",
        )
    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=m,
            color=c,
            markeredgecolor=style.BLACK,
            markersize=7,
            label=f"output {text}",
        )
        for m, c, _, text in signs
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.3)
