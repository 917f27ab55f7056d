"""Numbers of the pictures of a sweep: the values of each trial and its metric, and places on their axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nncli.many.sweeps.space import Axis
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import naming
from nncli.plots.scale import DRAWABLE, AxisScale, number

LONGEST_VALUE_LABEL = 14  # characters of a category
CROWDED = 4  # trials of a category from which its points are spread
GOLDEN = 0.6180339887498949  # its multiples are spread evenly


@dataclass(frozen=True)
class ValuePlaces:
    """Places of the trials on the axis of a key.

    Attributes
    ----------
    key : short name of the key.
    places : (trials,); for categories their position from 0, else the value, or its log10 on a log scale.
    scale : range of the places; log for a log range.
    categories : labels of the values of a list, numbers in their order; empty for a range.
    """

    key: str
    places: Array
    scale: AxisScale
    categories: Sequence[str]
    whole: bool = False

    @property
    def title(self) -> str:
        """Name of the key, with a note on a log scale."""
        return f"{self.key}{self.scale.name}"

    def ticks(self, most: int) -> tuple[list[float], list[str]]:
        """Return at most so many places and their labels."""
        if self.categories:
            step = -(-len(self.categories) // most)
            return [float(each) for each in range(0, len(self.categories), step)], [*self.categories[::step]]
        positions, labels = self.scale.ticks(most)
        if not self.whole or self.scale.log:
            return positions, labels
        pairs = [(each, label) for each, label in zip(positions, labels, strict=True) if each == round(each)]
        return [each for each, _ in pairs], [label for _, label in pairs]


@dataclass(frozen=True)
class SweepValues:
    """Trials of a sweep in their order.

    Attributes
    ----------
    metric : the metric that trials are compared by, such as `val_loss`.
    numbers : (trials,), from 1.
    texts : values of each key, a text for each trial.
    statuses : finished, pruned, diverged or failed.
    results : metric of each trial; NaN if it diverged, failed or has none (trials,).
    """

    name: str
    metric: str
    higher_is_better: bool
    axes: Sequence[Axis]
    numbers: Array
    texts: Mapping[str, Sequence[str]]
    statuses: Sequence[str]
    results: Array

    @property
    def label(self) -> str:
        """Name of the metric as a picture shows it."""
        return self.metric.replace("val_", "validation ").replace("_", " ")

    @property
    def measured(self) -> Array:
        """True for finished trials with a result (trials,)."""
        return np.asarray(np.isfinite(self.results) & ~self.pruned)

    @property
    def pruned(self) -> Array:
        """True for pruned trials with a result (trials,)."""
        named = np.array([each == "pruned" for each in self.statuses], bool)
        return np.asarray(np.isfinite(self.results) & named)

    @property
    def best(self) -> int | None:
        """Position of the best finished trial; None without one."""
        if not self.measured.any():
            return None
        sign = -1.0 if self.higher_is_better else 1.0
        return int(np.argmin(np.where(self.measured, sign * self.results, np.inf)))

    @cached_property
    def scale(self) -> AxisScale:
        """Scale of the metric."""
        return AxisScale.of(self.results[np.isfinite(self.results)], deepest=np.inf)

    @cached_property
    def places(self) -> list[ValuePlaces]:
        """Places of the trials on the axis of each key."""
        names = key_names([axis.key for axis in self.axes])
        return [
            _places(axis, name, self.texts[axis.key], self.numbers)
            for axis, name in zip(self.axes, names, strict=True)
        ]

    @property
    def title(self) -> str:
        """Title of the pictures."""
        return f"Sweep {naming.short(self.name, 40)}: {self.label} of {counted(len(self.numbers), 'trial')}"

    @property
    def caption(self) -> str:
        """Best trial and its values, and the numbers of trials that were pruned or have no result."""
        parts = [self._best_words()]
        for status in ("pruned", "diverged", "failed"):
            if several := sum(each == status for each in self.statuses):
                parts.append(f"{counted(several, 'trial')} {status}")
        lost = ~np.isfinite(self.results) & np.isin(np.array(self.statuses), ("finished", "pruned"))
        if lost.any():
            parts.append(f"{counted(int(lost.sum()), 'trial')} without this metric")
        return "; ".join(parts)

    def _best_words(self) -> str:
        best = self.best
        if best is None:
            return "no trial finished"
        keys = [place.key for place in self.places]
        values = [naming.short(self.texts[axis.key][best]) for axis in self.axes]
        at = ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True))
        return f"best: trial {int(self.numbers[best])}, {self.label} {number(self.results[best], 4)} at {at}"

    @property
    def columns(self) -> Mapping[str, Sequence[str] | Array]:
        """Data behind the pictures: a row for each trial."""
        return {
            "trial": [str(int(each)) for each in self.numbers],
            **self.texts,
            self.metric: self.results,
            "status": self.statuses,
        }


def sweep_values(fields: Mapping[str, Any], name: str) -> SweepValues:
    """Read what the directory of a sweep keeps, as `read_sweep` returns it.

    Parameters
    ----------
    name : name of the sweep, for the title.

    Raises
    ------
    ConfigError
        If an axis cannot be read.
    """
    axes, trials = [Axis.kept(text) for text in fields["grid"]], fields["trials"]
    results = np.array([_result(trial, fields["metric"]) for trial in trials], dtype=float)
    return SweepValues(
        name=name,
        metric=fields["metric"],
        higher_is_better=fields["higher_is_better"],
        axes=axes,
        numbers=np.array([trial["number"] for trial in trials]),
        texts={axis.key: [trial["values"][axis.key] for trial in trials] for axis in axes},
        statuses=[trial["status"] for trial in trials],
        results=results,
    )


def _result(trial: Mapping[str, Any], metric: str) -> float:
    """Return the metric of a trial; NaN if it has none that can be drawn."""
    value = float(trial["metrics"].get(metric, np.nan))
    return value if trial["status"] in ("finished", "pruned") and abs(value) < DRAWABLE else np.nan


def key_names(keys: Sequence[str]) -> list[str]:
    """Return the last names of keys, or the whole keys where two would have the same."""
    last = [key.rpartition(".")[2] for key in keys]
    return [name if last.count(name) == 1 else key for key, name in zip(keys, last, strict=True)]


def _places(axis: Axis, name: str, texts: Sequence[str], numbers: Array) -> ValuePlaces:
    if axis.values:
        return _listed_places(axis, name, texts, numbers)
    values = np.array([float(text) for text in texts])
    if axis.log:
        scale = AxisScale(True, float(np.log10(axis.low)), float(np.log10(axis.high)))
        return ValuePlaces(name, np.log10(values), scale, (), axis.whole)
    return ValuePlaces(name, values, AxisScale(False, axis.low, axis.high), (), axis.whole)


def _listed_places(axis: Axis, name: str, texts: Sequence[str], numbers: Array) -> ValuePlaces:
    """Place trials at the categories of a list; many at one category are spread around it."""
    known = _ordered(list(dict.fromkeys([*axis.values, *texts])))
    index = {text: position for position, text in enumerate(known)}
    places = np.array([index[text] for text in texts], dtype=float)
    if len(texts) > CROWDED * len(known):
        places += 0.5 * (numbers * GOLDEN % 1.0 - 0.5)
    labels = [naming.short(text, LONGEST_VALUE_LABEL) for text in known]
    return ValuePlaces(name, places, AxisScale(False, -0.5, len(known) - 0.5), labels)


def _ordered(texts: list[str]) -> list[str]:
    """Sort texts if all are numbers."""
    try:
        return sorted(texts, key=float)
    except ValueError:
        return texts
