"""Sweeps: the values tried, the choice of the best, and results that survive killed processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.many.pool import MOST_CRASHES, Processes, completed
from nncli.many.sweeps.folder import opened_sweep
from nncli.many.sweeps.plan import SweepOptions, SweepPlan
from nncli.many.sweeps.space import Axis, Space
from nncli.many.sweeps.trial import SweepTrial, best_of

IRIS: dict[str, Any] = {
    "dataset": {"name": "iris", "split": {"validation": 0.2, "test": 0.2}},
    "network": {"hidden": [8]},
    "metrics": ["accuracy"],
    "optimizer": "adam",
    "training": {"epochs": 30},
}
RATES = "optimizer.learning_rate=0.001,0.01,0.1,0.3"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def space_of(*grid: str) -> Space:
    return Space(tuple(map(Axis.parse, grid)))


def trials(config: dict[str, Any], workers: int, folder: str, grid: str = RATES) -> list[SweepTrial]:
    plan = SweepPlan.of(nncli.Config.of(config), [Axis.parse(grid)], SweepOptions())
    with opened_sweep(Path(folder), plan.identity) as opened:
        return sorted(plan.trained(opened, Processes(workers)), key=lambda trial: trial.number)


def test_each_trial_is_a_training_with_its_values() -> None:
    grid = {"optimizer.learning_rate": [0.01, 0.1], "seed.training": [3, 4]}
    found = nncli.sweep(IRIS, grid=grid)
    assert [[*trial.values.values()] for trial in found.trials] == [
        ["0.01", "3"],
        ["0.01", "4"],
        ["0.1", "3"],
        ["0.1", "4"],
    ]
    for trial in found.trials:
        rate, seed = trial.values.values()
        config = {**IRIS, "optimizer": {"name": "adam", "learning_rate": float(rate)}}
        run = nncli.train({**config, "seed": {"data": 0, "training": int(seed)}})
        assert trial.metrics["val_loss"] == run.results_by_part["validation"]["loss"]
        assert (trial.epochs, trial.status) == (30, "finished")


def test_the_best_by_the_validation_set_is_kept_as_a_run() -> None:
    found = nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.001, 0.1, 0.01]}, output="s")
    losses = [trial.metrics["val_loss"] for trial in found.trials]
    assert found.best is found.trials[int(np.argmin(losses))]
    assert [trial.metrics["val_loss"] for trial in found.ranked] == sorted(losses)
    run = nncli.open_run("s/best")
    assert run.results_by_part["validation"]["loss"] == min(losses)
    assert nncli.reproduce(run).identical


def test_a_metric_for_which_higher_is_better_is_maximized() -> None:
    found = nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.0001, 0.1]}, metric="accuracy")
    assert found.metric == "val_accuracy"
    assert found.best is found.trials[1]
    assert found.trials[1].metrics["val_accuracy"] > found.trials[0].metrics["val_accuracy"]


def test_a_diverged_trial_is_a_result_and_never_the_best() -> None:
    found = nncli.sweep(IRIS, grid={"optimizer.learning_rate": [1e12, 0.01]})
    assert [trial.status for trial in found.trials] == ["diverged", "finished"]
    assert found.best is found.trials[1]
    assert "diverged" in str(found.trials[0].message)
    low = replace(found.trials[0], metrics={"val_loss": 0.0})
    assert best_of([low, found.trials[1]], "val_loss", higher_is_better=False) is found.trials[1]
    assert best_of([low], "val_loss", higher_is_better=False) is None


@pytest.mark.parametrize("workers", [2, 3])
def test_results_do_not_depend_on_the_number_of_workers(workers: int) -> None:
    wide = {**IRIS, "network": {"hidden": [300]}, "training": {"epochs": 3}}  # two threads, if left open
    assert trials(wide, workers, "many") == trials(wide, 1, "one")


def test_killed_workers_lose_no_result() -> None:
    expected = trials(IRIS, 1, "one")
    plan = SweepPlan.of(nncli.Config.of(IRIS), [Axis.parse(RATES)], SweepOptions())
    found: list[SweepTrial] = []
    with opened_sweep(Path("many"), plan.identity) as folder:
        for trial in plan.trained(folder, Processes(2)):
            found.append(trial)
            if len(found) <= 2:
                workers = multiprocessing.active_children()
                assert workers
                for worker in workers:
                    os.kill(int(worker.pid or 0), signal.SIGKILL)
    assert sorted(found, key=lambda trial: trial.number) == expected
    assert len(Path("many/trials.jsonl").read_text().splitlines()) == 4


def kills_itself(task: tuple[str, str]) -> str:
    """Die if asked to, and count the attempts in a file."""
    what, counter = task
    with Path(counter).open("a") as file:
        file.write("x")
    if what == "always" or (what == "once" and Path(counter).stat().st_size == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return what


def test_a_call_that_kills_its_process_three_times_is_given_up_and_no_other() -> None:
    tasks = {k: (what, f"count{k}") for k, what in enumerate(["never", "always", "once", "never", "never"])}
    found = dict(completed(kills_itself, iter(tasks.items()), len(tasks), Processes(2)))
    assert found == {0: "never", 1: None, 2: "once", 3: "never", 4: "never"}
    # Beside another task, it is not known which of the two killed the process.
    assert Path("count1").stat().st_size in (MOST_CRASHES, MOST_CRASHES + 1)


def test_finished_trials_are_not_trained_again() -> None:
    first = nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.01, 0.1]}, output="s")
    lines = Path("s/trials.jsonl").read_text().splitlines()
    marked = {**json.loads(lines[0]), "epochs": 7777}
    Path("s/trials.jsonl").write_text(json.dumps(marked) + "\n" + lines[1][:40])  # the last one is torn
    again = nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.01, 0.1]}, output="s")
    assert [trial.epochs for trial in again.trials] == [7777, 30]
    assert again.trials[1] == first.trials[1]
    assert len(Path("s/trials.jsonl").read_text().splitlines()) == 2
    assert nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.01, 0.1]}, output="s").trials == again.trials


def test_a_trial_is_kept_as_soon_as_it_is_there() -> None:
    plan = SweepPlan.of(nncli.Config.of(IRIS), [Axis.parse(RATES)], SweepOptions())
    with opened_sweep(Path("s"), plan.identity) as folder:
        first = next(plan.trained(folder))
        lines = Path("s/trials.jsonl").read_text().splitlines()
        assert [json.loads(line)["number"] for line in lines] == [first.number]


def test_threads_that_the_config_leaves_open_are_one() -> None:
    wide = nncli.Config.of({**IRIS, "network": {"hidden": [300]}})
    assert SweepPlan.of(wide, [Axis.parse(RATES)], SweepOptions()).configs[0].training.threads == 1
    two = SweepPlan.of(wide.changed(("training", "threads"), 2), [Axis.parse(RATES)], SweepOptions())
    assert two.configs[0].training.threads == 2


def test_more_draws_continue_a_sweep_with_fewer() -> None:
    axis = {"optimizer.learning_rate": "log:0.001..0.1"}
    few = nncli.sweep(IRIS, grid=axis, trials=2, output="s")
    more = nncli.sweep(IRIS, grid=axis, trials=4, output="s")
    assert more.trials[:2] == few.trials
    assert len(more.trials) == 4


@pytest.mark.parametrize(
    ("change", "rate", "words"),
    [
        ({"training": {"epochs": 31}}, 0.01, "another config"),
        ({"seed": 1}, 0.01, "another config"),
        ({}, 0.02, "another grid"),
    ],
)
def test_another_sweep_is_refused_in_the_same_directory(
    change: dict[str, Any], rate: float, words: str
) -> None:
    nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.01]}, output="s")
    before = Path("s/trials.jsonl").read_bytes()
    with pytest.raises(nncli.RunError, match=words) as refused:
        nncli.sweep({**IRIS, **change}, grid={"optimizer.learning_rate": [rate]}, output="s")
    assert refused.value.hint
    assert Path("s/trials.jsonl").read_bytes() == before


def test_other_data_are_refused_in_the_same_directory() -> None:
    config = {
        "dataset": {"path": "d.csv", "targets": "y", "split": {"validation": 2}},
        "network": {"hidden": []},
    }
    for first in (1, 2):
        Path("d.csv").write_text("x,y\n" + "".join(f"{k},{k * 2.5}\n" for k in range(first, 9)))
        if first == 1:
            nncli.sweep(config, grid={"seed.training": [1]}, output="s")
    with pytest.raises(nncli.RunError, match="another data"):
        nncli.sweep(config, grid={"seed.training": [1]}, output="s")


def test_changed_values_of_a_kept_trial_are_refused() -> None:
    axis = {"optimizer.learning_rate": [0.01]}
    nncli.sweep(IRIS, grid=axis, output="s")
    file = Path("s/trials.jsonl")
    file.write_text(file.read_text().replace('"0.01"', '"0.02"'))
    with pytest.raises(nncli.RunError, match="other values than now"):
        nncli.sweep(IRIS, grid=axis, output="s")


def test_draws_stay_in_their_range_and_repeat() -> None:
    space = space_of("a=log:0.001..10", "b=1..3", "c=-1.5..2.5", "d=x,y")
    points = space.draws(400, 5)
    assert points == space.draws(400, 5) != space.draws(400, 6)
    rates = np.array([float(point["a"]) for point in points])
    assert 0.001 <= rates.min() < 0.002
    assert 5 < rates.max() <= 10
    assert 0.4 < (rates < 0.1).mean() < 0.6  # half of them below the geometric mean
    assert {point["b"] for point in points} == {"1", "2", "3"}
    assert all(-1.5 <= float(point["c"]) <= 2.5 for point in points)
    assert {point["d"] for point in points} == {"x", "y"}


def test_draws_from_a_grid_are_distinct() -> None:
    points = space_of("a=1,2,3,4", "b=1,2,3,4").draws(16, 0)
    assert len({(point["a"], point["b"]) for point in points}) == 16
    assert space_of("a=1,2", "b=[1,2],[3]").grid()[1] == {"a": "1", "b": "[3]"}


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"optimizer.learning_rate": "0.1..0.1"}, "the range is empty"),
        ({"optimizer.learning_rate": "1..0.1"}, "the range is empty"),
        ({"optimizer.learning_rate": "log:0..0.1"}, "must start above 0"),
        ({"optimizer.learning_rate": "0.1,,0.2"}, "a value is missing"),
        ({"optimizer.learning_rate": "0.1,0.1"}, "listed twice"),
        ({"optimizer.learning_rte": "0.1"}, "unknown key"),
        ({"optimizer.learning_rate": []}, "a value is missing"),
        ({"seed.training": range(10_001)}, "10,001 trials are more than 10,000"),
        ({}, "no values to try"),
    ],
)
def test_bad_values_are_refused_before_training(grid: dict[str, Any], words: str) -> None:
    with pytest.raises(nncli.NncliError, match=words):
        nncli.sweep(IRIS, grid=grid)
    assert not Path("sweeps").exists()


def test_a_mistake_of_the_last_trial_is_found_before_the_first_is_trained() -> None:
    with pytest.raises(nncli.NncliError, match="learning_rate=-1"):
        nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.1, -1]})
    assert not Path("sweeps").exists()


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("test_loss", "choosing by the test set makes its result too good"),
        ("train_loss", "rewards overfitting"),
        ("f1", "not measured"),
    ],
)
def test_metrics_that_cannot_choose_are_refused(metric: str, words: str) -> None:
    with pytest.raises(nncli.NncliError, match=words) as refused:
        nncli.sweep(IRIS, grid={"optimizer.learning_rate": [0.1]}, metric=metric)
    assert refused.value.hint


def test_without_a_validation_set_a_sweep_is_refused() -> None:
    with pytest.raises(nncli.NncliError) as refused:
        nncli.sweep({**IRIS, "dataset": "iris"}, grid={"optimizer.learning_rate": [0.1]})
    assert "dataset.split.validation: 0.2" in str(refused.value.hint)


def test_different_losses_are_not_compared_by_their_loss() -> None:
    grid = {"loss": ["cross_entropy", "mse"]}
    with pytest.raises(nncli.NncliError, match="different losses"):
        nncli.sweep(IRIS, grid=grid)
    assert nncli.sweep(IRIS, grid=grid, metric="accuracy").best
