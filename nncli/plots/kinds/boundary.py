"""What a classifier decides over two inputs, with the rows on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.inference.classes import decided
from nncli.inspection import surfaces
from nncli.inspection.surfaces import Plane
from nncli.nn.arrays import Array
from nncli.plots import inputs, naming, style
from nncli.plots.picture import View
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


@dataclass(frozen=True)
class DecisionBoundary:
    """The outputs of a classifier over two inputs, and the rows with their true and predicted classes.

    Attributes
    ----------
    run : the run's name and its number of training rows.
    plane, A : the grid, and the outputs on it (rows, columns, outputs).
    output : what the first output stands for.
    classes, labels : the classes, and what the legend calls them.
    x, y : where the rows that are drawn lie, (m,) each.
    actual, wrong : their true classes, and whether they are misclassified, (m,) each.
    rows, misclassified : how many rows there are, and how many of them are misclassified.
    """

    run: str
    plane: Plane
    A: Array
    output: str
    classes: Sequence[str]
    labels: Sequence[str]
    x: Array
    y: Array
    actual: Array
    wrong: Array
    rows: int
    misclassified: int

    @property
    def caption(self) -> str:
        """Counts of inputs, rows and misclassified rows."""
        return (
            f"{len(self.plane.held) + 2} inputs, {self.rows:,} row{'s' * (self.rows != 1)}, "
            f"{self.misclassified:,} misclassified"
        )

    @property
    def columns(self) -> dict[str, Array]:
        """The probability of each class at every point of the grid; of two classes that of the second."""
        names = self.classes[1:] if self.A.shape[2] == 1 else self.classes
        shares = {f"proba_{name}": self.A[:, :, index] for index, name in enumerate(names)}
        return inputs.columns(self.plane, shares)


def numbers(run: Run, view: View) -> DecisionBoundary:
    """Over the inputs that the view names."""
    plane, drawn = surfaces.plane(run, view.features, view.at), inputs.drawn_rows(run)
    data, columns = run.experiment.dataset, run.model.columns
    actual, predicted = decided(data.Y, columns), decided(run.model.outputs(data.X), columns)
    x, y = inputs.points(run, plane, drawn)
    return DecisionBoundary(
        run=naming.run_and_rows(run),
        plane=plane,
        A=surfaces.outputs(run, plane),
        output=inputs.output_name(run, 0),
        classes=columns.classes,
        labels=_labels(run),
        x=x,
        y=y,
        actual=actual[drawn],
        wrong=(actual != predicted)[drawn],
        rows=len(data),
        misclassified=int((actual != predicted).sum()),
    )


def draw(shown: DecisionBoundary) -> Figure:
    """Shaded by probability, a line where the decision changes, rows by class, wrong ones ringed."""
    plane = shown.plane
    figure = style.figure(height=5.0)
    axes = figure.subplots()
    if shown.A.shape[2] == 1:
        _shade_two(figure, axes, shown)
    else:
        _shade_many(axes, shown)
    _draw_rows(axes, shown)
    inputs.label_axes(axes, plane)
    features = " and ".join(map(naming.short, plane.features))
    style.head(figure, f"Decision over {features}{inputs.about(plane, shown.run)}", _note(shown))
    return figure


def _note(shown: DecisionBoundary) -> str:
    wrong = shown.misclassified
    note = [f"{wrong:,} of {shown.rows:,} rows misclassified{' (ringed)' if wrong else ''}."]
    note += [_projected(shown.plane)] if shown.plane.held else []
    note += [f"{len(shown.x):,} of them drawn."] if len(shown.x) < shown.rows else []
    return " ".join(note)


def _projected(plane: Plane) -> str:
    features = " and ".join(naming.short(name, 20) for name in plane.features)
    return (
        f"Rows are drawn where their {features} lie, "
        "whatever their other inputs are: one may lie on the wrong side here and yet be right."
    )


def _shade_two(figure: Figure, axes: Axes, shown: DecisionBoundary) -> None:
    plane, probability, scale = shown.plane, shown.A[:, :, 0], Scale(False, 0.0, 1.0)
    image = style.heat(axes, plane.x, plane.y, probability, 0.0, 1.0, style.signed())
    style.colour_bar(figure, image, axes, scale, shown.output)
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


def _shade_many(axes: Axes, shown: DecisionBoundary) -> None:
    from matplotlib.colors import ListedColormap, to_rgb

    plane, A = shown.plane, shown.A

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


def _draw_rows(axes: Axes, shown: DecisionBoundary) -> None:
    """Rows by class, misclassified ones ringed."""
    size = inputs.point_size(len(shown.x))
    handles = [_draw_class(axes, shown, index, size) for index in range(len(shown.labels))]
    if shown.wrong.any():
        handles.append(_ring_wrong(axes, shown, size))
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=min(5, len(handles)),
        borderaxespad=0.3,
    )


def _draw_class(axes: Axes, shown: DecisionBoundary, index: int, size: float) -> Line2D:
    """The rows of a class, and their handle in the legend."""
    colour = _colour(index) if len(shown.labels) > 2 else (style.SKY, style.ORANGE)[index]
    marker, chosen = style.MARKERS[index % 10], shown.actual == index
    axes.scatter(
        shown.x[chosen],
        shown.y[chosen],
        s=size,
        marker=marker,
        color=colour,
        edgecolors=style.BLACK,
        linewidths=0.9,
        clip_on=False,
        zorder=4,
        gid="rows",
    )
    return _handle(marker, colour, style.plain(shown.labels[index], 24))


def _ring_wrong(axes: Axes, shown: DecisionBoundary, size: float) -> Line2D:
    """Rings around the misclassified rows, and their handle in the legend."""
    from matplotlib.lines import Line2D

    axes.scatter(
        shown.x[shown.wrong],
        shown.y[shown.wrong],
        s=size * 5 + 30,
        facecolors="none",
        edgecolors=style.BLACK,
        linewidths=1.6,
        clip_on=False,
        zorder=5,
        gid="misclassified",
    )
    return Line2D(
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


def _labels(run: Run) -> list[str]:
    """What the classes are called in the legend."""
    columns = run.model.columns
    return (
        [f"{columns.targets[0]} = {name}" for name in columns.classes]
        if columns.labelled
        else list(columns.classes)
    )


def _colour(index: int) -> str:
    return style.COLOURS[index % len(style.COLOURS)]
