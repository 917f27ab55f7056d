"""Diagram of the network with its trained weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection import surfaces
from nncli.messages.wording import counted
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

MOST_UNITS = 16  # units drawn of a layer; of more, the first and the last
MOST_LAYERS = 8
LABELED_EDGES = 40
THINNEST, WIDEST = 0.35, 5.0  # pt, for weight 0 and the largest |weight|
SIGNS: dict[int, tuple[str, Any]] = {1: (style.VERMILION, "-"), -1: (style.BLUE, (0, (3.2, 1.4)))}
UNIT = 31.0  # pt, diameter of a circle
SHARES = tuple(
    0.5 + sign * step / 50 for step in range(18) for sign in (1, -1)
)  # positions of a label along an edge, from the middle
LABEL_WIDTH, LABEL_HEIGHT = 0.27, 0.32  # size of a label, in columns and units of the diagram


@dataclass(frozen=True)
class _Column:
    """Units drawn of a layer: its size, the positions of the units, and their heights in the diagram."""

    size: int
    units: Array
    heights: Array

    @classmethod
    def of(cls, size: int) -> _Column:
        """Choose the units drawn of a layer of `size` units."""
        if size <= MOST_UNITS:
            return cls(size, np.arange(size), (size - 1) / 2 - np.arange(size))
        half = MOST_UNITS // 2
        places = np.concatenate([np.arange(half), np.arange(half + 1, MOST_UNITS + 1)])
        units = np.concatenate([np.arange(half), np.arange(size - half, size)])
        return cls(size, units, MOST_UNITS / 2 - places)

    @property
    def places(self) -> int:
        """Number of units drawn, plus one for the gap if some are not."""
        return len(self.units) + (self.hidden > 0)

    @property
    def hidden(self) -> int:
        """Number of units not drawn."""
        return self.size - len(self.units)


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a network has too many layers for a diagram, or None if it has not."""
    count = len(run.model.network.layers)
    if count <= MOST_LAYERS:
        return None
    return f"the network has {count} layers, and a diagram has room for {MOST_LAYERS}"


@dataclass(frozen=True)
class NetworkDiagram:
    """Layers of a network with their trained weights.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    weights : weights and biases, layer by layer.
    layers : descriptions of the inputs and of each layer.
    inputs, outputs : names of the inputs and the outputs.
    names, parameters : names and values (P,) of all weights and biases.
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
        """Largest absolute weight."""
        return max(float(np.abs(view.W).max()) for view in self.weights)

    @property
    def largest_bias(self) -> float:
        """Largest absolute bias; 0 if there are no biases."""
        return max((float(np.abs(view.b).max()) for view in self.weights if view.b is not None), default=0.0)

    @property
    def caption(self) -> str:
        """Number of parameters, and the largest weight."""
        largest = int(np.abs(_weights_only(self.names, self.parameters)).argmax())
        return (
            f"{counted(len(self.names), 'parameter')}, "
            f"largest weight: {self.names[largest]} = {number(self.parameters[largest])}"
        )

    @property
    def columns(self) -> dict[str, Sequence[str] | Array]:
        """Name and value of every parameter."""
        return {"name": self.names, "value": self.parameters}


def numbers(run: Run, view: View) -> NetworkDiagram:
    """Read the trained weights and describe the layers."""
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
    inputs = counted(network.inputs, "input")
    layers = [
        f"layers.{index}\n{layer.units:,} {layer.activation.name}{'' if layer.bias else ', no bias'}"
        for index, layer in enumerate(network.layers)
    ]
    return [inputs, *layers]


def draw(data: NetworkDiagram) -> Figure:
    """Draw each layer as a column of circles, weights as lines between them and biases as rings."""
    sizes = (data.weights[0].W.shape[1], *(view.W.shape[0] for view in data.weights))
    columns = [_Column.of(size) for size in sizes]
    tallest = max(column.places for column in columns)
    figure = style.figure(
        width=max(6.4, 1.9 * len(columns) + 1.0), height=float(np.clip(2.0 + 0.55 * tallest, 3.6, 11.5))
    )
    axes = figure.subplots()
    _draw_layers(axes, data, columns)
    _annotate(axes, data, columns)
    _finish(axes, len(columns), tallest, data.largest_bias > 0)
    title = "Network with its trained weights"
    title += " (not all units shown)" if any(column.hidden for column in columns) else ""
    style.head(
        figure,
        f"{title}: {data.run}",
        _note(data.largest or 1.0, data.largest_bias),
    )
    return figure


def _draw_layers(axes: Axes, data: NetworkDiagram, columns: list[_Column]) -> None:
    edges = sum(len(before.units) * len(after.units) for before, after in pairwise(columns))
    labeled = edges <= LABELED_EDGES
    for index, (weights, (before, after)) in enumerate(zip(data.weights, pairwise(columns), strict=True)):
        _edges(axes, index, before, after, weights.W, data.largest or 1.0)
        _units(axes, index + 1, after, weights.b, data.largest_bias or 1.0, labeled)
        if labeled:
            _edge_labels(axes, index, before, after, weights.W)
    _units(axes, 0, columns[0], None, 1.0, labeled=False)


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

    for sign, (color, dash) in SIGNS.items():
        data = np.argwhere(np.sign(W[np.ix_(after.units, before.units)]) == sign)
        segments = [[(x, before.heights[j]), (x + 1, after.heights[i])] for i, j in data]
        sizes = [abs(float(W[after.units[i], before.units[j]])) for i, j in data]
        widths = [THINNEST + (WIDEST - THINNEST) * (size / largest) for size in sizes]
        axes.add_collection(
            LineCollection(
                segments, linewidths=widths, colors=color, linestyles=dash, alpha=0.85, zorder=1, gid="edges"
            )
        )


def _edge_labels(axes: Axes, x: int, before: _Column, after: _Column, W: Array) -> None:
    """Label each edge with its weight, as near to its middle as earlier labels allow."""
    placed: list[tuple[float, float]] = []
    slopes = np.array([(low, high) for high in after.heights for low in before.heights])
    for i, unit in enumerate(after.units):
        for j, source in enumerate(before.units):
            ends = before.heights[j], after.heights[i]
            places = [(share, ends[0] + share * (ends[1] - ends[0])) for share in SHARES]
            others = np.delete(slopes, i * len(before.units) + j, axis=0)
            place = max(places, key=lambda place: _room(place, placed, others))
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


def _room(
    place: tuple[float, float], placed: list[tuple[float, float]], others: Array
) -> tuple[float, float]:
    """Return how far a label is from other labels and then from other edges; 1 is enough."""
    shares = place[0] + LABEL_WIDTH * np.array([-0.5, -0.25, 0.0, 0.25, 0.5])
    edges = others[:, :1] + shares * (others[:, 1:] - others[:, :1]) - place[1]
    crossed = (edges.min(axis=1) < 0) & (edges.max(axis=1) > 0)
    nearest = np.where(crossed, 0.0, np.abs(edges).min(axis=1)).min(initial=LABEL_HEIGHT)
    return min(1.0, _clearance(place, placed)), min(1.0, float(nearest) / (LABEL_HEIGHT / 2))


def _clearance(place: tuple[float, float], placed: list[tuple[float, float]]) -> float:
    """Return the distance to the nearest label, in label sizes; below 1 they overlap."""
    return min(
        (max(abs(place[0] - x) / LABEL_WIDTH, abs(place[1] - y) / LABEL_HEIGHT) for x, y in placed),
        default=1.0,
    )


def _units(axes: Axes, x: int, column: _Column, b: Array | None, largest: float, labeled: bool) -> None:
    for unit, height in zip(column.units, column.heights, strict=True):
        bias = 0.0 if b is None else float(b[unit])
        color, dash = SIGNS.get(int(np.sign(bias)), (style.GRAY, "-"))
        width = 1.0 if b is None else 0.8 + 3.5 * (abs(bias) / largest)
        axes.scatter(
            [x],
            [height],
            s=UNIT**2,
            color=style.PAPER,
            edgecolors=color,
            linewidths=width,
            linestyles=[dash],
            zorder=4,
            gid="unit",
        )
        if labeled and b is not None:
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


def _annotate(axes: Axes, data: NetworkDiagram, columns: list[_Column]) -> None:
    """Name the inputs and outputs at their units, and describe each layer below it."""
    ends = (
        (0, columns[0], -1, "right", data.inputs),
        (len(columns) - 1, columns[-1], 1, "left", data.outputs),
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
    for x, text in enumerate(data.layers):
        axes.text(
            x, -0.02, text, transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=style.SMALL
        )


def _handles(biases: bool) -> list[Line2D]:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=color, linestyle=dash, linewidth=2.5, label=text)
        for (color, dash), text in zip(SIGNS.values(), ("weight > 0", "weight < 0"), strict=True)
    ]
    rings = [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            markersize=10,
            markerfacecolor=style.PAPER,
            markeredgecolor=color,
            markeredgewidth=2.2,
            label=text,
        )
        for (color, _), text in zip(SIGNS.values(), ("bias > 0", "bias < 0 (dashed ring)"), strict=True)
    ]
    return lines + rings if biases else lines


def _note(largest: float, bias: float) -> str:
    rings = f" Ring width: |bias|, at most {number(bias)}." if bias else ""
    return f"Line width: |weight|, at most {number(largest)}.{rings}"
