"""Rows that are held out of training: measured as it runs and at its end, and learned from by nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.inference.conditions import Condition, by_name, measured_names
from nncli.messages.errors import CheckFailed, NncliError
from nncli.nn.metrics import METRICS
from nncli.runs import Run
from nncli.training.experiment import Experiment, build
from tests import stepwise

ROWS = [[x / 40, (x / 40) ** 2] for x in range(40)]


def experiment(split: dict[str, Any], rows: list[list[Any]] | None = None, **changes: Any) -> Experiment:
    columns = ["x", "y", "part"][: len((rows or ROWS)[0])]
    dataset = {"columns": columns, "rows": rows or ROWS, "targets": ["y"], "split": split}
    layers = [{"units": 3, "activation": "tanh"}, {"units": 1}]
    values = {"dataset": dataset, "network": {"layers": layers}, "metrics": ["mae", "r2"], **changes}
    return build(Config.of(values))


SPLIT = {"validation": 0.2, "test": 5}


def test_every_row_is_in_one_part_of_the_size_asked_for() -> None:
    system = experiment(SPLIT)
    parts = [system.rows.training, system.rows.held_out["validation"], system.rows.held_out["test"]]
    assert [len(part) for part in parts] == [27, 8, 5]
    together = np.concatenate([part.X[:, 0] for part in parts])
    assert sorted(together) == [row[0] for row in ROWS]
    assert all(np.array_equal(part.table.numbers("x"), part.X[:, 0]) for part in parts)
    assert len(system.rows.whole) == 40


def test_column_can_name_the_part_and_is_no_input() -> None:
    rows = [[*row, ["train", "val", "test"][index % 3]] for index, row in enumerate(ROWS)]
    system = experiment({"column": "part"}, rows)
    assert system.rows.training.columns.inputs == ("x",)
    assert system.rows.held_out["test"].X[:, 0].tolist() == [row[0] for row in ROWS[2::3]]


def test_held_out_rows_change_no_weight() -> None:
    def weights(targets: float) -> np.ndarray:
        held_out = {float(x) for part in experiment(SPLIT).rows.held_out.values() for x in part.X[:, 0]}
        rows = [[x, targets if x in held_out else y] for x, y in ROWS]
        system = experiment(SPLIT, rows, training={"epochs": 20, "batch_size": 4})
        return list(stepwise.train(system))[-1].parameters

    assert np.array_equal(weights(0.0), weights(1000.0))


def test_split_stays_whatever_the_network_and_its_seed() -> None:
    first = experiment(SPLIT)
    second = experiment(SPLIT, network={"layers": [{"units": 1}]}, seed={"data": 0, "training": 9})
    other = experiment(SPLIT, seed={"data": 1, "training": 0})
    assert np.array_equal(first.rows.training.X, second.rows.training.X)
    assert not np.array_equal(first.rows.training.X, other.rows.training.X)


def test_history_measures_the_validation_rows_after_each_epoch(tmp_path: Path) -> None:
    system = experiment(SPLIT, training={"epochs": 12, "batch_size": 4})
    reports = list(stepwise.epochs(runs.record(system, Run(tmp_path))))
    run = Run(tmp_path)
    assert list(run.history) == [
        *("epoch", "loss", "val_loss", "mae", "r2", "val_mae", "val_r2", "learning_rate", "gradient_norm")
    ]
    held_out = system.rows.held_out["validation"]
    for row, report in enumerate(reports):
        A = system.network.predict(report.parameters, held_out.X)
        assert run.history["val_loss"][row] == pytest.approx(np.square(A - held_out.Y).mean(), rel=1e-14)
        assert run.history["val_mae"][row] == METRICS["mae"](A, held_out.Y)


def test_results_are_of_every_part(tmp_path: Path) -> None:
    system = experiment(SPLIT, training={"epochs": 3})
    list(runs.record(system, Run(tmp_path)))
    run = Run(tmp_path)
    assert list(run.results_by_part) == ["train", "validation", "test"]
    test = system.rows.held_out["test"]
    A = run.model.network.predict(run.model.parameters, test.X)
    assert run.results_by_part["test"]["mae"] == METRICS["mae"](A, test.Y)
    assert run.results == run.results_by_part["train"]


def test_damaged_results_of_a_part_are_reported(tmp_path: Path) -> None:
    list(runs.record(experiment(SPLIT, training={"epochs": 1}), Run(tmp_path)))
    stored = json.loads((tmp_path / runs.RESULTS).read_text())
    (tmp_path / runs.RESULTS).write_text(json.dumps({**stored, "test": 3}))
    with pytest.raises(NncliError, match="the results are missing"):
        _ = Run(tmp_path).results


RESULTS = {"train": {"mae": 1.0}, "validation": {"mae": 2.0}, "test": {"mae": 3.0}}


@pytest.mark.parametrize(
    ("parts", "name", "value"),
    [
        (["train"], "mae", 1.0),
        (["train"], "train_mae", 1.0),
        (["train", "validation"], "mae", 2.0),
        (["train", "validation"], "val_mae", 2.0),
        (["train", "validation", "test"], "mae", 3.0),
        (["train", "test"], "test_mae", 3.0),
        (["train", "validation", "test"], "train_mae", 1.0),
    ],
)
def test_condition_without_a_part_is_on_the_one_that_says_most(
    parts: list[str], name: str, value: float
) -> None:
    results = by_name({part: RESULTS[part] for part in parts})
    with pytest.raises(CheckFailed):
        Condition.parse(f"{name} >= {value}", list(results)).check(results)
    Condition.parse(f"{name} > {value}", list(results)).check(results)


def test_names_of_conditions_are_those_of_the_results(tmp_path: Path) -> None:
    system = experiment(SPLIT, training={"epochs": 1})
    list(runs.record(system, Run(tmp_path)))
    assert sorted(measured_names(system)) == sorted(by_name(Run(tmp_path).results_by_part))
    assert "val_mae" not in measured_names(experiment({}))


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"validation": 20, "test": 20}, "dataset.split: validation and test take 40 rows of 40"),
        ({"validation": 0.001}, r"dataset.split.validation: 0.001 of 40 rows rounds to 0 rows"),
        ({"validation": -1}, "dataset.split.validation: "),
        ({"stratify": True, "test": 3}, "dataset.split.stratify: stratify needs one target column"),
        ({"column": "prat"}, "dataset.split.column: no column named 'prat'"),
    ],
)
def test_split_that_cannot_be_is_reported_at_its_key(split: dict[str, Any], message: str) -> None:
    with pytest.raises(NncliError, match=message):
        experiment(split)


@pytest.mark.parametrize("baselines", [3, {"train": 3}, {"train": {"loss": "low"}}, {"train": {}}])
def test_damaged_results_of_a_baseline_are_reported(tmp_path: Path, baselines: object) -> None:
    list(runs.record(experiment(SPLIT, training={"epochs": 1}), Run(tmp_path)))
    stored = json.loads((tmp_path / runs.RESULTS).read_text())
    (tmp_path / runs.RESULTS).write_text(json.dumps({**stored, "baseline": baselines}))
    with pytest.raises(NncliError, match="damaged: the baselines are missing"):
        _ = Run(tmp_path).baselines_by_part
    (tmp_path / runs.RESULTS).write_text(json.dumps({name: stored[name] for name in ("epoch", "train")}))
    assert Run(tmp_path).baselines_by_part == {}  # of a run of an earlier nncli


@pytest.mark.parametrize("epoch", [-1, 1.5, "1"])
def test_a_damaged_epoch_of_the_results_is_reported(tmp_path: Path, epoch: object) -> None:
    list(runs.record(experiment(SPLIT, training={"epochs": 1}), Run(tmp_path)))
    stored = json.loads((tmp_path / runs.RESULTS).read_text())
    (tmp_path / runs.RESULTS).write_text(json.dumps({**stored, "epoch": epoch}))
    with pytest.raises(NncliError, match="its epoch is not a whole number"):
        _ = Run(tmp_path).epoch
