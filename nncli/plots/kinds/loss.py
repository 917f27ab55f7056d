"""Loss, metrics and gradient norm over the epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.outcomes import LOOKS
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, Scale, decades, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 6
VALIDATION = "val_"  # before the name of what was measured on validation rows
NAME_HEIGHT = 0.035  # of a curve's name, as a share of the figure's height


def unfit(run: Run, view: View) -> str | None:
    """Fits every run that has measured its loss."""
    return (
        None
        if np.isfinite(_drawable(run.history["loss"])).any()
        else "no loss was recorded that can be drawn"
    )


@dataclass(frozen=True)
class LossCurves:
    """The loss over the epochs, and whatever else of the history changes.

    Attributes
    ----------
    run : the run's name and its number of training rows.
    epochs : (e,).
    panels : label of each panel -> part of the rows -> values (e,), the loss first.
    diverged : whether training diverged in the last epoch.
    columns : the history.
    """

    run: str
    epochs: Array
    panels: Mapping[str, Mapping[str, Array]]
    diverged: bool
    columns: Mapping[str, Array]

    @property
    def losses(self) -> Mapping[str, Array]:
        """The loss by part of the rows, (e,) each."""
        return next(iter(self.panels.values()))

    @property
    def title(self) -> str:
        """How many epochs, of which run."""
        last = int(self.epochs[-1])
        return f"Loss over {last:,} epoch{'s' * (last != 1)}{_scale(self.losses).name}: {self.run}"

    @property
    def caption(self) -> str:
        """How the loss changed and, with validation rows, how far theirs is from it."""
        return _caption(self.epochs, self.losses)


def numbers(run: Run, view: View) -> LossCurves:
    """The loss first; what was measured on validation rows is with what was measured on training rows."""
    history = {name: _drawable(values) for name, values in run.history.items()}
    names = [name for name in history if _worth_a_panel(name, history[name])][:PANELS]
    return LossCurves(
        run=naming.run_and_rows(run),
        epochs=history["epoch"],
        panels={_label(run, name): _curves(history, name) for name in names},
        diverged=run.info.get("status") == "diverged",
        columns=run.history,
    )


def draw(curves: LossCurves) -> Figure:
    """The loss large, everything else in small panels below it, each on its own scale."""
    count, epochs, losses = len(curves.panels), curves.epochs, curves.losses
    figure = style.figure(height=3.0 + 1.25 * (count - 1))
    panels = figure.subplots(count, 1, sharex=True, squeeze=False, height_ratios=[2.2] + [1.0] * (count - 1))[
        :, 0
    ]
    for axes, (label, by_part) in zip(panels, curves.panels.items(), strict=True):
        _panel(axes, epochs, by_part, label)
    part, last = list(losses.items())[-1]
    _mark_best(panels[0], epochs, last, LOOKS[part].label if len(losses) > 1 else "")
    if curves.diverged:
        _mark_divergence(panels, float(epochs[-1]))
    _count_epochs(panels[-1])
    style.head(figure, curves.title, _note(losses))
    return figure


def _count_epochs(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _drawable(values: Array) -> Array:
    return np.where(np.abs(values) < DRAWABLE, values, np.nan)


def _worth_a_panel(name: str, values: Array) -> bool:
    """The loss, and whatever was recorded and moves."""
    if name == "epoch" or name.startswith(VALIDATION):
        return False
    finite = _finite(values)
    return name == "loss" or (finite.size > 0 and not (name == "learning_rate" and np.ptp(finite) == 0))


def _curves(history: Mapping[str, Array], name: str) -> dict[str, Array]:
    """A column by part: `train` and, where it was measured there and can be drawn, `validation`."""
    held_out = history.get(VALIDATION + name)
    if held_out is None or not np.isfinite(held_out).any():
        return {"train": history[name]}
    return {"train": history[name], "validation": held_out}


def _finite(values: Array) -> Array:
    return np.asarray(values[np.isfinite(values)])


def _scale(curves: Mapping[str, Array]) -> Scale:
    return Scale.of(np.concatenate(list(curves.values())), deepest=np.inf)


def _label(run: Run, name: str) -> str:
    if name == "loss":
        loss = run.experiment.recipe.loss
        return f"loss: {loss.name} ({loss.reduction})"
    return name.replace("_", " ")


def _panel(axes: Axes, epochs: Array, curves: Mapping[str, Array], label: str) -> None:
    scale = _scale(curves)
    for part, values in curves.items():
        look, measured = LOOKS[part], np.isfinite(values)  # not every epoch measures the validation rows
        # A single epoch is no line, and a NaN on either side hides a point.
        alone = measured.sum() <= 12
        axes.plot(
            epochs[measured] if part != "train" else epochs,
            values[measured] if part != "train" else values,
            color=look.colour,
            linestyle=look.dash,
            marker=look.marker if alone else "",
            markersize=4,
            gid="curve",
        )
    style.scaled(axes.yaxis, scale, margin=0.08)
    axes.set_title(f"{label}{scale.name}", loc="left")
    axes.set_xlim(*((-1, 1) if epochs[-1] == epochs[0] else (epochs[0], epochs[-1] + 0.01 * np.ptp(epochs))))
    if len(curves) > 1:
        _name_ends(axes, curves, scale)
    style.grid(axes)


def _name_ends(axes: Axes, curves: Mapping[str, Array], scale: Scale) -> None:
    """Each curve's part beside its end, the names apart from each other."""
    last = {part: scale.drawn(_finite(values))[-1] for part, values in curves.items()}
    above, below = sorted(last, key=last.__getitem__, reverse=True)
    middle = (last[above] + last[below]) / 2
    apart = max(
        last[above] - last[below], NAME_HEIGHT * (scale.high - scale.low) / axes.get_position().height
    )
    for part, height in ((above, middle + apart / 2), (below, middle - apart / 2)):
        axes.annotate(
            LOOKS[part].label,
            (1.0, 10.0**height if scale.log else height),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            annotation_clip=False,
        )


def _mark_best(axes: Axes, epochs: Array, losses: Array, of: str) -> None:
    best = int(np.nanargmin(losses))
    axes.plot(epochs[best], losses[best], "o", color=style.VERMILION, markersize=6, clip_on=False, zorder=5)
    said = f"● lowest{f' {of}' if of else ''} {number(losses[best])} (epoch {int(epochs[best]):,})"
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


def _note(curves: Mapping[str, Array]) -> str:
    said = "Epoch 0 is before training; the loss of an epoch is measured as it trains"
    return f"{said}, on validation rows after it." if len(curves) > 1 else f"{said}."


def _caption(epochs: Array, curves: Mapping[str, Array]) -> str:
    """How far the loss came and, where there are validation rows, how far theirs is from it."""
    said = _way(curves["train"])
    if "validation" not in curves:
        return said
    held_out = curves["validation"]
    best, last = int(np.nanargmin(held_out)), np.flatnonzero(np.isfinite(held_out))[-1]
    gap = held_out[last] - _finite(curves["train"])[-1]
    side = "above" if gap >= 0 else "below"
    return (
        f"{said}; validation {number(held_out[last])}, {number(abs(gap))} {side} it, "
        f"lowest {number(held_out[best])} in epoch {int(epochs[best]):,}"
    )


def _way(losses: Array) -> str:
    finite = _finite(losses)
    first, last, low, high = finite[0], finite[-1], finite.min(), finite.max()
    if last <= 0 or first <= 0 or not (np.isfinite(first / last) and np.isfinite(last / first)):
        said = f"loss {number(first)} to {number(last)}"
    elif last <= first:
        said = f"loss fell {number(first / last)}x to {number(last)}"
    else:
        said = f"loss rose {number(last / first)}x to {number(last)}"
    why = f", log y because it spans {decades(low, high)} decades" if Scale.of(losses).log else ""
    return f"{said}{why}"
