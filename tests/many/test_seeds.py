"""Trainings from several seeds equal those of `nncli.train`, and are summarized correctly."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.many.seeds import SeedPlan

XOR: dict[str, Any] = {
    "dataset": "xor",
    "network": {"layers": [{"units": 3, "activation": "sigmoid"}, {"units": 1, "activation": "sigmoid"}]},
    "metrics": ["mse", "accuracy"],
    "optimizer": {"name": "adam", "learning_rate": 0.05},
    "training": {"epochs": 200},
}
NOISY = {"function": {"inputs": {"x": [-1, 1]}, "targets": {"y": "x"}, "samples": 20, "noise": 0.1}}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_result_is_that_of_a_training_alone() -> None:
    config = {**XOR, "seed": {"data": 5, "training": 7}}
    study = nncli.seeds(config, n=4)
    assert [result.seed for result in study.results] == [7, 8, 9, 10]
    for result in study.results:
        run = nncli.train({**config, "seed": {"data": 5, "training": result.seed}})
        assert np.array_equal(result.model.parameters, run.model.parameters)
        assert result.loss == run.results_by_part["train"]["loss"]
        assert result.epochs == 200
    assert len({result.loss for result in study.results}) == 4


def test_the_data_and_their_split_stay_the_same() -> None:
    config = {"dataset": {**NOISY, "split": {"test": 5}}, "network": {"layers": [1]}, "seed": 3}
    config["training"] = {"epochs": 10}
    study = nncli.seeds(config, n=3)
    for result in study.results:
        run = nncli.train({**config, "seed": {"data": 3, "training": result.seed}})
        assert result.metrics["test_loss"] == result.metrics["loss"] == run.results_by_part["test"]["loss"]
        assert result.loss == result.metrics["train_loss"] == run.results_by_part["train"]["loss"]


def test_the_share_counts_the_seeds_that_reach_the_target() -> None:
    losses = [result.loss for result in nncli.seeds(XOR, n=6).results]
    middle = float(np.median(losses))
    study = nncli.seeds(XOR, n=6, target=f"loss < {middle!r}")
    assert [result.reached for result in study.results] == [loss < middle for loss in losses]
    assert study.share == 0.5
    assert study.missed == [seed for seed, loss in enumerate(losses) if loss >= middle]
    assert study.quartiles().tolist() == np.percentile(losses, [0, 25, 50, 75, 100]).tolist()


def test_a_target_can_name_a_baseline() -> None:
    study = nncli.seeds(XOR, n=2, target="loss < baseline + 0")
    assert [result.reached for result in study.results] == [
        result.loss < float(np.log(2)) for result in study.results
    ]


def test_a_convex_loss_has_one_minimum_and_losses_apart_have_several() -> None:
    convex = {"dataset": NOISY, "network": {"layers": [1]}, "training": {"epochs": 500}}
    (minimum,) = nncli.seeds({**convex, "optimizer": {"learning_rate": 0.3}}, n=5).minima
    assert sorted(minimum.seeds) == list(range(5))
    minima = nncli.seeds({**XOR, "training": {"epochs": 0}}, n=5).minima
    assert len(minima) > 1
    assert sorted(seed for minimum in minima for seed in minimum.seeds) == list(range(5))
    losses = [minimum.loss for minimum in minima]
    assert all(high > low * 1.001 for low, high in pairwise(losses))


def test_diverged_trainings_are_named_and_reach_no_target() -> None:
    config = {"dataset": NOISY, "network": {"layers": [1]}, "optimizer": {"learning_rate": 1e6}}
    study = nncli.seeds(config, n=3, target="loss < 1e300")
    assert study.diverged == [0, 1, 2]
    assert (study.share, study.missed, study.minima) == (0.0, [], [])
    assert np.isnan(study.quartiles()).all()


def test_a_config_that_sets_its_weights_starts_alike_from_every_seed() -> None:
    Path("perceptron.yaml").write_text(nncli.init("perceptron"), encoding="utf-8")
    assert SeedPlan.of(nncli.check("perceptron.yaml"), 5, None).starts_alike
    assert not SeedPlan.of(nncli.check(XOR), 5, None).starts_alike
    assert not SeedPlan.of(nncli.check(XOR), 1, None).starts_alike


def test_seeds_beyond_the_largest_are_refused() -> None:
    with pytest.raises(nncli.NncliError, match="exceed the largest"):
        nncli.seeds({**XOR, "seed": {"training": 2**63 - 2}}, n=3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n": 0}, "at least 1"),
        ({"target": "los < 1"}, "--target 'los < 1'"),
        ({"target": "loss"}, "NAME OP"),
    ],
)
def test_what_cannot_be_used_is_refused_before_training(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(nncli.NncliError, match=words) as refused:
        nncli.seeds(XOR, **changes)
    assert refused.value.hint
