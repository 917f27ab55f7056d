"""The picture of seeds shows the distribution of their results, and counts those that diverged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncli.plots import Look, seeds_picture
from nncli.plots.studies.seed_endings import seed_endings


def fields(values: list[float | None], target: str | None = None) -> dict[str, Any]:
    """Content of seeds.json with these losses; None is a training that diverged."""
    return {
        "target": target,
        "seeds": [
            {
                "seed": seed,
                "epochs": 9,
                "reached": target and value is not None and value < 0.5,
                "diverged": "diverged at epoch 3" if value is None else None,
                "metrics": {"train_loss": value, "accuracy": 1.0},
            }
            for seed, value in enumerate(values)
        ],
    }


def test_the_shares_are_of_all_seeds_and_the_diverged_ones_come_last() -> None:
    found = seed_endings(fields([3.0, None, 0.1, 0.4], "train_loss < 0.5"), "xor")
    assert (found.name, found.limit) == ("train_loss", 0.5)
    assert [*found.seeds] == [2, 3, 0, 1]
    assert found.ended.tolist() == [0.1, 0.4, 3.0]
    assert found.shares[:3].tolist() == [25, 50, 75]
    assert [*found.columns["reached"]] == ["yes", "yes", "no", "no"]
    assert np.isnan(np.asarray(found.columns["share"])[3])
    assert found.caption == (
        "2 of 4 seeds reach train_loss < 0.5; "
        "training loss: median 0.4, lowest 0.1, highest 3; 1 seed diverged"
    )


def test_without_a_target_the_training_loss_is_drawn() -> None:
    found = seed_endings(fields([2.0, 1.0]), "xor")
    assert (found.name, found.target, found.limit) == ("train_loss", None, None)
    assert [*found.columns["reached"]] == ["", ""]


def test_a_target_relative_to_a_baseline_has_no_line() -> None:
    assert seed_endings(fields([1.0, 2.0], "accuracy > baseline + 0.1"), "xor").limit is None


@pytest.mark.parametrize("values", [[1.0], [0.0, 0.0], [1e-12, None, 1e9], [1e300, 1.0], [1e-320, 1e-3]])
@pytest.mark.parametrize("target", [None, "train_loss < 0.5", "train_loss > -1"])
def test_any_results_are_drawn_in_the_same_bytes(values: list[float | None], target: str | None) -> None:
    first = seeds_picture(fields(values, target), "xor")
    assert first["seeds.png"].startswith(b"\x89PNG")
    assert first == seeds_picture(fields(values, target), "xor")
    assert first["seeds.csv"].count(b"\n") == 1 + len(values)
    dark = seeds_picture(fields(values, target), "xor", Look("dark"))
    assert dark["seeds.png"] != first["seeds.png"]
