"""Precision-recall curves of each class, with the average precision and the share of the class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inference.classes import RankedRows
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming, outcomes, style
from nncli.plots.picture import View
from nncli.plots.scale import number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 6
MOST_POINTS = 1000  # of a curve: more cannot be distinguished
BASELINE_LINE: dict[str, Any] = {"linewidth": 1.0, "linestyle": (0, (4, 3))}


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why no class has both positive and negative rows, or None if one has."""
    return outcomes.no_curve(run)


by_default = outcomes.has_enough_rows


@dataclass(frozen=True)
class PrecisionRecallCurves:
    """Precision and recall of each class or label at every threshold.

    Attributes
    ----------
    run, rows : name of the run, and number and part of the rows: `30 test rows`.
    noun : `class` or `label`.
    positive_class : class whose probability is the score, in a binary task.
    threshold : probability from which a row of a binary task is predicted to be positive.
    classes : number of classes of the model.
    curves : precision and recall of each class that has a curve.
    """

    run: str
    rows: str
    noun: str
    positive_class: str | None
    threshold: float | None
    classes: int
    curves: Mapping[str, RankedRows]

    @property
    def averages(self) -> dict[str, float]:
        """Average precision of each class that has a curve."""
        return {name: curve.average_precision for name, curve in self.curves.items()}

    @property
    def lowest(self) -> list[str]:
        """Names of the classes, smallest average precision first."""
        return sorted(self.curves, key=self.averages.__getitem__)

    @property
    def drawn(self) -> list[str]:
        """Names of the classes drawn: of many, those with the smallest average precision."""
        chosen = {*self.lowest[:MOST_CURVES]}
        return [name for name in self.curves if name in chosen]

    @property
    def mean(self) -> float:
        """Mean of the average precision over all classes."""
        return float(np.mean(list(self.averages.values())))

    @property
    def present(self) -> tuple[float, float] | None:
        """Recall and precision at the threshold of a binary task; None if no row reaches it."""
        if self.threshold is None:
            return None
        (curve,) = self.curves.values()
        reached = int((curve.thresholds >= self.threshold).sum())
        return (float(curve.recall[reached - 1]), float(curve.precision[reached - 1])) if reached else None

    @property
    def caption(self) -> str:
        """Average precision beside the share of the class, and precision and recall at the threshold."""
        worst = self.lowest[0]
        share = f"baseline {self.curves[worst].share:.3f}"
        if len(self.curves) > 1:
            lowest = f"{self.averages[worst]:.3f} ({naming.short(worst, 24)}, {share})"
            return f"{self.rows}, mean average precision {self.mean:.3f}, lowest {lowest}"
        found = f"{self.rows}, average precision {self.mean:.3f} ({share})"
        if self.threshold is None:
            return found
        if self.present is None:
            return f"{found}; no row reaches the threshold {number(self.threshold)}"
        recall, precision = self.present
        at = f"precision {precision:.3f} and recall {recall:.3f} at threshold {number(self.threshold)}"
        return f"{found}; {at}"

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Points of the curves drawn, one curve after another, the highest threshold first."""
        thin = {name: (self.curves[name], _thinned(self.curves[name])) for name in self.drawn}
        return {
            "class": [name for name, (_, rows) in thin.items() for _ in rows],
            "threshold": np.concatenate([curve.thresholds[rows] for curve, rows in thin.values()]),
            "recall": np.concatenate([curve.recall[rows] for curve, rows in thin.values()]),
            "precision": np.concatenate([curve.precision[rows] for curve, rows in thin.values()]),
        }


def numbers(run: Run, view: View) -> PrecisionRecallCurves:
    """Compute one curve for two classes, else one for each class or label."""
    columns, outcome = run.model.columns, outcomes.outcome(run)
    scored = outcomes.against_rest(run, outcome)
    binary = columns.task == "binary"
    return PrecisionRecallCurves(
        run=naming.run_name(run),
        rows=outcome.rows,
        noun="label" if columns.task == "multilabel" else "class",
        positive_class=outcomes.positive_class(run) if binary else None,
        threshold=columns.threshold if binary else None,
        classes=len(columns.classes),
        curves={name: RankedRows.of(scores, positive) for name, (scores, positive) in scored.items()},
    )


def draw(data: PrecisionRecallCurves) -> Figure:
    """Draw the curves as steps, the area below each being the average precision, and each baseline."""
    figure = style.figure(width=8.0, height=4.6)
    axes = figure.subplots()
    for place, name in enumerate(data.drawn):
        curve, color = data.curves[name], style.COLORS[place]
        axes.axhline(curve.share, color=color, **BASELINE_LINE, zorder=1.5, gid="baseline")
        label = f"{style.plain(name, 24)}: {data.averages[name]:.3f} ({curve.share:.3f})"
        _plot(axes, curve, label, place)
    if data.present is not None and data.threshold is not None:
        axes.plot(
            *data.present,
            linestyle="",
            marker="D",
            markersize=8,
            markerfacecolor=style.PAPER,
            markeredgecolor=style.BLACK,
            markeredgewidth=1.6,
            clip_on=False,
            zorder=5,
            gid="threshold",
            label=f"threshold {number(data.threshold)}",
        )
    axes.plot([], [], color=style.GRAY, **BASELINE_LINE, label=f"baseline: share of the {data.noun}")
    _finish(axes, data.noun)
    several = len(data.curves) > 1
    kind = "each label" if data.noun == "label" else "one class against the rest"
    title = f"Precision-recall curve{f's, {kind}' if several else ''}: {data.run}, {data.rows}"
    style.head(figure, title, _note(data))
    return figure


def _plot(axes: Axes, curve: RankedRows, label: str, place: int) -> None:
    rows = _thinned(curve)
    axes.plot(
        np.append(0.0, curve.recall[rows]),
        np.append(curve.precision[0], curve.precision[rows]),
        drawstyle="steps-pre",
        color=style.COLORS[place],
        linestyle=style.DASHES[place % len(style.DASHES)],
        linewidth=1.8,
        label=label,
        marker=style.MARKERS[place],
        markevery=(0.05 + 0.02 * place, 0.25),
        markersize=5,
        clip_on=False,
        gid="curve",
    )


def _thinned(curve: RankedRows) -> Array:
    return outcomes.thinned(len(curve.recall), MOST_POINTS)


def _finish(axes: Axes, noun: str) -> None:
    axes.set_aspect("equal", anchor="W")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(f"recall (rows of the {noun} that are found)")
    axes.set_ylabel(f"precision (predictions of the {noun} that are correct)")
    style.grid(axes)
    style.legend_beside(axes, title="average precision (baseline)", alignment="left")


def _note(data: PrecisionRecallCurves) -> str:
    note = []
    if len(data.drawn) < len(data.curves):
        every = counted(len(data.curves), data.noun)
        note.append(f"Shows the {len(data.drawn)} of {every} with the smallest average precision.")
    if data.positive_class is not None:
        note.append(f"Score: predicted probability of {data.positive_class}.")
    elif left_out := data.classes - len(data.curves):
        note.append(f"Omitted: {counted(left_out, data.noun)} with no rows or with all rows.")
    note.append("The baseline is the precision of random predictions.")
    return " ".join(note)
