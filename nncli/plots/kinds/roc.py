"""ROC curves: true against false positive rate of each class, with the area under the curve."""

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
from nncli.plots.picture import View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 6
MOST_POINTS = 1000  # of a curve: more cannot be distinguished

Curve = tuple[Array, Array]


by_default = outcomes.has_enough_rows


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why no class has both positive and negative rows, or None if one has."""
    return outcomes.no_curve(run)


@dataclass(frozen=True)
class RocCurves:
    """True and false positive rates of each class or label.

    Attributes
    ----------
    run, rows : name of the run, and number and part of the rows: `30 test rows`.
    noun : `class` or `label`.
    positive_class : class whose probability is the score, in a binary task.
    classes : number of classes of the model.
    curves : false and true positive rates of each class that has a curve.
    areas : area under each curve.
    """

    run: str
    rows: str
    noun: str
    positive_class: str | None
    classes: int
    curves: Mapping[str, Curve]
    areas: Mapping[str, float]

    @property
    def lowest(self) -> list[str]:
        """Names of the classes, smallest area first."""
        return sorted(self.areas, key=self.areas.__getitem__)

    @property
    def drawn(self) -> list[str]:
        """Names of the classes drawn: of many, those with the smallest areas."""
        return [name for name in self.areas if name in self.lowest[:MOST_CURVES]]

    @property
    def mean(self) -> float:
        """Mean area over all classes."""
        return float(np.mean(list(self.areas.values())))

    @property
    def caption(self) -> str:
        """Mean and smallest area under the curve."""
        if len(self.areas) == 1:
            return f"{self.rows}, AUC {self.mean:.3f}"
        worst = self.lowest[0]
        lowest = f"{self.areas[worst]:.3f} ({naming.short(worst, 24)})"
        return f"{self.rows}, mean AUC {self.mean:.3f}, lowest {lowest}"

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Points of the curves drawn, one curve after another."""
        thin = {name: _thinned(self.curves[name]) for name in self.drawn}
        return {
            "class": [name for name, (across, _) in thin.items() for _ in across],
            "false_positive_rate": np.concatenate([across for across, _ in thin.values()]),
            "true_positive_rate": np.concatenate([up for _, up in thin.values()]),
        }


def numbers(run: Run, view: View) -> RocCurves:
    """Compute one curve for two classes, else one for each class or label."""
    columns, outcome = run.model.columns, outcomes.outcome(run)
    scored = outcomes.against_rest(run, outcome)
    return RocCurves(
        run=naming.run_name(run),
        rows=outcome.rows,
        noun="label" if columns.task == "multilabel" else "class",
        positive_class=outcomes.positive_class(run) if columns.task == "binary" else None,
        classes=len(columns.classes),
        curves={name: roc(scores, positive) for name, (scores, positive) in scored.items()},
        areas={name: _area(*pair) for name, pair in scored.items()},
    )


def draw(data: RocCurves) -> Figure:
    """Draw the curves, their mean if there are several, and the diagonal of random guessing."""
    figure = style.figure(width=7.6, height=4.6)
    axes = figure.subplots()
    axes.plot(
        [0, 1], [0, 1], color=style.GRAY, linewidth=1.0, linestyle=(0, (2, 2)), label="random guessing: 0.500"
    )
    for place, name in enumerate(data.drawn):
        label = f"{style.plain(name, 24)}: {data.areas[name]:.3f}"
        line_style = {"color": style.COLORS[place], "linestyle": style.DASHES[place % len(style.DASHES)]}
        _plot(axes, data.curves[name], label, place, **line_style)
    several = len(data.areas) > 1
    if several:
        average = _mean(list(data.curves.values()))
        axes.plot(*average, color=style.BLACK, linewidth=3.2, zorder=1.5, label=f"mean: {data.mean:.3f}")
    _finish(axes, data.noun)
    kind = "each label" if data.noun == "label" else "one class against the rest"
    title = f"ROC curve{f's, {kind}' if several else ''}: {data.run}, {data.rows}"
    style.head(figure, title, _note(data))
    return figure


def _area(scores: Array, positive: Array) -> float:
    return float(metrics.auc(scores[:, np.newaxis], positive[:, np.newaxis].astype(float)))


def _mean(curves: list[Curve]) -> Curve:
    """Average the curves vertically, with two points at each step of any curve."""
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
    positions = outcomes.thinned(len(curve[0]), MOST_POINTS)
    return curve[0][positions], curve[1][positions]


def _plot(axes: Axes, curve: Curve, label: str, place: int, **line_style: Any) -> None:
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
        **line_style,
    )


def _finish(axes: Axes, noun: str) -> None:
    axes.set_aspect("equal", anchor="W")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(f"false positive rate (other rows predicted as the {noun})")
    axes.set_ylabel(f"true positive rate (recall of the {noun})")
    style.grid(axes)
    style.legend_beside(axes, title="area under the curve", alignment="left")


def _note(data: RocCurves) -> str:
    note = []
    if data.positive_class is not None:
        note.append(f"Score: predicted probability of {data.positive_class}.")
    elif left_out := data.classes - len(data.areas):
        note.append(f"Omitted: {counted(left_out, data.noun)} with no rows or with all rows.")
    if len(data.drawn) < len(data.areas):
        every = counted(len(data.areas), data.noun)
        note.insert(
            0, f"Shows the {len(data.drawn)} of {every} with the smallest area; the mean includes all."
        )
    return " ".join(note)
