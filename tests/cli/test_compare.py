"""The compare command: its text at several widths, its picture, its JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nncli.plots.picture import PICTURE_FORMATS

from ..golden import Golden
from .conftest import Command


@pytest.fixture
def three(trained: Command) -> Command:
    """Run xor, and two more: with a larger learning rate, and with another seed."""
    for words in (["--learning-rate", "0.5"], ["--seed", "1"]):
        assert trained("train", "xor.yaml", "-q", *words).code == 0
    return trained


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_runs_are_shown_side_by_side(
    three: Command, golden: Golden, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nncli.cli.output.Output.columns", columns)
    result = three("compare", "xor", "xor-2", "xor-3", "--target", "mse=0.05")
    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= columns
    golden.check(result.out)


def test_the_two_latest_runs_are_compared_by_default(three: Command) -> None:
    result = three("compare")
    assert "using runs/xor-2 and runs/xor-3, the two latest runs" in result.err
    assert Path("runs/compare-xor-2-xor-3.svg").is_file()


@pytest.mark.parametrize("suffix", PICTURE_FORMATS)
def test_picture_is_written_in_every_format_with_its_numbers(three: Command, suffix: str) -> None:
    result = three("compare", "xor", "xor-2", "-o", f"both{suffix}")
    assert result.code == 0
    assert f"both{suffix}" in result.out
    assert Path(f"both{suffix}").stat().st_size > 5000
    header, *rows = Path("both.csv").read_text().splitlines()
    assert header == "measure,curve,epoch,median,low,high"
    assert {row.split(",")[1] for row in rows} == {"learning_rate 0.1", "learning_rate 0.5"}
    again = three("compare", "xor", "xor-2", "-o", f"both{suffix}")
    assert again.code == 0  # its own picture is replaced


def test_weights_are_compared_on_request(three: Command) -> None:
    result = three("compare", "xor", "xor-2", "--weights")
    assert (
        "runs/xor and runs/xor-2: weights differ from epoch 1 on (equal up to epoch 0); layers." in result.out
    )
    assert three("train", "xor.yaml", "-q", "-o", "same").code == 0
    same = three("compare", "xor", "same", "--weights")
    assert "all weights are equal at" in same.out
    assert (
        json.loads(three("compare", "xor", "same", "--weights", "--json").out)["weights"]["difference"]
        is None
    )


def test_json_has_a_value_of_each_run(three: Command) -> None:
    words = ["compare", "xor", "xor-2", "--run", "xor-3", "--target", "mse=0.001", "--json"]
    found = json.loads(three(*words).out)
    assert found["schema"] == "nncli.compare/1"
    assert found["differing"] == ["optimizer.learning_rate"]
    assert found["target"] == {"name": "mse", "value": 0.001}
    slow, fast = found["groups"]
    assert slow["runs"] == ["runs/xor", "runs/xor-3"]
    assert slow["seeds"] == [0, 1]
    assert slow["epochs_to_target"] == [None, None]
    assert fast["settings"] == {"optimizer.learning_rate": "0.5"}
    assert 0 < fast["epochs_to_target"][0] < 1000
    assert fast["results"].keys() == {"loss", "mse", "accuracy"}
    assert Path(found["picture"]).is_file()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["xor"], "compare needs two different runs, found runs/xor"),
        (["xor", "none"], "none: no such run"),
        (["xor", "xor-2", "--target", "mse"], "target 'mse': expected NAME=NUMBER"),
        (["xor", "xor-2", "--target", "msr=1"], "target 'msr' is not in the history of runs/xor"),
        (["xor", "xor-2", "xor-3", "--weights"], "3 runs: the weights of two can be compared"),
        (["xor", "xor-2", "-o", "both.txt"], "both.txt: cannot write a '.txt' plot"),
    ],
)
def test_what_cannot_be_compared_is_refused(three: Command, words: list[str], error: str) -> None:
    result = three("compare", *words)
    assert (result.code, result.out) == (2, "")
    assert error in result.err
