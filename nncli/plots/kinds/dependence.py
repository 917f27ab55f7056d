"""Partial dependence: predictions as one input changes, their mean and those of single rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.columns import Task
from nncli.data.encoding import Date
from nncli.inference import evaluation
from nncli.inspection.inputs.dependence import (
    Dependence,
    InputValues,
    most_important,
    partial_dependence,
)
from nncli.inspection.inputs.importance import too_few_rows
from nncli.inspection.surfaces import require_inputs, require_two
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import inputs, naming, style
from nncli.plots.outcomes import PART_STYLES
from nncli.plots.picture import View
from nncli.plots.scale import FARTHEST, AxisScale, number
from nncli.runs import Run
from nncli.tables.notation import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 4
MOST_TARGETS = 3  # of a regression, each with panels of its own
MOST_LINES = 6
MOST_CATEGORIES_DRAWN = 10
BARS = 24  # of the histogram below a panel
FEW_VALUES = 12  # up to which each value has a marker


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no predictions over an input to draw, or None if it has.

    Raises
    ------
    RunError
        If the view names inputs that the run does not have, or the same one twice.
    """
    if view.features:
        require_inputs(run, view.features)
        require_two(run, view.features)
    if reason := too_few_rows(run):
        return reason
    _, data = evaluation.part(run)
    if np.abs(run.model.outputs(data.X)).max() >= FARTHEST:
        return f"a prediction is beyond {FARTHEST:.0e}"
    return None


@dataclass(frozen=True)
class DependenceCurves:
    """Predictions over one input after the other.

    Attributes
    ----------
    run : name of the run.
    count, rows : number of rows, and the same with their set: `30 test rows`.
    task : of the run.
    target : name of the target of a single one, else nothing.
    outputs, named : name of each output, short and as captions name it.
    spreads : standard deviation of each target in a regression, else 1, (outputs,).
    found : the predictions over each input.
    chosen : whether the inputs were named by the user.
    inputs : number of all inputs.
    """

    run: str
    count: int
    rows: str
    task: Task
    target: str
    outputs: tuple[str, ...]
    named: tuple[str, ...]
    spreads: Array
    found: Sequence[Dependence]
    chosen: bool
    inputs: int

    @property
    def caption(self) -> str:
        """The input and the output whose mean predictions differ most, with the lowest and the highest."""
        ranges = np.array([np.ptp(each.means, axis=0) / self.spreads for each in self.found])
        place, output = np.unravel_index(int(np.nan_to_num(ranges).argmax()), ranges.shape)
        each = self.found[int(place)]
        means = each.means[:, output]
        low, high = int(means.argmin()), int(means.argmax())
        if means[low] == means[high]:
            return f"the mean predictions depend on none of the plotted inputs ({self.rows})"
        name = naming.short(each.over.name)
        return (
            f"mean {self.named[output]} depends most on {name}: "
            f"{number(means[low])} at {_text(each.over, low)}, {number(means[high])} at "
            f"{_text(each.over, high)} ({self.rows})"
        )

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Mean prediction and those of single rows, for each input, value and output."""
        found, outputs = self.found, len(self.outputs)
        cells = [
            (each.over.name, _cell(each.over, place), self.outputs[output])
            for each in found
            for place in range(len(each.over.values))
            for output in range(outputs)
        ]
        curves = np.concatenate(
            [each.curves.transpose(0, 2, 1).reshape(-1, each.curves.shape[1]) for each in found]
        )
        return {
            "input": [name for name, _, _ in cells],
            "value": [value for _, value, _ in cells],
            "output": [output for _, _, output in cells],
            "mean": np.concatenate([each.means.ravel() for each in found]),
            **{f"row_{row + 1}": column for row, column in zip(found[0].rows, curves.T, strict=True)},
        }

    @property
    def groups(self) -> list[list[int]]:
        """Positions of the outputs that share an axis: all classes, but each target of a regression alone."""
        if self.task == "regression":
            return [[output] for output in range(min(MOST_TARGETS, len(self.outputs)))]
        ranges = np.max([np.ptp(each.means, axis=0) for each in self.found], axis=0)
        return [sorted(np.argsort(-ranges, kind="stable")[:MOST_LINES].tolist())]


def numbers(run: Run, view: View) -> DependenceCurves:
    """Predict the test set over several inputs; without one the validation set, else the training set."""
    part, data = evaluation.part(run)
    columns = run.model.columns
    regression = columns.task == "regression"
    names = columns.targets if len(columns.targets) > 1 or regression else columns.classes[-columns.outputs :]
    spreads = data.expected.std(axis=0) if regression else np.ones(columns.outputs)
    return DependenceCurves(
        run=naming.run_name(run),
        count=len(data),
        rows=counted(len(data), f"{PART_STYLES[part].label} row"),
        task=columns.task,
        target=columns.targets[0] if len(columns.targets) == 1 else "",
        outputs=tuple(names),
        named=tuple(
            f"{'predicted ' if regression else ''}{inputs.output_name(run, output)}"
            for output in range(columns.outputs)
        ),
        spreads=np.where(spreads > 0.0, spreads, 1.0),
        found=partial_dependence(run, view.features or most_important(run, MOST_PANELS)),
        chosen=view.features is not None,
        inputs=len(columns.inputs),
    )


def draw(data: DependenceCurves) -> Figure:
    """Draw a panel for each input, with the distribution of the input below it."""
    groups = data.groups
    across = min(2 if len(groups) == 1 else MOST_PANELS, len(data.found))
    blocks = -(-len(data.found) // across)
    several = len(groups[0]) > 1
    figure = style.figure(
        width=max(5.0, 0.9 + (2.9 if len(groups) == 1 else 2.3) * across) + (1.6 if several else 0.0),
        height=1.1 + blocks * (1.0 + (2.3 if len(groups) == 1 else 1.9) * len(groups)),
    )
    ratios = [*([5.0] * len(groups)), 1.0] * blocks
    panels = figure.subplots(blocks * (len(groups) + 1), across, squeeze=False, height_ratios=ratios)
    scales = [_scale(data, group) for group in groups]
    for place in range(blocks * across):
        top, column = (place // across) * (len(groups) + 1), place % across
        block = panels[top : top + len(groups) + 1, column]
        if place >= len(data.found):
            for axes in block:
                axes.remove()
            continue
        each = data.found[place]
        drawn = _drawn_values(each.over)
        for axes, group, scale in zip(block, groups, scales, strict=False):
            _draw_curves(axes, each, drawn, group)
            style.scaled(axes.yaxis, scale)
            axes.tick_params(labelbottom=False, labelleft=column == 0)
            style.grid(axes)
            if column == 0:
                axes.set_ylabel(_label(data, group))
        _draw_distribution(block[-1], each.over, drawn)
        for axes in block:
            _finish(axes, each.over, drawn)
        block[-1].set_xlabel(style.plain(each.over.name, 40 if len(groups) == 1 else 26))
    if several:
        figure.legend(
            handles=_handles(data, groups[0]),
            title=style.plain(data.target, 24) or None,
            loc="outside right upper",
            alignment="left",
            handlelength=2.6,
        )
    style.head(figure, f"Dependence on {_subject(data)}: {data.run}, {data.rows}", _note(data))
    return figure


def _subject(data: DependenceCurves) -> str:
    if data.chosen or data.inputs <= 2:
        return " and ".join(naming.short(each.over.name) for each in data.found)
    if len(data.found) == data.inputs:
        return f"all {data.inputs} inputs"
    return f"the {len(data.found)} most important of {data.inputs:,} inputs"


def _note(data: DependenceCurves) -> str:
    groups = data.groups
    curves = len(range(0, data.found[0].curves.shape[1], len(groups[0])))
    single = f"{curves} single rows" if len(groups[0]) == 1 else f"{curves} single rows for each line"
    notes = [
        "Thick: mean prediction as the input of every row is set to a value.",
        f"Thin: {single}.",
        "Below: distribution of the input.",
    ]
    drawn = sum(len(group) for group in groups)
    if drawn < len(data.outputs):
        kind = (
            "targets" if data.task == "regression" else "classes" if data.task == "multiclass" else "labels"
        )
        which = f"the first {drawn}" if data.task == "regression" else f"the {drawn}"
        change = "" if data.task == "regression" else " that change most"
        notes.append(f"Shows {which} of {len(data.outputs)} {kind}{change}.")
    if any(len(each.over.categories) > MOST_CATEGORIES_DRAWN for each in data.found):
        notes.append(f"Shows the {MOST_CATEGORIES_DRAWN} most frequent categories.")
    if data.found[0].used < data.count:
        notes.append(f"Uses {data.found[0].used:,} evenly spaced rows.")
    return " ".join(notes)


def _label(data: DependenceCurves, group: Sequence[int]) -> str:
    if data.task == "regression":
        return f"predicted {style.plain(data.outputs[group[0]], 24)}"
    if data.task == "binary":
        return f"probability of {style.plain(data.outputs[0], 20)}"
    return "predicted probability"


def _scale(data: DependenceCurves, group: Sequence[int]) -> AxisScale:
    if data.task != "regression":
        return AxisScale(False, 0.0, 1.0)
    found = [each.curves[:, :, group].ravel() for each in data.found]
    found += [each.means[:, group].ravel() for each in data.found]
    return AxisScale.linear(np.concatenate(found))


def _drawn_values(over: InputValues) -> Array:
    """Return the positions of the values that are drawn: the most frequent of many categories."""
    count = len(over.values)
    if not over.categories or count <= MOST_CATEGORIES_DRAWN:
        return np.arange(count)
    occurring = np.bincount(over.occurring.astype(np.intp), minlength=count)
    return np.sort(np.argsort(-occurring, kind="stable")[:MOST_CATEGORIES_DRAWN])


def _places(over: InputValues, drawn: Array) -> Array:
    """Return the coordinates of the values drawn."""
    return np.arange(float(len(drawn))) if over.categories else over.values


def _draw_curves(axes: Axes, each: Dependence, drawn: Array, group: Sequence[int]) -> None:
    x = _places(each.over, drawn)
    step = len(group)
    for order, output in enumerate(group):
        color = style.GRAY if step == 1 else style.COLORS[order]
        axes.plot(
            x,
            each.curves[drawn, order::step, output],
            color=color,
            linewidth=0.5,
            alpha=0.3,
            zorder=1.5,
            gid="rows",
        )
    for order, output in enumerate(group):
        dash = "" if each.over.categories else style.DASHES[order % len(style.DASHES)]
        line = _mean_line(order, marked=_is_marked(each.over))
        axes.plot(x, each.means[drawn, output], gid="mean", zorder=3, **{**line, "linestyle": dash})


def _is_marked(over: InputValues) -> bool:
    """Tell whether each value has a marker: categories, which have no order, and few numbers."""
    return bool(over.categories) or len(over.values) <= FEW_VALUES


def _mean_line(order: int, *, marked: bool) -> dict[str, Any]:
    """Return the style of an output's mean predictions."""
    return {
        "color": style.COLORS[order],
        "linestyle": style.DASHES[order % len(style.DASHES)],
        "linewidth": 2.2,
        "marker": style.MARKERS[order] if marked else "",
        "markersize": 6,
        "markeredgecolor": style.PAPER,
        "markeredgewidth": 0.6,
    }


def _draw_distribution(axes: Axes, over: InputValues, drawn: Array) -> None:
    x = _places(over, drawn)
    if over.categories:
        counts = np.bincount(over.occurring.astype(np.intp), minlength=len(over.values))[drawn]
        axes.bar(x, counts, width=0.6, color=style.SKY)
    elif len(x) <= FEW_VALUES:
        counts = np.array([np.count_nonzero(over.occurring == value) for value in x])
        scale = AxisScale.linear(x)
        axes.bar(x, counts, width=(scale.high - scale.low) / BARS, color=style.SKY)
    else:
        low, high = float(over.values[0]), float(over.values[-1])
        within = over.occurring[(over.occurring >= low) & (over.occurring <= high)]
        scale = AxisScale.linear(over.values)
        counts, edges = np.histogram(within, BARS, (scale.low, scale.high))
        axes.stairs(counts, edges, fill=True, color=style.SKY)
    axes.set_ylim(0, 1.1 * max(1, counts.max()))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _finish(axes: Axes, over: InputValues, drawn: Array) -> None:
    """Set the range and the ticks of the input."""
    if over.categories:
        axes.set_xlim(-0.6, len(drawn) - 0.4)
        names = [style.plain(over.categories[place], 18) for place in drawn]
        tilted = sum(map(len, names)) > 28
        axes.set_xticks(range(len(drawn)), names)
        if tilted:
            for label in axes.get_xticklabels():
                label.set(rotation=35, ha="right", rotation_mode="anchor")
    else:
        scale = AxisScale.linear(over.values)
        style.scaled(axes.xaxis, scale)
        if len(over.values) <= 5 and not isinstance(over.column, Date):
            axes.set_xticks(over.values, [number(value) for value in over.values])
        else:
            axes.set_xticks(*(_date_ticks(over, scale) if isinstance(over.column, Date) else scale.ticks(4)))


def _date_ticks(over: InputValues, scale: AxisScale) -> tuple[list[float], list[str]]:
    """Return positions and labels of few dates, without the time if it is midnight at all of them."""
    positions, _ = scale.ticks(3)
    for hours in (3, 6, 12):
        first, last = np.ceil(scale.low * 24 / hours), np.floor(scale.high * 24 / hours)
        if scale.high - scale.low < 2 and 0 < last - first < 4:
            positions = [float(step * hours / 24) for step in np.arange(first, last + 1)]
            break
    labels = [_date(over, position) for position in positions]
    if all(label.endswith(" 00:00") for label in labels):
        labels = [label.removesuffix(" 00:00") for label in labels]
    return positions, [label.replace(" ", "\n") for label in labels]


def _handles(data: DependenceCurves, group: Sequence[int]) -> list[Any]:
    from matplotlib.lines import Line2D

    marked = any(_is_marked(each.over) for each in data.found)
    return [
        Line2D([], [], label=style.plain(data.outputs[output], 24), **_mean_line(order, marked=marked))
        for order, output in enumerate(group)
    ]


def _cell(over: InputValues, place: int) -> str:
    """Return a value as the cell of a table."""
    if over.categories:
        return over.categories[place]
    value = float(over.values[place])
    return _date(over, value) if isinstance(over.column, Date) else format_number(value)


def _text(over: InputValues, place: int) -> str:
    """Return a value for a caption."""
    if over.categories or isinstance(over.column, Date):
        return naming.short(_cell(over, place))
    return number(float(over.values[place]))


def _date(over: InputValues, value: float) -> str:
    minutes = np.datetime64(round(value * 1440), "m")
    whole = isinstance(over.column, Date) and "hour" not in over.column.parts
    text = str(minutes.astype("datetime64[D]")) if whole else str(minutes).replace("T", " ")
    return text.removeprefix("1970-01-01 ")  # a time alone has no date
