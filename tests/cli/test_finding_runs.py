"""Runs and their weights: listed, found by name, or refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_runs_lists_the_newest_first(trained: Command) -> None:
    trained("train", "xor.yaml", "--epochs", "3")
    names = [line.split()[0] for line in trained("runs").out.splitlines()[1:]]
    assert names == ["xor-2", "xor"]
    values = json.loads(trained("runs", "--json").out)
    assert [entry["run"] for entry in values["runs"]] == ["runs/xor-2", "runs/xor"]


def test_run_that_does_not_exist_names_those_that_do(trained: Command) -> None:
    for command in ("predict", "evaluate", "gradcheck"):
        result = trained(command, "xro")
        assert result.code == 2
        assert "error: xro: no such run\nhint: choose from the runs here: xor" in result.err


def test_no_run_at_all_says_how_to_make_one(nncli: Command) -> None:
    for command in ("predict", "evaluate", "plot", "gradcheck"):
        result = nncli(command)
        assert (result.code, result.out) == (2, "")
        assert "nncli train" in result.err


def test_damaged_weights_are_refused(trained: Command) -> None:
    file = Path("runs/xor/weights.npz")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    result = trained("predict", "xor", "--values", "1,0")
    assert (result.code, result.out) == (2, "")
    assert "runs/xor/weights.npz: damaged" in result.err


@pytest.mark.parametrize("words", [("gradcheck",), ("evaluate",), ("predict",), ("plot", "loss", "--run")])
@pytest.mark.parametrize("file", ["elsewhere", "elsewhere/weights.npz", "runs/xor/copy.npz"])
def test_weights_alone_are_reported_where_the_config_is_needed(
    trained: Command, words: tuple[str, ...], file: str
) -> None:
    Path("elsewhere").mkdir()
    for copy in ("elsewhere/weights.npz", "runs/xor/copy.npz"):
        Path(copy).write_bytes(Path("runs/xor/weights.npz").read_bytes())
    result = trained(*words, file)
    assert (result.code, result.out) == (2, "")
    message = "only weights, without the config.yaml of their run\nhint: give the run directory"
    assert message in result.err
