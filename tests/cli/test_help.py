"""Help and version: what is shown without reading a config."""

from __future__ import annotations

import pytest

from nncli.cli import registry
from tests.cli.conftest import Command


@pytest.mark.parametrize("command", ["", *registry.command_names()])
def test_every_command_explains_itself(nncli: Command, command: str) -> None:
    for flag in ("-h", "--help"):
        result = nncli(*command.split(), flag)
        assert result.code == 0
        assert "Usage: nncli" in result.out
        assert result.err == ""


def test_without_words_the_help_is_shown(nncli: Command) -> None:
    result = nncli()
    assert (result.code, result.err) == (0, "")
    assert "Train small fully connected neural networks" in result.out


def test_version(nncli: Command) -> None:
    assert nncli("--version").out == "nncli 0.1.0\n"
