"""Intervals of metrics: their definition, their coverage, and where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nncli import evaluate, train
from nncli.inference.evaluation import evaluate_rows
from nncli.inference.intervals import MOST_DRAWN, RESAMPLES, bootstrap, share_interval
from nncli.nn.arrays import Array


def mean_of(values: Array) -> dict[str, tuple[float, float]]:
    return bootstrap(lambda rows: {"mean": float(values[rows].mean())}, len(values))


def test_interval_is_that_of_the_resampled_metric() -> None:
    values = np.random.default_rng(1).normal(size=60)
    rng = np.random.default_rng(0)
    means = [values[rng.integers(60, size=60)].mean() for _ in range(RESAMPLES)]
    assert mean_of(values)["mean"] == pytest.approx(np.quantile(means, [0.025, 0.975]))


@pytest.mark.parametrize(("name", "true"), [("normal", 0.0), ("squared error", 1.0), ("accuracy", 0.8)])
def test_intervals_hold_the_true_value_in_about_95_of_100_samples(name: str, true: float, long: bool) -> None:
    rng, samples = np.random.default_rng(0), 1000 if long else 150
    draws = {
        "normal": lambda: rng.normal(size=200),
        "squared error": lambda: rng.normal(size=200) ** 2,
        "accuracy": lambda: (rng.uniform(size=200) < 0.8).astype(float),
    }
    held = 0
    for _ in range(samples):
        low, high = mean_of(draws[name]())["mean"]
        held += low <= true <= high
    # 93 to 97 % in 1,000 samples; in fewer, chance adds up to 5 %.
    assert (0.93 if long else 0.89) <= held / samples <= (0.97 if long else 0.99)


def test_of_many_rows_some_are_drawn_and_the_interval_is_as_narrow() -> None:
    values = np.random.default_rng(0).normal(size=16 * MOST_DRAWN)
    low, high = mean_of(values)["mean"]
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(len(values)), rel=0.1)


def test_a_metric_without_a_value_has_no_interval() -> None:
    assert bootstrap(lambda rows: {"r2": float("nan")}, 30) == {}


@pytest.mark.parametrize(
    ("share", "rows", "low", "high"),
    [
        (81 / 263, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15 / 148, 148, 0.0624, 0.1605),
        (0 / 20, 20, 0.0000, 0.1611),
        (1 / 29, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_that_of_newcombe(
    share: float, rows: int, low: float, high: float
) -> None:
    assert share_interval(share, rows) == pytest.approx((low, high), abs=5e-5)
    assert share_interval(1 - share, rows) == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_a_perfect_score_is_not_certain(tmp_path: Path) -> None:
    rows = "".join(f"{x},{'no' if x < 0 else 'yes'}\n" for x in range(-100, 100))
    (tmp_path / "rows.csv").write_text("x,y\n" + rows)
    config = {
        "dataset": {"path": str(tmp_path / "rows.csv"), "targets": ["y"], "split": {"test": 0.2}},
        "network": {"layers": [{"units": 1, "activation": "sigmoid"}]},
        "optimizer": {"learning_rate": 10.0},
        "metrics": ["accuracy", "f1"],
        "training": {"epochs": 300},
    }
    found = evaluate(train(config, output=tmp_path / "run"))
    assert found.metrics["accuracy"] == found.metrics["f1"] == 1
    assert list(found.intervals) == ["loss", "accuracy"], "every sample of a perfect F1 is perfect"
    assert found.intervals["accuracy"] == pytest.approx((0.9124, 1), abs=5e-5)


def test_evaluations_of_held_out_rows_have_intervals(tmp_path: Path) -> None:
    config = {
        "dataset": {"name": "iris", "split": {"test": 0.3}},
        "network": {"layers": [{"units": 3, "activation": "softmax"}]},
        "metrics": ["accuracy", "auc"],
        "training": {"epochs": 20},
    }
    run = train(config, output=tmp_path / "run")
    found = evaluate(run)
    assert list(found.intervals) == ["loss", "accuracy", "auc"]
    for name, (low, high) in found.intervals.items():
        assert low <= found.metrics[name] <= high
    rows = run.experiment.rows.held_out["test"]
    stored = json.loads((tmp_path / "run" / "results.json").read_text())
    assert found.metrics == stored["test"]
    right = run.model.outputs(rows.X).argmax(axis=1) == rows.Y.argmax(axis=1)
    assert found.intervals["accuracy"] == share_interval(right.mean(), len(right))
    assert evaluate(run, part="train").intervals == {}
    few = evaluate_rows(run, rows.table.take(np.arange(5)))
    assert few.intervals == {}
