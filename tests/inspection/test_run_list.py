"""The list of runs: what it shows of each, and its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nncli import NncliError, Run, train
from nncli.inspection.compare.run_list import ListedRun, list_of_runs

IRIS: dict[str, Any] = {
    "network": {"layers": [{"units": 3, "activation": "softmax"}]},
    "metrics": ["accuracy"],
    "training": {"epochs": 3},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Three trainings on iris that differ in a setting and in the seed, and one that was damaged."""
    folder = tmp_path_factory.mktemp("runs")
    split = {"name": "iris", "split": {"test": 0.2, "validation": 0.2}}
    found = [
        train(
            {**IRIS, "dataset": split, "optimizer": {"name": "sgd", "learning_rate": rate}, "seed": seed},
            output=folder / f"run-{seed}",
        )
        for seed, rate in ((3, 0.5), (1, 0.001), (2, 0.1))
    ]
    damaged = train({**IRIS, "dataset": split}, output=folder / "damaged")
    (damaged.path / "results.json").write_text("{")
    (damaged.path / "run.json").write_text("{")
    return [*found, Run(damaged.path)]


def names(found: list[ListedRun]) -> list[str]:
    return [each.run.name for each in found]


def test_settings_that_differ_and_results_of_the_test_set_are_listed(runs: list[Run]) -> None:
    first, *_, damaged = list_of_runs(runs)
    assert first.settings == {"optimizer.learning_rate": "0.5"}
    assert first.results == {f"test_{name}": value for name, value in runs[0].results_by_part["test"].items()}
    assert first.facts["seed"] == "3"
    assert first.facts["date"] == runs[0].started[:16].replace("T", " ")
    assert damaged.facts["status"] == "damaged"
    assert damaged.results == {}


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("seed", ["run-1", "run-2", "run-3", "damaged"]),
        ("run", ["damaged", "run-1", "run-2", "run-3"]),
        ("status", ["run-3", "run-1", "run-2", "damaged"]),
        ("learning_rate", ["run-1", "run-2", "damaged", "run-3"]),  # the default is 0.1
        ("optimizer.learning_rate", ["run-1", "run-2", "damaged", "run-3"]),
    ],
)
def test_facts_and_settings_sort_ascending(runs: list[Run], column: str, order: list[str]) -> None:
    assert names(list_of_runs(runs, column)) == order


def test_results_sort_from_the_best_to_the_worst_and_blanks_last(runs: list[Run]) -> None:
    for column in ("accuracy", "test_accuracy"):
        values = [each.results.get("test_accuracy", -1.0) for each in list_of_runs(runs, column)]
        assert values == sorted(values, reverse=True)
    losses = [each.results.get("test_loss", float("inf")) for each in list_of_runs(runs, "loss")]
    assert losses == sorted(losses)


def test_an_unknown_column_is_refused_with_the_known_ones(runs: list[Run]) -> None:
    with pytest.raises(NncliError, match="cannot sort by 'acuracy': no such column") as refused:
        list_of_runs(runs, "test_acuracy".removeprefix("test_"))
    assert "accuracy" in str(refused.value.hint)


def test_keys_of_runs_on_different_problems_are_left_out(runs: list[Run], tmp_path: Path) -> None:
    layer = {"units": 1, "activation": "sigmoid"}
    other = train(
        {"dataset": "xor", "network": {"layers": [layer]}, "metrics": ["mse"]}, output=tmp_path / "xor"
    )
    assert list_of_runs([runs[0], other])[0].settings == {}
