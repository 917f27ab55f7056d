from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.cli import ORDER
from nncli.scaffold import templates
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
    assert (values["task"], values["classes"], values["rows"]) == ("binary", ["0", "1"], 4)
    assert values["layers"] == [{"units": units, "activation": "sigmoid"} for units in (2, 1)]
    assert values["parameters"] == 9
    assert values["loss"] == {"name": "mse", "reduction": "mean"}
    assert values["optimizer"]["name"] == "sgd"
    assert isinstance(values["optimizer"]["learning_rate"], float)
    assert values["updates"] == {"total": 4000, "epochs": 1000, "per_epoch": 4, "batch_size": 1}
    text = nncli("check", "height_weight.yaml").out
    assert "task         binary (0, 1)\n" in text
    assert "network      2-2-1\n" in text
    assert "updates      4000 (1000 epochs x 4), 1 row each\n" in text


def test_check_tells_what_rows_of_a_class_count(nncli: Command) -> None:
    nncli("init", "height_weight")
    loss = ("--set", "loss=binary_cross_entropy", "--set", "loss.class_weight={0: 1, 1: 2.5}")
    values = json.loads(nncli("check", "height_weight.yaml", *loss, "--json").out)
    assert values["class_weights"] == {"0": 1.0, "1": 2.5}
    assert "class weights  0: 1, 1: 2.5\n" in nncli("check", "height_weight.yaml", *loss).out
    assert "class weights" not in nncli("check", "height_weight.yaml").out


ODD = ("--set", "network.layers[1].activation=tanh", "--set", "dataset.task=binary", "--set", "loss=mse")


@pytest.mark.parametrize("command", ["check", "train --smoke", "train --progress none"])
def test_what_can_be_trained_but_is_seldom_meant_is_warned_of(nncli: Command, command: str) -> None:
    nncli("init", "xor")
    name, *options = command.split()
    result = nncli(name, "xor.yaml", *options, *ODD)
    assert result.code == 0
    assert "network.layers[1].activation: tanh outputs are taken for probabilities of classes" in result.err
    assert "hint: set activation: sigmoid, with loss: binary_cross_entropy" in result.err
    assert "warning:" in nncli(name, "xor.yaml", *options, *ODD, "-q").err


def test_check_tells_programs_of_its_warnings(nncli: Command) -> None:
    nncli("init", "xor")
    assert json.loads(nncli("check", "xor.yaml", "--json").out)["warnings"] == []
    (warning,) = json.loads(nncli("check", "xor.yaml", "--json", *ODD).out)["warnings"]
    assert "tanh outputs are taken for probabilities" in warning["message"]
    assert warning["hint"] == "set activation: sigmoid, with loss: binary_cross_entropy"


def test_check_tells_where_training_starts_when_asked_for_more(nncli: Command) -> None:
    nncli("init", "worked_example")
    text = nncli("check", "worked_example.yaml", "-v", "--set", "seed=7").out
    assert "layer 0      weights given, biases none\n" in text
    assert "seed         data 7, training 7\n" in text
    nncli("init", "xor")
    text = nncli("check", "xor.yaml", "-v").out
    assert "layer 1      weights normal (mean 0.0, std 1.0), biases uniform (" in text


def test_check_shows_names_and_not_what_a_terminal_would_obey(nncli: Command) -> None:
    Path("c.yaml").write_text(
        'dataset: {columns: ["a\\e[31m", "b\\nok", y], rows: [[0, 1, 1], [1, 0, 0]], targets: [y]}\n'
        "network: {layers: [{units: 1}]}\n"
    )
    result = nncli("check", "c.yaml")
    assert "inputs       a\\x1b[31m, b\\nok\n" in result.out
    nncli("train", "c.yaml", "--epochs", "1", "--set", 'name="red\\e[31m"')
    for words in (("predict", "--format", "table"), ("runs",), ("plot", "weights")):
        result = nncli(*words)
        assert result.code == 0
        assert "\x1b" not in result.out + result.err
    assert "a\x1b[31m" in nncli("predict").out  # a file gets the name itself


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
    assert b"stdin:1:1: not UTF-8 text (byte 0xff)" in result.stderr


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


IDS = ["007", "12345678901234567890", "Nan", "1_000", "1e400", "", "1.0"]


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_predict_keeps_cells_that_the_network_does_not_read(trained: Command, form: str) -> None:
    table = "x1,id,x2,y\n" + "".join(f"1,{cell},0.10,01\n" for cell in IDS)
    words = ["--json"] if form == "json" else ["--format", "jsonl"]
    text = trained("predict", "-i", "-", *words, stdin=table).out
    if form == "json":
        columns = json.loads(text)["columns"]
    else:
        rows = [json.loads(line) for line in text.splitlines()]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
    assert columns["id"] == IDS
    assert columns["x1"] == columns["y"] == columns["pred_y"] == [1] * len(IDS)
    assert columns["x2"] == [0.1] * len(IDS)
    assert all(isinstance(share, float) for share in columns["proba_1"] + columns["error_y"])


def test_predict_keeps_labels_of_text(nncli: Command) -> None:
    Path("c.yaml").write_text(
        "dataset: {columns: [q, side], rows: [[0, '1e3x'], [1, 'nan']], targets: [side]}\n"
        "network: {layers: [{units: 1, activation: sigmoid}]}\nloss: binary_cross_entropy\n"
    )
    assert nncli("train", "c.yaml", "-q").code == 0
    columns = json.loads(nncli("predict", "--json").out)["columns"]
    assert columns["side"] == ["1e3x", "nan"]
    assert set(columns["pred_side"]) <= {"1e3x", "nan"}
    assert "predictions are labels" in nncli("predict", "-o", "p.npy").err


def test_predict_leaves_columns_of_the_table_out_of_npy(trained: Command) -> None:
    table = "x1,x2,pred_other\n1,0,7\n"
    assert trained("predict", "-i", "-", "-o", "p.npy", stdin=table).code == 0
    assert np.load("p.npy").shape == (1, 2)


def test_predict_with_json_writes_the_file_it_names(trained: Command) -> None:
    values = json.loads(trained("predict", "--json", "-o", "p.csv").out)
    assert values == {
        "schema": "nncli.predict/1",
        "run": "runs/xor",
        "rows": 4,
        "unseen": 0,
        "output": "p.csv",
        "format": "csv",
    }
    assert len(rows_of(Path("p.csv").read_text())) == 4


def test_predict_refuses_endings_it_cannot_write(trained: Command) -> None:
    result = trained("predict", "-o", "p.xlsx")
    assert (result.code, result.out) == (2, "")
    assert "p.xlsx: cannot write '.xlsx' files\nhint: choose .csv, .jsonl," in result.err
    assert not Path("p.xlsx").exists()
    assert trained("predict", "-o", "p.data", "--format", "jsonl").code == 0
    assert trained("predict", "-o", "p").code == 0
    assert Path("p").read_text().startswith("x1,x2,")


@pytest.mark.parametrize("words", [("gradcheck",), ("evaluate",), ("predict",), ("plot", "loss", "--run")])
@pytest.mark.parametrize("file", ["elsewhere", "elsewhere/weights.npz", "runs/xor/copy.npz"])
def test_weights_alone_are_told_where_the_config_is_needed(
    trained: Command, words: tuple[str, ...], file: str
) -> None:
    Path("elsewhere").mkdir()
    for copy in ("elsewhere/weights.npz", "runs/xor/copy.npz"):
        Path(copy).write_bytes(Path("runs/xor/weights.npz").read_bytes())
    result = trained(*words, file)
    assert (result.code, result.out) == (2, "")
    message = "weights alone, without the config.yaml of their run\nhint: give the run's own folder"
    assert message in result.err


def mistaken(trained: Command) -> list[tuple[str, ...]]:
    Path("bad.yaml").write_text("dataset: xoor\nepochs: 3\n")
    return [
        ("check", "bad.yaml"),
        ("check",),
        ("train", "bad.yaml"),
        ("predict", "xro"),
        ("plot", "lose"),
        ("init", "xor"),
        ("gradcheck", "xor", "--nix"),
    ]


def test_json_tells_mistakes_as_one_object(trained: Command) -> None:
    for words in mistaken(trained):
        result = trained(*words, "--json")
        assert result.code == 2
        values = json.loads(result.out)
        assert (values["schema"], values["code"]) == ("nncli.error/1", 2)
        for mistake in values["errors"]:
            assert f"error: {mistake['message']}\n" in result.err
            assert re.sub(r"\s+", " ", mistake["hint"] or "") in re.sub(r"\s+", " ", result.err)
        assert len(values["errors"]) == result.err.count("error: ")
    assert len(json.loads(trained("check", "bad.yaml", "--json").out)["errors"]) > 1


def test_json_of_a_failed_check_is_the_result(trained: Command) -> None:
    for words in (("evaluate", "--fail-if", "mse > 0"), ("gradcheck", "--tolerance", "0")):
        result = trained(*words, "--json")
        assert result.code == 4
        assert json.loads(result.out)["schema"] == f"nncli.{words[0]}/1"


def test_json_of_a_bug_is_an_object(trained: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncli.runs.all_runs", lambda: 1 / 0)
    values = json.loads(trained("runs", "--json").out)
    assert values["code"] == 1
    assert "ZeroDivisionError" in values["errors"][0]["message"]


def test_json_wraps_text_and_the_schema(nncli: Command) -> None:
    text = nncli("init", "xor", "-o", "-").out
    values = json.loads(nncli("init", "xor", "-o", "-", "--json").out)
    assert values == {"schema": "nncli.init/1", "template": "xor", "text": text}
    values = json.loads(nncli("schema", "--json").out)
    assert values == {"schema": "nncli.schema/1", "json_schema": json.loads(nncli("schema").out)}


@pytest.mark.parametrize("flags", [["-O"], ["-OO"]])
def test_check_works_where_python_leaves_docstrings_out(nncli: Command, flags: list[str]) -> None:
    nncli("init", "xor")
    words = [sys.executable, *flags, "-m", "nncli", "check", "xor.yaml", "-q"]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "ok: xor.yaml\n", "")


def test_next_line_can_be_pasted(nncli: Command) -> None:
    *_, line = nncli("init", "xor", "-o", "my first.yaml").out.splitlines()
    assert line == "next: nncli train 'my first.yaml'"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plot", "los"), "hint: did you mean loss? kinds: loss, "),
        (
            ("evaluate", "--fail-if", "msee > 1"),
            "hint: did you mean mse? known: loss, mse, accuracy, train_loss",
        ),
        (("check", "xor"), "hint: did you mean xor.yaml?\n"),
        (("check", "nix"), "hint: neither nix nor nix.yaml is a file; nncli init --list names the templates"),
        (("check", "nix.yaml"), "hint: nncli init --list names the templates"),
    ],
)
def test_misspelt_name_gets_the_near_one(trained: Command, words: tuple[str, ...], message: str) -> None:
    result = trained(*words)
    assert result.code == 2
    assert message in result.err


def test_dash_is_a_config_on_stdin(nncli: Command) -> None:
    text = nncli("init", "xor", "-o", "-").out.replace("name: xor\n", "")
    assert nncli("check", "-", stdin=text).out.startswith("ok: stdin\n")
    assert nncli("gradcheck", "-", stdin=text).code == 0
    assert nncli("train", "-", "-q", "--epochs", "2", stdin=text).out == "runs/stdin\n"
    result = nncli("check", "-", stdin="dataset: xoor\nnetwork: {layers: [{units: 1}]}\n")
    assert "error: stdin:1:10: dataset.name: no built-in dataset 'xoor'" in result.err
    assert nncli("check", "-", stdin="").err.startswith("error: stdin: the file is empty")


def test_data_of_a_config_on_stdin_are_found_from_here(nncli: Command) -> None:
    Path("rows.csv").write_text("a,b\n1,2\n3,4\n")
    text = "dataset: {path: rows.csv, targets: [b]}\nnetwork: {layers: [{units: 1}]}\n"
    assert nncli("train", "-", "-q", "--epochs", "2", stdin=text).code == 0
    assert nncli("predict", "-q").code == 0
