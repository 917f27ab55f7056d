"""Decision boundary over two inputs, with the training rows as points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inference.classes import decided
from nncli.inspection import surfaces
from nncli.inspection.surfaces import Plane
from nncli.nn.arrays import Array
from nncli.plots import inputs, naming, style
from nncli.plots.axes_choice import chosen_plane, chosen_planes
from nncli.plots.picture import View
from nncli.plots.scale import AxisScale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

PAIRED = 4  # inputs of a grid: six pairs
CROWDED = 20  # pt^2: the area of a marker below which rings are thin
LEGEND_WIDTH, LETTER = 5.6, 0.075  # inches


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no decision boundary over two inputs, or None if it has."""
    if run.model.columns.task == "regression":
        return "it needs a classification target, but the task is regression"
    if run.model.columns.task == "multilabel":
        return "the task is multilabel: a row may have several labels, so there is no single boundary"
    return inputs.too_few(run, view)


@dataclass(frozen=True)
class DecisionBoundary:
    """Outputs of a classifier over two inputs, and training rows with their true and predicted classes.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    plane, A : the grid, and the outputs on it (rows, columns, outputs).
    reason : why these two inputs are on the axes; empty if there was no choice.
    threshold : probability of the second of two classes at the boundary.
    output : name of the first output.
    classes, labels : names of the classes, and their names in the legend.
    x, y : coordinates of the rows drawn, (m,) each.
    actual, wrong : true classes of the rows drawn, and whether they are misclassified, (m,) each.
    rows, misclassified : number of training rows, and of those misclassified.
    """

    run: str
    plane: Plane
    A: Array
    reason: str
    threshold: float
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
        """Number of inputs, rows and misclassified rows, and what the axes show of more than two inputs."""
        held, unseen = self.plane.held, self.unseen
        parts = [
            f"{len(held) + 2} inputs, {self.rows:,} row{'s' * (self.rows != 1)}, "
            f"{self.misclassified:,} misclassified"
        ]
        parts += [f"drawn over {inputs.which(self.plane, self.reason)}"] if held else []
        return "; ".join(parts + [unseen] * bool(unseen))

    @property
    def unseen(self) -> str:
        """Statement that the boundary is not in view, and what is predicted; empty if it is in view."""
        binary = self.A.shape[2] == 1
        predicted = self.A[:, :, 0] >= self.threshold if binary else self.A.argmax(axis=2)
        if (predicted != predicted.flat[0]).any():
            return ""
        return f"the boundary is not in view: every point is predicted {self.labels[int(predicted.flat[0])]}"

    @property
    def columns(self) -> dict[str, Array]:
        """Probability of each class, or of the positive class, at every point of the grid."""
        names = self.classes[1:] if self.A.shape[2] == 1 else self.classes
        shares = {f"proba_{name}": self.A[:, :, index] for index, name in enumerate(names)}
        return inputs.columns(self.plane, shares)


@dataclass(frozen=True)
class BoundaryGrid:
    """Decision boundaries over each pair of several inputs, one panel for each pair."""

    panels: Sequence[DecisionBoundary]

    @property
    def reason(self) -> str:
        """Inputs that are paired, in words."""
        return self.panels[0].reason or "all numeric inputs"

    @property
    def caption(self) -> str:
        """Number of pairs, rows and misclassified rows, and of panels without a boundary."""
        first, unseen = self.panels[0], sum(bool(each.unseen) for each in self.panels)
        parts = [
            f"{len(self.panels)} pairs of {self.reason}, {first.rows:,} rows, "
            f"{first.misclassified:,} misclassified"
        ]
        return "; ".join(parts + [f"the boundary is not in view in {unseen} of them"] * (unseen > 0))

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Probabilities at every point of each panel, with the names of its inputs."""
        across: list[str] = []
        up: list[str] = []
        values: list[Array] = []
        for each in self.panels:
            numbers = np.column_stack([*each.columns.values()])
            across += [each.plane.features[0]] * len(numbers)
            up += [each.plane.features[1]] * len(numbers)
            values.append(numbers)
        names = ["x", "y", *list(self.panels[0].columns)[2:]]
        columns = np.concatenate(values).T
        return {"across": across, "up": up, **dict(zip(names, columns, strict=True))}


def numbers(run: Run, view: View) -> DecisionBoundary | BoundaryGrid:
    """Classify a grid over the inputs that the view names, or over each pair of the most important ones."""
    planes = chosen_planes(run, view, PAIRED) if view.grid else [chosen_plane(run, view)]
    panels = [_boundary(run, *each) for each in planes]
    return panels[0] if len(panels) == 1 else BoundaryGrid(panels)


def _boundary(run: Run, plane: Plane, reason: str) -> DecisionBoundary:
    data, columns, drawn = run.experiment.rows.training, run.model.columns, inputs.drawn_rows(run)
    actual, predicted = decided(data.Y, columns), decided(run.model.outputs(data.X), columns)
    x, y = inputs.points(run, plane, drawn)
    return DecisionBoundary(
        run=naming.run_and_rows(run),
        plane=plane,
        A=surfaces.output_surface(run, plane),
        reason=reason,
        threshold=columns.threshold,
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


def draw(data: DecisionBoundary | BoundaryGrid) -> Figure:
    """Draw the probability as a shade, the boundary as a line, and the rows by class with rings if wrong."""
    return _draw_grid(data) if isinstance(data, BoundaryGrid) else _draw_one(data)


def _draw_one(data: DecisionBoundary) -> Figure:
    figure = style.figure(height=5.0)
    axes = figure.subplots()
    handles = _draw_panel(figure, axes, data, with_bar=True)
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=_legend_columns([str(handle.get_label()) for handle in handles]),
        borderaxespad=0.3,
    )
    features = " and ".join(map(naming.short, data.plane.features))
    style.head(figure, f"Decision boundary over {features}{inputs.about(data.plane, data.run)}", _note(data))
    return figure


def _draw_grid(data: BoundaryGrid) -> Figure:
    across = min(3, len(data.panels))
    down = -(-len(data.panels) // across)
    figure = style.figure(width=2.8 * across + 1.8, height=1.2 + 2.6 * down)
    panels = figure.subplots(down, across, squeeze=False)
    named: dict[str, Line2D] = {}
    for axes, each in zip(panels.flat, data.panels, strict=True):
        for handle in _draw_panel(figure, axes, each, with_bar=False):
            named.setdefault(str(handle.get_label()), handle)
    figure.legend(handles=[*named.values()], loc="outside right upper", alignment="left")
    first = data.panels[0]
    wrong = f"{first.misclassified:,} of {first.rows:,} rows misclassified"
    rings = " (ringed)" if first.misclassified else ""
    style.head(
        figure,
        f"Decision boundaries over pairs of {data.reason}: {first.run}",
        f"{wrong}{rings}. In each panel the other inputs are fixed at their median or most frequent "
        "category, or as given by --at. Rows differ in them, so a correct row may appear on the wrong side.",
    )
    return figure


def _draw_panel(figure: Figure, axes: Axes, data: DecisionBoundary, *, with_bar: bool) -> list[Line2D]:
    """Draw the boundary and the rows, and return the handles of the legend."""
    if data.A.shape[2] == 1:
        _shade_two(figure, axes, data, with_bar=with_bar)
    else:
        _shade_many(axes, data)
    inputs.label_axes(axes, data.plane)
    return _draw_rows(axes, data)


def _note(data: DecisionBoundary) -> str:
    wrong = data.misclassified
    note = [f"{wrong:,} of {data.rows:,} rows misclassified{' (ringed)' if wrong else ''}."]
    note += [f"{data.unseen[0].upper()}{data.unseen[1:]}."] if data.unseen else []
    note += [f"Axes: {data.reason}."] if data.reason else []
    note += [_projected(data.plane)] if data.plane.held else []
    note += [f"Shows {len(data.x):,} evenly spaced rows of them."] if len(data.x) < data.rows else []
    note += ["Darker points are several rows."] if len(data.x) > inputs.MANY_POINTS else []
    return " ".join(note)


def _projected(plane: Plane) -> str:
    features = " and ".join(naming.short(name, 20) for name in plane.features)
    return (
        f"Rows are placed by {features} only. Their other inputs differ from the fixed ones, "
        "so a correct row may appear on the wrong side."
    )


def _shade_two(figure: Figure, axes: Axes, data: DecisionBoundary, *, with_bar: bool) -> None:
    plane, probability, scale = data.plane, data.A[:, :, 0], AxisScale(False, 0.0, 1.0)
    image = style.heat(axes, plane.x, plane.y, probability, 0.0, 1.0, style.signed())
    if with_bar:
        style.color_bar(figure, image, axes, scale, data.output)
    dotted: Any = (0, (1.5, 1.5))
    boundary = (data.threshold, "-", 1.8)
    for level, dash, width in (boundary, *((p, dotted, 0.9) for p in (0.1, 0.9) if p != data.threshold)):
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
            places = _label_places(lines.allsegs[0], 0.5 + 0.2 * np.sign(level - data.threshold))
            axes.clabel(lines, fmt={level: f"{level:.3g}"}, fontsize=style.SMALL, manual=places)


def _label_places(segments: Sequence[Array], share: float) -> list[tuple[float, float]]:
    """Return a point on each long segment of a line, so that labels of neighboring lines lie apart."""
    longest = max(map(len, segments))
    # Neighbors may run in opposite directions.
    upward = [each if tuple(each[0]) <= tuple(each[-1]) else each[::-1] for each in segments]
    return [tuple(each[int(share * len(each))]) for each in upward if len(each) >= longest / 2]


def _shade_many(axes: Axes, data: DecisionBoundary) -> None:
    from matplotlib.colors import ListedColormap, to_rgb

    plane, A = data.plane, data.A

    chosen, certainty = A.argmax(axis=2), A.max(axis=2)
    colors = np.array([to_rgb(_color(k)) for k in range(A.shape[2])])
    # From white at equal probabilities to the softened color of the class at certainty.
    strength = (
        0.15 + 0.5 * np.clip((certainty - 1 / A.shape[2]) / (1 - 1 / A.shape[2]), 0, 1)[:, :, np.newaxis]
    )
    picture = 1 - strength * (1 - colors[chosen])
    style.heat(axes, plane.x, plane.y, picture, 0.0, 1.0, ListedColormap([style.PAPER]))
    for index in np.unique(chosen):
        others = np.delete(A, index, axis=2).max(axis=2)
        lead = A[:, :, index] - others
        if lead.min() < 0 < lead.max():
            axes.contour(plane.x, plane.y, lead, levels=[0.0], colors=style.BLACK, linewidths=1.4)


def _draw_rows(axes: Axes, data: DecisionBoundary) -> list[Line2D]:
    """Draw the rows by class, with rings around those misclassified, and return the legend's handles."""
    handles = [_draw_class(axes, data, index) for index in range(len(data.labels))]
    if data.wrong.any():
        handles.append(_ring_wrong(axes, data, inputs.point_size(len(data.x))))
    return handles


def _legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of the legend fit above the axes."""
    return int(np.clip(LEGEND_WIDTH / (0.5 + LETTER * max(map(len, labels))), 1, min(5, len(labels))))


def _draw_class(axes: Axes, data: DecisionBoundary, index: int) -> Line2D:
    """Draw the rows of a class and return their handle for the legend."""
    color = _color(index) if len(data.labels) > 2 else (style.SKY, style.ORANGE)[index]
    marker, chosen = style.MARKERS[index % 10], data.actual == index
    axes.scatter(
        data.x[chosen],
        data.y[chosen],
        marker=marker,
        facecolors=color,
        **inputs.point_style(len(data.x)),
        clip_on=False,
        zorder=4,
        gid="rows",
    )
    return _handle(marker, color, style.plain(data.labels[index], 24))


def _ring_wrong(axes: Axes, data: DecisionBoundary, size: float) -> Line2D:
    """Draw rings around the misclassified rows and return their handle for the legend."""
    from matplotlib.lines import Line2D

    axes.scatter(
        data.x[data.wrong],
        data.y[data.wrong],
        s=size * 5 + 30 * (size > CROWDED),
        facecolors="none",
        edgecolors=style.BLACK,
        linewidths=1.6 if size > CROWDED else 0.9,
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


def _handle(marker: str, color: str, label: str) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="",
        marker=marker,
        color=color,
        markeredgecolor=style.BLACK,
        markersize=7,
        label=label,
    )


def _labels(run: Run) -> list[str]:
    """Return the names of the classes in the legend."""
    columns = run.model.columns
    return (
        [f"{columns.targets[0]} = {name}" for name in columns.classes]
        if columns.labelled
        else list(columns.classes)
    )


def _color(index: int) -> str:
    return style.COLORS[index % len(style.COLORS)]
