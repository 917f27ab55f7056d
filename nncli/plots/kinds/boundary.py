"""What a classifier decides over two inputs, with the rows on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inference.classes import decided
from nncli.inspection import surfaces
from nncli.inspection.surfaces import Plane
from nncli.nn.arrays import Array
from nncli.plots import inputs, lettering, style
from nncli.plots.picture import Picture, View
from nncli.plots.scale import Scale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


def unfit(run: Run, view: View) -> str | None:
    """Needs classes and two inputs."""
    if run.model.columns.task == "regression":
        return "the task is regression, there are no classes to decide between"
    if run.model.columns.task == "multilabel":
        return "the task is multilabel: a row may have several labels, so there is no single boundary"
    return inputs.too_few(run, view)


def draw(run: Run, view: View) -> Picture:
    """Shaded by probability, a line where the decision changes, rows by class, wrong ones ringed."""
    plane = surfaces.plane(run, view.features, view.at)
    A = surfaces.outputs(run, plane)
    figure = style.figure(height=5.0)
    axes = figure.subplots()
    shade = _shade_two if A.shape[2] == 1 else _shade_many
    shade(figure, axes, run, plane, A)
    wrong, rows = _draw_rows(axes, run, plane)
    inputs.label_axes(axes, plane)
    total = len(run.experiment.dataset)
    said = f"{len(plane.held) + 2} inputs, {total:,} row{'s' * (total != 1)}, {wrong:,} misclassified"
    note = [f"{wrong:,} of {total:,} rows misclassified{' (ringed)' if wrong else ''}."]
    note += [_projected(plane)] if plane.held else []
    note += [f"{rows:,} of them drawn."] if rows < total else []
    title = f"Decision over {' and '.join(map(lettering.plain, plane.features))}{inputs.about(plane, run)}"
    style.head(figure, title, " ".join(note))
    classes = run.model.columns.classes[1:] if A.shape[2] == 1 else run.model.columns.classes
    shares = {f"proba_{name}": A[:, :, index] for index, name in enumerate(classes)}
    return Picture(figure, said, inputs.columns(plane, shares))


def _projected(plane: Plane) -> str:
    return (
        f"Rows are drawn where their {' and '.join(lettering.plain(n, 20) for n in plane.features)} lie, "
        "whatever their other inputs are: one may lie on the wrong side here and yet be right."
    )


def _shade_two(figure: Figure, axes: Axes, run: Run, plane: Plane, A: Array) -> None:
    probability, scale = A[:, :, 0], Scale(False, 0.0, 1.0)
    image = style.heat(axes, plane.x, plane.y, probability, 0.0, 1.0, style.signed())
    style.colour_bar(figure, image, axes, scale, inputs.output_name(run, 0))
    for level, dash, width in ((0.1, (0, (1.5, 1.5)), 0.9), (0.5, "-", 1.8), (0.9, (0, (1.5, 1.5)), 0.9)):
        if probability.min() < level < probability.max():
            lines = axes.contour(
                plane.x,
                plane.y,
                probability,
                levels=[level],
                colors=style.BLACK,
                linewidths=width,
                linestyles=[dash],
            )
            axes.clabel(lines, fmt={level: str(level)}, fontsize=style.SMALL)


def _shade_many(figure: Figure, axes: Axes, run: Run, plane: Plane, A: Array) -> None:
    from matplotlib.colors import ListedColormap, to_rgb

    chosen, certainty = A.argmax(axis=2), A.max(axis=2)
    colours = np.array([to_rgb(_colour(k)) for k in range(A.shape[2])])
    # Between white at an even chance and the class's colour, softened, at certainty.
    strength = (
        0.15 + 0.5 * np.clip((certainty - 1 / A.shape[2]) / (1 - 1 / A.shape[2]), 0, 1)[:, :, np.newaxis]
    )
    picture = 1 - strength * (1 - colours[chosen])
    style.heat(axes, plane.x, plane.y, picture, 0.0, 1.0, ListedColormap([style.PAPER]))
    for index in np.unique(chosen):
        others = np.delete(A, index, axis=2).max(axis=2)
        lead = A[:, :, index] - others
        if lead.min() < 0 < lead.max():
            axes.contour(plane.x, plane.y, lead, levels=[0.0], colors=style.BLACK, linewidths=1.4)


def _draw_rows(axes: Axes, run: Run, plane: Plane) -> tuple[int, int]:
    """Rows by class, misclassified ones ringed; how many are wrong of all, and how many are drawn."""
    from matplotlib.lines import Line2D

    data = run.experiment.dataset
    columns = run.model.columns
    actual, predicted = decided(data.Y, columns), decided(run.model.outputs(data.X), columns)
    rows, names = inputs.drawn_rows(run), _classes(run)
    x, y = inputs.points(run, plane, rows)
    size = inputs.point_size(len(rows))
    handles = []
    for index in range(len(names)):
        colour, marker = (
            _colour(index) if len(names) > 2 else (style.SKY, style.ORANGE)[index],
            style.MARKERS[index % 10],
        )
        chosen = actual[rows] == index
        axes.scatter(
            x[chosen],
            y[chosen],
            s=size,
            marker=marker,
            color=colour,
            edgecolors=style.BLACK,
            linewidths=0.9,
            clip_on=False,
            zorder=4,
            gid="rows",
        )
        handles.append(_handle(marker, colour, lettering.plain(names[index], 20)))
    wrong = actual != predicted
    if wrong[rows].any():
        ringed = wrong[rows]
        axes.scatter(
            x[ringed],
            y[ringed],
            s=size * 5 + 30,
            facecolors="none",
            edgecolors=style.BLACK,
            linewidths=1.6,
            clip_on=False,
            zorder=5,
            gid="misclassified",
        )
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="o",
                markersize=11,
                markerfacecolor="none",
                markeredgecolor=style.BLACK,
                markeredgewidth=1.6,
                label="misclassified",
            )
        )
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=min(5, len(handles)),
        borderaxespad=0.3,
    )
    return int(wrong.sum()), len(rows)


def _handle(marker: str, colour: str, label: str) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="",
        marker=marker,
        color=colour,
        markeredgecolor=style.BLACK,
        markersize=7,
        label=label,
    )


def _classes(run: Run) -> list[str]:
    """What the classes are called in the legend and the CSV."""
    columns = run.model.columns
    return (
        [f"{columns.targets[0]} = {name}" for name in columns.classes]
        if columns.labelled
        else list(columns.classes)
    )


def _colour(index: int) -> str:
    return style.COLOURS[index % len(style.COLOURS)]
