"""The epoch at which the recorded weights of two runs part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nncli.inspection import comparison
from nncli.inspection.comparison import Difference
from nncli.messages.errors import RunError
from nncli.runs import Run
from nncli.runs.run import SNAPSHOTS


@dataclass(frozen=True)
class Parting:
    """Epoch at which the weights of two runs part.

    Attributes
    ----------
    epochs : the number of epochs at which both recorded weights.
    last_equal : the last of them up to which all weights are equal; None if the first differ.
    difference : the weight that differs most at the first epoch that differs; None if none does.
    """

    runs: tuple[Run, Run]
    epochs: int
    last_equal: int | None
    difference: Difference | None

    def __str__(self) -> str:
        first, second = (run.path for run in self.runs)
        if self.difference is None:
            return f"{first} and {second}: all weights are equal at {self.epochs:,} recorded epochs"
        found, index = self.difference, ",".join(map(str, self.difference.index))
        since = "" if self.last_equal is None else f" (equal up to epoch {self.last_equal:,})"
        return (
            f"{first} and {second}: weights differ from epoch {found.epoch:,} on{since}; "
            f"{found.tensor}[{index}] is {found.before!r} and {found.now!r}, "
            f"relative difference {found.relative:.1e}"
        )


def parting(first: Run, second: Run) -> Parting:
    """Find the first recorded epoch at which the weights of two runs differ in a bit.

    Raises
    ------
    RunError
        If the networks have different shapes, or no epoch is recorded in both.
    """
    shapes = [[layer.shape for layer in run.model.network.layers] for run in (first, second)]
    if shapes[0] != shapes[1]:
        raise RunError(
            f"{first.path} and {second.path}: the networks have different shapes, so their weights cannot be "
            "compared",
            hint="compare runs of the same architecture",
        )
    then, now = (
        comparison.weights(SNAPSHOTS, run.snapshots.weight_epochs, run.snapshots.weights, run.model.network)
        for run in (first, second)
    )
    shared = np.intersect1d(then.epochs, now.epochs)
    if not len(shared):
        raise RunError(
            f"{first.path} and {second.path}: no epoch has recorded weights in both",
            hint="set record.weights: auto and train again",
        )
    difference = next(iter(comparison.differences(then, now)), None)
    before = shared[shared < difference.epoch] if difference else shared
    return Parting((first, second), len(shared), int(before[-1]) if len(before) else None, difference)
