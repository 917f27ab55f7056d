"""Runs side by side: the keys in which their configs differ, their results, and epochs to a target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nncli.inference.conditions import PREFIXES
from nncli.inspection.compare.paired import PairedDifference, paired_differences
from nncli.inspection.compare.parting import Parting, parting
from nncli.messages.errors import NncliError
from nncli.messages.notebook import html_table
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import counted, measured, shown
from nncli.nn.arrays import Array
from nncli.nn.metrics import METRICS
from nncli.runs import Run

ROOT = Path("/")  # of data paths, of which only the name counts
FEW_SETTINGS = 6  # keys that a group is named by
ALL_LAYERS = "network.layers"  # key whose value describes all layers, in networks of different depth alone
NEVER = "never"
BEST = "*"  # mark of the best value in a column


@dataclass(frozen=True)
class Target:
    """A value of a loss or metric that training is to reach."""

    name: str
    value: float

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read `mse=0.05`.

        Raises
        ------
        NncliError
            If it is not of that form.
        """
        match = re.fullmatch(r"\s*(\w+)\s*=\s*(\S+)\s*", text, re.ASCII)
        try:
            number = float(match[2]) if match else float("nan")
        except ValueError:
            number = float("nan")
        if match is None or number != number:
            raise NncliError(
                f"target '{shown(text)}': expected NAME=NUMBER", hint="write, for example, mse=0.05"
            )
        return cls(match[1], number)

    def __str__(self) -> str:
        return f"{self.name} {self.value:g}"

    def epoch_in(self, run: Run) -> float:
        """Return the first recorded epoch that reaches the value; infinity if none does."""
        values = run.history[self.name]
        with np.errstate(invalid="ignore"):
            reached = values >= self.value if higher_is_better(self.name) else values <= self.value
        return float(run.history["epoch"][reached.argmax()]) if reached.any() else np.inf


@dataclass(frozen=True)
class RunGroup:
    """A run, or several of the same config from different seeds.

    Attributes
    ----------
    settings : values of the keys in which the groups differ, as text; empty where a key is not set.
    """

    runs: tuple[Run, ...]
    settings: Mapping[str, str]

    @property
    def name(self) -> str:
        """Name of the run; of several the first name and their number."""
        first, *others = self.runs
        return f"{first.name} +{len(others)}" if others else first.name

    @property
    def label(self) -> str:
        """Settings that tell the group from the others; its name where there are none or too many."""
        settings = [f"{key.rpartition('.')[2]} {value or '(none)'}" for key, value in self.settings.items()]
        words = ", ".join(settings) if 0 < len(settings) <= FEW_SETTINGS else self.name
        return f"{words} ({counted(len(self.runs), 'seed')})" if len(self.runs) > 1 else words


@dataclass(frozen=True)
class RunComparison:
    """Runs side by side.

    Attributes
    ----------
    groups : runs of the same config but for the seed belong together.
    target : a value to reach, if one was asked for.
    """

    groups: tuple[RunGroup, ...]
    target: Target | None = None

    @property
    def runs(self) -> list[Run]:
        """All runs, group by group."""
        return [run for group in self.groups for run in group.runs]

    @property
    def differing(self) -> list[str]:
        """Keys of the config in which the groups differ."""
        return list(self.groups[0].settings)

    @cached_property
    def metrics(self) -> list[str]:
        """Loss and metrics that all runs have: on the test set, else the validation or the training set."""
        shared = [_results(run) for run in self.runs]
        names = dict.fromkeys(name for run in self.runs for name in run.results)
        best = (
            next((prefix + name for prefix in ("test_", "val_", "") if _in_all(prefix + name, shared)), None)
            for name in names
        )
        return [name for name in best if name]

    @property
    def incomparable(self) -> str | None:
        """Reason why results cannot be ranked: other data or another loss; None if they can."""
        if len({str(run.info.get("data", {}).get("columns")) for run in self.runs}) > 1:
            return "the runs' data differ, so their results cannot be ranked"
        return None

    def values(self, group: RunGroup, name: str) -> Array:
        """Return a metric's value, or the epochs to the target, of each run in a group, (runs,)."""
        if self.target and name == self.target_name:
            return np.array([self.target.epoch_in(run) for run in group.runs])
        return np.array([_results(run)[name] for run in group.runs])

    @property
    def target_name(self) -> str:
        """Heading of the epochs to the target."""
        return f"epochs to {self.target}"

    @property
    def measures(self) -> list[str]:
        """Everything measured: the metrics, and the epochs to the target."""
        return [*self.metrics, *([self.target_name] if self.target else [])]

    def best(self, name: str) -> set[int]:
        """Return the positions of the groups whose median is best; none where they cannot be ranked."""
        medians = [float(np.median(self.values(group, name))) for group in self.groups]
        finite = [each for each in medians if np.isfinite(each)]
        other_loss = name.endswith("loss") and any(key.startswith("loss") for key in self.differing)
        if self.incomparable or other_loss or not finite or len(set(medians)) == 1:
            return set()
        best = max(finite) if higher_is_better(name) else min(finite)
        return {position for position, each in enumerate(medians) if each == best}

    @property
    def parting(self) -> Parting:
        """The epoch at which the recorded weights of two runs part.

        Raises
        ------
        NncliError
            If there are more than two runs, or their weights cannot be compared.
        """
        if len(self.runs) != 2:
            raise NncliError(
                f"{len(self.runs)} runs: the weights of two can be compared", hint="name two runs"
            )
        return parting(*self.runs)

    @cached_property
    def paired(self) -> Mapping[str, PairedDifference]:
        """Differences between two runs on the same held-out rows, by name; empty where there are none."""
        return {} if len(self.runs) != 2 or self.incomparable else paired_differences(*self.runs)

    def table(self, *, ranges: bool = True) -> list[list[str]]:
        """Return rows of text below a header: settings, then measures, the best marked.

        There is a row for each group; where all runs are of one config, a row for each run, and their median.

        Parameters
        ----------
        ranges : with the number of runs in each group, and their range beside the median.
        """
        if len(self.groups) == 1:
            return self._by_seed()
        several = ranges and any(len(group.runs) > 1 for group in self.groups)
        rows = [["run", *(["runs"] if several else []), *short_keys(self.differing), *self.measures]]
        best = {name: self.best(name) for name in self.measures}
        for position, group in enumerate(self.groups):
            settings = [shown(value) or "-" for value in group.settings.values()]
            marks = [f" {BEST}" if position in best[name] else "  " if best[name] else "" for name in best]
            cells = [
                self._cell(group, name, ranges=ranges) + mark for name, mark in zip(best, marks, strict=True)
            ]
            rows.append([group.name, *([str(len(group.runs))] if several else []), *settings, *cells])
        return rows

    def _by_seed(self) -> list[list[str]]:
        (group,) = self.groups
        values = [self.values(group, name) for name in self.measures]
        rows = [["run", "seed", *self.measures]]
        for position, run in enumerate(group.runs):
            cells = [
                self._shown(name, each[position]) for name, each in zip(self.measures, values, strict=True)
            ]
            rows.append([run.name, _seed(run), *cells])
        medians = [
            self._shown(name, np.median(each)) for name, each in zip(self.measures, values, strict=True)
        ]
        return [*rows, ["median", "", *medians]]

    def _cell(self, group: RunGroup, name: str, *, ranges: bool) -> str:
        """Show a value; of several runs the median, with `ranges` also the lowest and highest."""
        values = self.values(group, name)
        if len(values) == 1:
            return self._shown(name, values[0])
        low, middle, high = (
            self._shown(name, each) for each in (values.min(), np.median(values), values.max())
        )
        return f"{middle} ({low} to {high})" if ranges else middle

    def _shown(self, name: str, value: float) -> str:
        return _epochs(float(value)) if name == self.target_name else measured(float(value))

    def _repr_html_(self) -> str:
        header, *rows = self.table()
        return html_table(rows, header)


def compare_runs(runs: Sequence[Run], target: Target | None = None) -> RunComparison:
    """Compare runs: the keys in which their configs differ, their results, and the epochs to a target.

    Raises
    ------
    NncliError
        If there are fewer than two, one twice, or a run did not record the target's metric.
    """
    if len({run.path.resolve() for run in runs}) < max(2, len(runs)):
        raise NncliError(
            f"compare needs two different runs, found {', '.join(str(run.path) for run in runs) or 'none'}",
            hint="name two or more: nncli compare RUN RUN" if runs else "train two first: nncli train CONFIG",
        )
    for run in runs:
        _require_recorded(run, target)
    by_config: dict[str, list[Run]] = {}
    settings = {run: settings_of(run) for run in runs}
    for run in runs:
        by_config.setdefault(str(_without_seed(settings[run])), []).append(run)
    firsts = [settings[group[0]] for group in by_config.values()]
    differing = differing_keys(firsts)
    groups = [
        RunGroup(tuple(group), {key: first.get(key, "") for key in differing})
        for group, first in zip(by_config.values(), firsts, strict=True)
    ]
    return RunComparison(tuple(groups), target)


def differing_keys(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys, other than seeds, whose values differ between the settings of runs.

    Where networks differ in depth, the key `network.layers` stands for those of the layers.
    """
    keys = [key for key in _keys(settings) if len({each.get(key) for each in settings}) > 1]
    if len({each[ALL_LAYERS].count(",") for each in settings}) > 1:
        keys = [key for key in keys if not key.startswith(f"{ALL_LAYERS}[")]
    return [key for key in keys if not _is_seed(key)]


def short_keys(keys: Sequence[str]) -> list[str]:
    """Return the last parts of keys, or the whole keys where these are not unique, or say too little."""
    short = [key.rpartition(".")[2] for key in keys]
    is_telling = [name != "name" and short.count(name) == 1 for name in short]
    return [name if telling else key for name, telling, key in zip(short, is_telling, keys, strict=True)]


def higher_is_better(name: str) -> bool:
    """Tell whether a metric, of whatever set, is better the higher it is."""
    bare = re.sub(f"^({'|'.join(PREFIXES.values())})", "", name)
    return bare in METRICS and METRICS[bare].higher_is_better


def _require_recorded(run: Run, target: Target | None) -> None:
    if target and target.name not in run.history:
        known = [name for name in run.history if name != "epoch"]
        raise NncliError(
            f"target '{shown(target.name)}' is not in the history of {run.path}",
            hint=suggestion(target.name, known, "recorded", "metrics"),
        )


def telling_results(run: Run) -> dict[str, float]:
    """Return the results on the test set, else the validation set, else the training set, by name."""
    results = _results(run)
    names = list(run.results)
    part = next((prefix for prefix in ("test_", "val_") if prefix + names[0] in results), "")
    return {part + name: results[part + name] for name in names}


def _results(run: Run) -> dict[str, float]:
    """Results by name: those of the training set without a prefix."""
    prefixes = {**PREFIXES, "train": ""}
    parts = run.results_by_part
    return {prefixes[part] + name: value for part in parts for name, value in parts[part].items()}


def _in_all(name: str, results: Sequence[Mapping[str, float]]) -> bool:
    return all(name in each for each in results)


def settings_of(run: Run) -> dict[str, str]:
    """Return every key of the resolved config, except the name, and its value as text."""
    resolved = run.config.resolved(ROOT)
    resolved.pop("name")
    if run.config.dataset.path is not None:
        resolved["dataset"]["path"] = Path(run.config.dataset.path).name
    return dict(_flattened(resolved))


def _flattened(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if key == "layers":
            yield from _layers(value, f"{prefix}layers")
        elif isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _text(value)


def _layers(layers: Sequence[Mapping[str, Any]], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the layers' units and activations as a word, and their other keys."""
    yield prefix, ", ".join(map(_layer, layers))
    for index, layer in enumerate(layers):
        options = {key: value for key, value in layer["activation"].items() if key != "name"}
        others = {key: value for key, value in layer.items() if key not in ("units", "activation", "bias")}
        yield from _flattened({**options, **others}, f"{prefix}[{index}].")


def _layer(layer: Mapping[str, Any]) -> str:
    return f"{layer['activation']['name']} {layer['units']}{'' if layer['bias'] else ' without bias'}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)


def _seed(run: Run) -> str:
    seed = run.config.seed
    return str(seed.training) if seed.data == seed.training else f"{seed.training} (data {seed.data})"


def _is_seed(key: str) -> bool:
    return key == "seed" or key.startswith("seed.")


def _without_seed(settings: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in settings.items() if not _is_seed(key)}


def _keys(settings: Sequence[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(key for each in settings for key in each))


def _epochs(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else NEVER
