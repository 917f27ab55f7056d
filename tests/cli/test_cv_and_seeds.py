"""`nncli cv` and `nncli seeds`: tables on stdout, one object with --json, one error for what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nncli as package
from tests.cli.conftest import Command


@pytest.fixture
def xor(nncli: Command) -> Command:
    Path("xor.yaml").write_text(package.init("xor"), encoding="utf-8")
    return nncli


def test_cv_prints_a_line_for_each_fold_and_the_mean(xor: Command) -> None:
    done = xor("cv", "xor.yaml", "--folds", "2", "--set", "training.epochs=20")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["fold", "held", "out", "trained", "on", "epochs", "loss", "mse", "accuracy"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "mean", "std", "pooled"]
    assert not Path("runs").exists()


def test_leave_one_out_prints_a_line_for_each_row(xor: Command) -> None:
    lines = xor("cv", "--leave-one-out").out.splitlines()
    assert [line.split()[:4] for line in lines[:5]] == [
        ["row", "y", "pred_y", "error"],
        ["1", "0", "1", "wrong"],
        ["2", "1", "0", "wrong"],
        ["3", "1", "0", "wrong"],
        ["4", "0", "1", "wrong"],
    ]
    quiet = xor("cv", "xor.yaml", "--leave-one-out", "-q").out.splitlines()
    assert [line.split()[0] for line in quiet[1:]] == ["mean", "std", "pooled"]


def test_the_object_of_cv_holds_the_numbers_of_the_function(xor: Command) -> None:
    found = json.loads(xor("cv", "xor.yaml", "--leave-out", "2", "--seed", "3", "--json").out)
    assert (found["schema"], found["leave_out"]) == ("nncli.cv/1", 2)
    expected = package.cv({**_values(), "seed": 3}, leave_out=2)
    assert [fold["metrics"] for fold in found["folds"]] == [fold.metrics for fold in expected.folds]
    assert [[row["row"] for row in fold["rows"]] for fold in found["folds"]][:2] == [[1, 2], [1, 3]]
    assert (found["mean"], found["std"], found["all_rows"]) == (expected.mean, expected.std, {})


def test_the_object_of_seeds_holds_the_numbers_of_the_function(xor: Command) -> None:
    words = ["--target", "mse < 0.005", "--set", "seed.training=4", "--json"]
    found = json.loads(xor("seeds", "xor.yaml", "-n", "5", *words).out)
    assert found["schema"] == "nncli.seeds/1"
    expected = package.seeds({**_values(), "seed": {"training": 4}}, n=5, target="mse < 0.005")
    assert (found["share"], found["missed"]) == (expected.share, expected.missed)
    assert [each["metrics"] for each in found["seeds"]] == [each.metrics for each in expected.results]
    assert [*found["loss"].values()] == expected.quartiles().tolist()
    assert 0 < found["share"] < 1


def test_seeds_prints_a_line_for_each_with_v(xor: Command) -> None:
    words = ["seeds", "xor.yaml", "-n", "3", "--set", "training.epochs=5"]
    assert "different final losses" in xor(*words).out
    lines = xor(*words, "-v").out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["seed", "0", "1", "2"]


def test_seeds_that_start_alike_are_noted(nncli: Command) -> None:
    Path("perceptron.yaml").write_text(package.init("perceptron"), encoding="utf-8")
    done = nncli("seeds", "perceptron.yaml", "-n", "2", "--set", "training.epochs=2")
    assert done.err.startswith("every seed starts from the same weights")
    assert "1 different final loss" in done.out


def test_progress_is_counted_on_stderr_and_q_hides_it(xor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncli.cli.follow.PAUSE", 0.0)
    words = ["seeds", "xor.yaml", "-n", "3", "--set", "training.epochs=5"]
    assert xor(*words).err == "seeds=1/3\nseeds=2/3\n"
    assert xor(*words, "-q").err == ""


def test_trainings_that_all_diverge_exit_with_3(xor: Command) -> None:
    Path("line.yaml").write_text(
        "dataset: linear_map\nnetwork: {layers: [2]}\noptimizer: {name: sgd, learning_rate: 1e6}\n"
    )
    for words in (["cv", "line.yaml"], ["seeds", "line.yaml", "-n", "3"]):
        done = xor(*words, "--json")
        assert done.code == 3
        assert done.err.startswith("error: all ")
        assert json.loads(done.out)["schema"] == f"nncli.{words[0]}/1"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cv", "--folds", "1"], "at least 2 folds"),
        (["cv", "--folds", "5"], "cannot divide 4 rows into 5 folds"),
        (["cv", "--folds", "2", "--leave-one-out"], "--folds and --leave-one-out cannot be combined"),
        (["cv", "--leave-out", "4"], "cannot leave out 4 of 4 rows"),
        (["seeds", "--target", "los < 1"], "--target 'los < 1': no metric 'los'"),
        (["seeds", "-n", "0"], "at least 1 seed"),
    ],
)
def test_what_cannot_be_done_is_one_error_with_a_hint(xor: Command, words: list[str], message: str) -> None:
    done = xor(words[0], "xor.yaml", *words[1:])
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("error: ") == done.err.count("hint: ") == 1


def _values() -> dict[str, object]:
    return package.load_config("xor.yaml").resolved(Path())


def test_seeds_names_each_kind_of_failure_once(nncli: Command) -> None:
    nncli("init", "xor")
    found = nncli("seeds", "xor.yaml", "-n", "4", "--target", "accuracy > 1", "--set", "training.epochs=20")
    assert found.out.count("missed the target: seeds 0, 1, 2, 3") == 1
    rate = ["--set", "optimizer.learning_rate=1e300"]
    assert nncli("seeds", "xor.yaml", "-n", "2", *rate).out.count("diverged: seeds 0, 1") == 1
