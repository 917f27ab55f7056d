"""The network as a diagram with its trained weights."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from nncli.analysis import surfaces
from nncli.nn.activations import Array
from nncli.nn.network import LayerView
from nncli.plots import style
from nncli.plots.picture import Picture, View
from nncli.plots.scale import number
from nncli.runs import Run

MOST_UNITS = 16  # of a layer; more are collapsed
MOST_LAYERS = 8
LABELLED_EDGES = 40
WIDEST = 5.0  # pt, the largest |weight|
SIGNS = {1: (style.VERMILION, "-"), -1: (style.BLUE, (0, (3.2, 1.4)))}
RADIUS = 0.30  # of a unit; units of a column are 1 apart


@dataclass(frozen=True)
class _Column:
    """Units of a layer that are drawn: their numbers, their heights, and how many are not drawn."""

    size: int
    units: Array
    heights: Array
    gap: float

    @classmethod
    def of(cls, size: int) -> _Column:
        if size <= MOST_UNITS:
            return cls(size, np.arange(size), (size - 1) / 2 - np.arange(size), 0.0)
        half = MOST_UNITS // 2
        places = np.concatenate([np.arange(half), np.arange(half + 1, MOST_UNITS + 1)])
        units = np.concatenate([np.arange(half), np.arange(size - half, size)])
        return cls(size, units, MOST_UNITS / 2 - places, 0.0)

    @property
    def hidden(self) -> int:
        return self.size - len(self.units)


def unfit(run: Run, view: View) -> str | None:
    """Fits every network that a page has room for."""
    count = len(run.model.network.layers)
    return f"{count} layers are too many for a diagram" if count > MOST_LAYERS else None


def draw(run: Run, view: View) -> Picture:
    """Columns of circles: width of a line = |weight|, its colour and dashes = sign, rings = biases."""
    network = run.model.network
    columns = [_Column.of(size) for size in (network.inputs, *(layer.units for layer in network.layers))]
    tallest = max(len(column.units) + (column.hidden > 0) for column in columns)
    height = float(np.clip(1.9 + 0.62 * tallest, 3.4, 9.5))
    figure = style.figure(width=max(6.4, 2.1 * len(columns) + 1.4), height=height)
    axes = figure.subplots()
    spacing = max(2.6, 0.5 * tallest)
    x = spacing * np.arange(len(columns))
    views = network.views(run.model.parameters)
    largest = max((float(np.abs(view.W).max()) for view in views), default=0.0) or 1.0
    edges = sum(len(before.units) * len(after.units) for before, after in pairwise(columns))
    for index, weights in enumerate(views):
        _edges(
            axes,
            (x[index], x[index + 1]),
            columns[index],
            columns[index + 1],
            weights.W,
            largest,
            edges <= LABELLED_EDGES,
        )
        _units(
            axes, x[index + 1], columns[index + 1], weights.b, _largest_bias(views), edges <= LABELLED_EDGES
        )
    _units(axes, x[0], columns[0], None, 1.0, labelled=False)
    _captions(axes, run, x, columns, tallest)
    _frame(axes, x, tallest)
    parameters = network.parameter_count
    drawn = "" if not any(column.hidden for column in columns) else " (largest layers shortened)"
    style.head(
        figure,
        f"Network with its trained weights{drawn}: {style.of_run(run)}",
        _note(largest, _largest_bias(views)),
    )
    figure.legend(handles=_handles(), loc="outside lower left", ncols=4)
    names = surfaces.weight_names(network)
    widest = int(np.abs(_weights_only(names, run.model.parameters)).argmax())
    caption = f"{parameters:,} parameter{'s' * (parameters != 1)}, widest: {names[widest]} = {number(run.model.parameters[widest])}"
    return Picture(figure, caption, {"name": names, "value": run.model.parameters})


def _weights_only(names: list[str], parameters: Array) -> Array:
    return np.where([".weight[" in name for name in names], parameters, 0.0)


def _largest_bias(views: list[LayerView]) -> float:
    return max((float(np.abs(view.b).max()) for view in views if view.b is not None), default=0.0) or 1.0


def _edges(
    axes: Axes,
    ends: tuple[float, float],
    before: _Column,
    after: _Column,
    W: Array,
    largest: float,
    labelled: bool,
) -> None:
    for sign, (colour, dash) in SIGNS.items():
        segments, widths = [], []
        for i, unit in enumerate(after.units):
            for j, source in enumerate(before.units):
                if np.sign(W[unit, source]) == sign:
                    segments.append([(ends[0], before.heights[j]), (ends[1], after.heights[i])])
                    widths.append(0.35 + (WIDEST - 0.35) * abs(float(W[unit, source])) / largest)
        axes.add_collection(
            LineCollection(
                segments, linewidths=widths, colors=colour, linestyles=dash, alpha=0.85, zorder=1, gid="edges"
            )
        )
    if labelled:
        _edge_labels(axes, ends, before, after, W)


def _edge_labels(axes: Axes, ends: tuple[float, float], before: _Column, after: _Column, W: Array) -> None:
    """Near the unit an edge leads to, further off where edges from several units would meet."""
    for i, unit in enumerate(after.units):
        for j, source in enumerate(before.units):
            share = _share(i, j, before, after)
            axes.text(
                ends[0] + share * (ends[1] - ends[0]),
                before.heights[j] + share * (after.heights[i] - before.heights[j]),
                number(W[unit, source]),
                fontsize=style.SMALL,
                ha="center",
                va="center",
                zorder=3,
                bbox={
                    "boxstyle": "square,pad=0.12",
                    "facecolor": style.PAPER,
                    "edgecolor": "none",
                    "alpha": 0.9,
                },
            )


def _share(i: int, j: int, before: _Column, after: _Column) -> float:
    """How far along its edge a label stands, so that the labels of a fan do not meet."""
    fan = len(after.units) if len(after.units) >= len(before.units) else len(before.units)
    place = i if len(after.units) >= len(before.units) else j
    return (
        0.5 if fan == 1 else 0.3 + 0.42 * ((place + (j if fan == len(after.units) else i)) % fan) / (fan - 1)
    )


def _units(axes: Axes, x: float, column: _Column, b: Array | None, largest: float, labelled: bool) -> None:
    for unit, height in zip(column.units, column.heights, strict=True):
        bias = 0.0 if b is None else float(b[unit])
        colour, dash = SIGNS.get(int(np.sign(bias)), (style.GREY, "-"))
        width = 1.0 if b is None else 0.8 + 4.0 * abs(bias) / largest
        axes.add_patch(
            Circle(
                (x, height),
                RADIUS,
                facecolor=style.PAPER,
                edgecolor=colour,
                linewidth=width,
                linestyle=dash,
                zorder=4,
                gid="unit",
            )
        )
        if labelled and b is not None:
            axes.text(x, height, number(bias, 2), fontsize=style.SMALL, ha="center", va="center", zorder=5)
    if column.hidden:
        axes.text(
            x, 0.0, f"⋮ {column.hidden:,} more", fontsize=style.SMALL, ha="center", va="center", zorder=5
        )


def _captions(axes: Axes, run: Run, x: Array, columns: list[_Column], tallest: int) -> None:
    """Names of inputs and outputs at their units, and what each layer is at its foot."""
    names = run.model.columns
    outputs = (
        names.targets if names.outputs == len(names.targets) and names.task != "multiclass" else names.classes
    )
    for column, at, side, labels in (
        (columns[0], x[0], "right", names.inputs),
        (columns[-1], x[-1], "left", outputs),
    ):
        offset = -RADIUS - 0.12 if side == "right" else RADIUS + 0.12
        for unit, height in zip(column.units, column.heights, strict=True):
            axes.text(at + offset, height, style.plain(labels[unit], 16), ha=side, va="center", zorder=5)
    foot = -tallest / 2 - 0.15
    axes.text(
        x[0],
        foot,
        f"{columns[0].size:,} input{'s' * (columns[0].size != 1)}",
        ha="center",
        va="top",
        fontsize=style.SMALL,
    )
    for index, layer in enumerate(run.model.network.layers):
        bias = "" if layer.bias else "\nno bias"
        text = f"layer {index + 1}\n{layer.units:,} {layer.activation.name}{bias}"
        axes.text(x[index + 1], foot, text, ha="center", va="top", fontsize=style.SMALL)


def _frame(axes: Axes, x: Array, tallest: int) -> None:
    axes.set_axis_off()
    axes.set_xlim(x[0] - 1.6, x[-1] + 1.6)
    axes.set_ylim(-tallest / 2 - 1.5, tallest / 2 + 0.1)
    axes.set_aspect("equal")


def _handles() -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, linestyle=dash, linewidth=2.5, label=text)
        for (colour, dash), text in zip(SIGNS.values(), ("weight > 0", "weight < 0"), strict=True)
    ]
    handles += [
        Line2D([], [], linestyle="", marker="o", markersize=10, markerfacecolor=style.PAPER, markeredgecolor=colour,
               markeredgewidth=2.2, label=text)
        for (colour, _), text in zip(SIGNS.values(), ("bias > 0", "bias < 0 (dashed ring)"), strict=True)
    ]  # fmt: skip
    return handles


def _note(largest: float, bias: float) -> str:
    return f"Width of a line in proportion to |weight|, largest {number(largest)}; of a ring to |bias|, largest {number(bias)}."
