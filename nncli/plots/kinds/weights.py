"""Every weight over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, Scale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRACES = 64  # parameters that are still told apart as lines
LABELLED = 12  # lines of a panel that get their name at the end
PANELS = 6  # layers shown; of a deeper network the first and last three
BANDS = ((0.05, 0.95, 0.22), (0.25, 0.75, 0.45))


def unfit(run: Run, view: View) -> str | None:
    """Needs weights of at least two epochs."""
    epochs, path = surfaces.kept_path(run)
    if len(epochs) < 2:
        return "no weights were kept on the way (record.weights: none, or no epoch)"
    reach = float(np.abs(path).max())
    return None if reach < DRAWABLE else f"a weight reached {reach:.1e}, too far for an axis"


@dataclass(frozen=True)
class LayerPaths:
    """The weights and biases of a layer over the kept epochs.

    Attributes
    ----------
    index : from 0.
    activation : its name.
    names : of its parameters.
    path : their values (s, parameters).
    """

    index: int
    activation: str
    names: Sequence[str]
    path: Array

    @property
    def quantiles(self) -> dict[float, Array]:
        """Quantiles of the parameters by share, (s,) each."""
        shares = sorted({share for low, high, _ in BANDS for share in (low, high)} | {0.5})
        return dict(zip(shares, np.quantile(self.path, shares, axis=1), strict=True))


@dataclass(frozen=True)
class WeightPaths:
    """Every weight over the epochs.

    Attributes
    ----------
    run : the run's name and its number of training rows.
    epochs : kept epochs (s,).
    layers : those that are shown.
    depth : how many layers the network has.
    names, path : all parameters (P,), and their values (s, P).
    """

    run: str
    epochs: Array
    layers: Sequence[LayerPaths]
    depth: int
    names: Sequence[str]
    path: Array

    @property
    def few(self) -> bool:
        """Whether each parameter is a line of its own."""
        return len(self.names) <= TRACES

    @property
    def caption(self) -> str:
        """The parameter that moved most."""
        path, moved = self.path, np.abs(self.path[-1] - self.path[0])
        most = int(moved.argmax())
        return (
            f"{len(self.names):,} parameters; {self.names[most]} moved most, "
            f"from {number(path[0, most])} to {number(path[-1, most])}"
        )

    @property
    def columns(self) -> dict[str, Array]:
        """Every parameter by epoch, or the quantiles of each layer."""
        found = {"epoch": self.epochs}
        for layer in self.layers:
            found |= _values(layer) if self.few else _named_quantiles(layer)
        return found


def numbers(run: Run, view: View) -> WeightPaths:
    """The weights that were kept, layer by layer."""
    network = run.model.network
    epochs, path = surfaces.kept_path(run)
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


def draw(shown: WeightPaths) -> Figure:
    """A panel a layer: lines up to 64 parameters in all, bands that hold half and 90 % of them above."""
    layers, epochs = shown.layers, shown.epochs
    columns = min(3, len(layers))
    rows = -(-len(layers) // columns)
    width = 3.2 * columns + (0.0 if shown.few else 1.2)
    figure = style.figure(width=max(6.4, width), height=1.2 + 2.9 * rows)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    for axes in panels[len(layers) :]:
        axes.set_axis_off()
    for axes, layer in zip(panels[: len(layers)], layers, strict=True):
        (_traces if shown.few else _bands)(axes, epochs, layer)
        _finish(axes, epochs, layer.path, f"layer {layer.index + 1}: {layer.activation}")
    if not shown.few:
        style.legend_beside(panels[columns - 1])
    for axes in panels[::columns]:
        axes.set_ylabel("weight or bias")
    style.head(figure, f"Weights over {epochs[-1]:,} epochs: {shown.run}", _note(shown))
    return figure


def _shown_layers(count: int) -> list[int]:
    return list(range(count)) if count <= PANELS else [0, 1, 2, count - 3, count - 2, count - 1]


def _traces(axes: Axes, epochs: Array, layer: LayerPaths) -> None:
    path, names = layer.path, layer.names
    for position, name in enumerate(names):
        bias = ".bias" in name
        axes.plot(
            epochs,
            path[:, position],
            color=style.COLOURS[position % 7],
            linestyle=style.DASHES[1] if bias else "-",
            linewidth=1.0 if bias else 1.4,
            gid=name,
        )
    if len(names) <= LABELLED:
        ends = _spread(path[-1], 0.055 * max(np.ptp(path), 1e-9))
        for position, name in enumerate(names):
            short = name.split(".")[-1].replace("weight", "w").replace("bias", "b")
            axes.annotate(
                short,
                (1.0, ends[position]),
                xycoords=("axes fraction", "data"),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL,
                annotation_clip=False,
            )


def _spread(ends: Array, gap: float) -> Array:
    """The ends moved apart until none is nearer than `gap` to the next, each as little as possible."""
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
            label=f"{low:.0%} to {high:.0%}",
        )
    axes.plot(epochs, quantiles[0.5], color=style.BLACK, linewidth=1.2, label="median")
    axes.plot(
        epochs,
        path.min(axis=1),
        color=style.GREY,
        linewidth=0.8,
        linestyle=style.DASHES[2],
        label="smallest, largest",
    )
    axes.plot(epochs, path.max(axis=1), color=style.GREY, linewidth=0.8, linestyle=style.DASHES[2])


def _values(layer: LayerPaths) -> dict[str, Array]:
    return {name: layer.path[:, position] for position, name in enumerate(layer.names)}


def _named_quantiles(layer: LayerPaths) -> dict[str, Array]:
    prefix = f"layers.{layer.index}"
    named = {f"{prefix}.q{share:g}": values for share, values in layer.quantiles.items()}
    return {f"{prefix}.min": layer.path.min(axis=1), **named, f"{prefix}.max": layer.path.max(axis=1)}


def _finish(axes: Axes, epochs: Array, path: Array, title: str) -> None:
    scale = Scale.of(path)
    linear = Scale(
        False, *(10 ** np.array([scale.low, scale.high]) if scale.log else (scale.low, scale.high))
    )
    style.scaled(axes.yaxis, linear)
    style.epoch_axis(axes, float(epochs[-1]))
    style.grid(axes)
    axes.axhline(0, color=style.FAINT, linewidth=0.8, zorder=0.5)
    axes.set_title(title, loc="left")


def _note(shown: WeightPaths) -> str:
    note = (
        "Solid: weights w[neuron,input]; dashed: biases b[neuron]."
        if shown.few
        else f"{len(shown.names):,} parameters, as quantiles of each layer."
    )
    whole = len(shown.layers) == shown.depth
    return note if whole else f"{note} The first and last three of {shown.depth} layers."
