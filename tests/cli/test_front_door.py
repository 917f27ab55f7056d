"""What Python functions and commands both promise: the same answers, and the same refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli as package
from nncli.messages.errors import NncliError
from tests.cli.conftest import Command
from tests.trained import record

PEOPLE = "x1,x2,y\n" + "0,0,0\n0,1,1\n1,0,1\n" * 10

# What is asked of Python, and the words that ask it of the command line.
REFUSED: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "a config that is not there": (lambda: package.check("none.yaml"), ["check", "none.yaml"]),
    "a key that is not known": (lambda: package.train("odd.yaml"), ["train", "odd.yaml"]),
    "a directory in use": (
        lambda: package.train("xor.yaml", output="runs/xor"),
        ["train", "xor.yaml", "-o", "runs/xor"],
    ),
    "a run that is not there": (lambda: package.predict("none"), ["predict", "none"]),
    "fewer epochs than trained": (
        lambda: package.resume("xor", epochs=1),
        ["resume", "xor", "--epochs", "1"],
    ),
    "a template that is not there": (lambda: package.init("none"), ["init", "none"]),
    "a table without a target": (
        lambda: package.init(table="people.csv"),
        ["init", "--from-csv", "people.csv", "-o", "-"],
    ),
    "a picture that is not known": (lambda: package.plot("xor", ["none"]), ["plot", "none", "--run", "xor"]),
    "a picture of another task": (
        lambda: package.plot("xor", ["parity"]),
        ["plot", "parity", "--run", "xor"],
    ),
    "a part that the run has not": (
        lambda: package.evaluate("xor", part="test"),
        ["evaluate", "xor", "--part", "test"],
    ),
    "a table without a column": (
        lambda: package.predict("xor", "short.csv"),
        ["predict", "xor", "-i", "short.csv"],
    ),
    "resume without a directory": (
        lambda: package.train("xor.yaml", resume=True),
        ["train", "xor.yaml", "--resume"],
    ),
    "resume and overwrite": (
        lambda: package.train("xor.yaml", output="a", resume=True, overwrite=True),
        ["train", "xor.yaml", "-o", "a", "--resume", "--overwrite"],
    ),
    "one file for two pictures": (
        lambda: package.plot("xor", ["loss", "network"], output="a.png"),
        ["plot", "loss", "network", "--run", "xor", "-o", "a.png"],
    ),
    "a name that contradicts the format": (
        lambda: package.plot("xor", ["loss"], output="a.png", format="svg"),
        ["plot", "loss", "--run", "xor", "-o", "a.png", "--format", "svg"],
    ),
    "a directory for the pictures of two runs": (
        lambda: package.plot([package.open_run("xor")] * 2, ["loss"], output="a"),
        ["plot", "loss", "--run", "xor", "--run", "xor", "-o", "a"],
    ),
    "an input that is not there": (
        lambda: package.plot("xor", ["boundary"], features=("x1", "none")),
        ["plot", "boundary", "--run", "xor", "--features", "x1,none"],
    ),
    "an epoch that was not kept": (
        lambda: package.predict("xor", epoch=39_000),
        ["predict", "xor", "--epoch", "39000"],
    ),
}


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a run, its config, and what is wrong."""
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "runs" / "xor")
    Path("xor.yaml").write_text(package.init("xor"))
    Path("odd.yaml").write_text(package.init("xor").replace("seed:", "sed:"))
    Path("people.csv").write_text(PEOPLE)
    Path("short.csv").write_text("x1\n0\n1\n")


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse_it_with_the_same_words_and_code(case: str, nncli: Command) -> None:
    call, words = REFUSED[case]
    with pytest.raises(NncliError) as caught:
        call()
    result = nncli(*words)
    assert result.code == caught.value.exit_code
    assert result.err == "\n\n".join(caught.value.blocks()) + "\n"


def test_both_evaluate_to_the_same_numbers(nncli: Command) -> None:
    reported = json.loads(nncli("evaluate", "xor", "-i", "people.csv", "--json").out)
    found = package.evaluate("xor", "people.csv")
    assert reported["metrics"] == dict(found.metrics)
    assert reported["rows"] == found.rows == 30


def test_both_predict_the_same_numbers(nncli: Command) -> None:
    reported = json.loads(nncli("predict", "xor", "-i", "people.csv", "--proba", "--json").out)["columns"]
    found = package.predict("xor", "people.csv", proba=True)
    for name, column in found.items():
        cells = column.tolist() if isinstance(column, np.ndarray) else [int(cell) for cell in column]
        assert reported[name] == cells


def test_both_draft_the_same_config_for_a_table(nncli: Command) -> None:
    text = nncli("init", "--from-csv", "people.csv", "--target", "y", "-o", "-").out
    assert text == package.init(table="people.csv", target="y")


def test_both_find_the_same_gradients(nncli: Command) -> None:
    reported = json.loads(nncli("gradcheck", "runs/xor", "--json").out)["tensors"]
    assert [each["worst"] for each in reported] == [
        each.worst for each in package.gradcheck(package.open_run("xor"))
    ]


def test_both_draw_the_same_pictures(nncli: Command) -> None:
    reported = json.loads(nncli("plot", "loss", "boundary", "--run", "xor", "-o", "a", "--json").out)[
        "pictures"
    ]
    found = package.plot("xor", ["loss", "boundary"], output="b")
    assert [each["caption"] for each in reported] == [each.caption for each in found]
    for name in ("loss.svg", "loss.csv", "boundary.svg", "boundary.csv"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()


def test_both_reproduce_a_run(nncli: Command) -> None:
    reported = json.loads(nncli("reproduce", "xor", "--json").out)
    assert reported["identical"]
    assert package.reproduce("xor").identical


def test_both_train_and_resume_to_the_same_bytes(nncli: Command) -> None:
    assert nncli("train", "xor.yaml", "-o", "a", "-q").code == 0
    package.train("xor.yaml", output="b")
    assert nncli("resume", "a", "--epochs", "2100", "-q").code == 0
    package.resume("b", epochs=2100)
    for name in ("weights.npz", "history.csv", "results.json"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()
