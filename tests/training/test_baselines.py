"""Baselines: the best constant and the linear model, each against its definition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import check, train
from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.nn.losses import LOSSES
from nncli.training.baselines import Baselines
from nncli.training.linear_model import RIDGE, LinearModel, constant_model, linear_model

TEMPLATES = ["xor", "iris", "diabetes", "height_weight", "linear_map", "perceptron", "digits"]


def rows_of(template: str) -> Dataset:
    return check(Path("configs") / f"{template}.yaml").rows.training


def cross_entropy(model: LinearModel, rows: Dataset, W: Array, b: Array) -> float:
    """The penalized sum that logistic regression minimizes, written out."""
    _, A = LinearModel(W, b, model.link).outputs(rows.X)
    if model.link == "softmax":
        terms = -(rows.Y * np.log(A)).sum()
    else:
        terms = -(rows.Y * np.log(A) + (1 - rows.Y) * np.log1p(-A)).sum()
    return float(terms + 0.5 * RIDGE * np.square(W).sum())


@pytest.mark.parametrize("template", TEMPLATES)
def test_linear_model_is_the_minimum_of_its_loss(template: str) -> None:
    rows = rows_of(template)
    model = linear_model(rows)
    assert model is not None
    rng = np.random.default_rng(0)
    if model.link == "identity":
        _, A = model.outputs(rows.X)
        design = np.column_stack([rows.X, np.ones(len(rows))])
        assert np.abs(design.T @ (A - rows.Y)).max() < 1e-9 * np.abs(rows.Y).sum()
        return
    least = cross_entropy(model, rows, model.W, model.b)
    for _ in range(50):
        step = 1e-3 * rng.normal(size=model.W.shape), 1e-3 * rng.normal(size=model.b.shape)
        assert cross_entropy(model, rows, model.W + step[0], model.b + step[1]) > least - 1e-9
    _, A = model.outputs(rows.X)
    assert np.abs((A - rows.Y).T @ rows.X + RIDGE * model.W).max() < 1e-6 * len(rows)
    assert np.abs((A - rows.Y).sum(axis=0)).max() < 1e-6 * len(rows)


def test_logistic_regression_finds_known_numbers() -> None:
    """Two rows at x = -1 and 1: the slope w solves w = 2 / (1 + exp(w)), where the derivative is 0."""
    config = {
        "dataset": {"columns": ["x", "y"], "rows": [[-1.0, 0], [1.0, 1]], "targets": ["y"]},
        "network": {"layers": [{"units": 1, "activation": "sigmoid"}]},
    }
    model = linear_model(check(config).rows.training)
    assert model is not None
    (slope,) = model.W.ravel()
    assert slope == pytest.approx(2.0 / (1.0 + np.exp(slope)), rel=1e-9)
    assert model.b[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_constant_is_the_mean_the_median_or_the_shares(name: str) -> None:
    template = {"binary_cross_entropy": "xor", "cross_entropy": "iris"}.get(name, "diabetes")
    rows = rows_of(template)
    model = constant_model(rows, LOSSES[name]())
    _, A = model.outputs(rows.X)
    expected = np.median(rows.Y, axis=0) if name in ("mae", "huber") else rows.Y.mean(axis=0)
    assert np.allclose(A, np.broadcast_to(expected, A.shape), rtol=1e-12)
    assert not model.W.any()


def test_a_rare_class_gives_a_constant_its_accuracy() -> None:
    labels = [1] * 9 + [0] * 91
    config = {
        "dataset": {
            "columns": ["x", "y"],
            "rows": [[float(k), y] for k, y in enumerate(labels)],
            "targets": ["y"],
        },
        "network": {"layers": [{"units": 1, "activation": "sigmoid"}]},
        "metrics": ["accuracy", "auc", "r2"],
    }
    experiment = check(config)
    results = Baselines(experiment).results(experiment.rows.training)
    assert results["baseline"]["accuracy"] == 0.91
    assert results["baseline"]["auc"] == 0.5
    assert results["baseline"]["r2"] == pytest.approx(0.0, abs=1e-12)
    assert results["baseline"]["loss"] == pytest.approx(-(0.09 * np.log(0.09) + 0.91 * np.log(0.91)))
    assert results["linear"]["accuracy"] > 0.95


def test_constant_columns_large_numbers_and_wide_tables_are_no_trouble(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = np.column_stack([np.ones(30), 1e6 * rng.normal(size=(30, 40)), rng.normal(size=30)])
    names = [f"x{k}" for k in range(41)]
    config: dict[str, Any] = {
        "dataset": {"columns": [*names, "y"], "rows": rows.tolist(), "targets": ["y"]},
        "network": {"layers": [{"units": 1}]},
    }
    experiment = check(config)
    results = Baselines(experiment).results(experiment.rows.training)
    assert results["linear"]["mse"] < 1e-12  # more inputs than rows: every row is met
    rows[0, 1] = 1e200
    experiment = check({**config, "dataset": {**config["dataset"], "rows": rows.tolist()}})
    assert list(Baselines(experiment).results(experiment.rows.training)) == ["baseline"]


def test_a_run_stores_the_results_of_each_set(tmp_path: Path) -> None:
    config = {
        "dataset": {"name": "iris", "split": {"validation": 0.2, "test": 0.2}},
        "network": {"layers": [{"units": 3, "activation": "softmax"}]},
        "training": {"epochs": 2},
        "metrics": ["accuracy"],
    }
    run = train(config, output=tmp_path / "run")
    stored = json.loads((tmp_path / "run" / "results.json").read_text())
    baselines = Baselines(run.experiment)
    for part, rows in (("train", run.experiment.rows.training), *run.experiment.rows.held_out.items()):
        for name, results in baselines.results(rows).items():
            assert stored[name][part] == results == run.baselines_by_part[name][part]
