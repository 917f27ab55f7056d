"""The trace command: its text at several widths, its JSON, and what it refuses."""

from __future__ import annotations

import json
import re

import pytest

from ..golden import Golden
from .conftest import Command

CONFIG = """\
dataset: {columns: [x1, x2, y], rows: [[2, -1, 1], [0, 1, 0]], targets: [y], task: regression}
network:
  layers:
    - {units: 2, activation: tanh, weights: [[0.5, -0.25], [0.1, 0.3]], biases: [0.2, 0]}
    - {units: 1, activation: sigmoid, weights: [[1.5, -2.0]], biases: [0.1]}
loss: {name: half_squared_error, reduction: sum}
optimizer: {name: sgd, learning_rate: 0.1, momentum: 0.9}
training: {epochs: 5, batch_size: 1, shuffle: false}
"""


@pytest.mark.parametrize("columns", [40, 80, None])
def test_a_2_2_1_network_is_shown_whole(
    nncli: Command, golden: Golden, monkeypatch: pytest.MonkeyPatch, columns: int | None
) -> None:
    monkeypatch.setattr("nncli.cli.output.columns_of", lambda stream: columns)
    result = nncli("trace", "-", stdin=CONFIG)
    assert result.code == 0
    if columns is None:  # a line for each number, as grep wants it
        assert not re.search("^ *=", result.out, re.MULTILINE)
    else:
        assert max(map(len, result.out.splitlines())) <= columns
    golden.check(result.out)


def test_a_run_is_traced_at_its_weights_and_at_those_of_an_epoch(trained: Command) -> None:
    start = json.loads(trained("trace", "xor.yaml", "--json").out)
    first = json.loads(trained("trace", "xor", "--epoch", "0", "--json").out)
    last = json.loads(trained("trace", "xor", "--json").out)
    assert first == start
    assert last["loss"] < first["loss"]
    assert last["row"] == 1
    assert {"inputs", "targets", "loss", "forward", "terms", "backward", "update"} <= last.keys()
    line = last["forward"][0]["lines"][0]
    assert line.keys() == {"name", "formula", "numbers", "value"}


def test_what_differs_from_training_is_said(trained: Command) -> None:
    changes = ["--set", "optimizer=adam", "--set", "network.layers[0].dropout=0.5"]
    notes = trained("trace", "xor.yaml", *changes).err
    assert "in training, a batch has 4 rows" in notes
    assert "dropout is turned off" in notes
    assert "first of the optimizer" in notes


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["xor", "--row", "5"], "row 5: the training set has 4 rows"),
        (["xor", "--layer", "9"], "layer 9: the network has 2 layers"),
        (["xor", "--epoch", "1234567"], "no weights were recorded at epoch 1234567"),
        (["xor.yaml", "--epoch", "3"], "a config has the weights of epoch 0 alone"),
        (["xor", "--set", "loss=mse"], "the config of a run cannot be changed"),
    ],
)
def test_what_is_not_there_is_named(trained: Command, words: list[str], error: str) -> None:
    result = trained("trace", *words)
    assert result.code == 2
    assert error in result.err
