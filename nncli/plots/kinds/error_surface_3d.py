"""Squared error over two inputs, as a surface in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.plots import inputs, relief, style
from nncli.plots.inputs import InputSurface
from nncli.plots.picture import View
from nncli.plots.scale import AxisScale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

unfit = inputs.no_errors


def numbers(run: Run, view: View) -> InputSurface:
    """Compute the squared error on a grid, with the true values that formulas give."""
    return InputSurface.of_errors(run, view)


def draw(data: InputSurface) -> Figure:
    """Draw the error as height."""
    figure = style.figure(height=5.6)
    scale = AxisScale.of(data.surface.values)
    relief.draw_surface(figure, data.surface, scale, f"squared error{scale.name}", data.angle)
    style.head(
        figure,
        f"Squared error over {data.features}, summed over targets{scale.name}{data.about}",
        f"Squared error: {inputs.surface_summary(data.surface)}.{data.choice}",
    )
    return figure
