"""Rounds in which every system takes its turn, and the ratios turn by turn."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks.processes import Turn, prepare, turn
from benchmarks.systems import c
from benchmarks.workloads import CORE, NUMBA, NUMBA_UPDATES, PYARROW, UPDATES, Goal, Workload
from nncli import api, engines
from nncli.config import Config

NEEDS = {"sklearn": "sklearn", "pytorch": "torch", "jax": "jax", "pandas": "pandas", "read_csv": "pandas"}
LIMITS = ("c", "products")


@dataclass
class Measured:
    """The turns of each system in a workload, round by round."""

    workload: Workload
    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def seconds(self, system: str) -> float:
        """The median of a system's seconds."""
        return median(turn.seconds for turn in self.turns[system])

    def memory(self, system: str) -> float:
        """The median of a system's peak memory."""
        return median(turn.memory for turn in self.turns[system])

    def loss(self, system: str) -> float | None:
        """The loss at which a system ended."""
        return self.turns[system][-1].loss

    def agrees(self, system: str) -> bool:
        """Tell whether a system always ended at nncli's loss; a limit without a loss is taken as it is."""
        expected = self.loss(CORE)
        found = [turn.loss for turn in self.turns[system] if turn.loss is not None]
        return all(
            expected is not None and abs(loss - expected) <= self.workload.tolerance * abs(expected)
            for loss in found
        )

    def ratio(
        self, system: str, ours: str, quantity: Literal["seconds", "memory"] = "seconds"
    ) -> float | None:
        """The median over the rounds of a system's seconds or memory, divided by nncli's in the same round.

        None if one of the two was not run or did not end at the same loss.
        """
        if not {system, ours} <= self.turns.keys() or not (self.agrees(system) and self.agrees(ours)):
            return None
        pairs = zip(self.turns[system], self.turns[ours], strict=True)
        return median(getattr(theirs, quantity) / getattr(mine, quantity) for theirs, mine in pairs)

    def reached(self, goal: Goal, ours: str) -> float | None:
        """The ratio that a goal asks for."""
        return self.ratio(goal.system, ours, goal.quantity)


def available(workload: Workload) -> list[str]:
    """The systems of a workload that can run here, nncli first."""
    ours = [CORE]
    has_numba = "numba" in engines.ENGINES and workload.kind == "train" and supported(workload, "numba")
    if has_numba:
        ours.append(NUMBA)
    if any(goal.part == "updates" or goal.system == UPDATES for goal in workload.goals):
        ours += [UPDATES, NUMBA_UPDATES] if has_numba else [UPDATES]
    if workload.kind in ("predict", "read") and importlib.util.find_spec("pyarrow"):
        ours.append(PYARROW)
    return [*ours, *(name for name in workload.systems if is_present(name))]


def supported(workload: Workload, engine: str) -> bool:
    experiment = api.check(Config.of(workload.config))
    rows = len(experiment.rows.training)
    return engines.ENGINES[engine].supports(experiment.network, experiment.recipe, rows) is None


def is_present(system: str) -> bool:
    """Tell whether what a system needs is installed."""
    if system == "c":
        return c.compiler() is not None
    return system not in NEEDS or importlib.util.find_spec(NEEDS[system]) is not None


def measured(workload: Workload, rounds: int, systems: Sequence[str], folder: Path) -> Measured:
    """Measure a workload: in each round every system takes one turn."""
    prepare(workload, folder)
    found = Measured(workload, {name: [] for name in systems})
    for _ in range(rounds):
        for name, turns in found.turns.items():
            turns.append(turn(workload, name, folder))
    return found
