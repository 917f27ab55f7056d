"""Learning curves: loss, metrics and gradient norm over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.outcomes import PART_STYLES
from nncli.plots.picture import View
from nncli.plots.scale import DRAWABLE, AxisScale, decades, number
from nncli.runs import Run
from nncli.training.experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 6
STRETCHES = 2000  # of a history of more epochs than:
SHOWN_EPOCHS = 10_000
VALIDATION = "val_"  # prefix of the history's columns that are measured on the validation set
TICKS = 5  # at most, because the panels are low
NAME_HEIGHT = 0.035  # height of a curve's label, relative to the figure


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why a run has no loss that can be drawn, or None if it has."""
    return None if np.isfinite(_drawable(run.history["loss"])).any() else "no finite loss was recorded"


@dataclass(frozen=True)
class LossCurves:
    """Loss and other columns of the training history over the epochs.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    epochs : epochs (e,); of a longer history those at which a curve is lowest or highest in its stretch.
    panels : label of each panel -> `train` or `validation` -> values (e,); the loss comes first.
    diverged : whether training diverged in the last epoch.
    columns : all columns of the training history, at the same epochs.
    """

    run: str
    epochs: Array
    panels: Mapping[str, Mapping[str, Array]]
    diverged: bool
    columns: Mapping[str, Array]

    @property
    def losses(self) -> Mapping[str, Array]:
        """Training loss and, if measured, validation loss, (e,) each."""
        return next(iter(self.panels.values()))

    @property
    def label(self) -> str:
        """Label of the losses: `loss: mse (mean)`."""
        return next(iter(self.panels))

    @property
    def title(self) -> str:
        """Title of the picture."""
        epochs = counted(int(self.epochs[-1]), "epoch")
        return f"Loss over {epochs}{_scale(self.losses).name}: {self.run}"

    @property
    def caption(self) -> str:
        """Change of the training loss and, if measured, the final and lowest validation loss."""
        return _caption(self.epochs, self.losses)


def numbers(run: Run, view: View) -> LossCurves:
    """Read the training history. Values on the training and the validation set share a panel."""
    recorded = {name: _drawable(values) for name, values in run.history.items()}
    names = [name for name in recorded if _worth_a_panel(name, recorded[name])][:PANELS]
    shown = shown_epochs([values for name in names for values in _curves(recorded, name).values()])
    history = {name: values[shown] for name, values in recorded.items()}
    return LossCurves(
        run=naming.run_and_rows(run),
        epochs=history["epoch"],
        panels={_label(run, name): _curves(history, name) for name in names},
        diverged=run.info.get("status") == "diverged",
        columns={name: values[shown] for name, values in run.history.items()},
    )


def draw(curves: LossCurves) -> Figure:
    """Draw the loss in a large panel and everything else in small panels below it."""
    count, epochs, losses = len(curves.panels), curves.epochs, curves.losses
    figure = style.figure(height=3.0 + 1.25 * (count - 1))
    panels = figure.subplots(count, 1, sharex=True, squeeze=False, height_ratios=[2.2] + [1.0] * (count - 1))[
        :, 0
    ]
    for axes, (label, by_part) in zip(panels, curves.panels.items(), strict=True):
        _panel(axes, epochs, by_part, label)
    part, last = list(losses.items())[-1]
    _mark_best(panels[0], epochs, last, PART_STYLES[part].label if len(losses) > 1 else "")
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


def shown_epochs(curves: Sequence[Array]) -> Array:
    """Return the positions of the epochs that are shown: all, or both ends and the extremes of each stretch.

    A stretch is narrower than a pixel. Of 1,000,000 epochs the picture takes 4 s instead of 21.
    """
    count = len(curves[0])
    if count <= SHOWN_EPOCHS:
        return np.arange(count)
    edges = np.linspace(0, count, STRETCHES + 1).astype(np.intp).tolist()
    extremes = [_extremes(values, edges) for values in curves]
    return np.unique(np.concatenate([[0, count - 1], *extremes]).astype(np.intp))


def _extremes(values: Array, edges: Sequence[int]) -> list[int]:
    """Positions of the lowest and the highest finite value between each two edges."""
    positions = list[int]()
    for start, end in pairwise(edges):
        finite = start + np.flatnonzero(np.isfinite(values[start:end]))
        if finite.size:
            positions += [finite[values[finite].argmin()], finite[values[finite].argmax()]]
    return positions


def _drawable(values: Array) -> Array:
    return np.where(np.abs(values) < DRAWABLE, values, np.nan)


def _worth_a_panel(name: str, values: Array) -> bool:
    """Tell whether a column of the history is drawn: the loss, and other recorded values that change."""
    if name == "epoch" or name.startswith(VALIDATION):
        return False
    finite = _finite(values)
    return name == "loss" or (finite.size > 0 and not (name == "learning_rate" and np.ptp(finite) == 0))


def _curves(history: Mapping[str, Array], name: str) -> dict[str, Array]:
    """Return the values on the training set and, if there are any, on the validation set."""
    validation = history.get(VALIDATION + name)
    if validation is None or not np.isfinite(validation).any():
        return {"train": history[name]}
    return {"train": history[name], "validation": validation}


def _finite(values: Array) -> Array:
    return np.asarray(values[np.isfinite(values)])


def _scale(curves: Mapping[str, Array]) -> AxisScale:
    return AxisScale.of(np.concatenate(list(curves.values())), deepest=np.inf)


def label(experiment: Experiment) -> str:
    """Return the label of the loss: `loss: mse (mean)`."""
    loss = experiment.recipe.loss
    return f"loss: {loss.name} ({loss.reduction})"


def _label(run: Run, name: str) -> str:
    if name == "loss":
        return label(run.experiment)
    return name.replace("_", " ")


def _panel(axes: Axes, epochs: Array, curves: Mapping[str, Array], label: str) -> None:
    scale = _scale(curves)
    for part, values in curves.items():
        part_style, measured = PART_STYLES[part], np.isfinite(values)  # validation may skip epochs
        # A single epoch has no line, and a NaN on both sides hides a point.
        alone = measured.sum() <= 12
        axes.plot(
            epochs[measured] if part != "train" else epochs,
            values[measured] if part != "train" else values,
            color=part_style.color,
            linestyle=part_style.dash,
            marker=part_style.marker if alone else "",
            markersize=4,
            gid="curve",
        )
    style.scaled(axes.yaxis, scale, margin=0.08, most=TICKS)
    axes.set_title(f"{label}{scale.name}", loc="left")
    axes.set_xlim(*((-1, 1) if epochs[-1] == epochs[0] else (epochs[0], epochs[-1] + 0.01 * np.ptp(epochs))))
    if len(curves) > 1:
        _name_ends(axes, curves, scale)
    style.grid(axes)


def _name_ends(axes: Axes, curves: Mapping[str, Array], scale: AxisScale) -> None:
    """Label the end of each curve with its part, without overlap."""
    last = {part: scale.drawn(_finite(values))[-1] for part, values in curves.items()}
    above, below = sorted(last, key=last.__getitem__, reverse=True)
    middle = (last[above] + last[below]) / 2
    apart = max(
        last[above] - last[below], NAME_HEIGHT * (scale.high - scale.low) / axes.get_position().height
    )
    for part, height in ((above, middle + apart / 2), (below, middle - apart / 2)):
        axes.annotate(
            PART_STYLES[part].label,
            (1.0, 10.0**height if scale.log else height),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            annotation_clip=False,
        )


def _mark_best(axes: Axes, epochs: Array, losses: Array, part: str) -> None:
    best = int(np.nanargmin(losses))
    axes.plot(epochs[best], losses[best], "o", color=style.VERMILION, markersize=6, clip_on=False, zorder=5)
    label = f"● lowest {f'{part} ' if part else ''}loss {number(losses[best])} (epoch {int(epochs[best]):,})"
    axes.set_title(label, loc="right", color="#a04000", fontsize=style.SMALL)


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
    note = "Epoch 0: before training. The training loss is measured during the epoch, before each update"
    return f"{note}; the validation loss is measured after the epoch." if len(curves) > 1 else f"{note}."


def _caption(epochs: Array, curves: Mapping[str, Array]) -> str:
    """Describe the change of the training loss and, if measured, the final and lowest validation loss."""
    change = _change(curves["train"])
    if "validation" not in curves:
        return change
    validation = curves["validation"]
    best, last = int(np.nanargmin(validation)), np.flatnonzero(np.isfinite(validation))[-1]
    gap = validation[last] - _finite(curves["train"])[-1]
    side = "above" if gap >= 0 else "below"
    return (
        f"{change}; validation loss {number(validation[last])}, {number(abs(gap))} {side} the training loss, "
        f"lowest {number(validation[best])} in epoch {int(epochs[best]):,}"
    )


def _change(losses: Array) -> str:
    finite = _finite(losses)
    first, last, low, high = finite[0], finite[-1], finite.min(), finite.max()
    if last <= 0 or first <= 0 or not (np.isfinite(first / last) and np.isfinite(last / first)):
        change = f"loss went from {number(first)} to {number(last)}"
    elif last <= first:
        change = f"loss fell to {number(last)}, by a factor of {number(first / last)}"
    else:
        change = f"loss rose to {number(last)}, by a factor of {number(last / first)}"
    scale = f" (log scale over {decades(low, high)} decades)" if AxisScale.of(losses).log else ""
    return f"{change}{scale}"
