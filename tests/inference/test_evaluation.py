from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.inference.evaluation import evaluate_rows, part
from nncli.messages.errors import DataError, RunError
from nncli.runs import Run
from nncli.tables.table import Table
from nncli.training import experiment
from nncli.training.divergence import Diverged

ROWS = [[x / 40, x / 20, 1 - x / 40] for x in range(40)]


def run(path: Path, split: dict[str, Any], **changes: Any) -> Run:
    dataset = {"columns": ["x", "a", "b"], "rows": ROWS, "targets": ["a", "b"], "split": split}
    layers = [{"units": 2, "weights": [[2.0], [1.0]], "biases": [0.5, 0.0]}]
    values = {"dataset": dataset, "network": {"layers": layers}, "metrics": ["mse", "mae"], **changes}
    with suppress(Diverged):
        list(runs.record(experiment.build(Config.of({**values, "training": {"epochs": 0}})), Run(path)))
    return Run(path)


@pytest.mark.parametrize(
    ("split", "last"),
    [
        ({}, "train"),
        ({"validation": 4}, "validation"),
        ({"test": 4}, "test"),
        ({"validation": 4, "test": 4}, "test"),
    ],
)
def test_part_that_says_most_of_new_rows_is_measured(
    split: dict[str, Any], last: str, tmp_path: Path
) -> None:
    trained = run(tmp_path, split)
    assert part(trained)[0] == last
    assert [part(trained, name) for name in trained.experiment.rows.by_part] == list(
        trained.experiment.rows.by_part.items()
    )


def test_part_that_the_run_does_not_have_is_reported_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no test set, only train, validation") as error:
        part(run(tmp_path, {"validation": 4}), "test")
    assert "dataset.split.test" in (error.value.hint or "")


def test_each_of_several_targets_is_measured(tmp_path: Path) -> None:
    trained = run(tmp_path, {})
    table = Table("t", {"x": np.array([0.0, 1.0]), "a": np.array([0.0, 1.0]), "b": np.array([0.0, 0.0])})
    # Told 0.5, 2.5 and 0, 1.
    targets = evaluate_rows(trained, table).targets
    assert targets == {"a": {"mse": (0.25 + 2.25) / 2, "mae": 1.0}, "b": {"mse": 0.5, "mae": 0.5}}
    assert evaluate_rows(trained, table).metrics["mae"] == 0.75
    assert evaluate_rows(trained, table).confusion is None


def test_table_without_a_target_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="t: no column named 'a' to compare predictions with") as error:
        evaluate_rows(run(tmp_path, {}), Table("t", {"x": np.array([0.0]), "b": np.array([0.0])}))
    assert "nncli predict needs no targets" in (error.value.hint or "")
