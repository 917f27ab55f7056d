"""Stacked trainings equal the same trainings alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nncli
from nncli.engines import compilation
from nncli.engines.batches import Batches
from nncli.engines.contract import start
from nncli.engines.stacks import arrays as engine
from nncli.many import stacked
from nncli.many.cross_validation import FoldPlan
from nncli.many.seeds import SeedPlan
from nncli.many.trainings import Trained, train_each
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.losses import LOSSES
from nncli.training.experiment import Experiment

RNG = np.random.default_rng(5)
ROWS = [[*RNG.normal(size=2).tolist(), "abc"[k % 3], k % 2, float(RNG.normal())] for k in range(12)]
TARGETS = {"classes": ["kind"], "binary": ["flag"], "numbers": ["y"]}
OPTIMIZERS: list[dict[str, Any]] = [
    {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "clip_norm": 0.1},
    {"name": "sgd", "learning_rate": 0.1, "weight_decay": 0.01},
    {"name": "adam", "learning_rate": 0.05, "clip_norm": 0.5},
    {"name": "adamw", "learning_rate": 0.05},
    {"name": "rmsprop", "centered": True, "momentum": 0.5},
    {"name": "adagrad", "learning_rate": 0.1},
]
SCHEDULES: list[dict[str, Any]] = [
    {"name": "constant", "warmup": 3},
    {"name": "step", "every": 4, "gamma": 0.5},
    {"name": "exponential", "gamma": 0.9},
    {"name": "cosine", "over": 8},
]


def values(target: str = "numbers", **changes: Any) -> dict[str, Any]:
    """A config of a small table; the last layer suits its targets."""
    dataset = {"columns": ["a", "b", "kind", "flag", "y"], "rows": ROWS, "inputs": ["a", "b"]}
    last = {"classes": "softmax", "binary": "sigmoid", "numbers": "identity"}[target]
    layers = [{"units": 4, "activation": "tanh"}, {"units": 3 if target == "classes" else 1}]
    layers[-1]["activation"] = last
    return {
        "dataset": {**dataset, "targets": TARGETS[target]},
        "network": {"layers": layers},
        "training": {"epochs": 12},
        **changes,
    }


def seeds(config: dict[str, Any], count: int = 4) -> list[Experiment]:
    plan = SeedPlan.of(nncli.check(config), count, None)
    return [plan.seeded(seed) for seed in plan.seeds]


def alone(experiments: list[Experiment]) -> list[Trained]:
    return [next(train_each([each])) for each in experiments]


def at_once(experiments: list[Experiment]) -> stacked.Way:
    """Replace `stacked.fastest`."""
    return "numpy" if len(experiments) > 1 else "alone"


def assert_equal_alone(experiments: list[Experiment]) -> None:
    """Assert that all can be stacked, and that each of them ends in the weights that it has alone."""
    assert len({repr(stacked.shape(each)) for each in experiments}) == 1
    for parameters, other in zip(stacked.trained(experiments, "numpy"), alone(experiments), strict=True):
        assert parameters is not None
        scale = np.abs(other.parameters).max()
        np.testing.assert_allclose(parameters, other.parameters, rtol=1e-12, atol=1e-12 * scale)
        assert not np.array_equal(other.parameters, other.experiment.initial)
    members = [Batches(each.rows.training.X, each.rows.training.Y, each.recipe) for each in experiments]
    initial = np.array([each.initial for each in experiments])
    _, largest = engine.StackedPlan(experiments[0].network, members).train(initial, experiments[0].epochs)
    np.testing.assert_allclose(largest, [*map(largest_loss, experiments)], rtol=1e-12)


def largest_loss(experiment: Experiment) -> float:
    """The largest loss of an epoch of a training by itself."""
    beginning = start(experiment.network, experiment.initial, experiment.recipe)
    chunk = experiment.plan().run(beginning, [experiment.epochs * experiment.updates_per_epoch])
    return float(chunk.losses.max())


@pytest.mark.parametrize("batch_size", ["full", 5])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS.keys() - {"softmax"}))
def test_every_activation(activation: str, batch_size: int | str) -> None:
    config = values(training={"epochs": 12, "batch_size": batch_size})
    config["network"]["layers"][0]["activation"] = activation
    assert_equal_alone(seeds(config))


@pytest.mark.parametrize("batch_size", ["full", 5])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(loss: str, target: str, reduction: str, batch_size: int | str) -> None:
    suited = {"cross_entropy": "classes", "binary_cross_entropy": "binary"}.get(loss, target)
    if suited != target:
        pytest.skip("the loss is for other targets")
    training = {"epochs": 12, "batch_size": batch_size}
    config = values(target, loss={"name": loss, "reduction": reduction}, training=training)
    assert_equal_alone(seeds({**config, "optimizer": {"learning_rate": 0.02}}))


@pytest.mark.parametrize("batch_size", ["full", 5])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: "-".join(map(str, each)) + each["name"])
def test_every_optimizer(optimizer: dict[str, Any], batch_size: int | str) -> None:
    assert_equal_alone(seeds(values(optimizer=optimizer, training={"epochs": 12, "batch_size": batch_size})))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda each: each["name"])
def test_every_schedule(schedule: dict[str, Any]) -> None:
    optimizer = {"name": "adam", "learning_rate": 0.05, "schedule": schedule}
    assert_equal_alone(seeds(values(optimizer=optimizer, training={"epochs": 12, "batch_size": 5})))


@pytest.mark.parametrize("shuffle", [False, True])
def test_orders_of_rows_beyond_the_first_block_of_epochs(shuffle: bool) -> None:
    training = {"epochs": 300, "batch_size": 5, "shuffle": shuffle}
    assert_equal_alone(seeds(values(training=training, optimizer={"learning_rate": 0.01})))


def test_training_does_not_end_before_its_first_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHECKED", 2)
    assert_equal_alone(seeds(values(training={"epochs": 5, "batch_size": 5})))


def test_penalties_and_layers_without_biases() -> None:
    config = values()
    config["network"]["layers"][0] |= {"l1": 0.01, "l2": 0.1, "bias": False}
    assert_equal_alone(seeds(config))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("target", ["classes", "binary"])
def test_class_weights(target: str, reduction: str) -> None:
    config = values(target, training={"epochs": 12, "batch_size": 5})
    config["loss"] = {"reduction": reduction, "class_weight": "balanced"}
    config["loss"]["name"] = {"classes": "cross_entropy", "binary": "binary_cross_entropy"}[target]
    plan = FoldPlan.of(nncli.check(config), None, 1)
    assert_equal_alone([plan.fold_experiment(rows) for rows in plan.sets])


def test_folds_have_rows_of_their_own() -> None:
    config = values(training={"epochs": 12, "batch_size": 5})
    config["dataset"]["preprocessing"] = {"scale": "standard"}
    plan = FoldPlan.of(nncli.check(config), 4, None)
    assert_equal_alone([plan.fold_experiment(rows) for rows in plan.sets])


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("finite differences", {"gradient": {"name": "finite_difference"}}),
        ("float32", {"training": {"dtype": "float32"}}),
        ("early stopping", {"training": {"early_stopping": {"monitor": "loss"}}}),
        ("stop_when", {"training": {"stop_when": 0.01}}),
        ("an engine of its own", {"training": {"engine": "numpy"}}),
        ("dropout", {"network": {"layers": [{"units": 4, "dropout": 0.5}, 1]}}),
    ],
)
def test_what_cannot_be_stacked(reason: str, change: dict[str, Any]) -> None:
    experiments = seeds(values(**change), 2)
    assert stacked.reason(experiments[0]) == reason
    assert stacked.most(experiments[0]) == 1
    assert stacked.shape(experiments[0]) != stacked.shape(experiments[1])
    assert len([*train_each(experiments)]) == 2


def test_results_come_in_order_whatever_is_stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    trained = stacked.trained
    monkeypatch.setattr(stacked, "fastest", at_once)
    monkeypatch.setattr(stacked, "trained", lambda each, way: counts.append(len(each)) or trained(each, way))
    monkeypatch.setattr(engine, "IN_CACHE", 3 * 12 * 4)  # numbers of three networks' widest layer
    other = values(training={"epochs": 13})
    experiments = [*seeds(values(), 4), *seeds(other, 3)]
    found = [*train_each(experiments)]
    assert counts == [3, 3]
    assert [result.experiment for result in found] == experiments
    assert [result.epochs for result in found] == [12] * 4 + [13] * 3
    for result, other_result in zip(found, alone(experiments), strict=True):
        assert result.results["train"] == pytest.approx(other_result.results["train"], rel=1e-12)


@pytest.mark.parametrize("rate", [2.5, 40.0, 1e200])
def test_a_training_that_diverges_has_the_message_that_it_has_alone(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacked, "fastest", at_once)
    config = values(optimizer={"learning_rate": rate}, training={"epochs": 1500})
    config["network"]["layers"][0]["activation"] = "relu"
    experiments = seeds(config, 12)
    found, others = [*train_each(experiments)], alone(experiments)
    assert [each.divergence for each in found] == [each.divergence for each in others]
    assert [each.epochs for each in found] == [each.epochs for each in others]
    if rate < 1e100:
        assert 0 < sum(each.divergence is not None for each in found)


@pytest.mark.parametrize(
    ("rate", "epochs", "message"),
    [(5.0, 12, "more than 1,000,000 times"), (1e308, 1, "a weight is no longer finite")],
)
def test_a_loss_beyond_the_limit_and_a_last_weight_that_is_not_finite(
    rate: float, epochs: int, message: str
) -> None:
    config = values(network={"layers": [1]}, training={"epochs": epochs})
    config |= {"optimizer": {"learning_rate": rate}, "loss": {"name": "mse", "reduction": "sum"}}
    experiments = seeds(config)
    assert all(message in str(each.divergence) for each in alone(experiments))
    assert stacked.trained(experiments, "numpy") == [None] * 4


def test_few_networks_and_wide_ones_are_trained_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "_functions", {})  # another test may have compiled the network
    wide = values(network={"hidden": [400, 400]})
    assert stacked.fastest(seeds(values(), 1)) == "alone"
    assert stacked.fastest(seeds(values(training={"epochs": 1000}), 50)) == "numpy"
    assert stacked.most(nncli.check(wide)) == 1
