"""Squared error over two inputs, as a heat map with the training rows as points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.inspection.surfaces import Surface
from nncli.plots import inputs, style
from nncli.plots.inputs import InputSurface
from nncli.plots.picture import View
from nncli.plots.scale import AxisScale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROUNDING = 1e-13  # error relative to the targets that rounding explains

unfit = inputs.no_errors


class ErrorSurface(InputSurface):
    """Squared error over two inputs."""

    @property
    def exact(self) -> bool:
        """Tell whether the error is only rounding, whose contours would be noise."""
        return bool((self.surface.finite <= (ROUNDING * self.reach) ** 2).all())


def numbers(run: Run, view: View) -> ErrorSurface:
    """Compute sum_k (prediction_k - expected_k)^2 on a grid, with the true values that formulas give."""
    return ErrorSurface.of_errors(run, view)


def draw(data: ErrorSurface) -> Figure:
    """Draw a heat map of the error with the rows as points."""
    figure = style.figure(height=5.0)
    surface, scale = data.surface, AxisScale.of(data.surface.values)
    axes = inputs.heat_map(figure, surface, scale, "squared error (sum over targets)")
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
        f"Cross: maximum. Points: {data.rows_shown}.{exact}{data.choice}",
    )
    return figure


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
