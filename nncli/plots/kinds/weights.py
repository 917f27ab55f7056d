"""Every weight over the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.nn.arrays import Array
from nncli.plots import lettering, style
from nncli.plots.picture import Picture, View
from nncli.plots.scale import DRAWABLE, Scale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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


def draw(run: Run, view: View) -> Picture:
    """A panel a layer: lines up to 64 parameters in all, bands that hold half and 90 % of them above."""
    network = run.model.network
    epochs, path = surfaces.kept_path(run)
    layers = _shown_layers(len(network.layers))
    few = network.parameter_count <= TRACES
    columns = min(3, len(layers))
    rows = -(-len(layers) // columns)
    figure = style.figure(width=max(6.4, 3.2 * columns + (0.0 if few else 1.2)), height=1.2 + 2.9 * rows)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    for axes in panels[len(layers) :]:
        axes.set_axis_off()
    names = np.array(surfaces.weight_names(network))
    numbers: dict[str, Array] = {"epoch": epochs}
    for axes, index in zip(panels[: len(layers)], layers, strict=True):
        block = slice(network.offsets[index], network.offsets[index + 1])
        panel = _traces if few else _bands
        numbers |= panel(axes, epochs, path[:, block], names[block].tolist(), index)
        _finish(axes, epochs, path[:, block], f"layer {index + 1}: {network.layers[index].activation.name}")
    if not few:
        style.legend_beside(panels[columns - 1])
    for axes in panels[::columns]:
        axes.set_ylabel("weight or bias")
    style.head(
        figure, f"Weights over {epochs[-1]:,} epochs: {lettering.of_run(run)}", _note(run, few, len(layers))
    )
    return Picture(figure, _caption(path, names), numbers)


def _shown_layers(count: int) -> list[int]:
    return list(range(count)) if count <= PANELS else [0, 1, 2, count - 3, count - 2, count - 1]


def _traces(axes: Axes, epochs: Array, path: Array, names: list[str], layer: int) -> dict[str, Array]:
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
    return {name: path[:, position] for position, name in enumerate(names)}


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


def _bands(axes: Axes, epochs: Array, path: Array, names: list[str], layer: int) -> dict[str, Array]:
    shares = sorted({share for low, high, _ in BANDS for share in (low, high)} | {0.5})
    quantiles = dict(zip(shares, np.quantile(path, shares, axis=1), strict=True))
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
    named = {f"layers.{layer}.q{share:g}": values for share, values in quantiles.items()}
    return {f"layers.{layer}.min": path.min(axis=1), **named, f"layers.{layer}.max": path.max(axis=1)}


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


def _note(run: Run, few: bool, shown: int) -> str:
    layers, count = len(run.model.network.layers), run.model.network.parameter_count
    note = (
        "Solid: weights w[neuron,input]; dashed: biases b[neuron]."
        if few
        else f"{count:,} parameters, as quantiles of each layer."
    )
    return note if shown == layers else f"{note} The first and last three of {layers} layers."


def _caption(path: Array, names: Array) -> str:
    moved = np.abs(path[-1] - path[0])
    most = int(moved.argmax())
    return (
        f"{len(names):,} parameters; {names[most]} moved most, "
        f"from {number(path[0, most])} to {number(path[-1, most])}"
    )
