"""The squared error over two inputs, as a heat map with the rows on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.inspection.surfaces import Plane, Surface
from nncli.plots import inputs, lettering, style
from nncli.plots.picture import Picture, View
from nncli.plots.scale import Scale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROUNDING = 1e-13  # of the targets

unfit = inputs.too_few


def draw(run: Run, view: View) -> Picture:
    """sum_k (prediction_k - expected_k)^2 where formulas tell what is expected.

    Elsewhere nothing is known between the rows, so nothing is interpolated: the picture shows the
    output that is furthest off, and on it each row with the sign and size of its error.
    """
    plane = surfaces.plane(run, view.features, view.at)
    surface = surfaces.squared_error(run, plane)
    return _of_outputs(run, plane) if surface is None else _of_errors(run, surface)


def _of_errors(run: Run, surface: Surface) -> Picture:
    plane, scale = surface.plane, Scale.of(surface.values)
    figure = style.figure(height=5.0)
    axes = _heat_map(figure, surface, scale, "squared error, summed over targets")
    if not _is_exact(run, surface):
        style.contours(axes, plane.x, plane.y, scale.drawn(surface.values), scale)
    rows = inputs.drawn_rows(run)
    axes.scatter(
        *inputs.points(run, plane, rows),
        s=inputs.point_size(len(rows)),
        color=style.PAPER,
        edgecolors=style.BLACK,
        linewidths=0.4,
        alpha=0.75,
        gid="rows",
    )
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
    said = inputs.summary(surface)
    exact = " The formula is met up to rounding." if _is_exact(run, surface) else ""
    style.head(
        figure,
        f"Squared error over {_features(plane)}{scale.name}{inputs.about(plane, run)}",
        f"{said}. Cross: the maximum; points: {_rows_shown(run, len(rows))}.{exact}",
    )
    return Picture(figure, f"squared error {said}", inputs.columns(plane, {"squared_error": surface.values}))


def _is_exact(run: Run, surface: Surface) -> bool:
    """Whether only rounding is left: its contours would be noise."""
    reach = max(1.0, float(np.abs(run.experiment.dataset.expected).max()))
    return bool((surface.finite <= (ROUNDING * reach) ** 2).all())


def _of_outputs(run: Run, plane: Plane) -> Picture:
    index = inputs.worst_output(run)
    surface = Surface(plane, surfaces.outputs(run, plane)[:, :, index])
    name, scale = inputs.output_name(run, index), inputs.output_scale(run, surface.values)
    figure = style.figure(height=5.0)
    axes = _heat_map(figure, surface, scale, name)
    style.contours(axes, plane.x, plane.y, scale.drawn(surface.values), scale)
    largest, rows = _mark_rows(axes, run, plane, index)
    style.head(
        figure,
        f"Output over {_features(plane)}, rows marked by their error{scale.name}{inputs.about(plane, run)}",
        f"Drawn is the output, for between the rows no formula tells the error: {inputs.summary(surface)}. "
        f"Triangles: {_rows_shown(run, rows)}, area in proportion to |error|.",
    )
    caption = f"output {name}: {inputs.summary(surface)}; largest error of a row {number(largest)}"
    return Picture(figure, caption, inputs.columns(plane, {"output": surface.values}))


def _heat_map(figure: Figure, surface: Surface, scale: Scale, label: str) -> Axes:
    plane, drawn = surface.plane, scale.drawn(surface.values)
    axes = figure.subplots()
    image = style.heat(axes, plane.x, plane.y, drawn, scale.low, scale.high)
    style.colour_bar(figure, image, axes, scale, label)
    inputs.label_axes(axes, plane)
    return axes


def _mark_rows(axes: Axes, run: Run, plane: Plane, index: int) -> tuple[float, int]:
    """Triangles up where the output is too high, down where too low; largest |error| and their count."""
    from matplotlib.lines import Line2D

    data, rows = run.experiment.dataset, inputs.drawn_rows(run)
    with np.errstate(all="ignore"):
        errors = (run.model.outputs(data.X) - data.expected)[rows, index]
    x, y = inputs.points(run, plane, rows)
    size = np.nan_to_num(np.abs(errors), nan=0.0, posinf=0.0)
    largest = float(size.max())
    area = 12 + 90 * size / largest if largest else np.full(len(rows), 12.0)
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
    return largest, len(rows)


def _features(plane: Plane) -> str:
    return " and ".join(lettering.plain(name) for name in plane.features)


def _rows_shown(run: Run, shown: int) -> str:
    rows = len(run.experiment.dataset)
    return f"the {rows:,} training rows" if shown == rows else f"{shown:,} of the {rows:,} training rows"
