"""The squared error over two inputs, in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection.surfaces import Surface
from nncli.nn.arrays import Array
from nncli.plots import inputs, style
from nncli.plots.inputs import InputSurface, RowOutputs
from nncli.plots.picture import View
from nncli.plots.scale import Scale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MESH = 50  # lines drawn each way; the numbers are those of the whole grid

unfit = inputs.too_few


def numbers(run: Run, view: View) -> InputSurface:
    """The squared error where formulas give the true values, else the output that is furthest off."""
    return InputSurface.of(run, view)


def draw(shown: InputSurface) -> Figure:
    """The surface; an output with the rows' targets."""
    figure = style.figure(height=5.6)
    if shown.outputs is None:
        _draw_errors(figure, shown)
    else:
        _draw_outputs(figure, shown, shown.outputs)
    return figure


def _draw_errors(figure: Figure, shown: InputSurface) -> None:
    scale = Scale.of(shown.surface.values)
    _axes(figure, shown.surface, scale, f"squared error{scale.name}")
    style.head(
        figure,
        f"Squared error over {shown.features}, summed over targets{scale.name}{shown.about}",
        f"{inputs.summary(shown.surface)}.",
    )


def _draw_outputs(figure: Figure, shown: InputSurface, outputs: RowOutputs) -> None:
    scale = outputs.scale(np.append(shown.surface.values, outputs.expected))
    axes = _axes(figure, shown.surface, scale, f"{outputs.name}{scale.name}")
    _draw_rows(axes, shown, scale.drawn(outputs.expected), scale.drawn(outputs.predicted))
    said = inputs.summary(shown.surface)
    style.head(
        figure,
        f"Output over {shown.features}, with the rows' targets{shown.about}",
        f"Drawn is the output, for between the rows no formula tells the error: {said}. "
        "Points: targets; lines from them: each row's error.",
    )


def _draw_rows(axes: Any, shown: InputSurface, top: Array, bottom: Array) -> None:
    """Targets as points, each with a line to the prediction."""
    for x, y, low, high in zip(shown.x, shown.y, bottom, top, strict=True):
        axes.plot([x] * 2, [y] * 2, [low, high], color=style.VERMILION, linewidth=1.6, zorder=10)
    axes.scatter(
        shown.x,
        shown.y,
        top,
        s=inputs.point_size(len(shown.x)),
        color=style.VERMILION,
        edgecolors=style.BLACK,
        linewidths=0.5,
        depthshade=False,
        zorder=11,
    )


def _axes(figure: Figure, surface: Surface, scale: Scale, label: str) -> Any:
    """The surface in a box with ticks made by hand: 3-D axes do not know logarithms everywhere."""
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
    axes.set_box_aspect((1, 1, 0.7), zoom=0.95)
    return axes
