"""`nncli export` writes files into the run, says how exact they are, and refuses unknown targets."""

from __future__ import annotations

import json

import pytest

from nncli.cli.completion import export_target_names
from nncli.exports import EXPORT_TARGETS
from tests.cli.conftest import Command


def test_the_command_writes_into_the_run_and_reports_the_difference(trained: Command) -> None:
    done = trained("export", "xor", "--to", "onnx")
    assert done.code == 0
    assert done.out.startswith("runs/xor/exports/onnx/xor.onnx\nchecked on 4 rows: the largest difference")
    found = json.loads(trained("export", "-o", "xor.c", "--json").out)
    assert found["to"] == "c"
    assert found["largest_difference"] <= 1e-12


def test_help_names_every_target() -> None:
    assert export_target_names() == sorted(EXPORT_TARGETS)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--to", "onix"], "did you mean onnx?"),
        (["-o", "xor.exe"], "add --to with one of: python, onnx"),
        ([], "add --to with one of"),
    ],
)
def test_a_target_that_is_not_known_is_refused(trained: Command, words: list[str], hint: str) -> None:
    done = trained("export", "xor", *words)
    assert done.code == 2
    assert hint in done.err
