"""Parallel coordinates of a sweep: an axis for each key and the metric, and a line for each trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import style
from nncli.plots.scale import AxisScale
from nncli.plots.studies.sweep_values import SweepValues

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 500
MOST_LABELS = 12  # of an axis
LOST_HEIGHT = 1.07  # of trials without a result, beyond the end of the metric's axis
PALEST = 0.9  # of the color map; its end cannot be seen on paper
LABEL_BOX: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.8}


def draw_parallel(values: SweepValues) -> Figure:
    """Draw the lines from the worst to the best trial, and the axes over them."""
    count = len(values.places)
    figure = style.figure(max(6.4, 1.6 + 1.3 * count), 4.2)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.1, count + 0.1)
    axes.set_ylim(-0.03, 1.1)
    drawn = drawn_trials(values)
    _lines(axes, values, drawn)
    for position, place in enumerate(values.places):
        _axis(axes, position, place.scale, place.ticks(MOST_LABELS if place.categories else 6), place.title)
    _axis(axes, count, values.scale, values.scale.ticks(9), f"{values.label}{values.scale.name}")
    _mark_lost(axes, values, count)
    note = values.caption
    if len(drawn) < len(values.numbers):
        note += f"; drawn are {counted(len(drawn), 'trial')}, evenly chosen from the best to the worst"
    style.head(figure, values.title, note)
    return figure


def drawn_trials(values: SweepValues) -> Array:
    """Return the positions of the trials to draw, from the worst to the best: of many, evenly spaced ones."""
    sign = 1.0 if values.higher_is_better else -1.0
    group = values.measured * 2 + values.pruned
    worth = np.where(np.isfinite(values.results), sign * values.results, 0.0)
    order = np.lexsort((-values.numbers, worth, group))
    if len(order) > MOST_LINES:
        order = order[np.linspace(0, len(order) - 1, MOST_LINES).round().astype(int)]
    return np.asarray(order)


def _heights(values: SweepValues) -> Array:
    """Height of each trial on each axis, from 0 to 1 (trials, keys + 1)."""
    columns = [_share(place.places, place.scale) for place in values.places]
    results = _share(values.scale.drawn(values.results), values.scale)
    lost = 1.0 - LOST_HEIGHT if values.higher_is_better else LOST_HEIGHT
    return np.stack([*columns, np.where(np.isfinite(results), results, lost)], axis=1)


def _share(places: Array, scale: AxisScale) -> Array:
    return (places - scale.low) / (scale.high - scale.low)


def _lines(axes: Axes, values: SweepValues, drawn: Array) -> None:
    from matplotlib.collections import LineCollection

    heights = _heights(values)
    at = np.arange(heights.shape[1], dtype=float)
    lines = [np.column_stack([at, heights[trial]]) for trial in drawn]
    axes.add_collection(LineCollection(lines, colors=_colors(values, heights[:, -1])[drawn], linewidths=1.0))
    if (best := values.best) is not None:
        for width, color in ((4.5, style.PAPER), (2.6, style.VERMILION)):
            axes.plot(at, heights[best], color=color, linewidth=width, solid_joinstyle="round", zorder=3)
        axes.plot(at, heights[best], "o", color=style.VERMILION, markersize=5, zorder=3)


def _colors(values: SweepValues, ends: Array) -> Array:
    """Colors of the lines (trials, 4): dark for good results, pale for bad, gray without one."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba

    badness = 1.0 - ends if values.higher_is_better else ends
    colors = np.asarray(colormaps[style.SEQUENTIAL](PALEST * np.clip(badness, 0.0, 1.0)))
    strength = min(1.0, max(0.5, 60 / len(ends)))
    colors[:, 3] = np.where(values.pruned, 0.5, 1.0) * strength * (1.0 - 0.4 * np.clip(badness, 0.0, 1.0))
    colors[~(values.measured | values.pruned)] = to_rgba(style.FAINT, 0.6)
    return colors


def _axis(
    axes: Axes, position: int, scale: AxisScale, ticks: tuple[Sequence[float], Sequence[str]], title: str
) -> None:
    axes.plot([position, position], [0.0, 1.0], color=style.INK, linewidth=1.0, zorder=4)
    for place, label in zip(*ticks, strict=True):
        height = (place - scale.low) / (scale.high - scale.low)
        axes.plot([position - 0.02, position], [height, height], color=style.INK, linewidth=0.8, zorder=4)
        axes.annotate(
            style.drawable(label),
            (position, height),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=style.SMALL,
            bbox=LABEL_BOX,
            zorder=5,
        )
    axes.annotate(
        _broken(title),
        (position, 0.0),
        xytext=(0, -8),
        textcoords="offset points",
        ha="center",
        va="top",
        zorder=5,
    )


def _broken(title: str) -> str:
    """Break a name into lines before a note on the scale and, where it is long, at its points."""
    name, comma, note = title.partition(", log scale")
    name = style.plain(name, 36)
    if len(name) > 16:
        name = name.replace(".", ".\n").replace("_", "_\n", 1) if "." in name else name
    return f"{name}\n(log scale)" if comma and not note else name


def _mark_lost(axes: Axes, values: SweepValues, count: int) -> None:
    lost = ~(values.measured | values.pruned)
    if not lost.any():
        return
    height = 1.0 - LOST_HEIGHT if values.higher_is_better else LOST_HEIGHT
    axes.plot(count, height, "X", color=style.VERMILION, markersize=6, markeredgewidth=0, zorder=5)
    axes.annotate(
        f"no result ({int(lost.sum())})",
        (count, height),
        xytext=(-7, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=style.SMALL,
        bbox=LABEL_BOX,
        zorder=5,
    )
