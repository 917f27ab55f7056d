"""The list of runs: status, settings that differ, and results on held-out rows, sorted by any of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nncli.inspection.compare.side_by_side import (
    differing_keys,
    higher_is_better,
    settings_of,
    short_keys,
    telling_results,
)
from nncli.messages.errors import NncliError, RunError
from nncli.messages.suggestions import suggestion
from nncli.messages.wording import shown
from nncli.runs import Run

FACTS = ("run", "status", "date", "epochs", "seed")
MOST_SETTINGS = 5  # that differ; where more do, the runs are of different problems


@dataclass(frozen=True)
class ListedRun:
    """A run in the list.

    Attributes
    ----------
    info : run.json; the status alone of a damaged run.
    settings : values of the keys that differ between the runs, as text.
    results : on the test set, else the validation set, else the training set, by name; empty of an unfinished
        or a damaged run.
    """

    run: Run
    info: Mapping[str, Any]
    settings: Mapping[str, str]
    results: Mapping[str, float]

    @property
    def facts(self) -> dict[str, str]:
        """Name, status, date, epochs and seed as text."""
        seed = self.info.get("seed", "")
        values = [
            self.run.name,
            self.info.get("status"),
            str(self.info.get("started", ""))[:16].replace("T", " "),
            self.info.get("epochs", ""),
            seed.get("training", "") if isinstance(seed, Mapping) else seed,
        ]
        return dict(zip(FACTS, map(str, values), strict=True))


def list_of_runs(runs: Sequence[Run], sort: str | None = None) -> list[ListedRun]:
    """Return the runs with what the list shows of them.

    Parameters
    ----------
    sort : a fact, a differing key or a result; results from the best to the worst, everything else ascending
        (default: the order given).

    Raises
    ------
    NncliError
        If there is no such column.
    """
    settings = {run: _settings(run) for run in runs}
    known = [each for each in settings.values() if each]
    keys = differing_keys(known) if len(known) > 1 else []
    keys = [key for key in keys if key != "training.epochs"]  # the epochs trained are shown in any case
    chosen = keys if len(keys) <= MOST_SETTINGS else []
    every = [
        ListedRun(run, _info(run), {key: settings[run].get(key, "") for key in chosen}, _results(run))
        for run in runs
    ]
    return every if sort is None else sorted(every, key=lambda each: _order(each, _column(every, sort)))


def _column(every: Sequence[ListedRun], name: str) -> str:
    """Return the fact, the key or the result that a name stands for."""
    keys = list(every[0].settings) if every else []
    results = list(dict.fromkeys(result for each in every for result in each.results))
    known = {
        **dict(zip(short_keys(keys), keys, strict=True)),
        **{each: each for each in (*FACTS, *keys, *results)},
    }
    for prefix in ("", "test_", "val_"):
        if prefix + name in known:
            return known[prefix + name]
    hint = suggestion(name, known, "columns")
    raise NncliError(f"cannot sort by '{shown(name)}': no such column", hint=hint)


def _order(each: ListedRun, column: str) -> tuple[int, float, str]:
    """Order results by quality and other numbers by size, before texts; blanks come last."""
    on_rows = [f"{prefix}{column}" for prefix in ("", "test_", "val_") if f"{prefix}{column}" in each.results]
    if on_rows:
        value = each.results[on_rows[0]]
        sign = -1.0 if higher_is_better(column) else 1.0
        return (2, 0.0, "") if math.isnan(value) else (0, sign * value, "")
    text = {**each.facts, **each.settings}.get(column, "")
    try:
        return 0, float(text), ""
    except ValueError:
        return (1, 0.0, text) if text else (2, 0.0, "")


def _settings(run: Run) -> dict[str, str]:
    try:
        return settings_of(run)
    except NncliError:
        return {}


def _results(run: Run) -> dict[str, float]:
    try:
        return telling_results(run)
    except RunError:
        return {}


def _info(run: Run) -> dict[str, Any]:
    try:
        return {**run.info, "status": run.status}
    except RunError:
        return {"status": "damaged"}
