"""The network as a diagram with its trained weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection import surfaces
from nncli.nn.arrays import Array
from nncli.nn.network import LayerView, Network
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

MOST_UNITS = 16  # of a layer; more are collapsed
MOST_LAYERS = 8
LABELLED_EDGES = 40
THINNEST, WIDEST = 0.35, 5.0  # pt, for weight 0 and the largest |weight|
SIGNS: dict[int, tuple[str, Any]] = {1: (style.VERMILION, "-"), -1: (style.BLUE, (0, (3.2, 1.4)))}
UNIT = 31.0  # pt, diameter of a circle
SHARES = tuple(
    0.5 + sign * step / 50 for step in range(15) for sign in (1, -1)
)  # of an edge, from its middle
LABEL_WIDTH, LABEL_HEIGHT = 0.27, 0.32  # of a number, in columns and units of the diagram


@dataclass(frozen=True)
class _Column:
    """Units of a layer that are drawn: their numbers, their heights, and how many are not drawn."""

    size: int
    units: Array
    heights: Array

    @classmethod
    def of(cls, size: int) -> _Column:
        if size <= MOST_UNITS:
            return cls(size, np.arange(size), (size - 1) / 2 - np.arange(size))
        half = MOST_UNITS // 2
        places = np.concatenate([np.arange(half), np.arange(half + 1, MOST_UNITS + 1)])
        units = np.concatenate([np.arange(half), np.arange(size - half, size)])
        return cls(size, units, MOST_UNITS / 2 - places)

    @property
    def places(self) -> int:
        """Units drawn, and the gap where some are not."""
        return len(self.units) + (self.hidden > 0)

    @property
    def hidden(self) -> int:
        """Units not drawn."""
        return self.size - len(self.units)


def unfit(run: Run, view: View) -> str | None:
    """Fits every network that a page has room for."""
    count = len(run.model.network.layers)
    return f"{count} layers are too many for a diagram" if count > MOST_LAYERS else None


@dataclass(frozen=True)
class NetworkDiagram:
    """The layers of a network with their trained weights.

    Attributes
    ----------
    run : the run's name and its number of training rows.
    weights : weights and biases, layer by layer.
    layers : what the inputs and each layer are.
    inputs, outputs : names of the inputs and the outputs.
    names, parameters : of all weights and biases (P,).
    """

    run: str
    weights: Sequence[LayerView]
    layers: Sequence[str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    names: Sequence[str]
    parameters: Array

    @property
    def largest(self) -> float:
        """The largest |weight|."""
        return max(float(np.abs(view.W).max()) for view in self.weights)

    @property
    def largest_bias(self) -> float:
        """The largest |bias|; 0 where there are none."""
        return max((float(np.abs(view.b).max()) for view in self.weights if view.b is not None), default=0.0)

    @property
    def caption(self) -> str:
        """How many parameters there are, and the largest weight."""
        count = len(self.names)
        widest = int(np.abs(_weights_only(self.names, self.parameters)).argmax())
        return (
            f"{count:,} parameter{'s' * (count != 1)}, "
            f"widest: {self.names[widest]} = {number(self.parameters[widest])}"
        )

    @property
    def columns(self) -> dict[str, Sequence[str] | Array]:
        """Every parameter."""
        return {"name": self.names, "value": self.parameters}


def numbers(run: Run, view: View) -> NetworkDiagram:
    """The trained weights, and what the layers are."""
    network, columns = run.model.network, run.model.columns
    return NetworkDiagram(
        run=naming.run_and_rows(run),
        weights=network.views(run.model.parameters),
        layers=_layers(network),
        inputs=columns.encoded,
        outputs=columns.classes if columns.task == "multiclass" else columns.targets,
        names=surfaces.weight_names(network),
        parameters=run.model.parameters,
    )


def _layers(network: Network) -> list[str]:
    inputs = f"{network.inputs:,} input{'s' * (network.inputs != 1)}"
    layers = [
        f"layer {index + 1}\n{layer.units:,} {layer.activation.name}{'' if layer.bias else ', no bias'}"
        for index, layer in enumerate(network.layers)
    ]
    return [inputs, *layers]


def draw(shown: NetworkDiagram) -> Figure:
    """Columns of circles: width of a line = |weight|, its color and dashes = sign, rings = biases."""
    sizes = (shown.weights[0].W.shape[1], *(view.W.shape[0] for view in shown.weights))
    columns = [_Column.of(size) for size in sizes]
    tallest = max(column.places for column in columns)
    figure = style.figure(
        width=max(6.4, 1.9 * len(columns) + 1.0), height=float(np.clip(2.0 + 0.55 * tallest, 3.6, 11.5))
    )
    axes = figure.subplots()
    _draw_layers(axes, shown, columns)
    _captions(axes, shown, columns)
    _finish(axes, len(columns), tallest, shown.largest_bias > 0)
    shortened = " (largest layers shortened)" if any(column.hidden for column in columns) else ""
    style.head(
        figure,
        f"Network with its trained weights{shortened}: {shown.run}",
        _note(shown.largest or 1.0, shown.largest_bias),
    )
    return figure


def _draw_layers(axes: Axes, shown: NetworkDiagram, columns: list[_Column]) -> None:
    edges = sum(len(before.units) * len(after.units) for before, after in pairwise(columns))
    labelled = edges <= LABELLED_EDGES
    for index, (weights, (before, after)) in enumerate(zip(shown.weights, pairwise(columns), strict=True)):
        _edges(axes, index, before, after, weights.W, shown.largest or 1.0)
        _units(axes, index + 1, after, weights.b, shown.largest_bias or 1.0, labelled)
        if labelled:
            _edge_labels(axes, index, before, after, weights.W)
    _units(axes, 0, columns[0], None, 1.0, labelled=False)


def _finish(axes: Axes, columns: int, tallest: int, biases: bool) -> None:
    axes.set_axis_off()
    axes.set_xlim(-0.55, columns - 0.45)
    axes.set_ylim(-tallest / 2 - 0.1, tallest / 2 + 0.1)
    axes.legend(
        handles=_handles(biases),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        borderaxespad=5.0,
        ncols=4,
        columnspacing=1.4,
    )


def _weights_only(names: Sequence[str], parameters: Array) -> Array:
    return np.where([".weight[" in name for name in names], parameters, 0.0)


def _edges(axes: Axes, x: int, before: _Column, after: _Column, W: Array, largest: float) -> None:
    from matplotlib.collections import LineCollection

    for sign, (colour, dash) in SIGNS.items():
        shown = np.argwhere(np.sign(W[np.ix_(after.units, before.units)]) == sign)
        segments = [[(x, before.heights[j]), (x + 1, after.heights[i])] for i, j in shown]
        sizes = [abs(float(W[after.units[i], before.units[j]])) for i, j in shown]
        widths = [THINNEST + (WIDEST - THINNEST) * (size / largest) for size in sizes]
        axes.add_collection(
            LineCollection(
                segments, linewidths=widths, colors=colour, linestyles=dash, alpha=0.85, zorder=1, gid="edges"
            )
        )


def _edge_labels(axes: Axes, x: int, before: _Column, after: _Column, W: Array) -> None:
    """Each as near to the middle of its edge as the labels before it leave room."""
    placed: list[tuple[float, float]] = []
    for i, unit in enumerate(after.units):
        for j, source in enumerate(before.units):
            ends = before.heights[j], after.heights[i]
            places = [(share, ends[0] + share * (ends[1] - ends[0])) for share in SHARES]
            place = max(places, key=lambda place: min(1.0, _clearance(place, placed)))
            placed.append(place)
            axes.text(
                x + place[0],
                place[1],
                number(W[unit, source]),
                fontsize=style.SMALL,
                ha="center",
                va="center",
                zorder=3,
                bbox={
                    "boxstyle": "square,pad=0.1",
                    "facecolor": style.PAPER,
                    "edgecolor": "none",
                    "alpha": 0.9,
                },
            )


def _clearance(place: tuple[float, float], placed: list[tuple[float, float]]) -> float:
    """Distance to the nearest label, in sizes of a label; below 1 they overlap."""
    return min(
        (max(abs(place[0] - x) / LABEL_WIDTH, abs(place[1] - y) / LABEL_HEIGHT) for x, y in placed),
        default=1.0,
    )


def _units(axes: Axes, x: int, column: _Column, b: Array | None, largest: float, labelled: bool) -> None:
    for unit, height in zip(column.units, column.heights, strict=True):
        bias = 0.0 if b is None else float(b[unit])
        colour, dash = SIGNS.get(int(np.sign(bias)), (style.GREY, "-"))
        width = 1.0 if b is None else 0.8 + 3.5 * (abs(bias) / largest)
        axes.scatter(
            [x],
            [height],
            s=UNIT**2,
            color=style.PAPER,
            edgecolors=colour,
            linewidths=width,
            linestyles=[dash],
            zorder=4,
            gid="unit",
        )
        if labelled and b is not None:
            axes.text(x, height, number(bias, 2), fontsize=style.SMALL, ha="center", va="center", zorder=5)
    if column.hidden:
        axes.text(
            x,
            0.0,
            f"⋮ {column.hidden:,} more",
            fontsize=style.SMALL,
            ha="center",
            va="center",
            zorder=5,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": style.PAPER, "edgecolor": "none"},
        )


def _captions(axes: Axes, shown: NetworkDiagram, columns: list[_Column]) -> None:
    """Names of inputs and outputs at their units, and what each layer is at its foot."""
    ends = (
        (0, columns[0], -1, "right", shown.inputs),
        (len(columns) - 1, columns[-1], 1, "left", shown.outputs),
    )
    for x, column, side, align, labels in ends:
        for unit, height in zip(column.units, column.heights, strict=True):
            axes.annotate(
                style.plain(labels[unit], 16),
                (x, height),
                xytext=(side * (UNIT / 2 + 5), 0),
                textcoords="offset points",
                ha=align,
                va="center",
            )
    for x, text in enumerate(shown.layers):
        axes.text(
            x, -0.02, text, transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=style.SMALL
        )


def _handles(biases: bool) -> list[Line2D]:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=colour, linestyle=dash, linewidth=2.5, label=text)
        for (colour, dash), text in zip(SIGNS.values(), ("weight > 0", "weight < 0"), strict=True)
    ]
    rings = [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            markersize=10,
            markerfacecolor=style.PAPER,
            markeredgecolor=colour,
            markeredgewidth=2.2,
            label=text,
        )
        for (colour, _), text in zip(SIGNS.values(), ("bias > 0", "bias < 0 (dashed ring)"), strict=True)
    ]
    return lines + rings if biases else lines


def _note(largest: float, bias: float) -> str:
    return f"Width of a line in proportion to |weight|, largest {number(largest)}" + (
        f"; of a ring to |bias|, largest {number(bias)}." if bias else "."
    )
