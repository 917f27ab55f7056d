"""Squared error over two inputs, as a heat map with the training rows as points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection.surfaces import Surface
from nncli.nn.arrays import Array
from nncli.plots import inputs, style
from nncli.plots.inputs import InputSurface, RowOutputs
from nncli.plots.picture import View
from nncli.plots.scale import AxisScale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROUNDING = 1e-13  # error relative to the targets that rounding explains

unfit = inputs.too_few


class ErrorSurface(InputSurface):
    """Squared error over two inputs, or an output with the error of each row."""

    @property
    def exact(self) -> bool:
        """Tell whether the error is only rounding, whose contours would be noise."""
        return bool((self.surface.finite <= (ROUNDING * self.reach) ** 2).all())

    @property
    def caption(self) -> str:
        """Maximum, minimum and mean of the surface; of an output also the largest error of a row."""
        if self.outputs is None:
            return super().caption
        return f"{super().caption}; largest row error {number(_sizes(self.outputs).max())}"


def numbers(run: Run, view: View) -> ErrorSurface:
    """Compute sum_k (prediction_k - expected_k)^2 on a grid if formulas give the true values.

    Otherwise the true values are known only at the rows. Then the surface is the output with the largest mean
    squared error, and each row on it has an error; nothing is interpolated.
    """
    return ErrorSurface.of(run, view)


def draw(data: ErrorSurface) -> Figure:
    """Draw a heat map with the rows as points; on an output, with the sign and size of their errors."""
    figure = style.figure(height=5.0)
    if data.outputs is None:
        _draw_errors(figure, data)
    else:
        _draw_outputs(figure, data, data.outputs)
    return figure


def _draw_errors(figure: Figure, data: ErrorSurface) -> None:
    surface, scale = data.surface, AxisScale.of(data.surface.values)
    axes = _heat_map(figure, surface, scale, "squared error (sum over targets)")
    if not data.exact:
        style.contours(axes, surface.plane.x, surface.plane.y, scale.drawn(surface.values), scale)
    axes.scatter(
        data.x,
        data.y,
        s=inputs.point_size(len(data.x)),
        color=style.PAPER,
        edgecolors=style.BLACK,
        linewidths=0.4,
        alpha=0.75,
        gid="rows",
    )
    _mark_highest(axes, surface)
    exact = " The network equals the formula up to rounding." if data.exact else ""
    style.head(
        figure,
        f"Squared error over {data.features}{scale.name}{data.about}",
        f"Squared error: {inputs.surface_summary(surface)}. "
        f"Cross: maximum. Points: {_rows_shown(data)}.{exact}{data.choice}",
    )


def _mark_highest(axes: Axes, surface: Surface) -> None:
    if surface.highest is not None:
        axes.plot(
            *surface.highest,
            marker="x",
            color=style.VERMILION,
            markersize=10,
            markeredgewidth=2.4,
            clip_on=False,
            zorder=5,
        )


def _draw_outputs(figure: Figure, data: ErrorSurface, outputs: RowOutputs) -> None:
    surface, scale = data.surface, outputs.scale(data.surface.values)
    axes = _heat_map(figure, surface, scale, outputs.name)
    style.contours(axes, surface.plane.x, surface.plane.y, scale.drawn(surface.values), scale)
    _mark_rows(axes, data.x, data.y, outputs)
    style.head(
        figure,
        f"Output over {data.features}, with the error of each row{scale.name}{data.about}",
        "Shows the network's output, because the true value is known only at the rows. "
        f"Output: {inputs.surface_summary(surface)}. "
        f"Triangles: {_rows_shown(data)}, area proportional to |error|.{data.choice}",
    )


def _heat_map(figure: Figure, surface: Surface, scale: AxisScale, label: str) -> Axes:
    plane, drawn = surface.plane, scale.drawn(surface.values)
    axes = figure.subplots()
    image = style.heat(axes, plane.x, plane.y, drawn, scale.low, scale.high)
    style.color_bar(figure, image, axes, scale, label)
    inputs.label_axes(axes, plane)
    return axes


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


def _rows_shown(data: ErrorSurface) -> str:
    drawn, rows = len(data.x), data.rows
    return f"the {rows:,} training rows" if drawn == rows else f"{drawn:,} of the {rows:,} training rows"
