"""Differences between two runs on the same held-out rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import Run, compare, evaluate, train
from nncli.inference.intervals import RESAMPLES
from nncli.nn.arrays import Array


def trained(folder: Path, name: str, **changes: Any) -> Run:
    config = {
        "dataset": {"name": "iris", "split": changes.pop("split", {"test": 0.3})},
        "network": {"layers": [{"units": 3, "activation": "softmax"}]},
        "metrics": ["accuracy"],
        "training": {"epochs": 20},
        **changes,
    }
    return train(config, output=folder / name)


def hits(run: Run) -> Array:
    rows = run.experiment.rows.held_out["test"]
    return run.model.outputs(rows.X).argmax(axis=1) == rows.Y.argmax(axis=1)


def test_difference_has_the_interval_of_the_same_resamples(tmp_path: Path) -> None:
    slow = trained(tmp_path, "slow", optimizer={"name": "sgd", "learning_rate": 0.001})
    fast = trained(tmp_path, "fast", optimizer={"name": "adam", "learning_rate": 0.1})
    paired = compare([slow, fast]).paired
    assert list(paired) == ["test_loss", "test_accuracy"]
    gain = hits(fast).astype(float) - hits(slow)
    rng = np.random.default_rng(0)
    resampled = [gain[rng.integers(len(gain), size=len(gain))].mean() for _ in range(RESAMPLES)]
    found = paired["test_accuracy"]
    assert found.difference == pytest.approx(gain.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(resampled, [0.025, 0.975])))
    assert paired["test_loss"].difference == pytest.approx(
        evaluate(fast).metrics["loss"] - evaluate(slow).metrics["loss"]
    )
    assert paired["test_loss"].is_clear


def test_equal_runs_do_not_differ(tmp_path: Path) -> None:
    runs = [trained(tmp_path, name) for name in ("one", "two")]
    for found in compare(runs).paired.values():
        assert found == (0.0, 0.0, 0.0)
        assert not found.is_clear


@pytest.mark.parametrize("split", [{"test": 0.2}, {"validation": 0.3}, {"test": 0.05}])
def test_runs_without_the_same_held_out_rows_have_no_differences(tmp_path: Path, split: Any) -> None:
    small = {"split": split} if split == {"test": 0.05} else {}
    assert compare([trained(tmp_path, "one", **small), trained(tmp_path, "two", split=split)]).paired == {}
