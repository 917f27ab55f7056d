"""Trainings side by side in the lanes of a compiled function equal the same trainings alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nncli
from nncli.engines.batches import Batches
from nncli.engines.estimates import LANES
from nncli.engines.stacks import compiled, lanes
from nncli.engines.stacks.lanes import LaneStack
from nncli.many import stacked, trainings
from nncli.many.cross_validation import FoldPlan
from nncli.many.trainings import train_one
from nncli.nn.losses import LOSSES
from nncli.training.experiment import Experiment

from ..engines.conftest import as_python
from .test_compiled_stack import HIDDEN, minibatches
from .test_stacked import OPTIMIZERS, SCHEDULES, alone, largest_loss, seeds, values


@pytest.fixture
def as_python_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Python execute the loops: compiling them takes 1.5 s."""
    monkeypatch.setattr(lanes, "compiled", as_python)


def laned(experiments: list[Experiment], threads: int = 1) -> LaneStack:
    members = [Batches(each.rows.training.X, each.rows.training.Y, each.recipe) for each in experiments]
    return LaneStack(experiments[0].network, members, threads)


def assert_equal_alone(experiments: list[Experiment]) -> None:
    """Assert that each ends in the weights that it has alone, and in the same bits in another lane."""
    initial = np.array([each.initial for each in experiments])
    with np.errstate(all="ignore"):
        W, largest = laned(experiments).train(initial, experiments[0].epochs)
        moved = laned(experiments[::-1]).train(initial[::-1], experiments[0].epochs)
    assert W[::-1].tobytes() == moved[0].tobytes()
    assert largest[::-1].tobytes() == moved[1].tobytes()
    for parameters, loss, each in zip(W, largest.tolist(), alone(experiments), strict=True):
        scale = np.abs(each.parameters).max()
        np.testing.assert_allclose(parameters, each.parameters, rtol=1e-12, atol=1e-12 * scale)
        assert loss == pytest.approx(largest_loss(each.experiment), rel=1e-12)
        assert not np.array_equal(parameters, each.experiment.initial)


@pytest.mark.parametrize("names", [HIDDEN[start : start + 3] for start in range(0, len(HIDDEN), 3)])
def test_every_activation(names: list[str]) -> None:
    config = values(training={"epochs": 12})
    last = config["network"]["layers"][-1]
    config["network"]["layers"] = [*({"units": 3, "activation": name} for name in names), last]
    assert_equal_alone(seeds(config))


@pytest.mark.usefixtures("as_python_source")
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", sorted(LOSSES.keys() - {"cross_entropy"}))
def test_every_loss(loss: str, reduction: str) -> None:
    target = "binary" if loss == "binary_cross_entropy" else "numbers"
    config = values(target, loss={"name": loss, "reduction": reduction}, training=minibatches())
    assert_equal_alone(seeds({**config, "optimizer": {"learning_rate": 0.02}}))


@pytest.mark.usefixtures("as_python_source")
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: "-".join(map(str, each)) + each["name"])
def test_every_optimizer(optimizer: dict[str, Any]) -> None:
    assert_equal_alone(seeds(values(optimizer=optimizer, training=minibatches())))


@pytest.mark.usefixtures("as_python_source")
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda each: each["name"])
def test_every_schedule(schedule: dict[str, Any]) -> None:
    optimizer = {"name": "adam", "learning_rate": 0.05, "schedule": schedule}
    assert_equal_alone(seeds(values(optimizer=optimizer, training=minibatches())))


@pytest.mark.parametrize("batch_size", [1, 5, "full"])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("call", [compiled.CALL, 5.0])
def test_orders_of_rows_wherever_calls_end(
    call: float, shuffle: bool, batch_size: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "CALL", call)  # 5 us is a few updates, which end inside epochs
    training = {"epochs": 300, "batch_size": batch_size, "shuffle": shuffle}
    assert_equal_alone(seeds(values(training=training, optimizer={"learning_rate": 0.01}), 3))


def test_more_trainings_than_lanes_on_any_number_of_threads() -> None:
    experiments = seeds(values(training={"epochs": 12}), 2 * LANES + 3)
    assert_equal_alone(experiments)
    initial = np.array([each.initial for each in experiments])
    W, largest = laned(experiments).train(initial, 12)
    for threads in (2, 100):
        others = laned(experiments, threads).train(initial, 12)
        assert W.tobytes() == others[0].tobytes()
        assert largest.tobytes() == others[1].tobytes()


def test_several_outputs_penalties_and_layers_without_biases() -> None:
    config = values()
    config["dataset"] |= {"inputs": ["a"], "targets": ["b", "y"]}
    config["network"]["layers"][0] |= {"l1": 0.01, "l2": 0.1, "bias": False}
    config["network"]["layers"][-1]["units"] = 2
    assert_equal_alone(seeds(config))


def test_folds_have_rows_of_their_own() -> None:
    config = values(training=minibatches())
    config["dataset"]["preprocessing"] = {"scale": "standard"}
    plan = FoldPlan.of(nncli.check(config), 4, None)
    assert_equal_alone([plan.fold_experiment(rows) for rows in plan.sets])


@pytest.mark.parametrize("rate", [2.5, 1e200])
def test_a_training_that_diverges_has_the_message_that_it_has_alone(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacked, "fastest", lambda experiments: "lanes")
    config = values(optimizer={"learning_rate": rate}, training={"epochs": 1500})
    config["network"]["layers"][0]["activation"] = "relu"
    experiments = seeds(config, 12)
    found, others = [*trainings.train_each(experiments)], [*map(train_one, experiments)]
    assert [each.divergence for each in found] == [each.divergence for each in others]
    assert [each.epochs for each in found] == [each.epochs for each in others]
    assert 0 < sum(each.divergence is not None for each in found)


def test_what_is_not_written_in_lanes_is_never_chosen() -> None:
    long = {"epochs": 1_000_000}
    softmax = values("classes", training=long)
    weighted = values("binary", training=long)
    weighted["loss"] = {"name": "binary_cross_entropy", "class_weight": "balanced"}
    wide = values(training=long, network={"hidden": [40]})
    for config in (softmax, weighted, wide):
        assert stacked.fastest(seeds(config, 50)) != "lanes"
    assert stacked.fastest(seeds(values(training=long), 50)) == "lanes"
