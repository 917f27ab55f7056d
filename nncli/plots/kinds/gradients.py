"""Norm of the loss gradient in each layer over the epochs, which shows vanishing and exploding gradients."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection import surfaces
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.nn.gradients import backprop
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, AxisScale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PASSES = 3  # multiplications of backprop relative to a forward pass
NAMED = 3  # layers up to which the caption names each


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no gradients of at least two epochs, or None if it has."""
    epochs, path = surfaces.recorded_path(run)
    if len(epochs) < 2:
        return "weights were not recorded (record.weights is none, or no epoch was trained)"
    if not np.isfinite(_norms(run, path[-1:], _rows(run, 1))).all():
        return "the gradient of the trained weights is not finite"
    return None


@dataclass(frozen=True)
class GradientNorms:
    """Norm of the gradient in each layer over the recorded epochs.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    epochs : recorded epochs (s,).
    norms : Euclidean norm of the gradient with respect to each layer's weights and biases (s, layers).
    activations : name of each layer's activation.
    used, rows : number of training rows of the loss, and of all of them.
    dropout : whether training left units out, which these gradients do not.
    """

    run: str
    epochs: Array
    norms: Array
    activations: tuple[str, ...]
    used: int
    rows: int
    dropout: bool

    @property
    def caption(self) -> str:
        """Norms at the start and at the end, and the rows of the loss."""
        if len(self.activations) <= NAMED:
            pairs = zip(self.norms[0], self.norms[-1], strict=True)
            norms = ", ".join(
                f"layers.{layer} from {number(first)} to {number(last)}"
                for layer, (first, last) in enumerate(pairs)
            )
            return f"gradient norm over {self.of_rows}: {norms}"
        ends = f"at the start {_range(self.norms[0])}, at the end {_range(self.norms[-1])}"
        return f"gradient norm over {self.of_rows}: {ends}"

    @property
    def of_rows(self) -> str:
        """The rows of the loss in words."""
        if self.used < self.rows:
            return f"{self.used:,} evenly spaced of the {self.rows:,} training rows"
        return f"the whole training set ({counted(self.rows, 'row')})"

    @property
    def columns(self) -> dict[str, Array]:
        """Norm of each layer and of the whole gradient by epoch."""
        layers = {f"layers.{layer}": norms for layer, norms in enumerate(self.norms.T)}
        return {"epoch": self.epochs, **layers, "whole": np.sqrt(np.square(self.norms).sum(axis=1))}


def _range(norms: Array) -> str:
    low, high = int(norms.argmin()), int(norms.argmax())
    return f"{number(norms[low])} (layers.{low}) to {number(norms[high])} (layers.{high})"


def numbers(run: Run, view: View) -> GradientNorms:
    """Compute the gradient of the loss at each recorded snapshot of the weights by backprop."""
    epochs, path = surfaces.recorded_path(run)
    network, rows = run.model.network, _rows(run, len(epochs))
    norms = _norms(run, path, rows)
    usable = np.isfinite(norms).all(axis=1) & (norms < DRAWABLE).all(axis=1)
    return GradientNorms(
        run=naming.run_and_rows(run),
        epochs=epochs[usable],
        norms=norms[usable],
        activations=tuple(layer.activation.name for layer in network.layers),
        used=len(rows),
        rows=len(run.experiment.rows.training),
        dropout=network.has_dropout,
    )


def _rows(run: Run, snapshots: int) -> Array:
    """Return positions of the training rows whose loss can be differentiated at so many snapshots."""
    count = len(run.experiment.rows.training)
    return surfaces.affordable_rows(run.model.network, count, PASSES * snapshots)


def _norms(run: Run, path: Array, rows: Array) -> Array:
    """Return the norm of the gradient in each layer at each vector of parameters (s, P): (s, layers)."""
    network, data = run.model.network, run.experiment.rows.training
    X, Y, loss = data.X[rows], data.Y[rows], run.experiment.recipe.loss
    blocks = [slice(low, high) for low, high in pairwise(network.offsets)]
    gradient_of, norms = backprop(), np.empty((len(path), len(blocks)))
    with np.errstate(all="ignore"):
        for row, parameters in enumerate(path):
            _, gradient = gradient_of(network, parameters, X, Y, loss)
            norms[row] = [np.linalg.norm(gradient[block]) for block in blocks]
    return norms


def draw(data: GradientNorms) -> Figure:
    """Draw a line for each layer on a logarithmic axis, with its norm in the last epoch in the legend."""
    figure = style.figure(width=7.6, height=4.2)
    axes = figure.subplots()
    for layer, norms in enumerate(data.norms.T):
        _draw_layer(axes, data, layer, norms)
    style.epoch_axis(axes, float(data.epochs[-1]))
    _scale_norms(axes, data.norms)
    style.grid(axes)
    style.legend_beside(axes, title="norm in the last epoch", alignment="left")
    style.head(figure, f"Gradient norm of each layer: {data.run}", _note(data))
    return figure


def _draw_layer(axes: Axes, data: GradientNorms, layer: int, norms: Array) -> None:
    axes.plot(
        data.epochs,
        np.where(norms > 0, norms, np.nan),
        color=style.COLORS[layer % len(style.COLORS)],
        linestyle=style.DASHES[layer % len(style.DASHES)],
        marker="o" if len(data.epochs) <= 12 else "",
        markersize=4,
        label=f"layers.{layer} ({data.activations[layer]}): {number(norms[-1])}",
        gid="layer",
    )


def _scale_norms(axes: Axes, norms: Array) -> None:
    positive = norms[norms > 0]
    low, high = (np.log10(positive.min()), np.log10(positive.max())) if positive.size else (-1.0, 0.0)
    if high - low < 1.0:
        low, high = (low + high - 1.0) / 2, (low + high + 1.0) / 2
    style.scaled(axes.yaxis, AxisScale(True, float(low), float(high)))
    axes.set_ylabel("gradient norm (log scale)")


def _note(data: GradientNorms) -> str:
    notes = [f"Gradient of the loss over {data.of_rows}, at each recorded snapshot of the weights."]
    notes += ["Dropout is off."] if data.dropout else []
    return " ".join(notes)
