from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.cli import ORDER
from nncli.config import templates
from tests.cli.conftest import Command


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("command", ["", *ORDER])
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


@pytest.mark.parametrize(
    "words", [["trian"], ["train"], ["train", "x.yaml", "--epoch", "3"], ["plot", "--format", "gif"]]
)
def test_wrong_usage_is_one_block_with_exit_2(nncli: Command, words: list[str]) -> None:
    result = nncli(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert "hint: nncli" in result.err


@pytest.mark.parametrize("name", templates.names())
def test_every_template_is_written_checked_and_carries_the_schema_line(nncli: Command, name: str) -> None:
    assert nncli("init", name.replace("_", "-")).code == 0
    text = Path(f"{name}.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=nncli.schema.json\n")
    result = nncli("check", f"{name}.yaml")
    assert result.code == 0
    assert sorted(os.listdir()) == [f"{name}.yaml"]


def test_init_lists_templates_with_what_they_teach(nncli: Command) -> None:
    lines = nncli("init", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == templates.names()
    assert all(len(line.split()) > 3 for line in lines)


def test_init_never_overwrites_unasked(nncli: Command) -> None:
    Path("xor.yaml").write_text("mine")
    result = nncli("init", "xor")
    assert result.code == 2
    assert "xor.yaml: exists already" in result.err
    assert Path("xor.yaml").read_text() == "mine"
    assert nncli("init", "xor", "--overwrite").code == 0


def test_init_suggests_a_template(nncli: Command) -> None:
    assert "did you mean perceptron?" in nncli("init", "perceptro").err


def test_check_tells_what_would_be_trained(nncli: Command) -> None:
    nncli("init", "height_weight")
    values = json.loads(nncli("check", "height_weight.yaml", "--json").out)
    assert values["schema"] == "nncli.check/1"
    assert values["task"] == "binary (0, 1)"
    assert values["network"] == "2-2-1"
    assert values["parameters"] == 9
    assert values["updates"].startswith("4000 ")


def test_check_reports_every_mistake_at_once(nncli: Command) -> None:
    Path("c.yaml").write_text(
        "dataset: xor\nnetwork:\n  layers: [{units: 1, activaton: tanh}]\noptimizer: {learning_rate: fast}\n"
    )
    result = nncli("check", "c.yaml")
    assert result.code == 2
    assert result.err.count("error: c.yaml:") == 2


def test_schema_is_the_json_schema_of_the_config(nncli: Command) -> None:
    schema = json.loads(nncli("schema").out)
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["properties"]) == set(load_config_keys())


def load_config_keys() -> list[str]:
    from nncli.config import Config

    return list(Config.model_fields)


def test_predict_without_input_shows_targets_and_errors(trained: Command) -> None:
    rows = rows_of(trained("predict").out)
    assert [row["pred_y"] for row in rows] == [row["y"] for row in rows] == ["0", "1", "1", "0"]
    for row in rows:
        assert float(row["error_y"]) == pytest.approx(float(row["proba_1"]) - float(row["y"]), abs=1e-15)


def test_predict_names_the_latest_run_on_stderr(trained: Command) -> None:
    assert trained("predict").err == "run runs/xor\n"
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
    assert "stdin: no column 'x2'" in result.err


def test_predict_names_the_place_of_a_bad_cell(trained: Command) -> None:
    result = trained("predict", "--input", "-", stdin="x1,x2\n0,0\n0,abc\n")
    assert "error: stdin:3:3: x2: 'abc' is not a finite number" in result.err


def test_predict_refuses_stdin_that_is_no_text(trained: Command, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "nncli", "predict", "--input", "-"],
        input=b"\xff\xfe\x00x",
        capture_output=True,
        check=False,
    )
    assert result.returncode == 2
    assert b"stdin: not UTF-8 text" in result.stderr


def test_predict_writes_every_format(trained: Command) -> None:
    share = [float(row["proba_1"]) for row in rows_of(trained("predict").out)]
    for file in ("p.csv", "p.jsonl", "p.npy", "p.txt"):
        assert trained("predict", "--output", file).code == 0
    assert [float(row["proba_1"]) for row in rows_of(Path("p.csv").read_text())] == share
    assert [json.loads(line)["proba_1"] for line in Path("p.jsonl").read_text().splitlines()] == share
    assert np.load("p.npy")[:, 1].tolist() == share
    assert len(Path("p.txt").read_text().splitlines()) == 5


def test_predict_at_a_kept_epoch_uses_its_weights(trained: Command) -> None:
    start = rows_of(trained("predict", "--epoch", "0").out)
    experiment = runs.find("xor").experiment
    expected = experiment.network.predict(experiment.initial, experiment.dataset.X)[:, 0]
    assert [float(row["proba_1"]) for row in start] == expected.tolist()


def test_predict_at_an_epoch_not_kept_names_the_nearest(trained: Command) -> None:
    result = trained("predict", "--epoch", "777")
    assert result.code == 2
    assert "no weights were kept at epoch 777" in result.err
    assert "768, 800" in result.err


def test_predict_of_a_formula_adds_the_expected_value_for_any_input(nncli: Command) -> None:
    nncli("init", "linear_map")
    nncli("train", "linear_map.yaml", "-q")
    (row,) = rows_of(nncli("predict", "--values", "0.5,0.3").out)
    assert (row["expected_X1"], row["expected_X2"]) == ("-0.19999999999999996", "1.2")
    assert float(row["pred_X1"]) == pytest.approx(-0.2, abs=1e-4)
    assert float(row["error_X2"]) == pytest.approx(float(row["pred_X2"]) - 1.2, abs=1e-15)


def test_predict_works_from_a_weights_file_alone(trained: Command) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/weights.npz").write_bytes(Path("runs/xor/weights.npz").read_bytes())
    direct = trained("predict", "xor", "--values", "0,1").out
    assert trained("predict", "elsewhere/weights.npz", "--values", "0,1").out == direct
    assert trained("predict", "elsewhere", "--values", "0,1").out == direct


def test_run_that_does_not_exist_names_those_that_do(trained: Command) -> None:
    for command in ("predict", "evaluate", "gradcheck"):
        result = trained(command, "xro")
        assert result.code == 2
        assert "error: xro: no such run\nhint: runs here: xor" in result.err


def test_no_run_at_all_says_how_to_make_one(nncli: Command) -> None:
    for command in ("predict", "evaluate", "plot", "gradcheck"):
        result = nncli(command)
        assert (result.code, result.out) == (2, "")
        assert "nncli train" in result.err


def test_closed_pipe_ends_quietly(trained: Command) -> None:
    Path("many.csv").write_text("x1,x2\n" + "0,1\n" * 50_000)
    script = f"{sys.executable} -m nncli predict --input many.csv -q | head -n 1; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "x1,x2,pred_y,proba_1\n0\n"
    assert result.stderr == ""


def test_evaluate_measures_the_runs_own_data(trained: Command) -> None:
    values = json.loads(trained("evaluate", "--json").out)
    assert values["metrics"] == runs.find("xor").results


def test_evaluate_measures_other_data(trained: Command) -> None:
    result = trained("evaluate", "--input", "-", "--json", stdin="y,x1,x2\n1,0,1\n1,1,1\n")
    assert json.loads(result.out)["metrics"]["accuracy"] == 0.5


def test_evaluate_without_targets_names_the_column(trained: Command) -> None:
    assert "stdin: no column 'y'" in trained("evaluate", "--input", "-", stdin="x1,x2\n1,1\n").err


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("mse > 0.01", 0),
        ("mse<0.01", 4),
        ("train_accuracy >= 1", 4),
        ("loss <= 0.1", 0),
        ("mse == 3", 2),
        ("mse > x", 2),
    ],
)
def test_fail_if_decides_the_exit_code(trained: Command, condition: str, code: int) -> None:
    assert trained("evaluate", "--fail-if", condition).code == code


def test_gradcheck_agrees_on_config_and_run(trained: Command) -> None:
    for target in ("xor.yaml", "xor"):
        result = trained("gradcheck", target)
        assert result.code == 0
        assert result.out.splitlines()[-1].startswith("ok: 17 gradients agree")


def test_gradcheck_beyond_tolerance_exits_with_4(trained: Command) -> None:
    result = trained("gradcheck", "xor.yaml", "--tolerance", "0")
    assert result.code == 4
    assert "layers." in result.err


def test_runs_lists_the_newest_first(trained: Command) -> None:
    trained("train", "xor.yaml", "--epochs", "3")
    names = [line.split()[0] for line in trained("runs").out.splitlines()[1:]]
    assert names == ["xor-2", "xor"]
    values = json.loads(trained("runs", "--json").out)
    assert [entry["run"] for entry in values["runs"]] == ["runs/xor-2", "runs/xor"]


def test_damaged_weights_are_refused(trained: Command) -> None:
    file = Path("runs/xor/weights.npz")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    result = trained("predict", "xor", "--values", "1,0")
    assert (result.code, result.out) == (2, "")
    assert "runs/xor/weights.npz: damaged" in result.err


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
        (("evaluate", "xor", "--fail-if", "mse > 0"), 4, "CheckFailed"),
        (("check",), 2, "MissingParameter"),
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


def test_labels_made_by_a_formula_have_no_expected_value(nncli: Command) -> None:
    Path("c.yaml").write_text(
        "dataset: {function: {inputs: {q: [-1, 1]}, targets: {side: sign(q)}, samples: 50}}\n"
        "network: {layers: [{units: 2, activation: softmax}]}\nloss: cross_entropy\n"
    )
    assert nncli("train", "c.yaml", "-q").code == 0
    rows = rows_of(nncli("predict", "--values", "0.5", "--values", "-0.5").out)
    assert [row["pred_side"] for row in rows] == ["1", "-1"]
    assert list(rows[0]) == ["q", "pred_side"]
