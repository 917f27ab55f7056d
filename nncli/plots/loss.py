"""Loss, metrics and gradient norm over the epochs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from nncli.nn.activations import Array
from nncli.plots import style
from nncli.plots.picture import Picture, View
from nncli.plots.scale import DRAWABLE, Scale, decades, number
from nncli.runs import Run

PANELS = 6


def unfit(run: Run, view: View) -> str | None:
    """Fits every run that has measured its loss."""
    return (
        None
        if np.isfinite(_drawable(run.history["loss"])).any()
        else "no loss was recorded that can be drawn"
    )


def draw(run: Run, view: View) -> Picture:
    """The loss large, everything else of the history in small panels below it, each on its own scale."""
    history = {name: _drawable(values) for name, values in run.history.items()}
    names = [name for name in history if _worth_a_panel(name, history[name])][:PANELS]
    figure = style.figure(height=3.0 + 1.25 * (len(names) - 1))
    panels = figure.subplots(
        len(names), 1, sharex=True, squeeze=False, height_ratios=[2.2] + [1.0] * (len(names) - 1)
    )
    for axes, name in zip(panels[:, 0], names, strict=True):
        _panel(axes, history["epoch"], history[name], _label(run, name))
    _mark_best(panels[0, 0], history["epoch"], history["loss"])
    if run.info.get("status") == "diverged":
        _mark_divergence(panels[:, 0], float(history["epoch"][-1]))
    panels[-1, 0].set_xlabel("epoch")
    panels[-1, 0].xaxis.set_major_locator(MaxNLocator(8, integer=True))
    panels[-1, 0].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    scale, epochs = Scale.of(history["loss"]), int(history["epoch"][-1])
    title = f"Loss over {epochs:,} epoch{'s' * (epochs != 1)}{scale.name}: {style.of_run(run)}"
    style.head(figure, title, "Epoch 0 is before training; the loss of an epoch is measured as it trains.")
    return Picture(figure, _caption(history["loss"]), run.history)


def _drawable(values: Array) -> Array:
    return np.where(np.abs(values) < DRAWABLE, values, np.nan)


def _worth_a_panel(name: str, values: Array) -> bool:
    """The loss, and whatever was recorded and moves."""
    if name == "epoch":
        return False
    finite = values[np.isfinite(values)]
    return name == "loss" or (finite.size > 0 and not (name == "learning_rate" and np.ptp(finite) == 0))


def _label(run: Run, name: str) -> str:
    if name == "loss":
        loss = run.experiment.recipe.loss
        return f"loss: {loss.name} ({loss.reduction})"
    return name.replace("_", " ")


def _panel(axes: Axes, epochs: Array, values: Array, label: str) -> None:
    scale = Scale.of(values, deepest=np.inf)
    # A single epoch is no line, and a NaN on either side hides a point.
    alone = np.isfinite(values).sum() <= 12
    axes.plot(epochs, values, color=style.BLUE, marker="o" if alone else "", markersize=4, gid="curve")
    style.scaled(axes.yaxis, scale, margin=0.08)
    axes.set_title(f"{label}{scale.name}", loc="left")
    axes.set_xlim(*((-1, 1) if epochs[-1] == epochs[0] else (epochs[0], epochs[-1] + 0.01 * np.ptp(epochs))))
    style.grid(axes)


def _mark_best(axes: Axes, epochs: Array, losses: Array) -> None:
    best = int(np.nanargmin(losses))
    axes.plot(epochs[best], losses[best], "o", color=style.VERMILION, markersize=6, clip_on=False, zorder=5)
    said = f"● lowest {number(losses[best])} (epoch {int(epochs[best]):,})"
    axes.set_title(said, loc="right", color="#a04000", fontsize=style.SMALL)


def _mark_divergence(panels: Array, epoch: float) -> None:
    for axes in panels:
        axes.axvline(epoch, color=style.VERMILION, linestyle=(0, (2, 2)), linewidth=1)
    panels[0].annotate(
        f"diverged in epoch {int(epoch):,}",
        (epoch, 0.97),
        xycoords=("data", "axes fraction"),
        xytext=(-5, 0),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=style.SMALL,
        color="#a04000",
    )


def _caption(losses: Array) -> str:
    finite = losses[np.isfinite(losses)]
    first, last, low, high = finite[0], finite[-1], finite.min(), finite.max()
    if last <= 0 or first <= 0 or not (np.isfinite(first / last) and np.isfinite(last / first)):
        said = f"loss {number(first)} to {number(last)}"
    elif last <= first:
        said = f"loss fell {number(first / last)}x to {number(last)}"
    else:
        said = f"loss rose {number(last / first)}x to {number(last)}"
    why = f", log y because it spans {decades(low, high)} decades" if Scale.of(losses).log else ""
    return f"{said}{why}"
