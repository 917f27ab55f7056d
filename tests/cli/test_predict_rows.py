"""`nncli predict`: which rows, weights and epoch are used, and what is refused."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from nncli import runs
from tests.cli.conftest import Command


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_predict_without_input_shows_targets_and_errors(trained: Command) -> None:
    rows = rows_of(trained("predict").out)
    assert [row["pred_y"] for row in rows] == [row["y"] for row in rows] == ["0", "1", "1", "0"]
    for row in rows:
        assert float(row["error_y"]) == pytest.approx(float(row["proba_1"]) - float(row["y"]), abs=1e-15)


def test_predict_names_the_latest_run_on_stderr(trained: Command) -> None:
    assert trained("predict").err == "using runs/xor, the latest run\n"
    assert trained("predict", "-q").err == ""


def test_predict_values_are_in_the_order_of_the_inputs(trained: Command) -> None:
    rows = rows_of(trained("predict", "--values", "1,0", "--values", "1, 1").out)
    assert [row["pred_y"] for row in rows] == ["1", "0"]


@pytest.mark.parametrize("values", ["1", "1,2,3", ",", "1,x", "1,nan"])
def test_predict_refuses_values_that_do_not_fit(trained: Command, values: str) -> None:
    result = trained("predict", "--values", values)
    assert (result.code, result.out) == (2, "")
    assert "--values" in result.err


def test_predict_keeps_rows_as_they_were_read_and_in_order(trained: Command) -> None:
    text = 'note,x2,x1\nfirst,0.50,1\n"a, b",1e0,1\n'
    for words, stdin in ((["--input", "-"], text), (["--input", "rows.csv"], "")):
        Path("rows.csv").write_text(text)
        rows = rows_of(trained("predict", *words, stdin=stdin).out)
        assert [(row["note"], row["x2"], row["x1"]) for row in rows] == [
            ("first", "0.50", "1"),
            ("a, b", "1e0", "1"),
        ]
        assert rows[1]["pred_y"] == "0"


def test_predict_names_a_missing_column(trained: Command) -> None:
    result = trained("predict", "--input", "-", stdin="x1,x3\n0,0\n")
    assert (result.code, result.out) == (2, "")
    assert "stdin: no column named 'x2'" in result.err


def test_predict_names_the_place_of_a_bad_cell(trained: Command) -> None:
    result = trained("predict", "--input", "-", stdin="x1,x2\n0,0\n0,abc\n")
    assert "error: stdin:3:3: x2: 'abc' is not a number" in result.err


def test_predict_refuses_stdin_that_is_no_text(trained: Command, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "nncli", "predict", "--input", "-"],
        input=b"\xff\x00x",
        capture_output=True,
        check=False,
    )
    assert result.returncode == 2
    assert b"stdin:1:1: not UTF-8 text (byte 0xff)" in result.stderr


def test_predict_at_a_recorded_epoch_uses_its_weights(trained: Command) -> None:
    start = rows_of(trained("predict", "--epoch", "0").out)
    experiment = runs.find("xor").experiment
    expected = experiment.network.predict(experiment.initial, experiment.rows.training.X)[:, 0]
    assert [float(row["proba_1"]) for row in start] == expected.tolist()


def test_predict_at_an_epoch_not_recorded_names_the_nearest(trained: Command) -> None:
    result = trained("predict", "--epoch", "777")
    assert result.code == 2
    assert "no weights were recorded at epoch 777" in result.err
    assert "768, 800" in result.err


def test_predict_of_a_formula_adds_the_expected_value_for_any_input(nncli: Command) -> None:
    nncli("init", "linear_map")
    nncli("train", "linear_map.yaml", "-q")
    (row,) = rows_of(nncli("predict", "--values", "0.5,0.3").out)
    assert (row["expected_X1"], row["expected_X2"]) == ("-0.19999999999999996", "1.2")
    assert float(row["pred_X1"]) == pytest.approx(-0.2, abs=1e-4)
    assert float(row["error_X2"]) == pytest.approx(float(row["pred_X2"]) - 1.2, abs=1e-15)


def test_labels_made_by_a_formula_have_no_expected_value(nncli: Command) -> None:
    Path("c.yaml").write_text(
        "dataset: {function: {inputs: {q: [-1, 1]}, targets: {side: sign(q)}, samples: 50}}\n"
        "network: {layers: [{units: 2, activation: softmax}]}\nloss: cross_entropy\n"
    )
    assert nncli("train", "c.yaml", "-q").code == 0
    rows = rows_of(nncli("predict", "--values", "0.5", "--values", "-0.5").out)
    assert [row["pred_side"] for row in rows] == ["1", "-1"]
    assert list(rows[0]) == ["q", "pred_side"]


def test_predict_works_from_a_weights_file_alone(trained: Command) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/weights.npz").write_bytes(Path("runs/xor/weights.npz").read_bytes())
    direct = trained("predict", "xor", "--values", "0,1").out
    assert trained("predict", "elsewhere/weights.npz", "--values", "0,1").out == direct
    assert trained("predict", "elsewhere", "--values", "0,1").out == direct
