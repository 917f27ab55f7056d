"""Squared error over two inputs, as a surface in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection.surfaces import Surface
from nncli.nn.arrays import Array
from nncli.plots import inputs, style
from nncli.plots.inputs import InputSurface, RowOutputs
from nncli.plots.picture import View
from nncli.plots.scale import AxisScale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MESH = 50  # lines drawn in each direction; the numbers are of the whole grid

unfit = inputs.too_few


def numbers(run: Run, view: View) -> InputSurface:
    """Compute the squared error if formulas give the true values, else the output with the largest error."""
    return InputSurface.of(run, view)


def draw(data: InputSurface) -> Figure:
    """Draw the surface; of an output also the targets of the rows."""
    figure = style.figure(height=5.6)
    if data.outputs is None:
        _draw_errors(figure, data)
    else:
        _draw_outputs(figure, data, data.outputs)
    return figure


def _draw_errors(figure: Figure, data: InputSurface) -> None:
    scale = AxisScale.of(data.surface.values)
    _axes(figure, data.surface, scale, f"squared error{scale.name}")
    style.head(
        figure,
        f"Squared error over {data.features}, summed over targets{scale.name}{data.about}",
        f"Squared error: {inputs.surface_summary(data.surface)}.{data.choice}",
    )


def _draw_outputs(figure: Figure, data: InputSurface, outputs: RowOutputs) -> None:
    scale = outputs.scale(np.append(data.surface.values, outputs.expected))
    axes = _axes(figure, data.surface, scale, f"{outputs.name}{scale.name}")
    _draw_rows(axes, data, scale.drawn(outputs.expected), scale.drawn(outputs.predicted))
    style.head(
        figure,
        f"Output over {data.features}, with the targets of the rows{data.about}",
        "Shows the network's output, because the true value is known only at the rows. "
        f"Output: {inputs.surface_summary(data.surface)}. Points: targets. Lines: errors.{data.choice}",
    )


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


def _axes(figure: Figure, surface: Surface, scale: AxisScale, label: str) -> Any:
    """Draw the surface with ticks set by hand, because 3-D axes do not support logarithmic scales."""
    plane = surface.plane
    axes: Any = figure.add_subplot(projection="3d", computed_zorder=False)
    across, up = np.meshgrid(plane.x, plane.y)
    axes.plot_surface(
        across,
        up,
        scale.drawn(surface.values),
        rcount=MESH,
        ccount=MESH,
        cmap=style.SEQUENTIAL,
        vmin=scale.low,
        vmax=scale.high,
        linewidth=0.15,
        edgecolor="#ffffff60",
        antialiased=True,
        rasterized=True,
    )
    positions, labels = scale.ticks(6)
    axes.set_zticks(positions, labels)
    axes.set_zlim(scale.low, scale.high)
    axes.set_xlabel(style.plain(plane.features[0]))
    axes.set_ylabel(style.plain(plane.features[1]))
    axes.set_zlabel(style.plain(label, 60))
    axes.view_init(elev=28, azim=-55)
    axes.set_box_aspect((1, 1, 0.7), zoom=1.15)
    axes.set_in_layout(False)  # before 3.11.2, matplotlib overestimates its size and gives up the layout
    return axes
