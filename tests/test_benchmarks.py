"""The benchmarks compare like with like: every system ends at the same loss, or its time does not count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import table
from benchmarks.measure import Measured, is_present, measured
from benchmarks.processes import Turn
from benchmarks.workloads import CORE, UPDATES, Goal, Workload, workloads

WORKLOADS = {work.name: work for work in workloads()}


def shortened(work: Workload, epochs: int) -> Workload:
    training = {**work.config["training"], "epochs": epochs}
    return replace(work, config={**work.config, "training": training})


@pytest.mark.parametrize(("name", "epochs"), [("W1", 2), ("W2", 2), ("W3a", 1)])
def test_plain_loop_and_c_end_at_the_loss_of_nncli(name: str, epochs: int, tmp_path: Path) -> None:
    systems = [CORE, UPDATES, *(system for system in ("plain", "c") if is_present(system))]
    found = measured(shortened(WORKLOADS[name], epochs), 1, systems, tmp_path)
    assert all(found.agrees(system) for system in systems), {one: found.loss(one) for one in systems}
    assert f"**{name}**" in table.details(found)


def of_losses(ours: float, theirs: float) -> Measured:
    goal = Goal("sklearn", core=3.0)
    work = replace(WORKLOADS["W1"], goals=(goal,))
    mine = [Turn(seconds, 1.0, ours) for seconds in (1.0, 2.0, 10.0)]
    others = [Turn(seconds, 1.0, theirs) for seconds in (4.0, 4.0, 20.0)]
    return Measured(work, {CORE: mine, "sklearn": others})


def test_a_ratio_is_the_median_of_the_ratios_of_each_round() -> None:
    assert of_losses(0.5, 0.5).ratio("sklearn", CORE) == 2.0


def test_a_time_with_another_loss_does_not_count() -> None:
    found = of_losses(0.5, 0.6)
    assert found.ratio("sklearn", CORE) is None
    assert "(differs)" in table.details(found)


def test_a_goal_that_is_not_reached_stays_in_the_table() -> None:
    assert "| 3x | 2x | falls short |" in table.goals([of_losses(0.5, 0.5)])
