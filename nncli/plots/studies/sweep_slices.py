"""Slices of a sweep: for each key a small panel of the metric over the value, with a dot for each trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.nn.arrays import Array
from nncli.plots import style
from nncli.plots.studies.sweep_values import SweepValues, ValuePlaces

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS_ACROSS = 4
MANY_DOTS = 1000  # trials from which dots in SVG and PDF become one image
WIDE_LETTERS, TALL_LABELS = 13.0, 6.5  # that fit on an inch of an axis
DOT: dict[str, Any] = {"linestyle": "", "marker": "o", "zorder": 3}


def draw_slices(values: SweepValues) -> Figure:
    """Draw a panel for each key; all have the same axis of the metric."""
    keys = len(values.places)
    columns = keys if keys <= 3 else 2 if keys == 4 else 3 if keys <= 6 else MOST_PANELS_ACROSS
    rows = -(-keys // columns)
    width = max(6.4, 1.2 + 2.3 * columns)
    figure = style.figure(width, 3.6 if keys == 1 else 1.2 + 2.2 * rows)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, place in zip(panels.flat, values.places, strict=False):
        _panel(axes, values, place, (width - 1.6) / columns)
    for axes in panels.flat[keys:]:
        axes.set_visible(False)
    for row in panels:
        row[0].set_ylabel(f"{values.label}{values.scale.name}")
    _legend(figure, panels.flat[0])
    style.head(figure, values.title, values.caption)
    return figure


def _panel(axes: Axes, values: SweepValues, place: ValuePlaces, inches: float) -> None:
    _dots(axes, values, place.places)
    style.scaled(axes.yaxis, values.scale, margin=0.08, most=9)
    low, high = place.scale.low, place.scale.high
    pad = 0.0 if place.categories else 0.05 * (high - low)
    axes.set_xlim(low - pad, high + pad)
    _label_values(axes, place, inches)
    axes.set_xlabel(style.plain(place.title, 40))
    style.grid(axes)


def _dots(axes: Axes, values: SweepValues, places: Array) -> None:
    count, best = len(places), values.best
    size = 5.0 if count <= 50 else 3.5 if count <= 500 else 2.0
    heights = 10.0 ** values.scale.drawn(values.results) if values.scale.log else values.results
    alpha, image = min(1.0, max(0.4, 60 / count)), count > MANY_DOTS
    kinds: list[tuple[str, Array, dict[str, Any]]] = [
        (
            "pruned",
            values.pruned,
            {"color": style.GRAY, "markerfacecolor": "none", "markeredgewidth": 0.6, "alpha": 0.7},
        ),
        ("finished", values.measured, {"color": style.BLUE, "markeredgewidth": 0, "alpha": alpha}),
    ]
    for label, chosen, look in kinds:
        if chosen.any():
            axes.plot(
                places[chosen],
                heights[chosen],
                **{**DOT, "markersize": size, "rasterized": image, "label": label, **look},
            )
    lost = ~(values.pruned | values.measured)
    if lost.any():
        edge = np.full(int(lost.sum()), 0.0 if values.higher_is_better else 1.0)
        axes.plot(
            places[lost],
            edge,
            transform=axes.get_xaxis_transform(),
            linestyle="",
            marker="X",
            color=style.VERMILION,
            markeredgewidth=0,
            markersize=max(4.0, size),
            alpha=0.8,
            label=_lost_word(values, lost),
            clip_on=False,
            rasterized=image,
            zorder=4,
        )
    if best is not None:
        axes.plot(
            places[best],
            heights[best],
            linestyle="",
            marker="*",
            markersize=11,
            color=style.ORANGE,
            markeredgecolor=style.INK,
            markeredgewidth=0.6,
            label=f"best (trial {int(values.numbers[best])})",
            zorder=5,
        )


def _lost_word(values: SweepValues, lost: Array) -> str:
    words = {word for word, is_lost in zip(values.statuses, lost, strict=True) if is_lost}
    return words.pop() if len(words) == 1 and words <= {"diverged", "failed"} else "no result"


def _label_values(axes: Axes, place: ValuePlaces, inches: float) -> None:
    """Set the ticks of the values: upright where they would touch, and not all of many categories."""
    positions, labels = place.ticks(5)
    is_upright = False
    if place.categories:
        positions, labels = place.ticks(10_000)
        room = inches / max(len(labels), 1) * WIDE_LETTERS
        is_upright = max(map(len, labels)) + 1 > room
        if is_upright:
            positions, labels = place.ticks(max(2, int(inches * TALL_LABELS)))
    rotation = 90 if is_upright else 0
    axes.set_xticks(positions, [style.drawable(label) for label in labels], rotation=rotation)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside right upper", handletextpad=0.3)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)
