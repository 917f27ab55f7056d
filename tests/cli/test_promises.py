"""Small promises of commands: what a warning, a loss, a category or a choice says."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nncli.messages.wording import measured
from tests.cli.conftest import Command

TABLE = "colour,size,y\n" + "".join(f"{c},{s},{y}\n" for s in range(8) for c, y in (("red", s), ("blue", -s)))
CONFIG = """
dataset: {path: t.csv, targets: [y], preprocessing: {unseen: ignore}}
network: {layers: [{units: 1}]}
training: {epochs: 3}
"""


@pytest.fixture
def colours(nncli: Command) -> Command:
    """A run of a table with a category, which lets unknown ones pass."""
    Path("t.csv").write_text(TABLE)
    Path("c.yaml").write_text(CONFIG)
    assert nncli("train", "c.yaml", "-q").code == 0
    return nncli


# The loss of the last epoch and that of the saved weights


def test_summary_says_which_loss_is_which(nncli: Command) -> None:
    nncli("init", "xor")
    result = nncli("train", "xor.yaml", "--progress", "log")
    (last,) = (line for line in result.err.splitlines() if line.startswith("epoch=1000 "))
    during = dict(pair.split("=") for pair in last.split())["loss"]
    saved = measured(json.loads(Path("runs/xor/results.json").read_text())["train"]["loss"])
    assert saved != during
    words = f"final loss {saved} with the saved weights; {during} was measured during epoch 1,000, "
    assert words in " ".join(result.out.split())
    assert "was measured during" not in nncli("train", "xor.yaml", "--epochs", "0").out


# Categories that no training row had


@pytest.mark.parametrize("words", [("predict",), ("evaluate",)])
def test_unknown_categories_are_counted_with_the_first_of_them(
    colours: Command, words: tuple[str, ...]
) -> None:
    Path("new.csv").write_text(TABLE + "violet,1,2\nred,1,1\nviolet,2,2\npink,3,3\n")
    for more in ((), ("-q",)):
        result = colours(*words, "c", "-i", "new.csv", *more)
        assert result.code == 0
        assert "warning: 3 rows have categories that are not in the training set" in result.err
        assert "(colour: violet, pink); the first such cell is at new.csv:18:1" in result.err
    assert json.loads(colours(*words, "c", "-i", "new.csv", "--json").out)["unseen"] == 3
    known = colours(*words, "c", "-i", "t.csv")
    assert "warning" not in known.err
    assert json.loads(colours(*words, "c", "-i", "t.csv", "--json").out)["unseen"] == 0


def test_unknown_categories_are_counted_over_all_parts_of_a_large_table(colours: Command) -> None:
    many = 40_000
    Path("new.csv").write_text("colour,size\n" + "pink,1\nred,1\n" * many)
    result = colours("predict", "c", "-i", "new.csv", "-o", "out.csv")
    assert f"warning: {many:,} rows have categories" in result.err
    assert "(colour: pink); the first such cell is at new.csv:2:1" in result.err


# Probabilities


def test_proba_of_two_classes_has_a_column_for_each(nncli: Command) -> None:
    nncli("init", "xor")
    nncli("train", "xor.yaml", "-q", "--epochs", "20")
    rows = [*csv.DictReader(nncli("predict", "-q", "--proba").out.splitlines())]
    assert [name for name in rows[0] if name.startswith("proba_")] == ["proba_0", "proba_1"]
    for row in rows:
        assert float(row["proba_0"]) == 1.0 - float(row["proba_1"])
    assert "proba_0" not in nncli("predict", "-q").out


# The data are read once


def test_data_that_vanish_while_training_do_not_end_it(nncli: Command) -> None:
    """As does a pipe, which can be read but once."""
    Path("c.yaml").write_text(CONFIG)
    os.mkfifo("t.csv")
    writer = threading.Thread(target=lambda: Path("t.csv").write_text(TABLE))
    writer.start()
    result = nncli("train", "c.yaml", "--progress", "none")
    writer.join()
    assert result.code == 0, result.err
    assert result.out.splitlines()[-1] == "runs/c"
    assert "next: nncli predict runs/c" in result.out


# Quiet


def test_quiet_hides_no_warning(nncli: Command) -> None:
    nncli("init", "xor")
    text = Path("xor.yaml").read_text()
    Path("t.csv").write_text("x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    Path("xor.yaml").write_text(text.replace("dataset: xor", "dataset: {path: t.csv, targets: [y]}"))
    assert nncli("train", "xor.yaml", "-q", "--epochs", "2").code == 0
    Path("t.csv").write_text("x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,1\n")
    for command in ("evaluate", "gradcheck"):
        result = nncli(command, "-q")
        assert "warning: the data have changed since training: target y has changed" in result.err


# Where a command is started


def test_directory_that_is_gone_is_no_bug(nncli: Command, tmp_path: Path) -> None:
    Path("t.csv").write_text(TABLE)
    Path("c.yaml").write_text(CONFIG)
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    absolute = str(tmp_path / "c.yaml"), str(tmp_path / "run")
    assert nncli("train", absolute[0], "-o", absolute[1], "-q").code == 0
    for words in (("evaluate",), ("predict", "-q"), ("gradcheck",), ("reproduce", "-q"), ("resume", "-q")):
        assert nncli(words[0], absolute[1], *words[1:]).code == 0
    for words in (["init"], ["predict", absolute[1], "-o", "x.csv"], ["init", "-o", "x.yaml"]):
        result = nncli(*words)
        assert result.code == 2
        assert "error: the current directory no longer exists" in result.err


@pytest.mark.parametrize("words", [("train", "x.yaml"), ("--help",)])
def test_ctrl_c_while_modules_load_leaves_no_traceback(tmp_path: Path, words: tuple[str, ...]) -> None:
    # A disk so slow that the first of them takes for ever.
    (tmp_path / "typer.py").write_text("import time; print('loading', flush=True); time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-m", "nncli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT  # of which shells make 130
    assert error == ""


# Words of libraries

FORMATS = "svg, png, pdf, html"


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (("plot", "--format", "jpg"), "error: --format jpg: expected one of: " + FORMATS),
        (("check", "c.yaml", "--set", "\udcff=1"), "error: --set \\udcff=1: not valid UTF-8 text"),
        (("check", "c.yaml", "--set", "name=\udcff"), "error: --set name=\\udcff: not valid UTF-8 text"),
        (("train", "c.yaml", "--seed", "\udcff"), "error: --seed \\udcff: not valid UTF-8 text"),
        (("check", "anchors.yaml"), "error: anchors.yaml:2:4: the anchor &x is defined twice"),
    ],
)  # fmt: skip
def test_mistakes_are_reported_in_our_own_words(
    nncli: Command, words: tuple[str, ...], reported: str
) -> None:
    Path("c.yaml").write_text(CONFIG)
    Path("anchors.yaml").write_text("a: &x 1\nb: &x 2\ndataset: xor\n")
    result = nncli(*words)
    assert result.code == 2
    assert result.err.startswith(reported + "\n")


def test_every_missing_column_is_named(colours: Command) -> None:
    Path("other.csv").write_text("weight\n3\n")
    result = colours("predict", "c", "-i", "other.csv")
    assert "error: other.csv: no columns named 'colour', 'size'\n" in result.err
