from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nncli import plots, runs
from tests.cli.conftest import Command
from tests.golden import Golden


def test_without_a_kind_all_that_fit_are_drawn_with_their_numbers(trained: Command) -> None:
    result = trained("plot")
    assert result.code == 0
    drawn = sorted(path.name for path in Path("runs/xor/plots").iterdir())
    left_out = {
        *("fit", "parity", "residuals", "importance", "dependence", "epsilon", "output"),
        *("confusion", "roc", "precision-recall", "calibration", "error-surface", "error-surface-3d"),
    }
    fitting = [kind for kind in plots.KINDS if kind not in left_out]
    assert drawn == sorted(f"{kind}.{ending}" for kind in fitting for ending in ("svg", "csv"))
    assert len(result.out.splitlines()) == len(fitting)
    assert "skipped confusion, roc, precision-recall and calibration (4 rows, fewer than 20)" in result.err
    assert "left out" not in trained("plot", "loss").err


@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_ending_decides_the_format(trained: Command, ending: str, magic: bytes) -> None:
    assert trained("plot", "loss", "-o", f"my loss.{ending}").code == 0
    assert Path(f"my loss.{ending}").read_bytes().startswith(magic)
    assert trained("plot", "loss", "--format", ending, "-o", "folder/deep").code == 0
    assert Path(f"folder/deep/loss.{ending}").read_bytes().startswith(magic)


def test_pictures_repeat_to_the_byte(trained: Command) -> None:
    for folder in ("a", "b"):
        assert trained("plot", "loss", "network", "boundary", "-o", folder).code == 0
    for name in ("loss", "network", "boundary"):
        assert Path(f"a/{name}.svg").read_bytes() == Path(f"b/{name}.svg").read_bytes()


def test_json_names_every_picture_with_its_caption(trained: Command) -> None:
    (picture,) = json.loads(trained("plot", "loss", "--json").out)["pictures"]
    assert picture["kind"] == "loss"
    assert Path(picture["path"]).is_file()
    assert "loss" in picture["caption"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["los"], "did you mean loss?"),
        (["boundary", "--features", "x1,x9"], "x9"),
        (["boundary", "--features", "x1"], "expected two names, found 1"),
        (["boundary", "--at", "x1"], "--at x1: expected NAME=VALUE"),
        (["loss", "--at", "x3=1"], "no input named 'x3'; the inputs are x1, x2"),
        (["weight-surface", "--weights", "layers.0.weight[0,0] layers.7.bias[0]"], "layers.7.bias[0]"),
        (["loss", "boundary", "-o", "one.svg"], "one file cannot hold 2 plots"),
        (["loss", "-o", "loss.gif"], "cannot write a '.gif' plot"),
        (["loss", "--run", "xor", "--run", "xor", "-o", "folder"], "several runs would write the same files"),
        (["loss", "-o", "xor.yaml/inside"], "cannot be created"),
    ],
)
def test_what_cannot_be_drawn_is_reported_and_nothing_is_left(
    trained: Command, words: list[str], message: str
) -> None:
    before = sorted(Path().rglob("*"))
    result = trained("plot", *words)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert sorted(Path().rglob("*")) == before


def test_kind_that_does_not_fit_says_why(trained: Command) -> None:
    trained("train", "xor.yaml", "--epochs", "5", "--set", "record.weights=none")
    result = trained("plot", "weights")
    assert result.code == 2
    assert "cannot plot weights for runs/xor-2: " in result.err


def test_list_names_every_kind(trained: Command) -> None:
    assert [line.split()[0] for line in trained("plot", "--list").out.splitlines()] == list(plots.KINDS)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_term_prints_the_loss_curve_and_writes_nothing(
    trained: Command, golden: Golden, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    before = sorted(Path().rglob("*"))
    result = trained("plot", "--term")
    golden.check(result.out)
    assert (result.code, result.err) == (0, "using runs/xor, the latest run\n")
    assert sorted(Path().rglob("*")) == before
    assert trained("plot", "loss", "--term").out == result.out
    assert trained("plot", "loss", "--term", "-q").out == result.out[: result.out.rindex("loss fell")]


def test_term_prints_several_runs_below_their_names(trained: Command) -> None:
    trained("train", "xor.yaml", "--epochs", "20", "-q")
    lines = trained("plot", "loss", "xor", "xor-2", "--term").out.splitlines()
    assert [line for line in lines if line.startswith("runs/")] == ["runs/xor:", "runs/xor-2:"]
    assert [line.split()[-1] for line in lines if " epoch " in line] == ["1,000", "20"]


def test_term_with_json_prints_the_numbers(trained: Command) -> None:
    (curves,) = json.loads(trained("plot", "loss", "--term", "--json").out)["charts"]
    history = runs.find("xor").history
    assert curves["run"] == "runs/xor"
    assert curves["epochs"] == history["epoch"].tolist()
    assert curves["loss"] == history["loss"].tolist()
    assert "val_loss" not in curves


def test_term_shows_the_validation_loss(trained: Command) -> None:
    trained("init", "iris")
    trained("train", "iris.yaml", "--epochs", "5", "--set", "dataset.split.validation=0.2", "-q")
    assert "val_loss" in trained("plot", "iris", "--term").out
    (curves,) = json.loads(trained("plot", "iris", "--term", "--json").out)["charts"]
    assert curves["val_loss"] == runs.find("iris").history["val_loss"].tolist()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["boundary"], "--term draws loss only, not boundary\nhint: type: nncli plot loss --term"),
        (["loss", "-o", "a.svg"], "--term writes no file, so it cannot be combined with -o\nhint: remove -o"),
        (["loss", "--format", "svg"], "cannot be combined with --format\nhint: remove --format"),
    ],
)
def test_term_draws_the_loss_alone_and_no_file(trained: Command, words: list[str], message: str) -> None:
    result = trained("plot", *words, "--term")
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_term_loads_no_matplotlib(trained: Command) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "nncli", "plot", "loss", "--term"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "nncli.plots.chart" in done.stderr
    assert "matplotlib" not in done.stderr


def test_losses_of_several_runs_share_one_picture_if_the_output_is_a_file(trained: Command) -> None:
    trained("train", "xor.yaml", "-q", "--learning-rate", "0.5")
    words = ["plot", "loss", "--run", "xor", "--run", "xor-2"]
    result = trained(*words, "-o", "both.svg", "--json")
    (picture,) = json.loads(result.out)["pictures"]
    assert picture["path"] == "both.svg"
    assert ", lowest with learning_rate 0.5" in picture["caption"]
    curves = {line.split(",")[1] for line in Path("both.csv").read_text().splitlines()[1:]}
    assert curves == {"learning_rate 0.1", "learning_rate 0.5"}
    assert len(json.loads(trained(*words, "--json").out)["pictures"]) == 2
    assert "cannot write a '.gif'" in trained(*words, "-o", "both.gif").err
