"""Commands without a config: the only one in the current directory, or those to choose from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

OTHER = "services:\n  dataset: 1\n"


@pytest.mark.parametrize("command", ["train", "check"])
def test_the_only_config_is_used(nncli: Command, command: str) -> None:
    nncli("init", "xor")
    Path("compose.yaml").write_text(OTHER)
    Path("folder.yaml").mkdir()
    result = nncli(command)
    assert result.code == 0
    assert result.err.startswith("using xor.yaml, the only config in the current directory\n")
    assert nncli(command, "-q").err == ""


def test_options_apply_to_the_only_config(nncli: Command) -> None:
    nncli("init", "xor", "-o", "a.yml")
    assert nncli("train", "--epochs", "3", "-q").out == "runs/a\n"


@pytest.mark.parametrize("command", ["train", "check"])
def test_of_several_one_is_to_be_named(nncli: Command, command: str) -> None:
    for name in ("xor", "not"):
        nncli("init", name)
    assert nncli(command) == (
        2,
        "",
        "error: 2 configs in the current directory: not.yaml, xor.yaml\n"
        f"hint: name one: nncli {command} not.yaml\n",
    )


@pytest.mark.parametrize("command", ["train", "check"])
def test_without_any_init_is_suggested(nncli: Command, command: str) -> None:
    Path("compose.yaml").write_text(OTHER)
    assert nncli(command) == (
        2,
        "",
        "error: no config in the current directory\nhint: write one with: nncli init xor\n",
    )


@pytest.mark.parametrize("text", ['{"dataset": {"name": "xor"}}', "'dataset': {name: xor}", "dataset : 1"])
def test_a_config_is_recognized_in_each_form_of_yaml(nncli: Command, text: str) -> None:
    Path("a.yaml").write_text(text)
    assert nncli("check").err.startswith("using a.yaml, ")
