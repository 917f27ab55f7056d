"""Difference between two runs on the same held-out rows, with an interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nncli.data.split import Part
from nncli.inference.conditions import PREFIXES
from nncli.inference.evaluation import evaluate_part
from nncli.inference.intervals import bootstrap
from nncli.nn.arrays import Array
from nncli.runs import Run


class PairedDifference(NamedTuple):
    """The result of the second run less that of the first, and its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Tell whether the interval leaves 0 out."""
        return self.low > 0.0 or self.high < 0.0


def paired_differences(first: Run, second: Run) -> dict[str, PairedDifference]:
    """Return the difference of each result on the test set, else on the validation set, by name.

    Both runs are measured on the same bootstrap samples of the rows, so that rows that are hard for both do
    not widen the interval. Empty if the runs do not hold out the same rows, or fewer than 20.
    """
    part = _shared_part(first, second)
    if part is None:
        return {}
    evaluations = [evaluate_part(run, part) for run in (first, second)]
    names = [name for name in evaluations[0].metrics if name in evaluations[1].metrics]

    def measure(rows: Array) -> dict[str, float]:
        before, after = (each.measure(rows) for each in evaluations)
        return {name: after[name] - before[name] for name in names}

    rows = evaluations[0].rows
    differences = measure(np.arange(rows))
    return {
        PREFIXES[part] + name: PairedDifference(differences[name], *ends)
        for name, ends in bootstrap(measure, rows).items()
    }


def _shared_part(first: Run, second: Run) -> Part | None:
    """Return the set whose rows both runs hold out: the test set, else the validation set."""
    held_out = [run.experiment.rows.held_out for run in (first, second)]
    for part in ("test", "validation"):
        sets = [each[part] for each in held_out if part in each]
        if len(sets) == 2 and len(sets[0]) == len(sets[1]):
            cells = [{name: [*column] for name, column in each.table.columns.items()} for each in sets]
            if cells[0] == cells[1]:
                return part
    return None
