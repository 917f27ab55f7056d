"""Sweeps on a cluster of real processes: the same bits as here, whoever is killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nncli
from nncli.many.cluster import Cluster
from nncli.many.pool import Backend, Processes
from nncli.many.space import Axis
from nncli.many.sweep import SweepOptions, SweepPlan
from nncli.many.sweep_folder import opened_sweep
from nncli.many.trial import SweepTrial

pytest.importorskip("distributed")

from tests.many.dask_cluster import DaskCluster

GRID = "optimizer.learning_rate=log:0.001..0.5"
TRIALS = 60


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A cluster with one worker that stays."""
    with DaskCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.worker("stays")
        cluster.wait_for(1)
        yield cluster


def iris(epochs: int = 30, **changes: Any) -> dict[str, Any]:
    return {
        "dataset": {"name": "iris", "split": {"validation": 0.2, "test": 0.2}},
        "network": {"hidden": [8]},
        "metrics": ["accuracy"],
        "optimizer": "adam",
        "training": {"epochs": epochs},
        **changes,
    }


def plan_of(config: dict[str, Any], trials: int | None = TRIALS, grid: str = GRID) -> SweepPlan:
    return SweepPlan.of(
        nncli.Config.of(config, folder=Path.cwd()), [Axis.parse(grid)], SweepOptions(trials=trials)
    )


def trained(plan: SweepPlan, folder: str, where: Backend) -> list[SweepTrial]:
    with opened_sweep(Path(folder), plan.identity) as opened:
        return sorted(plan.trained(opened, where), key=lambda trial: trial.number)


def test_killed_workers_lose_no_result(shared: DaskCluster) -> None:
    victims = [shared.worker(name) for name in ("first", "second")]
    shared.wait_for(3)
    plan, found = plan_of(iris(200)), list[SweepTrial]()
    with opened_sweep(Path("many"), plan.identity) as folder:
        for trial in plan.trained(folder, Cluster(shared.address)):
            found.append(trial)
            if len(found) in (5, 15):
                victims[len(found) // 15].send_signal(signal.SIGKILL)
    assert [victim.wait() for victim in victims] == [-signal.SIGKILL] * 2
    assert len(Path("many/trials.jsonl").read_text().splitlines()) == TRIALS
    assert sorted(found, key=lambda trial: trial.number) == trained(plan, "one", Processes())


def test_a_table_is_sent_to_workers_that_cannot_read_it(shared: DaskCluster) -> None:
    Path("data").mkdir()
    rows = "".join(f"{k},{(k * 7) % 5 + k / 3:.4f},{k % 3}\n" for k in range(40))
    Path("data/d.csv").write_text("x1,x2,y\n" + rows)
    dataset = {"path": "data/d.csv", "targets": "y", "task": "regression", "split": {"validation": 8}}
    plan = plan_of(iris(dataset=dataset, metrics=[]), None, "seed.data=1,2,3")
    expected = trained(plan, "one", Processes())
    assert {trial.status for trial in expected} == {"finished"}
    assert trained(plan, "many", Cluster(shared.address)) == expected
