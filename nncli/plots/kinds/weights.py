"""Every weight and bias over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inspection import surfaces
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, AxisScale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRACES = 64  # parameters up to which each has a line
LABELED = 12  # lines of a panel up to which each has its name at the end
PANELS = 6  # layers drawn; of a deeper network the first and last three
BIAS = style.DASHES[2]
OF_INPUTS = tuple(dash for dash in style.DASHES if dash != BIAS)
BANDS = ((0.05, 0.95, 0.22), (0.25, 0.75, 0.45))


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no weights of at least two epochs, or None if it has."""
    epochs, path = surfaces.recorded_path(run)
    if len(epochs) < 2:
        return "weights were not recorded (record.weights is none, or no epoch was trained)"
    reach = float(np.abs(path).max())
    return None if reach < DRAWABLE else f"a weight reached {reach:.1e}, which is too large for an axis"


@dataclass(frozen=True)
class LayerPaths:
    """Weights and biases of a layer over the recorded epochs.

    Attributes
    ----------
    index : position of the layer, from 0.
    activation : name of its activation.
    names : names of its parameters.
    path : values of its parameters (s, parameters).
    """

    index: int
    activation: str
    names: Sequence[str]
    path: Array

    @property
    def quantiles(self) -> dict[float, Array]:
        """Quantiles of the parameters over the epochs, (s,) each."""
        shares = sorted({share for low, high, _ in BANDS for share in (low, high)} | {0.5})
        return dict(zip(shares, np.quantile(self.path, shares, axis=1), strict=True))


@dataclass(frozen=True)
class WeightPaths:
    """Every weight over the epochs.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    epochs : recorded epochs (s,).
    layers : the layers drawn.
    depth : number of layers of the network.
    names, path : names (P,) and values (s, P) of all parameters.
    """

    run: str
    epochs: Array
    layers: Sequence[LayerPaths]
    depth: int
    names: Sequence[str]
    path: Array

    @property
    def few(self) -> bool:
        """Tell whether each parameter has its own line."""
        return len(self.names) <= TRACES

    @property
    def caption(self) -> str:
        """Parameter that changed most."""
        path, moved = self.path, np.abs(self.path[-1] - self.path[0])
        most = int(moved.argmax())
        return (
            f"{counted(len(self.names), 'parameter')}; {self.names[most]} changed most, "
            f"from {number(path[0, most])} to {number(path[-1, most])}"
        )

    @property
    def columns(self) -> dict[str, Array]:
        """Values of every parameter, or quantiles of each layer, by epoch."""
        columns = {"epoch": self.epochs}
        for layer in self.layers:
            columns |= _values(layer) if self.few else _named_quantiles(layer)
        return columns


def numbers(run: Run, view: View) -> WeightPaths:
    """Read the recorded weights, layer by layer."""
    network = run.model.network
    epochs, path = surfaces.recorded_path(run)
    names = surfaces.weight_names(network)
    blocks = [slice(low, high) for low, high in pairwise(network.offsets)]
    return WeightPaths(
        run=naming.run_and_rows(run),
        epochs=epochs,
        layers=[
            LayerPaths(
                index, network.layers[index].activation.name, names[blocks[index]], path[:, blocks[index]]
            )
            for index in _shown_layers(len(network.layers))
        ],
        depth=len(network.layers),
        names=names,
        path=path,
    )


def draw(data: WeightPaths) -> Figure:
    """Draw a panel for each layer: a line for each parameter, or bands of quantiles for more than 64."""
    layers, epochs = data.layers, data.epochs
    columns = min(3, len(layers))
    rows = -(-len(layers) // columns)
    width = 3.2 * columns + (0.0 if data.few else 1.2)
    figure = style.figure(width=max(6.4, width), height=1.2 + 2.9 * rows)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    for axes in panels[len(layers) :]:
        axes.set_axis_off()
    for axes, layer in zip(panels[: len(layers)], layers, strict=True):
        (_traces if data.few else _bands)(axes, epochs, layer)
        _finish(axes, epochs, layer.path, f"layers.{layer.index}: {layer.activation}")
    if not data.few:
        style.legend_beside(panels[columns - 1])
    for axes in panels[::columns]:
        axes.set_ylabel("weight or bias")
    style.head(figure, f"Weights over {counted(int(epochs[-1]), 'epoch')}: {data.run}", _note(data))
    return figure


def _shown_layers(count: int) -> list[int]:
    return list(range(count)) if count <= PANELS else [0, 1, 2, count - 3, count - 2, count - 1]


def _traces(axes: Axes, epochs: Array, layer: LayerPaths) -> None:
    path, names = layer.path, layer.names
    looks = [_look(name) for name in names]
    for position, (name, look) in enumerate(zip(names, looks, strict=True)):
        axes.plot(epochs, path[:, position], **look, gid=name)
    if len(names) <= LABELED:
        ends = _spread(path[-1], 0.055 * max(np.ptp(path), 1e-9))
        for position, name in enumerate(names):
            short = name.split(".")[-1].replace("weight", "w").replace("bias", "b")
            color = looks[position]["color"]
            axes.annotate(
                short,
                (1.0, path[-1, position]),
                xycoords=("axes fraction", "data"),
                xytext=(1.06, ends[position]),
                textcoords=("axes fraction", "data"),
                va="center",
                fontsize=style.SMALL,
                color=style.text_color(color),
                arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
                annotation_clip=False,
            )


def _look(name: str) -> dict[str, Any]:
    """Return the color of a parameter's neuron, the dashes of its input, and a thin line for a bias."""
    unit, *column = name.partition("[")[2].rstrip("]").split(",")
    color = style.COLORS[int(unit) % 7]
    if not column:
        return {"color": color, "linestyle": BIAS, "linewidth": 1.0}
    return {"color": color, "linestyle": OF_INPUTS[int(column[0]) % len(OF_INPUTS)], "linewidth": 1.4}


def _spread(ends: Array, gap: float) -> Array:
    """Move the ends apart by as little as possible, until neighbors are at least `gap` apart."""
    order = np.argsort(ends, kind="stable")
    places = ends[order].astype(float)
    for _ in range(50):
        for index in range(len(places) - 1):
            missing = gap - (places[index + 1] - places[index])
            if missing > 1e-9 * gap:
                places[index] -= missing / 2
                places[index + 1] += missing / 2
    spread = np.empty_like(places)
    spread[order] = places
    return spread


def _bands(axes: Axes, epochs: Array, layer: LayerPaths) -> None:
    path, quantiles = layer.path, layer.quantiles
    for low, high, strength in BANDS:
        axes.fill_between(
            epochs,
            quantiles[low],
            quantiles[high],
            color=style.BLUE,
            alpha=strength,
            linewidth=0,
            label=f"middle {high - low:.0%}",
        )
    axes.plot(epochs, quantiles[0.5], color=style.BLACK, linewidth=1.2, label="median")
    axes.plot(
        epochs,
        path.min(axis=1),
        color=style.GRAY,
        linewidth=0.8,
        linestyle=style.DASHES[2],
        label="minimum, maximum",
    )
    axes.plot(epochs, path.max(axis=1), color=style.GRAY, linewidth=0.8, linestyle=style.DASHES[2])


def _values(layer: LayerPaths) -> dict[str, Array]:
    return {name: layer.path[:, position] for position, name in enumerate(layer.names)}


def _named_quantiles(layer: LayerPaths) -> dict[str, Array]:
    prefix = f"layers.{layer.index}"
    named = {f"{prefix}.q{share:g}": values for share, values in layer.quantiles.items()}
    return {f"{prefix}.min": layer.path.min(axis=1), **named, f"{prefix}.max": layer.path.max(axis=1)}


def _finish(axes: Axes, epochs: Array, path: Array, title: str) -> None:
    scale = AxisScale.of(path)
    linear = AxisScale(
        False, *(10 ** np.array([scale.low, scale.high]) if scale.log else (scale.low, scale.high))
    )
    style.scaled(axes.yaxis, linear)
    style.epoch_axis(axes, float(epochs[-1]))
    style.grid(axes)
    axes.axhline(0, color=style.FAINT, linewidth=0.8, zorder=0.5)
    axes.set_title(title, loc="left")


def _note(data: WeightPaths) -> str:
    note = (
        "w[neuron,input] and b[neuron]: one color for each neuron, one pattern of dashes for each input; "
        "thin dotted lines are biases."
        if data.few
        else f"Quantiles of the {len(data.names):,} parameters, layer by layer."
    )
    whole = len(data.layers) == data.depth
    return note if whole else f"{note} Shows the first and last three of {data.depth} layers."
