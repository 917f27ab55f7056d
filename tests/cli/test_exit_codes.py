"""Wrong usage, misspelt names and bugs: one message, and the exit code that belongs to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(
    "words",
    [["trian"], ["train", "--epochs"], ["train", "--zzz", "3"], ["plot", "--format", "gif"]],
)
def test_wrong_usage_is_one_block_with_exit_2(nncli: Command, words: list[str]) -> None:
    result = nncli(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert "hint: run nncli" in result.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plot", "los"), "hint: did you mean loss? kinds (nncli plot --list): loss, "),
        (
            ("evaluate", "--fail-if", "msee > 1"),
            "hint: did you mean mse? known: loss, mse, accuracy, train_loss",
        ),
        (("check", "xor"), "hint: did you mean xor.yaml? it is the only config in the current directory\n"),
        (("check", "nix"), "hint: configs in the current directory: xor.yaml\n"),
        (("check", "nix.yaml"), "hint: configs in the current directory: xor.yaml\n"),
    ],
)
def test_misspelt_name_gets_the_near_one(trained: Command, words: tuple[str, ...], message: str) -> None:
    result = trained(*words)
    assert result.code == 2
    assert message in result.err


def test_bug_is_one_line_with_exit_1(trained: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncli.runs.all_runs", lambda: 1 / 0)
    result = trained("runs")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: a bug in nncli: ZeroDivisionError")
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("runs",), 1, "ZeroDivisionError"),
        (("check", "nix.yaml"), 2, "ConfigError"),
        (("evaluate", "xor", "-q", "--fail-if", "mse > 0"), 4, "CheckFailed"),
        (("plot", "--format", "gif"), 2, "BadParameter"),
    ],
)
def test_debug_shows_the_traceback_and_keeps_the_exit_code(
    trained: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, kind: str
) -> None:
    monkeypatch.setattr("nncli.runs.all_runs", lambda: 1 / 0)
    result = trained(*words, "--debug")
    assert result.code == code
    assert result.err.startswith("Traceback")
    assert kind in result.err
    assert "\nerror: " in result.err


def test_control_characters_from_files_never_reach_the_terminal(nncli: Command) -> None:
    Path("c.yaml").write_text('dataset: "\\e[31mred"\nnetwork: {layers: [{units: 1}]}\n')
    result = nncli("check", "c.yaml")
    assert result.code == 2
    assert "\x1b" not in result.err
