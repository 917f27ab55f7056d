"""The network's output over two inputs, as a surface in three dimensions with the targets of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection import surfaces
from nncli.nn.arrays import Array
from nncli.plots import inputs, relief, style
from nncli.plots.inputs import InputSurface
from nncli.plots.picture import View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

unfit = inputs.too_few


def by_default(run: Run) -> bool:
    """Tell whether there is no error surface to draw instead."""
    return not surfaces.knows_truth(run)


def numbers(run: Run, view: View) -> InputSurface:
    """Compute the output with the largest mean squared error on a grid."""
    return InputSurface.of_output(run, view)


def draw(data: InputSurface) -> Figure:
    """Draw the output as height, and the targets of the rows as points."""
    figure, outputs = style.figure(height=5.6), data.outputs
    assert outputs is not None
    scale = outputs.scale(np.append(data.surface.values, outputs.expected))
    axes = relief.draw_surface(figure, data.surface, scale, f"{outputs.name}{scale.name}", data.angle)
    _draw_rows(axes, data, scale.drawn(outputs.expected), scale.drawn(outputs.predicted))
    style.head(
        figure,
        f"Output over {data.features}, with the targets of the rows{data.about}",
        f"Output: {inputs.surface_summary(data.surface)}. Points: targets. Lines: errors.{data.choice}",
    )
    return figure


def _draw_rows(axes: Any, data: InputSurface, top: Array, bottom: Array) -> None:
    """Draw each target as a point with a line to its prediction."""
    for x, y, low, high in zip(data.x, data.y, bottom, top, strict=True):
        axes.plot([x] * 2, [y] * 2, [low, high], color=style.VERMILION, linewidth=1.6, zorder=10)
    axes.scatter(
        data.x,
        data.y,
        top,
        s=inputs.point_size(len(data.x)),
        color=style.VERMILION,
        edgecolors=style.BLACK,
        linewidths=0.5,
        depthshade=False,
        zorder=11,
    )
