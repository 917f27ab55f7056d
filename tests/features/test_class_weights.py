"""Class weights make a row count as often as its class weighs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncli.advice.trials import baseline
from nncli.config import Config
from nncli.messages.errors import ConfigError
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import backprop, finite_difference
from nncli.nn.losses import LOSSES
from nncli.nn.network import Layer, Network
from nncli.training.experiment import Experiment, build
from tests import stepwise

ROWS = [
    [0.1, 0.9, "a"],
    [0.4, -0.2, "b"],
    [-0.6, 0.3, "a"],
    [0.8, 0.5, "c"],
    [0.2, 0.2, "a"],
    [1.0, -1.0, "b"],
]
OUTPUT = {
    "cross_entropy": {"units": 3, "activation": "softmax"},
    "binary_cross_entropy": {"units": 1, "activation": "sigmoid"},
}
SIGMOIDS = {"network": {"layers": [{"units": 3, "activation": "sigmoid"}]}}


def experiment(class_weight: Any, *, name: str = "cross_entropy", **more: Any) -> Experiment:
    rows = ROWS if name == "cross_entropy" else [row for row in ROWS if row[2] != "c"]
    values = {
        "dataset": {"columns": ["x", "z", "y"], "rows": rows, "targets": ["y"]},
        "network": {"layers": [{"units": 4, "activation": "tanh"}, OUTPUT[name]]},
        "loss": {"name": name, "class_weight": class_weight},
        "training": {"epochs": 5},
        **more,
    }
    return build(Config.of(values))


def weights_of(system: Experiment) -> np.ndarray:
    weights = system.recipe.loss.class_weights
    assert weights is not None
    return weights


def test_balanced_is_scikit_learns() -> None:
    assert weights_of(experiment("balanced")).tolist() == [6 / (3 * 3), 6 / (3 * 2), 6 / (3 * 1)]
    utils = pytest.importorskip("sklearn.utils.class_weight")
    labels = [row[2] for row in ROWS]
    theirs = utils.compute_class_weight("balanced", classes=np.array(["a", "b", "c"]), y=labels)
    assert np.array_equal(weights_of(experiment("balanced")), theirs)


def test_balanced_counts_the_training_rows_alone() -> None:
    rows = [[*row, "train"] for row in ROWS] + [[0.0, 0.0, "c", "test"]] * 9
    dataset = {
        "columns": ["x", "z", "y", "part"],
        "rows": rows,
        "targets": ["y"],
        "split": {"column": "part"},
    }
    assert weights_of(experiment("balanced", dataset=dataset)).tolist() == [6 / 9, 1.0, 2.0]


@pytest.mark.parametrize("name", OUTPUT)
def test_the_mean_is_that_of_rows_repeated_as_often_as_they_weigh(name: str) -> None:
    weights = {"a": 2, "b": 3, "c": 1} if name == "cross_entropy" else {"a": 2, "b": 3}
    weighted = experiment(weights, name=name)
    data, loss = weighted.rows.training, weighted.recipe.loss
    times = [weights[label] for label in data.columns.labels(data.table) or ()]
    X, Y = np.repeat(data.X, times, axis=0), np.repeat(data.Y, times, axis=0)
    plain = LOSSES[name]()
    expected = backprop()(weighted.network, weighted.initial, X, Y, plain)
    for method, tolerance in ((backprop(), 1e-14), (finite_difference(), 1e-8)):
        value, gradient = method(weighted.network, weighted.initial, data.X, data.Y, loss)
        assert value == pytest.approx(expected[0], rel=1e-14)
        assert np.allclose(gradient, expected[1], rtol=0, atol=tolerance)


def test_weights_of_one_change_nothing_where_each_class_has_a_sigmoid() -> None:
    loss = {"name": "binary_cross_entropy", "class_weight": {"a": 1, "b": 1, "c": 1}}
    system = experiment(None, loss=loss, **SIGMOIDS)
    data, plain = system.rows.training, LOSSES["binary_cross_entropy"]()
    found, expected = (
        backprop()(system.network, system.initial, data.X, data.Y, each)
        for each in (system.recipe.loss, plain)
    )
    assert found[0] == expected[0]
    assert np.array_equal(found[1], expected[1])


@pytest.mark.parametrize(("name", "classes"), [("cross_entropy", 3), ("binary_cross_entropy", 2)])
def test_nobody_guesses_between_balanced_classes(name: str, classes: int) -> None:
    """The best constant gives each the same share, so it costs the logarithm of their number."""
    assert baseline(experiment("balanced", name=name)) == pytest.approx(np.log(classes), rel=1e-12)


def test_the_sum_adds_weighted_terms() -> None:
    system = experiment(
        {"a": 2, "b": 3, "c": 1},
        loss={"name": "cross_entropy", "reduction": "sum", "class_weight": {"a": 2, "b": 3, "c": 1}},
    )
    data = system.rows.training
    A = system.network.predict(system.initial, data.X)
    terms = -np.log((A * data.Y).sum(axis=1)) * np.array([2, 3, 2, 1, 2, 3])
    (first, *_) = stepwise.train(system)
    assert first.loss == pytest.approx(terms.sum(), rel=1e-14)


@pytest.mark.parametrize("name", OUTPUT)
def test_an_epoch_of_batches_weighs_them_by_their_rows_weights(name: str) -> None:
    # With a step too small to change anything an epoch's loss is that of all its rows.
    options = {
        "training": {"epochs": 1, "batch_size": 2},
        "optimizer": {"name": "sgd", "learning_rate": 1e-300},
    }
    first, second = stepwise.train(experiment("balanced", name=name, **options))
    assert second.loss == pytest.approx(first.loss, rel=1e-14)


@pytest.mark.parametrize("name", OUTPUT)
def test_weights_of_one_change_no_number(name: str) -> None:
    layer = Layer(2, OUTPUT[name]["units"], ACTIVATIONS[str(OUTPUT[name]["activation"])]())
    network = Network((layer,))
    system = experiment({"a": 1, "b": 1, "c": 1} if name == "cross_entropy" else {"a": 1, "b": 1}, name=name)
    parameters = np.linspace(-1, 1, network.parameter_count)
    data = system.rows.training
    with_, without = (
        backprop()(network, parameters, data.X, data.Y, loss) for loss in (system.recipe.loss, LOSSES[name]())
    )
    assert with_[0] == without[0]
    assert np.array_equal(with_[1], without[1])


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        ({"a": 1, "b": 1, "d": 1, "c": 1}, r"loss\.class_weight\.d: no class named 'd'", "classes: a, b, c"),
        ({"a": 1, "b": 1}, r"loss\.class_weight: no weight for class 'c'", "give every class a weight"),
        ({"a": 0, "b": 1, "c": 1}, r"loss\.class_weight", ""),
        ("even", r"loss\.class_weight", ""),
    ],
)
def test_weights_that_fit_no_class_are_refused(given: Any, said: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        experiment(given)
    assert hint in str(caught.value.hint)


def test_what_has_no_classes_has_no_weights() -> None:
    table = {"columns": ["x", "y"], "rows": [[0, 1], [1, 2]], "targets": ["y"]}
    with pytest.raises(ConfigError, match="class_weight requires a classification loss"):
        build(
            Config.of(
                {
                    "dataset": table,
                    "network": {"layers": [{"units": 1}]},
                    "loss": {"name": "mse", "class_weight": "balanced"},
                }
            )
        )
    several = {"columns": ["x", "p", "q"], "rows": [[0, 1, 0], [1, 0, 1]], "targets": ["p", "q"]}
    with pytest.raises(ConfigError, match="class_weight needs a classification target"):
        experiment("balanced", dataset=several, network={"layers": [{"units": 2, "activation": "softmax"}]})
