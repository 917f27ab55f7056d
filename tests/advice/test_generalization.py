"""Overfitting and rare classes are named where they were planted, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import Run, train
from nncli.advice import leak, outcome
from nncli.advice.trials import Advice
from nncli.nn.arrays import Array
from nncli.scaffold import templates
from nncli.storage.resources import folder

SEEDS = range(3)


def config(X: Array, y: Any, **changes: Any) -> dict[str, Any]:
    names = [f"x{k}" for k in range(X.shape[1])]
    rows = [[*row, target] for row, target in zip(X.tolist(), y, strict=True)]
    classes = isinstance(rows[0][-1], str)
    return {
        "dataset": {"columns": [*names, "y"], "rows": rows, "targets": ["y"], **changes.pop("dataset", {})},
        "network": {"hidden": [64], "activation": "tanh"},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "training": {"epochs": 200, "batch_size": 16, **changes.pop("training", {})},
        "metrics": ["accuracy"] if classes else ["r2"],
        **changes,
    }


def advice(run: Run) -> Advice | None:
    results, baselines = run.results_by_part, run.baselines_by_part
    return outcome.examine(run.experiment, run.model.parameters, run.history, results, baselines)


def noisy(seed: int, rows: int = 120) -> tuple[Array, list[float]]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 6))
    return X, (X[:, 0] + rng.normal(size=rows)).tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rising_validation_loss_is_overfitting_and_early_stopping_its_cure(
    seed: int, tmp_path: Path
) -> None:
    values = config(*noisy(seed), dataset={"split": {"validation": 0.25}})
    run = train(values, output=tmp_path / "long")
    found = advice(run)
    assert found is not None
    losses = run.history["val_loss"]
    best = int(losses.argmin())
    assert (
        f"val_loss was lowest in epoch {best} ({losses[best]:.4g}) and ended at {losses[-1]:.4g}"
        in found.since
    )
    assert found.changes[0].startswith("set training.early_stopping: true")
    values["training"]["early_stopping"] = True
    stopped = train(values, output=tmp_path / "stopped")
    value = stopped.results_by_part["validation"]["loss"]
    assert f"it saves the weights of epoch {stopped.epoch}, val_loss {value:.4g}" in found.changes[0]
    assert advice(stopped) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_test_loss_above_that_of_a_linear_model_is_overfitting(seed: int, tmp_path: Path) -> None:
    found = advice(train(config(*noisy(seed), dataset={"split": {"test": 0.3}}), output=tmp_path / "run"))
    assert found is not None
    assert "on the test set, where a linear model has" in found.since


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("split", [{"test": 0.3}, {"validation": 0.3}])
def test_shuffled_labels_hold_for_no_new_row(seed: int, split: dict[str, float], tmp_path: Path) -> None:
    X, y = noisy(seed)
    shuffled = np.random.default_rng(seed).permutation(y).tolist()
    found = advice(train(config(X, shuffled, dataset={"split": split}), output=tmp_path / "run"))
    assert found is not None
    assert f"the network does not generalize to new rows: on the {next(iter(split))} set" in found.since
    assert "belong together" in found.hint


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("classes", [False, True])
def test_too_few_rows_are_named_by_cross_validation(seed: int, classes: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(24, 16))
    y = X[:, 0] + 0.5 * rng.normal(size=24)
    targets = ["yes" if each > 0 else "no" for each in y] if classes else y.tolist()
    values = config(X, targets, dataset={"split": {"test": 0.2}})
    found = advice(train(values, output=tmp_path / "run"))
    assert found is not None
    assert "in a cross-validation with 5 folds" in found.since
    assert "19 training rows are too few for 16 network inputs" in found.why


def leaking(seed: int, target: str, rows: int = 200) -> tuple[Array, Any]:
    """Rows whose fourth input was computed from the target."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 5))
    y = X[:, 0] + rng.normal(size=rows)
    X[:, 3] = np.exp(0.5 * y) + 1e-4 * rng.normal(size=rows) if target == "number" else (y > 0) * 2.0 - 1.0
    return X, y.tolist() if target == "number" else ["yes" if each > 0 else "no" for each in y]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("target", ["number", "class"])
def test_an_input_computed_from_the_target_is_a_leak(seed: int, target: str, tmp_path: Path) -> None:
    found = advice(
        train(config(*leaking(seed, target), dataset={"split": {"test": 0.3}}), output=tmp_path / "run")
    )
    assert found is not None
    assert found.since.startswith("'x3' gives the target away")
    assert found.hint == "unless 'x3' is known for new rows, add it to dataset.exclude"


def test_a_leak_in_more_rows_than_are_examined_is_found(tmp_path: Path) -> None:
    X, y = leaking(0, "number", rows=2 * leak.MOST_ROWS)
    table = tmp_path / "table.csv"
    np.savetxt(table, np.column_stack([X, y]), delimiter=",", header="x0,x1,x2,x3,x4,y", comments="")
    values = {"dataset": {"path": str(table), "targets": ["y"]}, "network": {"hidden": [4]}}
    found = advice(train({**values, "training": {"epochs": 1, "batch_size": 256}}, output=tmp_path / "run"))
    assert found is not None
    assert found.since.startswith("'x3' gives the target away")


def test_an_input_that_other_inputs_say_too_is_no_leak(tmp_path: Path) -> None:
    X, y = leaking(0, "number")
    X[:, 4] = np.array(y) + 0.1 * np.random.default_rng(1).normal(size=len(y))
    assert advice(train(config(X, y, dataset={"split": {"test": 0.3}}), output=tmp_path / "run")) is None


def rare(seed: int) -> tuple[Array, list[str]]:
    """Two clouds that overlap, the second of which has 8 % of the rows."""
    rng = np.random.default_rng(seed)
    positive = rng.uniform(size=500) < 0.08
    X = rng.normal(size=(500, 2)) + 1.2 * positive[:, np.newaxis]
    return X, ["yes" if each else "no" for each in positive]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rare_class_that_is_hardly_found_is_named_and_class_weights_help(seed: int, tmp_path: Path) -> None:
    values = config(*rare(seed), network={"hidden": [4], "activation": "tanh"}, training={"epochs": 50})
    run = train(values, output=tmp_path / "run")
    found = advice(run)
    assert found is not None
    labels = np.array(run.experiment.rows.training.Y[:, 0])
    assert f"'yes' is {labels.mean():.1%} of the training rows" in found.why
    predicted = run.model.outputs(run.experiment.rows.training.X)[:, 0] >= 0.5
    assert f"(recall {predicted[labels == 1].mean():.2g})" in found.since
    assert found.changes[0].startswith("set loss.class_weight: balanced")
    values["loss"] = {"name": "binary_cross_entropy", "class_weight": "balanced"}
    better = train(values, output=tmp_path / "better")
    again = better.model.outputs(better.experiment.rows.training.X)[:, 0] >= 0.5
    assert f"-> {again[labels == 1].mean():.2g})" in found.changes[0]
    assert advice(better) is None


SOUND = [name for name in templates.names() if not name.startswith("broken")]


@pytest.mark.parametrize("name", [name for name in SOUND if name != "linear_map_published"])
def test_nothing_is_said_of_a_sound_template(name: str, tmp_path: Path) -> None:
    assert advice(train(folder("configs") / f"{name}.yaml", output=tmp_path / "run")) is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("split", [{"validation": 0.25}, {"test": 0.25}, {"validation": 0.2, "test": 0.2}])
def test_nothing_is_said_where_held_out_rows_are_met_as_well(
    seed: int, split: dict[str, float], tmp_path: Path
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 3))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] + 0.05 * rng.normal(size=300)
    values = config(X, y.tolist(), dataset={"split": split}, network={"hidden": [8], "activation": "tanh"})
    assert advice(train(values, output=tmp_path / "run")) is None
