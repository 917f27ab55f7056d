"""The squared error over two inputs, as a heat map with the rows on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection.surfaces import Surface
from nncli.nn.arrays import Array
from nncli.plots import inputs, style
from nncli.plots.inputs import InputSurface, RowOutputs
from nncli.plots.picture import View
from nncli.plots.scale import Scale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROUNDING = 1e-13  # of the targets

unfit = inputs.too_few


class ErrorSurface(InputSurface):
    """The squared error over two inputs, or the output with the error of each row."""

    @property
    def exact(self) -> bool:
        """Whether only rounding is left: its contours would be noise."""
        return bool((self.surface.finite <= (ROUNDING * self.reach) ** 2).all())

    @property
    def caption(self) -> str:
        """The values of the surface; of an output also the largest error of a row."""
        if self.outputs is None:
            return super().caption
        return f"{super().caption}; largest error of a row {number(_sizes(self.outputs).max())}"


def numbers(run: Run, view: View) -> ErrorSurface:
    """sum_k (prediction_k - expected_k)^2 where formulas give the true values.

    Elsewhere nothing is known between the rows, so nothing is interpolated: the surface is the output that is
    furthest off, and each row on it has an error.
    """
    return ErrorSurface.of(run, view)


def draw(shown: ErrorSurface) -> Figure:
    """A heat map with the rows on it; on an output, with the sign and size of their errors."""
    figure = style.figure(height=5.0)
    if shown.outputs is None:
        _draw_errors(figure, shown)
    else:
        _draw_outputs(figure, shown, shown.outputs)
    return figure


def _draw_errors(figure: Figure, shown: ErrorSurface) -> None:
    surface, scale = shown.surface, Scale.of(shown.surface.values)
    axes = _heat_map(figure, surface, scale, "squared error, summed over targets")
    if not shown.exact:
        style.contours(axes, surface.plane.x, surface.plane.y, scale.drawn(surface.values), scale)
    axes.scatter(
        shown.x,
        shown.y,
        s=inputs.point_size(len(shown.x)),
        color=style.PAPER,
        edgecolors=style.BLACK,
        linewidths=0.4,
        alpha=0.75,
        gid="rows",
    )
    _mark_highest(axes, surface)
    exact = " The formula is met up to rounding." if shown.exact else ""
    style.head(
        figure,
        f"Squared error over {shown.features}{scale.name}{shown.about}",
        f"{inputs.summary(surface)}. Cross: the maximum; points: {_rows_shown(shown)}.{exact}",
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


def _draw_outputs(figure: Figure, shown: ErrorSurface, outputs: RowOutputs) -> None:
    surface, scale = shown.surface, outputs.scale(shown.surface.values)
    axes = _heat_map(figure, surface, scale, outputs.name)
    style.contours(axes, surface.plane.x, surface.plane.y, scale.drawn(surface.values), scale)
    _mark_rows(axes, shown.x, shown.y, outputs)
    style.head(
        figure,
        f"Output over {shown.features}, rows marked by their error{scale.name}{shown.about}",
        f"Drawn is the output, for between the rows no formula tells the error: {inputs.summary(surface)}. "
        f"Triangles: {_rows_shown(shown)}, area in proportion to |error|.",
    )


def _heat_map(figure: Figure, surface: Surface, scale: Scale, label: str) -> Axes:
    plane, drawn = surface.plane, scale.drawn(surface.values)
    axes = figure.subplots()
    image = style.heat(axes, plane.x, plane.y, drawn, scale.low, scale.high)
    style.colour_bar(figure, image, axes, scale, label)
    inputs.label_axes(axes, plane)
    return axes


def _sizes(outputs: RowOutputs) -> Array:
    """How large each row's error is; 0 where it is not finite."""
    return np.asarray(np.nan_to_num(np.abs(outputs.errors), nan=0.0, posinf=0.0))


def _mark_rows(axes: Axes, x: Array, y: Array, outputs: RowOutputs) -> None:
    """Triangles up where the output is too high, down where too low."""
    from matplotlib.lines import Line2D

    errors, size = outputs.errors, _sizes(outputs)
    largest = float(size.max())
    area = 12 + 90 * size / largest if largest else np.full(len(x), 12.0)
    signs = (("^", style.ORANGE, errors >= 0, "too high"), ("v", style.SKY, errors < 0, "too low"))
    for marker, colour, chosen, _ in signs:
        axes.scatter(
            x[chosen],
            y[chosen],
            s=area[chosen],
            marker=marker,
            color=colour,
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
            label=f"row: output {text}",
        )
        for m, c, _, text in signs
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.3)


def _rows_shown(shown: ErrorSurface) -> str:
    drawn, rows = len(shown.x), shown.rows
    return f"the {rows:,} training rows" if drawn == rows else f"{drawn:,} of the {rows:,} training rows"
