"""ROC curves: the share of a class's rows that is found, against the share of the others taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inference.classes import roc
from nncli.messages.wording import counted, shortened
from nncli.nn import metrics
from nncli.nn.arrays import Array
from nncli.plots import lettering, outcomes, style
from nncli.plots.outcomes import Outcome
from nncli.plots.picture import Picture, View
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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


def draw(run: Run, view: View) -> Picture:
    """One curve for two classes; for more, or for labels, one for each and their mean."""
    columns, told = run.model.columns, outcomes.outcome(run)
    rest = _against_rest(run, told)
    curves = {name: roc(scores, positive) for name, (scores, positive) in rest.items()}
    areas = {name: _area(*rest[name]) for name in rest}
    lowest = sorted(areas, key=areas.__getitem__)
    drawn = [name for name in areas if name in lowest[:MOST_CURVES]]
    figure = style.figure(width=7.6, height=4.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=style.GREY, linewidth=1.0, linestyle=(0, (2, 2)), label="chance: 0.500")
    for place, name in enumerate(drawn):
        look = {"color": style.COLOURS[place], "linestyle": style.DASHES[place % len(style.DASHES)]}
        _plot(axes, curves[name], f"{lettering.plain(shortened(name, 24))}: {areas[name]:.3f}", place, **look)
    mean = float(np.mean(list(areas.values())))
    if len(areas) > 1:
        average = _mean(list(curves.values()))
        axes.plot(*average, color=style.BLACK, linewidth=3.2, zorder=1.5, label=f"mean: {mean:.3f}")
    _finish(axes, _noun(run))
    several = len(areas) > 1
    of_each = "each label" if columns.task == "multilabel" else "each class against the rest"
    title = f"ROC{f', {of_each}' if several else ''}: {lettering.named(run)}, {told.rows}"
    style.head(figure, title, _note(run, told, areas, drawn))
    numbers = {name: curves[name] for name in drawn}
    if several:
        worst = lettering.plain(shortened(lowest[0], 24))
        said = f"mean AUC {mean:.3f}, lowest {areas[lowest[0]]:.3f} ({worst})"
    else:
        said = f"AUC {mean:.3f}"
    return Picture(figure, f"{told.rows}, {said}", _numbers(numbers))


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


def _noun(run: Run) -> str:
    return "label" if run.model.columns.task == "multilabel" else "class"


def _finish(axes: Axes, noun: str) -> None:
    axes.set_aspect("equal")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(f"false positive rate: share of the other rows taken for the {noun}")
    axes.set_ylabel("true positive rate: share of its rows found")
    style.grid(axes)
    style.legend_beside(axes, title="area under the curve", alignment="left")


def _note(run: Run, told: Outcome, areas: dict[str, float], drawn: list[str]) -> str:
    columns = run.model.columns
    note = []
    if columns.task == "binary":
        note.append(f"By the probability of {outcomes.second_class(run)}.")
    if len(drawn) < len(areas):
        note.append(f"The {len(drawn)} lowest of {counted(len(areas), _noun(run))}; the mean is of all.")
    if left_out := (0 if columns.task == "binary" else len(columns.classes) - len(areas)):
        note.append(f"{left_out} without a row, or with every row, left out.")
    return " ".join(note)


def _numbers(curves: dict[str, Curve]) -> dict[str, list[str] | Array]:
    thin = {name: _thinned(curve) for name, curve in curves.items()}
    return {
        "class": [name for name, (across, _) in thin.items() for _ in across],
        "false_positive_rate": np.concatenate([across for across, _ in thin.values()]),
        "true_positive_rate": np.concatenate([up for _, up in thin.values()]),
    }
