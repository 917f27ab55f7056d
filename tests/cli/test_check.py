"""`nncli check`: what would be trained, and every mistake and warning."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_check_tells_what_would_be_trained(nncli: Command) -> None:
    nncli("init", "height_weight")
    values = json.loads(nncli("check", "height_weight.yaml", "--json").out)
    assert values["schema"] == "nncli.check/1"
    assert (values["task"], values["classes"], values["rows"]) == ("binary", ["0", "1"], 4)
    assert values["layers"] == [{"units": units, "activation": "sigmoid"} for units in (2, 1)]
    assert values["parameters"] == 9
    assert values["loss"] == {"name": "mse", "reduction": "mean"}
    assert values["optimizer"]["name"] == "sgd"
    assert isinstance(values["optimizer"]["learning_rate"], float)
    assert values["updates"] == {"total": 4000, "epochs": 1000, "per_epoch": 4, "batch_size": 1}
    text = nncli("check", "height_weight.yaml").out
    assert "task         binary (0, 1)\n" in text
    assert "network      2-2-1\n" in text
    assert "updates      4,000 (1,000 epochs x 4 updates), 1 row each\n" in text


def test_check_tells_what_rows_of_a_class_count(nncli: Command) -> None:
    nncli("init", "height_weight")
    loss = ("--set", "loss=binary_cross_entropy", "--set", "loss.class_weight={0: 1, 1: 2.5}")
    values = json.loads(nncli("check", "height_weight.yaml", *loss, "--json").out)
    assert values["class_weights"] == {"0": 1.0, "1": 2.5}
    assert "class weights  0: 1, 1: 2.5\n" in nncli("check", "height_weight.yaml", *loss).out
    assert "class weights" not in nncli("check", "height_weight.yaml").out


ODD = ("--set", "network.layers[1].activation=tanh", "--set", "dataset.task=binary", "--set", "loss=mse")


@pytest.mark.parametrize("command", ["check", "train --smoke", "train --progress none"])
def test_what_can_be_trained_but_is_seldom_meant_is_warned_of(nncli: Command, command: str) -> None:
    nncli("init", "xor")
    name, *options = command.split()
    result = nncli(name, "xor.yaml", *options, *ODD)
    assert result.code == 0
    assert "network.layers[1].activation: tanh outputs are used as class probabilities" in result.err
    assert "hint: set activation: sigmoid, with loss: binary_cross_entropy" in result.err
    assert "warning:" in nncli(name, "xor.yaml", *options, *ODD, "-q").err


def test_check_tells_programs_of_its_warnings(nncli: Command) -> None:
    nncli("init", "xor")
    assert json.loads(nncli("check", "xor.yaml", "--json").out)["warnings"] == []
    (warning,) = json.loads(nncli("check", "xor.yaml", "--json", *ODD).out)["warnings"]
    assert "tanh outputs are used as class probabilities" in warning["message"]
    assert warning["hint"] == "set activation: sigmoid, with loss: binary_cross_entropy"


def test_check_tells_where_training_starts_when_asked_for_more(nncli: Command) -> None:
    nncli("init", "worked_example")
    text = nncli("check", "worked_example.yaml", "-v", "--set", "seed=7").out
    assert "layers.0     weights given, biases none\n" in text
    assert "seed         data 7, training 7\n" in text
    nncli("init", "xor")
    text = nncli("check", "xor.yaml", "-v").out
    assert "layers.1     weights normal (mean 0.0, std 1.0), biases uniform (" in text


def test_check_shows_names_and_not_what_a_terminal_would_obey(nncli: Command) -> None:
    Path("c.yaml").write_text(
        'dataset: {columns: ["a\\e[31m", "b\\nok", y], rows: [[0, 1, 1], [1, 0, 0]], targets: [y]}\n'
        "network: {layers: [{units: 1}]}\n"
    )
    result = nncli("check", "c.yaml")
    assert "inputs       a\\x1b[31m, b\\nok\n" in result.out
    nncli("train", "c.yaml", "--epochs", "1", "--set", 'name="red\\e[31m"')
    for words in (("predict", "--format", "table"), ("runs",), ("plot", "weights")):
        result = nncli(*words)
        assert result.code == 0
        assert "\x1b" not in result.out + result.err
    assert "a\x1b[31m" in nncli("predict").out  # a file gets the name itself


def test_check_reports_every_mistake_at_once(nncli: Command) -> None:
    Path("c.yaml").write_text(
        "dataset: xor\nnetwork:\n  layers: [{units: 1, activaton: tanh}]\noptimizer: {learning_rate: fast}\n"
    )
    result = nncli("check", "c.yaml")
    assert result.code == 2
    assert result.err.count("error: c.yaml:") == 2


@pytest.mark.parametrize("flags", [["-O"], ["-OO"]])
def test_check_works_where_python_leaves_docstrings_out(nncli: Command, flags: list[str]) -> None:
    nncli("init", "xor")
    words = [sys.executable, *flags, "-m", "nncli", "check", "xor.yaml", "-q"]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "ok: xor.yaml\n", "")
