"""Trainings that share a compiled function have the bits of the numba engine, on any number of threads."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.engines import numba_engine
from nncli.engines.batches import Batches
from nncli.engines.stacks import compiled as engine
from nncli.engines.stacks.compiled import CompiledStack
from nncli.many import stacked, trainings
from nncli.many.cross_validation import FoldPlan
from nncli.many.trainings import train_one
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.losses import LOSSES
from nncli.training.experiment import Experiment

from ..engines.conftest import as_python
from .test_stacked import OPTIMIZERS, SCHEDULES, TARGETS, largest_loss, seeds, values


@pytest.fixture
def as_python_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Python execute the loops: compiling them takes 1.5 s."""
    monkeypatch.setattr(numba_engine, "compiled", as_python)


HIDDEN = sorted(ACTIVATIONS.keys() - {"softmax"})


def assert_equal_alone(experiments: list[Experiment]) -> None:
    """Assert that each has the bits of the numba engine, and but for rounding those of numpy."""
    initial = np.array([each.initial for each in experiments])
    W, largest = compiled(experiments, 1).train(initial, experiments[0].epochs)
    for again in (compiled(experiments, 2), compiled(experiments, 100)):
        others = again.train(initial, experiments[0].epochs)
        assert W.tobytes() == others[0].tobytes()
        assert largest.tobytes() == others[1].tobytes()
    for parameters, loss, each in zip(W, largest.tolist(), experiments, strict=True):
        same = replace(each, engine_name="numba")
        assert parameters.tobytes() == train_one(same).parameters.tobytes()
        assert loss == largest_loss(same)
        other = train_one(replace(each, engine_name="numpy")).parameters
        np.testing.assert_allclose(parameters, other, rtol=1e-12, atol=1e-12 * np.abs(other).max())
        assert not np.array_equal(parameters, each.initial)


def compiled(experiments: list[Experiment], threads: int) -> CompiledStack:
    members = [Batches(each.rows.training.X, each.rows.training.Y, each.recipe) for each in experiments]
    return CompiledStack(experiments[0].network, members, threads)


def minibatches(**changes: Any) -> dict[str, Any]:
    return {"epochs": 12, "batch_size": 5, **changes}


@pytest.mark.parametrize("names", [HIDDEN[start : start + 3] for start in range(0, len(HIDDEN), 3)])
def test_every_activation(names: list[str]) -> None:
    config = values(training={"epochs": 12})
    last = config["network"]["layers"][-1]
    config["network"]["layers"] = [*({"units": 4, "activation": name} for name in names), last]
    assert_equal_alone(seeds(config))


@pytest.mark.usefixtures("as_python_source")
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(loss: str, reduction: str) -> None:
    target = {"cross_entropy": "classes", "binary_cross_entropy": "binary"}.get(loss, "numbers")
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
@pytest.mark.parametrize("call", [engine.CALL, 1.0])
def test_orders_of_rows_wherever_calls_end(
    call: float, shuffle: bool, batch_size: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CALL", call)  # 1 us is a few updates, which end inside epochs
    training = {"epochs": 300, "batch_size": batch_size, "shuffle": shuffle}
    config = values(training=training, optimizer={"learning_rate": 0.01})
    experiments = seeds(config, 3)
    initial = np.array([each.initial for each in experiments])
    W, largest = compiled(experiments, 2).train(initial, 300)
    for parameters, loss, each in zip(W, largest.tolist(), experiments, strict=True):
        same = replace(each, engine_name="numba")
        assert parameters.tobytes() == train_one(same).parameters.tobytes()
        assert loss == largest_loss(same)


def test_penalties_and_layers_without_biases() -> None:
    config = values()
    config["network"]["layers"][0] |= {"l1": 0.01, "l2": 0.1, "bias": False}
    assert_equal_alone(seeds(config))


@pytest.mark.parametrize("target", ["classes", "binary"])
def test_folds_with_rows_and_class_weights_of_their_own(target: str) -> None:
    config = values(target, training=minibatches(), loss={"class_weight": "balanced"})
    config["dataset"]["preprocessing"] = {"scale": "standard"}
    config["loss"]["name"] = {"classes": "cross_entropy", "binary": "binary_cross_entropy"}[target]
    plan = FoldPlan.of(nncli.check(config), None, 1)
    assert_equal_alone([plan.fold_experiment(rows) for rows in plan.sets])


@pytest.mark.parametrize("rate", [2.5, 1e200])
def test_a_training_that_diverges_has_the_message_that_it_has_alone(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacked, "fastest", lambda experiments: "compiled")
    config = values(optimizer={"learning_rate": rate}, training={"epochs": 1500})
    config["network"]["layers"][0]["activation"] = "relu"
    experiments = seeds(config, 12)
    found, others = [*trainings.train_each(experiments)], [*map(train_one, experiments)]
    assert [each.divergence for each in found] == [each.divergence for each in others]
    assert [each.epochs for each in found] == [each.epochs for each in others]
    assert 0 < sum(each.divergence is not None for each in found)


@pytest.mark.parametrize("target", TARGETS)
def test_results_measured_at_once_have_the_bits_of_each_alone(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacked, "MEASURED", 3 * 9 * 4)  # networks are measured three at a time
    config = values(target, metrics=["mse", "r2"] if target == "numbers" else ["accuracy"])
    config["dataset"]["split"] = {"test": 0.25}
    experiments = seeds(config, 8)
    alone = [trainings.train_one(replace(each, engine_name="numpy")) for each in experiments]
    W = [each.parameters for each in alone]
    assert stacked.results(experiments, W) == [each.results for each in alone]


def test_a_compiled_function_is_chosen_if_it_saves_its_compilation() -> None:
    short, long = (seeds(values(training={"epochs": epochs}), 50) for epochs in (1000, 1_000_000))
    assert stacked.fastest(short) == "numpy"
    assert stacked.fastest(long) == "lanes"
    assert stacked.fastest(long[:2]) == "compiled"
    assert stacked.fastest(short[:1]) == "alone"
    compiled(short[:1], 1)  # what a process has done before changes no results
    assert stacked.fastest(short) == "numpy"


def test_the_numba_engine_is_shared_if_the_config_names_it() -> None:
    named = values(training={"epochs": 30, "engine": "numba"})
    experiments = seeds(named, 4)
    assert stacked.fastest(experiments) == "compiled"
    found = [each.parameters.tobytes() for each in trainings.train_each(experiments)]
    assert found == [trainings.train_one(each).parameters.tobytes() for each in experiments]
    wide = seeds(values(training={"engine": "numba"}, network={"hidden": [300, 300]}), 2)
    assert stacked.fastest(wide) == "alone"  # its products are those of numpy


def test_without_numba_the_arrays_of_numpy_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacked, "unusable", lambda: "is not installed")
    assert stacked.fastest(seeds(values(training={"epochs": 1_000_000}), 50)) == "numpy"


def test_an_interruption_ends_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CALL", 1000.0)
    experiments = seeds(values(training={"epochs": 10_000_000}), 4)
    plan, before, calls = compiled(experiments, 2), threading.active_count(), engine.calls

    def interrupted(*arguments: Any) -> Any:
        yield next(calls(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "calls", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plan.train(np.array([each.initial for each in experiments]), 10_000_000)
    assert threading.active_count() == before
