"""Cross-validation equals trainings by hand on tables without the rows of a fold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.many.cross_validation import FoldPlan

RNG = np.random.default_rng(3)
ROWS = [[f"r{k}", float(x), "ab"[k % 2], float(x * x + k % 2)] for k, x in enumerate(RNG.uniform(-3, 9, 17))]
COLUMNS = ["id", "x", "kind", "y"]
SHORT = {"epochs": 15, "batch_size": 4}


def values(rows: list[list[Any]] = ROWS, columns: list[str] | None = None, **changes: Any) -> dict[str, Any]:
    """A config of a regression with scaled inputs and targets."""
    split = changes.pop("split", {})
    dataset = {
        "columns": columns or COLUMNS,
        "rows": rows,
        "id": "id",
        "targets": ["y"],
        "split": split,
        "preprocessing": {"scale": "standard", "scale_targets": "standard"},
    }
    network = {"hidden": [3], "activation": "tanh"}
    return {"dataset": dataset, "network": network, "metrics": ["mae"], "training": SHORT, **changes}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_fold_is_a_training_without_its_rows() -> None:
    found = nncli.cv(values(), folds=4)
    assert [len(fold.rows) for fold in found.folds] == [5, 4, 4, 4]
    for fold in found.folds:
        run = nncli.train(values([row for k, row in enumerate(ROWS) if k not in fold.rows]))
        assert np.array_equal(fold.model.parameters, run.model.parameters)
        assert fold.training_rows == 17 - len(fold.rows)
        left_out = [ROWS[k] for k in fold.rows.tolist()]
        table = {name: [row[c] for row in left_out] for c, name in enumerate(COLUMNS)}
        assert fold.metrics == nncli.evaluate(run, table).metrics
        predicted = nncli.predict(run, table)["pred_y"]
        assert np.array_equal(fold.outputs[:, 0], predicted)
        for row, k, prediction in zip(fold.left_out, fold.rows.tolist(), predicted, strict=True):
            assert (row.row, row.id, row.line) == (k + 1, f"r{k}", None)
            assert float(row.targets[0]) == ROWS[k][3]
            assert float(row.predictions[0]) == prediction
            assert row.errors == (float(prediction) - ROWS[k][3],)


def test_scaling_is_fitted_without_the_fold() -> None:
    outlier = [*ROWS, ["far", 1e6, "a", 3.0]]
    fold = nncli.cv(values(outlier), leave_out=1).folds[-1]
    alone = nncli.check(values())
    assert fold.model.columns.preprocessing.columns == alone.rows.training.columns.preprocessing.columns


def test_the_test_set_is_neither_learned_from_nor_measured() -> None:
    marked = [[*row, "test" if k < 5 else "validation" if k < 9 else "train"] for k, row in enumerate(ROWS)]
    with_test = values(marked, [*COLUMNS, "part"], split={"column": "part"})
    found, without = nncli.cv(with_test, leave_out=1), nncli.cv(values(ROWS[5:]), leave_out=1)
    assert [fold.left_out[0].id for fold in found.folds] == [f"r{k}" for k in range(5, 17)]
    assert [fold.metrics for fold in found.folds] == [fold.metrics for fold in without.folds]


def test_mean_and_deviation_are_over_the_folds_and_metrics_together_over_all_rows() -> None:
    found = nncli.cv(values(), folds=3)
    losses = [fold.metrics["mae"] for fold in found.folds]
    assert found.mean["mae"] == pytest.approx(np.mean(losses))
    assert found.std["mae"] == pytest.approx(np.std(losses, ddof=1))
    errors = [abs(row.errors[0]) for fold in found.folds for row in fold.left_out]
    assert len(errors) == 17
    assert found.metrics_together["mae"] == pytest.approx(np.mean(errors))
    assert nncli.cv(values(ROWS[:6]), leave_out=2).metrics_together == {}


def test_early_stopping_watches_rows_drawn_from_the_fold_s_training_rows() -> None:
    early = {"epochs": 200, "early_stopping": {"patience": 3}}
    config = values(
        split={"validation": 0.25}, training=early, optimizer={"name": "adam", "learning_rate": 0.1}
    )
    plan = FoldPlan.of(nncli.check(config), 3, None)
    for left_out, fold in zip(plan.sets, plan.trained(), strict=True):
        rows = plan.fold_experiment(left_out).rows
        sets = {name: {*part.table.typed["id"].texts} for name, part in rows.by_part.items()}
        assert sets["test"] == {f"r{k}" for k in left_out.tolist()}
        assert len(sets["validation"]) == round(4 / 17 * (17 - len(left_out)))
        assert sum(map(len, sets.values())) == len(set.union(*sets.values())) == 17
        marked = [[*row, next(name for name in sets if row[0] in sets[name])] for row in ROWS]
        again = {
            **config,
            **{"dataset": values(marked, [*COLUMNS, "part"], split={"column": "part"})["dataset"]},
        }
        run = nncli.train(again)
        assert fold.epochs == run.info["epochs"] < 200
        assert np.array_equal(fold.model.parameters, run.model.parameters)


def test_without_early_stopping_no_row_is_held_back() -> None:
    config = values(split={"validation": 0.25}, training={**SHORT, "early_stopping": {"monitor": "loss"}})
    assert {fold.training_rows + len(fold.rows) for fold in nncli.cv(config, folds=3).folds} == {17}


def test_the_perceptron_predicts_each_row_from_the_other_three() -> None:
    Path("perceptron.yaml").write_text(nncli.init("perceptron"), encoding="utf-8")
    found = nncli.cv("perceptron.yaml", leave_out=1)
    rows = [row for fold in found.folds for row in fold.left_out]
    assert [row.targets for row in rows] == [row.predictions for row in rows] == [(y,) for y in "0110"]
    assert not any(row.is_wrong for row in rows)
    assert found.metrics_together["accuracy"] == 1.0


def test_a_fold_that_diverges_is_a_result_and_not_in_the_mean() -> None:
    rows = [["r0", 1e9, "a", 1.0], *([f"r{k}", float(k), "a", float(k)] for k in range(1, 6))]
    config = values(rows, optimizer={"name": "sgd", "learning_rate": 0.05})
    config["dataset"]["preprocessing"] = {}
    config["network"] = {"layers": [1]}
    found = nncli.cv(config, leave_out=1)
    assert [fold.divergence is None for fold in found.folds] == [True, *[False] * 5]
    assert found.finished == found.folds[:1]
    assert found.mean == found.folds[0].metrics
    assert found.std == found.metrics_together == {}


def test_folds_and_leave_out_cannot_be_combined() -> None:
    with pytest.raises(nncli.NncliError, match="cannot be combined"):
        nncli.cv(values(), folds=3, leave_out=1)


def test_a_category_of_one_row_is_one_error_before_any_training() -> None:
    rare = [*ROWS, ["rare", 1.0, "c", 2.0]]
    with pytest.raises(nncli.DataError, match=r"fold 18 of 18: .*: unknown category 'c'") as refused:
        nncli.cv(values(rare), leave_out=1)
    assert "unseen: ignore" in str(refused.value.hint)
    config = values(rare)
    config["dataset"]["preprocessing"]["unseen"] = "ignore"
    assert len(nncli.cv(config, leave_out=1).folds) == 18


def test_rows_of_a_file_have_their_lines_and_each_target_its_error() -> None:
    Path("t.csv").write_text("x,a,b\n0,1,5\n,9,9\n1,2,6\n2,3,7\n", encoding="utf-8")
    dataset = {"path": "t.csv", "targets": ["a", "b"], "preprocessing": {"missing": "drop"}}
    found = nncli.cv({"dataset": dataset, "network": {"layers": [2]}, "training": SHORT}, leave_out=1)
    rows = [fold.left_out[0] for fold in found.folds]
    assert [(row.row, row.line) for row in rows] == [(1, 2), (2, 4), (3, 5)]
    assert [row.targets for row in rows] == [("1", "5"), ("2", "6"), ("3", "7")]
    for row in rows:
        pairs = zip(row.predictions, row.targets, strict=True)
        assert row.errors == tuple(float(found) - float(true) for found, true in pairs)


def test_labels_are_predicted_one_by_one() -> None:
    rows = [[0, 0, 1], [1, 1, 1], [2, 1, 0], [3, 0, 0], [4, 1, 1]]
    dataset = {"columns": ["x", "p", "q"], "rows": rows, "targets": ["p", "q"], "task": "multilabel"}
    found = nncli.cv({"dataset": dataset, "network": {"hidden": [2]}, "training": SHORT}, leave_out=1)
    assert [fold.left_out[0].targets for fold in found.folds] == [(f"{p}", f"{q}") for _, p, q in rows]
    for fold in found.folds:
        (row,), outputs = fold.left_out, fold.outputs[0]
        assert row.predictions == tuple("1" if output >= 0.5 else "0" for output in outputs)
        assert row.is_wrong == (row.predictions != row.targets)
