"""The squared error over two inputs, in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection import surfaces
from nncli.inspection.surfaces import Plane, Surface
from nncli.plots import inputs, lettering, style
from nncli.plots.picture import Picture, View
from nncli.plots.scale import Scale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MESH = 50  # lines drawn each way; the numbers are those of the whole grid

unfit = inputs.too_few


def draw(run: Run, view: View) -> Picture:
    """The error where formulas tell it, else the output that is furthest off with the rows' targets."""
    plane = surfaces.plane(run, view.features, view.at)
    surface = surfaces.squared_error(run, plane)
    return _of_outputs(run, plane) if surface is None else _of_errors(run, surface)


def _of_errors(run: Run, surface: Surface) -> Picture:
    scale, plane = Scale.of(surface.values), surface.plane
    figure = style.figure(height=5.6)
    _axes(figure, surface, scale, f"squared error{scale.name}")
    said = inputs.summary(surface)
    features = " and ".join(lettering.plain(name) for name in plane.features)
    style.head(
        figure,
        f"Squared error over {features}, summed over targets{scale.name}{inputs.about(plane, run)}",
        f"{said}.",
    )
    return Picture(figure, f"squared error {said}", inputs.columns(plane, {"squared_error": surface.values}))


def _of_outputs(run: Run, plane: Plane) -> Picture:
    index, data = inputs.worst_output(run), run.experiment.dataset
    surface = Surface(plane, surfaces.outputs(run, plane)[:, :, index])
    rows = inputs.drawn_rows(run)
    targets = data.expected[rows, index]
    outputs = run.model.outputs(data.X[rows])[:, index]
    scale = inputs.output_scale(run, np.append(surface.values, targets))
    name = inputs.output_name(run, index)
    figure = style.figure(height=5.6)
    axes = _axes(figure, surface, scale, f"{name}{scale.name}")
    x, y = inputs.points(run, plane, rows)
    top, bottom = scale.drawn(targets), scale.drawn(outputs)
    for position in range(len(rows)):
        axes.plot(
            [x[position]] * 2,
            [y[position]] * 2,
            [bottom[position], top[position]],
            color=style.VERMILION,
            linewidth=1.6,
            zorder=10,
        )
    axes.scatter(
        x,
        y,
        top,
        s=inputs.point_size(len(rows)),
        color=style.VERMILION,
        edgecolors=style.BLACK,
        linewidths=0.5,
        depthshade=False,
        zorder=11,
    )
    features = " and ".join(lettering.plain(feature) for feature in plane.features)
    style.head(
        figure,
        f"Output over {features}, with the rows' targets{inputs.about(plane, run)}",
        f"Drawn is the output, for between the rows no formula tells the error: {inputs.summary(surface)}. "
        "Points: targets; lines from them: each row's error.",
    )
    return Picture(
        figure, f"output {name}: {inputs.summary(surface)}", inputs.columns(plane, {"output": surface.values})
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
    axes.set_xlabel(lettering.plain(plane.features[0]))
    axes.set_ylabel(lettering.plain(plane.features[1]))
    axes.set_zlabel(lettering.plain(label, 60))
    axes.view_init(elev=28, azim=-55)
    axes.set_box_aspect((1, 1, 0.7), zoom=0.95)
    return axes
