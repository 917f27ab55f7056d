"""Importance and dependence of input columns agree with loops over the table that are written out here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import runs
from nncli.config import Config
from nncli.inference import evaluation
from nncli.inspection.inputs import importance
from nncli.inspection.inputs.importance import permutation_importance
from nncli.nn.arrays import Array
from nncli.nn.randomness import random_stream
from nncli.runs import Run
from nncli.tables.table import Table
from nncli.training import experiment

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
