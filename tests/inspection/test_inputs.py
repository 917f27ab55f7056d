"""Importance and dependence of input columns agree with loops over the table that are written out here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.data.columns import Dataset
from nncli.data.encoding import FITTERS, Treatment
from nncli.inference import evaluation
from nncli.inspection.inputs import importance
from nncli.inspection.inputs.dependence import input_values, most_important, partial_dependence
from nncli.inspection.inputs.importance import permutation_importance
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.runs import Run
from nncli.tables.column import Column
from nncli.tables.table import Table
from nncli.training import experiment

TREATMENT = Treatment("number", "standard", "error", "error")
COLORS = ("blue", "green", "red")


def train(path: Path, targets: list[str], layer: dict[str, Any], **values: Any) -> Run:
    """Train on 60 rows with numbers, categories, booleans and dates as inputs."""
    rng = np.random.default_rng(3)
    size, weight = rng.normal(40.0, 10.0, 60).round(2), rng.normal(size=60).round(3)
    color, old = rng.integers(3, size=60), rng.integers(2, size=60)
    day = rng.integers(20_000, 20_400, size=60)
    price = (size * (1 + color) + 5 * old + rng.normal(size=60)).round(2)
    rows = [
        [
            *(float(size[i]), COLORS[color[i]], ["no", "yes"][old[i]], float(weight[i])),
            *(str(np.datetime64(int(day[i]), "D")), float(price[i]), ["low", "mid", "high"][int(color[i])]),
            "test" if i % 3 == 0 else "train",
        ]
        for i in range(60)
    ]
    columns = ["size", "color", "old", "weight", "sold", "price", "class", "part"]
    given = {
        "dataset": {
            "columns": columns,
            "rows": rows,
            "inputs": columns[:5],
            "targets": targets,
            "split": {"column": "part"},
            "preprocessing": {"scale": "standard", "columns": {"sold": {"kind": "date"}}},
        },
        "network": {"layers": [{"units": 5, "activation": "tanh"}, layer]},
        "optimizer": {"name": "adam", "learning_rate": 0.05},
        "training": {"epochs": 60},
    }
    with runs.create_at(path, overwrite=False) as run:
        for _ in runs.record(experiment.build(Config.of({**given, **values})), run):
            pass
    return Run(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("inputs")
    softmax = {"units": 3, "activation": "softmax"}
    return {
        "classes": train(folder / "classes", ["class"], softmax, metrics=["accuracy"]),
        "values": train(folder / "values", ["price"], {"units": 1}, metrics=["r2"]),
        "loss": train(folder / "loss", ["price"], {"units": 1}, loss="mse", metrics=["mae"]),
    }


def _rows_of(name: str, column: Column) -> Dataset:
    empty = np.empty((len(column), 0))
    return Dataset(Table("rows", {name: column.cells}), cast("Any", None), empty, empty, empty)


def score(name: str, A: Array, Y: Array) -> float:
    if name == "accuracy":
        return float(np.mean([a.argmax() == y.argmax() for a, y in zip(A, Y, strict=True)]))
    errors = float(((A - Y) ** 2).sum())
    return errors / len(Y) if name == "loss" else 1.0 - errors / float(((Y - Y.mean()) ** 2).sum())


@pytest.mark.parametrize(("shape", "name"), [("classes", "accuracy"), ("values", "r2"), ("loss", "loss")])
def test_importance_is_the_drop_of_the_score_when_cells_of_a_column_change_rows(
    shape: str, name: str, trained: dict[str, Run]
) -> None:
    run = trained[shape]
    table = run.experiment.rows.held_out["test"].table
    Y = run.experiment.rows.held_out["test"].expected
    rng = random_stream(run.config.seed.training, "importance")
    permutations = [rng.permutation(20) for _ in range(5)]
    expected = np.empty((5, 5))
    for i, column in enumerate(["size", "color", "old", "weight", "sold"]):
        for k, permutation in enumerate(permutations):
            cells = [table.columns[column][row] for row in permutation]
            shuffled = Table(
                "shuffled", {**table.columns, column: cells if isinstance(cells[0], str) else np.array(cells)}
            )
            A = run.model.outputs(run.model.columns.X(shuffled))
            expected[i, k] = score(name, A, Y)
    found = permutation_importance(run)
    intact = score(name, run.model.outputs(run.model.columns.X(table)), Y)
    assert (found.part, found.rows, found.used, found.score) == ("test", 20, 20, name)
    assert found.inputs == ("size", "color", "old", "weight", "sold")
    assert found.intact == pytest.approx(intact, rel=1e-12)
    np.testing.assert_allclose(found.shuffled, expected, rtol=1e-12)
    drops = expected - intact if name == "loss" else intact - expected
    np.testing.assert_allclose(found.drops, drops, atol=1e-12 * np.abs(expected).max())
    assert found.inputs[found.order[0]] == found.inputs[int(drops.mean(axis=1).argmax())]
    assert (np.diff(found.means[found.order]) <= 0).all()


def test_importance_repeats_and_follows_from_the_seed(trained: dict[str, Run]) -> None:
    run = trained["values"]
    found = permutation_importance(run).shuffled
    assert np.array_equal(found, permutation_importance(Run(run.path)).shuffled)
    assert len({tuple(column) for column in found.T}) == importance.REPEATS


def test_importance_is_zero_without_shuffling_and_leaves_the_rows_as_they_are(
    trained: dict[str, Run],
) -> None:
    run = trained["values"]
    before = evaluation.part(run)[1].X.copy()
    found = permutation_importance(run, np.arange(20)[np.newaxis])
    assert not found.drops.any()
    permutation_importance(run)
    assert np.array_equal(evaluation.part(run)[1].X, before)


def test_of_very_many_rows_some_are_evaluated(
    trained: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance, "affordable_rows", lambda network, count, passes: np.arange(0, count, 2))
    found = permutation_importance(trained["values"])
    assert (found.rows, found.used) == (20, 10)
    (over,) = partial_dependence(trained["values"], ["size"])
    assert (over.used, over.curves.shape[1]) == (10, 10)


@pytest.mark.parametrize("shape", ["classes", "values"])
def test_dependence_is_the_prediction_of_rows_whose_cells_of_a_column_are_replaced(
    shape: str, trained: dict[str, Run]
) -> None:
    run = trained[shape]
    table = run.experiment.rows.held_out["test"].table
    cells: dict[str, list[Any]] = {
        "size": sorted({*table.typed["size"].numbers.tolist()}),
        "color": ["blue", "green", "red"],
        "old": ["no", "yes"],
        "sold": sorted({*table.columns["sold"]}),
    }
    found = partial_dependence(run, list(cells))
    assert [each.over.name for each in found] == list(cells)
    for each, values in zip(found, cells.values(), strict=True):
        assert len(each.means) == len(each.curves) == len(values) > 1
        for place, value in enumerate(values):
            same = [value] * 20 if isinstance(value, str) else np.full(20, value)
            A = run.model.outputs(
                run.model.columns.X(Table("replaced", {**table.columns, each.over.name: same}))
            )
            np.testing.assert_allclose(each.curves[place], A, rtol=1e-12)
            mean = [sum(column) / 20 for column in A.T.tolist()]
            np.testing.assert_allclose(each.means[place], mean, rtol=1e-12)


def test_dependence_on_many_values_runs_between_two_percentiles() -> None:
    rng = np.random.default_rng(0)
    numbers = Column(np.append(rng.normal(size=198), [-1000.0, 1000.0]))
    over = input_values(FITTERS["number"]("x", numbers, TREATMENT), _rows_of("x", numbers))
    assert len(over.values) == 50
    np.testing.assert_allclose(over.values[[0, -1]], np.quantile(numbers.numbers, [0.025, 0.975]))
    np.testing.assert_allclose(np.diff(over.values), np.ptp(over.values) / 49)
    assert len(over.occurring) == 200


def test_dependence_on_a_number_that_hardly_varies_has_its_own_values() -> None:
    numbers = Column(np.append(np.zeros(9900), np.arange(1.0, 101.0)))
    over = input_values(FITTERS["number"]("x", numbers, TREATMENT), _rows_of("x", numbers))
    assert len({*over.values}) == 50
    assert {*over.values} <= {*np.arange(101.0)}


def test_dependence_knows_how_often_categories_and_truth_values_occur() -> None:
    cells = Column(["b", "a", "b", "c", "b"])
    over = input_values(FITTERS["category"]("x", cells, TREATMENT), _rows_of("x", cells))
    assert over.categories == ("a", "b", "c")
    assert over.occurring.tolist() == [1, 0, 1, 2, 1]
    cells = Column(["Yes", "no", "Yes"])
    over = input_values(FITTERS["boolean"]("x", cells, TREATMENT), _rows_of("x", cells))
    assert over.categories == ("no", "Yes")
    assert over.occurring.tolist() == [1, 0, 1]
    assert over.encoded.tolist() == [[0], [1]]


def test_dependence_on_a_column_without_values_is_at_the_value_that_replaces_them() -> None:
    fitted = FITTERS["number"]("x", Column(np.array([1.0, 3.0])), replace(TREATMENT, missing="mean"))
    over = input_values(fitted, _rows_of("x", Column(np.array([np.nan, np.nan]))))
    assert over.values.tolist() == [2.0]


def test_the_most_important_inputs_come_first(trained: dict[str, Run]) -> None:
    found = permutation_importance(trained["values"])
    expected = sorted(found.inputs, key=lambda name: -found.means[found.inputs.index(name)])
    assert most_important(trained["values"], 3) == expected[:3]
