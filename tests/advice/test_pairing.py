"""Pairs of task, last activation and loss: the wrong ones are refused, the odd ones reported."""

from __future__ import annotations

from typing import Any

import pytest

from nncli.advice.pairing import RULES, oddities
from nncli.config import Config, load_config
from nncli.messages.errors import ConfigError
from nncli.scaffold import templates
from nncli.storage import resources
from nncli.training.experiment import Experiment, build
from tests.golden import Golden, reported

NUMBERS = {"columns": ["x", "y"], "rows": [[0, -3.5], [1, 0.5], [2, 1.5]], "targets": ["y"]}
SHARES = {
    "columns": ["x", "p", "q"],
    "rows": [[0, 0.2, 0.8], [1, 0.9, 0.1]],
    "targets": ["p", "q"],
    "task": "regression",
}
LABELS = {"columns": ["x", "y"], "rows": [[0, "a"], [1, "b"], [2, "c"]], "targets": ["y"]}
TWO = {"columns": ["x", "y"], "rows": [[0, 0], [1, 1]], "targets": ["y"], "task": "binary"}
FLAGS = {
    "columns": ["x", "p", "q"],
    "rows": [[0, 1, 1], [1, 0, 0], [2, 0, 1]],
    "targets": ["p", "q"],
    "task": "multiclass",
}


LABELED = {**FLAGS, "task": "multilabel"}


def experiment(
    dataset: dict[str, Any], activation: str, units: int, loss: Any = "mse", hidden: tuple[Any, ...] = ()
) -> Experiment:
    layers = [*hidden, {"units": units, "activation": activation}]
    return build(Config.of({"dataset": dataset, "network": {"layers": layers}, "loss": loss}))


SCALED = {**NUMBERS, "preprocessing": {"scale_targets": "standard"}}
SMALL = {**NUMBERS, "preprocessing": {"scale_targets": "minmax"}}
UNEVEN = {**SHARES, "rows": [[0, 0.2, 0.2], [1, 0.9, 0.1]]}

ODD: dict[str, tuple[Any, ...]] = {
    "values beyond a sigmoid": (NUMBERS, "sigmoid", 1),
    "values beyond a tanh": (NUMBERS, "tanh", 1),
    "negative values for a relu": (NUMBERS, "relu", 1),
    "scaled values beyond a sigmoid": (SCALED, "sigmoid", 1),
    "softmax with mse": (LABELS, "softmax", 3),
    "a single softmax": ({**TWO, "task": "auto", "rows": [[0, 1], [1, 1]]}, "softmax", 1, "cross_entropy"),
    "shares that do not sum to 1": (UNEVEN, "softmax", 2, "cross_entropy"),
    "flags under a softmax": (FLAGS, "softmax", 2, "cross_entropy"),
    "labels under a softmax": (LABELED, "softmax", 2, "cross_entropy"),
    "labels from a tanh": (LABELED, "tanh", 2),
    "a sigmoid for each label": (LABELS, "sigmoid", 3, "binary_cross_entropy"),
    "two classes from a tanh": (TWO, "tanh", 1),
    "labels from weighted sums": (LABELS, "identity", 3),
    "a hidden layer without activation": (NUMBERS, "identity", 1, "mse", (4,)),
    "a linear layer twice": (NUMBERS, "identity", 1, "mse", ({"units": 4, "activation": "identity"}, 4)),
}
USUAL: dict[str, tuple[Any, ...]] = {
    "values from weighted sums": (NUMBERS, "identity", 1),
    "scaled values from weighted sums": (SCALED, "identity", 1, "huber"),
    "values scaled to a sigmoid": (SMALL, "sigmoid", 1),
    "values scaled to a relu": (SMALL, "relu", 1, "mae"),
    "shares from a softmax": (SHARES, "softmax", 2, "cross_entropy"),
    "shares from sigmoids": (SHARES, "sigmoid", 2, "binary_cross_entropy"),
    "two classes from a sigmoid": (TWO, "sigmoid", 1, "binary_cross_entropy"),
    "two classes from a sigmoid by mse": (TWO, "sigmoid", 1),
    "a linear layer on purpose": (
        NUMBERS,
        "identity",
        1,
        "mse",
        ({"units": 4, "activation": "identity"},),
    ),
    "a linear layer before one that bends": (
        NUMBERS,
        "identity",
        1,
        "mse",
        (4, {"units": 4, "activation": "tanh"}),
    ),
    "labels from a softmax": (LABELS, "softmax", 3, "cross_entropy"),
    "flags of labels from sigmoids": (LABELED, "sigmoid", 2, "binary_cross_entropy"),
}
WRONG: dict[str, tuple[Any, ...]] = {
    "cross-entropy of a sigmoid": (LABELS, "sigmoid", 3, "cross_entropy"),
    "binary cross-entropy of weighted sums": (TWO, "identity", 1, "binary_cross_entropy"),
    "binary cross-entropy of any value": (NUMBERS, "sigmoid", 1, "binary_cross_entropy"),
    "cross-entropy of negative shares": (
        {**SHARES, "rows": [[0, 1.2, -0.2], [1, 0.9, 0.1]]},
        "softmax",
        2,
        "cross_entropy",
    ),
    "one class per row of labels": (FLAGS, "sigmoid", 2, "binary_cross_entropy"),
    "class weights of labels": (
        LABELED,
        "sigmoid",
        2,
        {"name": "binary_cross_entropy", "class_weight": "balanced"},
    ),
    "fewer units than classes": (LABELS, "softmax", 2, "cross_entropy"),
}


@pytest.mark.parametrize("arguments", ODD.values(), ids=ODD)
def test_odd_pair_is_reported_with_the_reason(golden: Golden, arguments: tuple[Any, ...]) -> None:
    (mistake,) = oddities(experiment(*arguments))
    assert mistake.hint
    golden.check(reported(mistake))


@pytest.mark.parametrize("arguments", USUAL.values(), ids=USUAL)
def test_common_pair_is_not_reported(arguments: tuple[Any, ...]) -> None:
    assert oddities(experiment(*arguments)) == []


@pytest.mark.parametrize("name", templates.names())
def test_no_template_is_odd(name: str) -> None:
    assert oddities(build(load_config(resources.folder("configs") / f"{name}.yaml"))) == []


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_pair_is_refused(golden: Golden, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        experiment(*arguments)
    golden.check(reported(caught.value))


# What is wrong with a machine and not with a config is tested in tests/engines/test_numba_engine.py.
OF_CONFIGS = [rule for rule in RULES if rule.__name__ != "_broken_engine"]


@pytest.mark.parametrize("rule", OF_CONFIGS, ids=lambda rule: rule.__name__)
def test_every_rule_tells_of_something(rule: Any) -> None:
    assert any(rule(experiment(*arguments)) for arguments in ODD.values())
