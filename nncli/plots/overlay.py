"""Learning curves of several runs on one axis, which differ in color and dash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.inspection.compare.side_by_side import RunComparison, RunGroup, Target
from nncli.messages.wording import counted, listed
from nncli.nn.arrays import Array
from nncli.nn.metrics import METRICS
from nncli.plots import naming, style
from nncli.plots.kinds.loss import shown_epochs
from nncli.plots.scale import DRAWABLE, AxisScale, number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 3
FEW_POINTS = 12  # of a curve that has a marker at each
LONGEST_LABEL = 60  # characters
BAND = 0.18  # opacity


@dataclass(frozen=True)
class OverlaidCurve:
    """Values of a group of runs over the epochs: one curve, or the median of several with their range.

    Attributes
    ----------
    epochs, middle, low, high : (e,) each; low and high are middle where there is one run.
    """

    label: str
    runs: int
    epochs: Array
    middle: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class OverlaidCurves:
    """Learning curves of groups of runs.

    Attributes
    ----------
    panels : name of the loss or metric -> the curves of all groups.
    target : a value that a panel marks, if one was asked for.
    differing : keys that tell the groups apart.
    ranked : whether their results can be compared.
    """

    panels: Mapping[str, Sequence[OverlaidCurve]]
    target: Target | None
    differing: Sequence[str]
    ranked: bool = True

    @property
    def title(self) -> str:
        """Title of the picture."""
        (name, curves), *_ = self.panels.items()
        keys = [key.rpartition(".")[2] for key in self.differing] or ["seed"]
        label = label_of(name)
        label = label.capitalize() if name.endswith("loss") else label
        return f"{label} of {counted(sum(curve.runs for curve in curves), 'run')} by {listed(keys)}"

    @property
    def caption(self) -> str:
        """Lowest and highest end of a curve in the first panel."""
        (name, curves), *_ = self.panels.items()
        last = [float(curve.middle[np.isfinite(curve.middle)][-1]) for curve in curves]
        if len(curves) == 1:
            return f"{label_of(name)} ends at {number(last[0])}, median of {counted(curves[0].runs, 'run')}"
        low, high = number(min(last)), number(max(last))
        if low == high:
            return f"{label_of(name)} ends at {low} in all {len(last)}"
        ends = f"{label_of(name)} ends between {low} and {high}"
        if not self.ranked:
            return ends
        lowest = naming.short(curves[int(np.argmin(last))].label, 60)
        return f"{ends}, lowest with {lowest}"

    @property
    def columns(self) -> Mapping[str, Sequence[str] | Array]:
        """Data behind the picture: a row for each point of each curve."""
        every = [(name, curve) for name, curves in self.panels.items() for curve in curves]
        counts = [len(curve.epochs) for _, curve in every]
        return {
            "measure": [name for (name, _), count in zip(every, counts, strict=True) for _ in range(count)],
            "curve": [
                curve.label for (_, curve), count in zip(every, counts, strict=True) for _ in range(count)
            ],
            "epoch": np.concatenate([curve.epochs for _, curve in every]),
            "median": np.concatenate([curve.middle for _, curve in every]),
            "low": np.concatenate([curve.low for _, curve in every]),
            "high": np.concatenate([curve.high for _, curve in every]),
        }


def overlaid(comparison: RunComparison) -> OverlaidCurves:
    """Read the curves that the runs share: loss, validation loss and the target's metric.

    Where runs minimize different losses, a metric stands for the loss.
    """
    panels = {name: [_curve(group, name) for group in comparison.groups] for name in _panel_names(comparison)}
    ranked = comparison.incomparable is None
    return OverlaidCurves(panels, comparison.target, comparison.differing, ranked)


def draw_overlay(curves: OverlaidCurves) -> Figure:
    """Draw a panel for each loss or metric, and the legend once."""
    count = len(curves.panels)
    figure = style.figure(height=3.2 + 2.0 * (count - 1))
    panels = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, each) in zip(panels, curves.panels.items(), strict=True):
        _panel(axes, name, each, curves.target)
    panels[-1].set_xlabel("epoch")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower left", handlelength=3.2, ncols=1 if _are_long(labels) else 2
    )
    style.head(figure, curves.title)
    return figure


def _are_long(labels: Sequence[str]) -> bool:
    return max(map(len, labels)) > LONGEST_LABEL // 2


def _panel_names(comparison: RunComparison) -> list[str]:
    """Columns of the history that all runs have and the picture shows, the most important first."""
    shared = [
        name for name in comparison.runs[0].history if all(_is_drawn(run, name) for run in comparison.runs)
    ]
    wanted = [comparison.target.name] if comparison.target else []
    if any(key.startswith("loss") for key in comparison.differing):
        wanted += [name for name in shared if name.removeprefix("val_") in METRICS][:2]
    else:
        wanted += ["loss", "val_loss"]
    return [name for name in dict.fromkeys(wanted) if name in shared][:PANELS] or ["loss"]


def _is_drawn(run: Run, name: str) -> bool:
    return name in run.history and bool(np.isfinite(_values(run, name)).any())


def _values(run: Run, name: str) -> Array:
    values = run.history[name]
    return np.where(np.abs(values) < DRAWABLE, values, np.nan)


def _curve(group: RunGroup, name: str) -> OverlaidCurve:
    """The median and the range of a group at the epochs that all its runs recorded."""
    epochs = group.runs[0].history["epoch"]
    for run in group.runs[1:]:
        epochs = np.intersect1d(epochs, run.history["epoch"])
    every = np.array([_values(run, name)[np.isin(run.history["epoch"], epochs)] for run in group.runs])
    low, middle, high = every.min(axis=0), np.median(every, axis=0), every.max(axis=0)
    shown = shown_epochs([low, middle, high])
    return OverlaidCurve(group.label, len(group.runs), epochs[shown], middle[shown], low[shown], high[shown])


def _panel(axes: Axes, name: str, curves: Sequence[OverlaidCurve], target: Target | None) -> None:
    scale = AxisScale.of(
        np.concatenate([np.concatenate([each.low, each.high]) for each in curves]), deepest=np.inf
    )
    for position, curve in enumerate(curves):
        color = style.COLORS[position % len(style.COLORS)]
        measured = np.isfinite(curve.middle)
        axes.plot(
            curve.epochs[measured],
            curve.middle[measured],
            color=color,
            linestyle=style.DASHES[position % len(style.DASHES)],
            marker=style.MARKERS[position % len(style.MARKERS)] if measured.sum() <= FEW_POINTS else "",
            markersize=4,
            label=naming.short(curve.label, LONGEST_LABEL),
            gid="curve",
        )
        if curve.runs > 1:
            axes.fill_between(curve.epochs, curve.low, curve.high, color=color, alpha=BAND, linewidth=0)
    if target and target.name == name:
        axes.axhline(target.value, **style.REFERENCE)
        axes.annotate(
            f"target {number(target.value)}",
            (1.0, target.value),
            xycoords=("axes fraction", "data"),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            fontsize=style.SMALL,
            color=style.GRAY,
        )
    style.scaled(axes.yaxis, scale, margin=0.08)
    axes.set_title(f"{label_of(name)}{scale.name}", loc="left")
    if any(curve.runs > 1 for curve in curves):
        axes.set_title("line: median, band: lowest to highest run", loc="right", fontsize=style.SMALL)
    axes.set_xlim(0, max(float(curve.epochs[-1]) for curve in curves) or 1.0)
    style.grid(axes)


def label_of(name: str) -> str:
    """Return the name of a column of the history as a picture shows it."""
    return name.replace("val_", "validation ").replace("_", " ")
