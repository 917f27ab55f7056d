"""A surface over two inputs in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection.surfaces import Surface
from nncli.plots import style
from nncli.plots.scale import AxisScale

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TICKS = 5  # at most, on the axes of the inputs: more touch each other at the corner
MESH = 50  # lines drawn in each direction; the numbers are of the whole grid


def draw_surface(
    figure: Figure, surface: Surface, scale: AxisScale, label: str, angle: tuple[float, float]
) -> Any:
    """Draw the surface with ticks set by hand, because 3-D axes do not support logarithmic scales."""
    from matplotlib.ticker import MaxNLocator

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
    axes.set_xlim(plane.x[0], plane.x[-1])
    axes.set_ylim(plane.y[0], plane.y[-1])
    axes.xaxis.set_major_locator(MaxNLocator(TICKS))
    axes.yaxis.set_major_locator(MaxNLocator(TICKS))
    axes.view_init(azim=angle[0], elev=angle[1])
    axes.set_box_aspect((1, 1, 0.7), zoom=1.05)
    axes.set_in_layout(False)  # before 3.11.2, matplotlib overestimates its size and gives up the layout
    return axes
