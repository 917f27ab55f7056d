"""ROC curves: the share of a class's rows that is found, against the share of the others taken for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inference.classes import roc
from nncli.messages.wording import counted
from nncli.nn import metrics
from nncli.nn.arrays import Array
from nncli.plots import naming, outcomes, style
from nncli.plots.outcomes import Outcome
from nncli.plots.picture import View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 6
MOST_POINTS = 1000  # of a curve: more cannot be seen

Curve = tuple[Array, Array]


def unfit(run: Run, view: View) -> str | None:
    """Needs a class of which some rows are and some are not."""
    if reason := outcomes.no_classes(run):
        return reason
    told = outcomes.outcome(run)
    if _against_rest(run, told):
        return None
    if run.model.columns.task == "multilabel":
        return f"every label is on all of the {told.rows} or on none"
    return f"the {told.rows} are of one class, there is no other to tell"


@dataclass(frozen=True)
class RocCurves:
    """True against false positive rates of each class or label.

    Attributes
    ----------
    run, rows : the run's name, and which rows these are of: `30 test rows`.
    noun : `class` or `label`.
    second_class : of a binary task, the class whose probability is the score.
    classes : how many the model tells apart.
    curves : false and true positive rates by class, of those that have a curve.
    areas : the area under each curve.
    """

    run: str
    rows: str
    noun: str
    second_class: str | None
    classes: int
    curves: Mapping[str, Curve]
    areas: Mapping[str, float]

    @property
    def lowest(self) -> list[str]:
        """The classes, the one with the smallest area first."""
        return sorted(self.areas, key=self.areas.__getitem__)

    @property
    def drawn(self) -> list[str]:
        """The classes that are drawn: of many those with the smallest areas."""
        return [name for name in self.areas if name in self.lowest[:MOST_CURVES]]

    @property
    def mean(self) -> float:
        """The mean area."""
        return float(np.mean(list(self.areas.values())))

    @property
    def caption(self) -> str:
        """The mean area and the smallest."""
        if len(self.areas) == 1:
            return f"{self.rows}, AUC {self.mean:.3f}"
        worst = self.lowest[0]
        least = f"{self.areas[worst]:.3f} ({naming.short(worst, 24)})"
        return f"{self.rows}, mean AUC {self.mean:.3f}, lowest {least}"

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """The points of the curves that are drawn, one curve after another."""
        thin = {name: _thinned(self.curves[name]) for name in self.drawn}
        return {
            "class": [name for name, (across, _) in thin.items() for _ in across],
            "false_positive_rate": np.concatenate([across for across, _ in thin.values()]),
            "true_positive_rate": np.concatenate([up for _, up in thin.values()]),
        }


def numbers(run: Run, view: View) -> RocCurves:
    """One curve for two classes; for more, or for labels, one for each."""
    columns, told = run.model.columns, outcomes.outcome(run)
    rest = _against_rest(run, told)
    return RocCurves(
        run=naming.run_name(run),
        rows=told.rows,
        noun="label" if columns.task == "multilabel" else "class",
        second_class=outcomes.second_class(run) if columns.task == "binary" else None,
        classes=len(columns.classes),
        curves={name: roc(scores, positive) for name, (scores, positive) in rest.items()},
        areas={name: _area(*pair) for name, pair in rest.items()},
    )


def draw(shown: RocCurves) -> Figure:
    """The curves, of several also their mean, and the diagonal that chance would give."""
    figure = style.figure(width=7.6, height=4.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=style.GREY, linewidth=1.0, linestyle=(0, (2, 2)), label="chance: 0.500")
    for place, name in enumerate(shown.drawn):
        label = f"{style.plain(name, 24)}: {shown.areas[name]:.3f}"
        look = {"color": style.COLOURS[place], "linestyle": style.DASHES[place % len(style.DASHES)]}
        _plot(axes, shown.curves[name], label, place, **look)
    several = len(shown.areas) > 1
    if several:
        average = _mean(list(shown.curves.values()))
        axes.plot(*average, color=style.BLACK, linewidth=3.2, zorder=1.5, label=f"mean: {shown.mean:.3f}")
    _finish(axes, shown.noun)
    of_each = "each label" if shown.noun == "label" else "each class against the rest"
    title = f"ROC{f', {of_each}' if several else ''}: {shown.run}, {shown.rows}"
    style.head(figure, title, _note(shown))
    return figure


def _against_rest(run: Run, told: Outcome) -> dict[str, tuple[Array, Array]]:
    """By class the scores (n,) and which rows are of it (n,), where some are and some are not."""
    columns = run.model.columns
    names = columns.classes[1:] if columns.task == "binary" else columns.classes
    found = {name: (scores, y >= 0.5) for name, scores, y in zip(names, told.A.T, told.Y.T, strict=True)}
    return {name: pair for name, pair in found.items() if 0 < pair[1].sum() < len(pair[1])}


def _area(scores: Array, positive: Array) -> float:
    return metrics.auc(scores[:, np.newaxis], positive[:, np.newaxis].astype(float))


def _mean(curves: list[Curve]) -> Curve:
    """The mean height of the curves, before and after the steps that any of them makes."""
    x = np.unique(np.concatenate([across for across, _ in curves]))
    before, after = np.zeros_like(x), np.zeros_like(x)
    for across, up in curves:
        first, last = np.searchsorted(across, x), np.searchsorted(across, x, side="right") - 1
        on = across[last] == x
        between = np.interp(x, across, up)
        before += np.where(on, up[np.minimum(first, len(up) - 1)], between) / len(curves)
        after += np.where(on, up[last], between) / len(curves)
    return np.repeat(x, 2), np.column_stack([before, after]).ravel()


def _thinned(curve: Curve) -> Curve:
    kept = outcomes.thinned(len(curve[0]), MOST_POINTS)
    return curve[0][kept], curve[1][kept]


def _plot(axes: Axes, curve: Curve, label: str, place: int, **look: Any) -> None:
    across, up = _thinned(curve)
    axes.plot(
        across,
        up,
        label=label,
        marker=style.MARKERS[place],
        markevery=(0.05 + 0.02 * place, 0.25),
        markersize=5,
        clip_on=False,
        gid="roc",
        **look,
    )


def _finish(axes: Axes, noun: str) -> None:
    axes.set_aspect("equal")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(f"false positive rate: share of the other rows taken for the {noun}")
    axes.set_ylabel("true positive rate: share of its rows found")
    style.grid(axes)
    style.legend_beside(axes, title="area under the curve", alignment="left")


def _note(shown: RocCurves) -> str:
    note = []
    if shown.second_class is not None:
        note.append(f"By the probability of {shown.second_class}.")
    elif left_out := shown.classes - len(shown.areas):
        note.append(f"{left_out} without a row, or with every row, left out.")
    if len(shown.drawn) < len(shown.areas):
        lowest = f"The {len(shown.drawn)} lowest of {counted(len(shown.areas), shown.noun)}"
        note.insert(0, f"{lowest}; the mean is of all.")
    return " ".join(note)
