"""Hidden layers get the output layer that the targets need, and `loss: auto` the loss that suits both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nncli import runs
from nncli.config import Config, load_config
from nncli.messages.errors import ConfigError
from nncli.scaffold.profile import profile
from nncli.training.experiment import Experiment, build

ROWS = 30
TARGETS: dict[str, list[Any]] = {
    "decimals": [row / 7 for row in range(ROWS)],
    "whole numbers": list(range(ROWS)),
    "0 and 1": [row % 2 for row in range(ROWS)],
    "1 and 2": [1 + row % 2 for row in range(ROWS)],
    "two halves": [0.5 * (row % 2) for row in range(ROWS)],
    "three digits": [row % 3 for row in range(ROWS)],
    "seven digits": [row % 7 for row in range(ROWS)],
    "two texts": ["ab"[row % 2] for row in range(ROWS)],
    "three texts": ["abc"[row % 3] for row in range(ROWS)],
    "true and false": [["true", "false"][row % 2] for row in range(ROWS)],
}
OUTPUTS = {
    "decimals": (1, "identity", "mse"),
    "whole numbers": (1, "identity", "mse"),
    "0 and 1": (1, "sigmoid", "binary_cross_entropy"),
    "1 and 2": (1, "sigmoid", "binary_cross_entropy"),
    "two halves": (1, "identity", "mse"),
    "three digits": (3, "softmax", "cross_entropy"),
    "seven digits": (1, "identity", "mse"),
    "two texts": (1, "sigmoid", "binary_cross_entropy"),
    "three texts": (3, "softmax", "cross_entropy"),
    "true and false": (1, "sigmoid", "binary_cross_entropy"),
}
ONE_HOT = [[row, row % 2, 1 - row % 2] for row in range(ROWS)]
LABELS = [[row, row % 2, int(row % 3 == 0)] for row in range(ROWS)]
AMOUNTS = [[row, row / 7, row / 3] for row in range(ROWS)]


def one(values: list[Any]) -> dict[str, Any]:
    return {"columns": ["x", "y"], "rows": [[row, value] for row, value in enumerate(values)], "targets": "y"}


def two(rows: list[list[float]]) -> dict[str, Any]:
    return {"columns": ["x", "p", "q"], "rows": rows, "targets": ["p", "q"]}


def experiment(dataset: dict[str, Any], **values: Any) -> Experiment:
    return build(Config.of({"dataset": dataset, "network": {"hidden": [4]}, **values}))


def output(found: Experiment) -> tuple[int, str, str]:
    last = found.config.network.layers[-1]
    return last.units, last.activation.name, found.config.loss.name


@pytest.mark.parametrize("name", TARGETS)
def test_the_output_follows_from_the_target(name: str) -> None:
    assert output(experiment(one(TARGETS[name]))) == OUTPUTS[name]


@pytest.mark.parametrize("name", TARGETS)
def test_the_task_is_the_one_that_init_guesses(name: str) -> None:
    columns = experiment(one(TARGETS[name])).rows.whole
    assert profile(columns.table, ["y"]).task == columns.columns.task


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ONE_HOT, (2, "softmax", "cross_entropy")),
        (LABELS, (2, "sigmoid", "binary_cross_entropy")),
        (AMOUNTS, (2, "identity", "mse")),
    ],
)
def test_the_output_follows_from_several_targets(
    rows: list[list[float]], expected: tuple[int, str, str]
) -> None:
    found = experiment(two(rows))
    assert output(found) == expected
    assert profile(found.rows.whole.table, ["p", "q"]).task == found.rows.whole.columns.task


def test_a_given_task_decides() -> None:
    data = one(TARGETS["seven digits"])
    assert output(experiment({**data, "task": "multiclass"})) == (7, "softmax", "cross_entropy")
    assert output(experiment({**one(TARGETS["0 and 1"]), "task": "regression"})) == (1, "identity", "mse")


def test_hidden_layers_have_their_activation() -> None:
    data = one(TARGETS["decimals"])
    found = experiment(data, network={"hidden": [8, 4], "activation": {"name": "elu", "alpha": 2.0}})
    *hidden, _ = found.config.network.layers
    assert [(layer.units, layer.activation.options()) for layer in hidden] == [
        (8, {"alpha": 2}),
        (4, {"alpha": 2}),
    ]
    assert [layer.activation.name for layer in experiment(data).network.layers] == ["relu", "identity"]
    assert len(experiment(data, network={"hidden": []}).network.layers) == 1


@pytest.mark.parametrize(
    ("activation", "values", "loss"),
    [
        ("sigmoid", TARGETS["0 and 1"], "binary_cross_entropy"),
        ("sigmoid", TARGETS["two texts"], "binary_cross_entropy"),
        ("sigmoid", TARGETS["two halves"], "mse"),
        ("tanh", TARGETS["0 and 1"], "mse"),
        ("identity", TARGETS["decimals"], "mse"),
    ],
)
def test_the_loss_follows_from_the_last_activation_and_the_targets(
    activation: str, values: list[Any], loss: str
) -> None:
    network = {"layers": [{"units": 1, "activation": activation}]}
    assert experiment(one(values), network=network).config.loss.name == loss


def test_options_of_the_loss_are_kept() -> None:
    loss = {"reduction": "sum", "class_weight": "balanced"}
    found = experiment(one(TARGETS["two texts"]), loss=loss).config.loss
    assert (found.name, found.options(), found.class_weight) == (
        "binary_cross_entropy",
        {"reduction": "sum"},
        "balanced",
    )


@pytest.mark.parametrize(
    ("name", "loss", "hint"),
    [
        ("three texts", "binary_cross_entropy", "set loss: cross_entropy"),
        ("two texts", "cross_entropy", "set loss: binary_cross_entropy"),
        ("seven digits", "cross_entropy", "set dataset.task: multiclass"),
    ],
)
def test_a_loss_that_does_not_suit_is_refused(name: str, loss: str, hint: str) -> None:
    with pytest.raises(ConfigError, match="needs a last layer") as caught:
        experiment(one(TARGETS[name]), loss=loss)
    assert hint in str(caught.value.hint)


def test_class_weights_need_classes() -> None:
    with pytest.raises(ConfigError, match="class_weight requires a classification loss"):
        experiment(one(TARGETS["decimals"]), loss={"class_weight": "balanced"})


@pytest.mark.parametrize("name", TARGETS)
def test_a_run_records_the_layers_and_trains_the_same_again(name: str, tmp_path: Path) -> None:
    first = recorded(experiment(one(TARGETS[name]), training={"epochs": 3}), tmp_path / "first")
    text = (tmp_path / "first" / runs.CONFIG).read_text()
    assert "hidden" not in text
    assert "auto" not in text.partition("loss:")[2].partition("gradient:")[0]
    again = build(load_config(tmp_path / "first" / runs.CONFIG))
    assert recorded(again, tmp_path / "second") == first


def recorded(given: Experiment, folder: Path) -> tuple[bytes, bytes]:
    folder.mkdir()
    for _ in runs.record(given, runs.Run(folder)):
        pass
    return (folder / runs.WEIGHTS).read_bytes(), (folder / runs.HISTORY).read_bytes()
