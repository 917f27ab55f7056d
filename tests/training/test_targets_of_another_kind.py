"""Targets that the loss or the last layer cannot take lead to the kind of task that they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.config import load_config
from nncli.messages.errors import ConfigError
from nncli.training.experiment import build

BINARY = "set dataset.task: binary"
IDENTITY = "set loss: mse, and activation: identity in the last layer"


def refused(folder: Path, labels: list[str], activation: str, loss: str, more: str = "") -> ConfigError:
    rows = ", ".join(f"[{index}, {label}]" for index, label in enumerate(labels * 3))
    (folder / "c.yaml").write_text(
        f"dataset: {{columns: [a, b], rows: [{rows}], targets: [b]{more}}}\n"
        f"network: {{layers: [{{units: 1, activation: {activation}}}]}}\nloss: {loss}\n"
    )
    with pytest.raises(ConfigError) as caught:
        build(load_config(folder / "c.yaml"))
    return caught.value


@pytest.mark.parametrize("labels", [["1", "2"], ["-1", "1"], ["0.5", "1.5"], ["3", "7"]])
def test_two_labels_are_a_binary_task(tmp_path: Path, labels: list[str]) -> None:
    error = refused(tmp_path, labels, "sigmoid", "binary_cross_entropy")
    assert error.hint is not None
    assert error.hint.endswith(BINARY)
    text = (tmp_path / "c.yaml").read_text().replace("targets: [b]", "targets: [b], task: binary")
    (tmp_path / "c.yaml").write_text(text)
    assert build(load_config(tmp_path / "c.yaml")).rows.training.columns.task == "binary"


@pytest.mark.parametrize("labels", [["1", "2", "3"], ["0", "1", "2"], ["0.1", "5", "7"]])
def test_several_values_need_another_loss(tmp_path: Path, labels: list[str]) -> None:
    assert refused(tmp_path, labels, "sigmoid", "binary_cross_entropy").hint == IDENTITY


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize(
    ("values", "activation"),
    [(["0.1", "0.25", "0.9"], "identity or sigmoid"), (["0.5", "1.25", "-3"], "identity")],
)
def test_fractions_are_amounts(tmp_path: Path, values: list[str], activation: str, loss: str) -> None:
    error = refused(tmp_path, values, "softmax", loss)
    assert "3 different values" in error.message
    assert error.hint == f"set activation: {activation} in the last layer, and loss: mse"


@pytest.mark.parametrize(
    ("values", "more"),
    [(["1", "2", "3"], ""), (["u", "v", "w"], ""), (["0.1", "0.2", "0.3"], ", task: multiclass")],
)
def test_classes_stay_classes(tmp_path: Path, values: list[str], more: str) -> None:
    assert refused(tmp_path, values, "softmax", "mse", more).hint == "set units: 3"
