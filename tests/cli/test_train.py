from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.inspection import gradcheck
from nncli.runs import run as reading
from nncli.runs import weights
from nncli.training.model import Model
from tests.cli.conftest import Command


def test_path_of_the_run_is_the_last_line_of_stdout(trained: Command) -> None:
    result = trained("train", "xor.yaml")
    assert result.out.splitlines()[-1] == str(Path("runs/xor-2"))
    assert Path("runs/xor-2/weights.npz").is_file()


def test_quiet_prints_the_path_alone(trained: Command) -> None:
    result = trained("train", "xor.yaml", "-q")
    assert (result.out, result.err) == ("runs/xor-2\n", "")


def test_json_is_one_object_on_stdout(trained: Command) -> None:
    result = trained("train", "xor.yaml", "--json")
    values = json.loads(result.out)
    assert values["schema"] == "nncli.train/1"
    assert values["status"] == "completed"
    assert values["metrics"]["train"]["mse"] == runs.find("xor-2").results["mse"]


def test_piped_progress_is_plain_lines_at_every_tenth_of_the_epochs(trained: Command) -> None:
    lines = trained("train", "xor.yaml").err.splitlines()
    epochs = [line.split()[0] for line in lines if line.startswith("epoch=")]
    assert epochs == [f"epoch={epoch}" for epoch in range(0, 1001, 100)]
    assert not any("\x1b" in line or "\r" in line for line in lines)


def test_same_config_gives_the_same_bytes(trained: Command) -> None:
    trained("train", "xor.yaml", "--progress", "none", "--set", "training.batch_size=3")
    trained("train", "xor.yaml", "-v", "--json", "--set", "training.batch_size=3")
    for file in (runs.WEIGHTS, runs.HISTORY, runs.SNAPSHOTS, runs.RESULTS):
        assert Path("runs/xor-2", file).read_bytes() == Path("runs/xor-3", file).read_bytes()
    assert Path("runs/xor", runs.WEIGHTS).read_bytes() != Path("runs/xor-2", runs.WEIGHTS).read_bytes()


def test_flags_stand_for_keys_and_are_saved_in_the_run(trained: Command) -> None:
    trained("train", "xor.yaml", "--epochs", "3", "--learning-rate", "5e-1", "--seed", "4")
    config = runs.find("xor-2").config
    assert config.training.epochs == 3
    assert config.optimizer.options()["learning_rate"] == 0.5
    assert config.seed.training == config.seed.data == 4


def test_output_in_use_is_refused_and_left_alone(trained: Command) -> None:
    before = {path: path.read_bytes() for path in Path("runs/xor").iterdir()}
    result = trained("train", "xor.yaml", "--output", "runs/xor", "--epochs", "2")
    assert result.code == 2
    assert "runs/xor: the directory is not empty" in result.err
    assert "--overwrite" in result.err
    assert {path: path.read_bytes() for path in Path("runs/xor").iterdir()} == before


def test_overwrite_replaces_the_run(trained: Command) -> None:
    assert trained("train", "xor.yaml", "-o", "runs/xor", "--overwrite", "--epochs", "2").code == 0
    assert runs.find("xor").info["epochs"] == 2


def test_output_that_is_a_file_is_refused(trained: Command) -> None:
    result = trained("train", "xor.yaml", "--output", "xor.yaml", "--overwrite")
    assert (result.code, result.out) == (2, "")
    assert "xor.yaml: not a directory" in result.err


@pytest.mark.parametrize("output", ["xor.yaml/inside", "/proc/nncli"])
def test_output_that_cannot_be_made_is_reported(trained: Command, output: str) -> None:
    result = trained("train", "xor.yaml", "--output", output)
    assert result.code == 2
    assert result.err.startswith(f"error: {output}: cannot be created: ")


def test_mistakes_write_nothing(nncli: Command) -> None:
    Path("bad.yaml").write_text("dataset: xoor\nnetwork: {layers: [{units: 1}]}\n")
    result = nncli("train", "bad.yaml")
    assert result.code == 2
    assert "bad.yaml:1:10: dataset.name: no built-in dataset 'xoor'" in result.err
    assert os.listdir() == ["bad.yaml"]


def test_fail_if_holds_exits_with_4_after_the_run_is_saved(trained: Command) -> None:
    result = trained("train", "xor.yaml", "--epochs", "5", "--fail-if", "mse > 0.01")
    assert result.code == 4
    assert "--fail-if 'mse > 0.01' is true: mse is " in result.err
    assert runs.find("xor-2").info["status"] == "completed"


def test_fail_if_with_an_unknown_metric_is_reported_before_training(trained: Command) -> None:
    result = trained("train", "xor.yaml", "--fail-if", "msee > 0.01")
    assert result.code == 2
    assert "did you mean mse?" in result.err
    assert not Path("runs/xor-2").exists()


def test_smoke_is_one_line_and_keeps_nothing(nncli: Command) -> None:
    nncli("init", "linear_map")
    result = nncli("train", "linear_map.yaml", "--smoke")
    assert result.code == 0
    assert result.out.startswith("smoke ok: linear_map, 2 epochs, 64 rows, 7 files")
    assert len(result.out.splitlines()) == 1
    assert sorted(os.listdir()) == ["linear_map.yaml", "nncli.schema.json"]


def test_published_linear_map_diverges_with_exit_3_and_advice_that_fixes_it(nncli: Command) -> None:
    nncli("init", "linear_map_published")
    result = nncli("train", "linear_map_published.yaml")
    assert result.code == 3
    assert "training diverged at epoch 2" in result.err
    assert "equivalent to 200 with reduction: mean" in result.err
    run = runs.find("linear_map_published")
    assert run.info["status"] == "diverged"
    assert np.isfinite(run.model.parameters).all()
    assert run.history["loss"][-1] > 1e9
    advice = ["loss.reduction: mean", "optimizer.learning_rate: 0.0001"]
    for change in advice:
        assert change in result.err
        key, value = change.split(": ")
        words = ("train", "linear_map_published.yaml", "--epochs", "300", "--set", f"{key}={value}")
        assert nncli(*words, "--fail-if", "mse > 1e-10").code == 0


def test_overwrite_spares_what_is_no_run(trained: Command) -> None:
    Path("mine").mkdir()
    Path("mine/config.yaml").write_text("my own words")
    result = trained("train", "xor.yaml", "-o", "mine", "--overwrite")
    assert result.code == 2
    assert "config.yaml was not written by nncli" in result.err
    assert [path.name for path in Path("mine").iterdir()] == ["config.yaml"]
    assert Path("mine/config.yaml").read_text() == "my own words"


def test_overwrite_spares_what_others_put_into_a_run(trained: Command) -> None:
    Path("runs/xor/notes.txt").write_text("mine")
    result = trained("train", "xor.yaml", "-o", "runs/xor", "--overwrite")
    assert result.code == 2
    assert Path("runs/xor/notes.txt").read_text() == "mine"


def test_smoke_that_diverges_exits_with_3(nncli: Command) -> None:
    nncli("init", "xor")
    result = nncli("train", "xor.yaml", "--smoke", "--learning-rate", "1e200")
    assert (result.code, result.out) == (3, "")
    assert "error: training diverged at epoch" in result.err


def test_smoke_evaluates_conditions(nncli: Command) -> None:
    nncli("init", "xor")
    assert nncli("train", "xor.yaml", "--smoke", "--fail-if", "mse > 0.01").code == 4
    assert nncli("train", "xor.yaml", "--smoke", "--fail-if", "mse > 10").code == 0


@pytest.mark.parametrize("name", ["xor", "linear_map_published"])
def test_smoke_finds_a_wrong_gradient(nncli: Command, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    nncli("init", name)
    assert nncli("train", f"{name}.yaml", "--smoke").code == 0
    exact = gradcheck.backprop()

    def wrong(*arguments: object) -> tuple[float, np.ndarray]:
        value, gradient = exact(*arguments)  # type: ignore[arg-type]
        return value, -gradient

    monkeypatch.setattr(gradcheck, "backprop", lambda: wrong)
    result = nncli("train", f"{name}.yaml", "--smoke")
    assert result.code == 4
    assert "the gradient of layers." in result.err


def test_smoke_finds_weights_that_read_back_otherwise(
    nncli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    nncli("init", "xor")
    read = weights.read_model

    def changed(path: Path) -> Model:
        model = read(path)
        return Model(model.network, model.parameters + 1e-9, model.columns)

    monkeypatch.setattr(reading, "read_model", changed)
    result = nncli("train", "xor.yaml", "--smoke")
    assert result.code == 4
    assert "the saved weights" in result.err


def test_fail_if_on_a_metric_that_is_no_number_fails(nncli: Command) -> None:
    Path("one.yaml").write_text(
        "dataset: {columns: [x, y], rows: [[1, 2]], targets: [y]}\n"
        "network: {layers: [{units: 1}]}\nmetrics: [r2]\ntraining: {epochs: 3}\n"
    )
    result = nncli("train", "one.yaml", "--fail-if", "r2 < 0.5")
    assert result.code == 4
    assert "r2 is not a number" in result.err


def test_best_is_never_worse_than_last(trained: Command) -> None:
    lines = trained("train", "xor.yaml").out.splitlines()
    (loss,) = [line.split() for line in lines if line.startswith("loss   ")]
    assert float(loss[3]) <= float(loss[2])


def test_targets_of_any_size_train_or_diverge_without_a_warning(tmp_path: Path) -> None:
    Path(tmp_path / "c.yaml").write_text(
        "dataset: {columns: [x, y], rows: [[1, 1e200], [2, -1e200]], targets: [y]}\n"
        "network: {layers: [{units: 1}]}\n"
    )
    with process("train", "c.yaml", "-q", cwd=tmp_path, stderr=subprocess.PIPE) as running:
        error = running.communicate()[1].decode()
    assert running.returncode == 3
    assert "Warning" not in error


@pytest.mark.parametrize("words", [["--output", "x" * 300], ["--set", f"name={'漢' * 100}"]])
def test_names_too_long_for_the_file_system_are_cut_or_refused(trained: Command, words: list[str]) -> None:
    result = trained("train", "xor.yaml", "--epochs", "1", *words)
    assert result.code == (2 if words[0] == "--output" else 0)
    assert "a bug" not in result.err


def test_zero_epochs_keep_the_start(nncli: Command) -> None:
    nncli("init", "xor")
    assert nncli("train", "xor.yaml", "--epochs", "0").code == 0
    run = runs.find("xor")
    assert np.array_equal(run.model.parameters, run.experiment.initial)
    assert run.history["epoch"].tolist() == [0]


def process(*words: str, **options: object) -> subprocess.Popen[bytes]:
    options.setdefault("env", dict(os.environ))
    return subprocess.Popen([sys.executable, "-m", "nncli", *words], **options)  # type: ignore[call-overload, no-any-return]


def stopped(number: int, *words: str) -> tuple[int, str]:
    """Exit code and stderr of a training that gets a signal once it has shown that it is under way."""
    with process(*words, "--progress", "log", stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        shown = running.stderr.readline()
        while shown and not shown.startswith(b"epoch=0"):
            shown = running.stderr.readline()
        time.sleep(1.2)  # a few chunks
        running.send_signal(number)
        error = running.stderr.read().decode()
        return running.wait(10), error


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signal_saves_what_was_learned(nncli: Command, number: int, code: int) -> None:
    nncli("init", "xor")
    exit_code, error = stopped(number, "train", "xor.yaml", "--epochs", "100000000")
    assert exit_code == code
    assert error.splitlines()[-1].endswith("epochs; saved to runs/xor. Resume with: nncli resume runs/xor")
    assert "Traceback" not in error
    run = runs.find("xor")
    assert run.info["status"] == "interrupted"
    assert run.info["epochs"] > 1000
    assert run.results["mse"] < run.history["mse"][0]
    assert nncli("predict", "xor", "--values", "1,0").code == 0


def test_signal_within_the_first_epoch_saves_its_newest_chunk(nncli: Command) -> None:
    words = "dataset: {name: linear_map}\nnetwork: {layers: [{units: 2}]}\n"
    Path("long.yaml").write_text(
        words.replace("{name: linear_map}", "{path: rows.csv, targets: [y1, y2]}")
        + "training: {batch_size: 1, epochs: 1, engine: numpy}\noptimizer: {name: sgd, learning_rate: 1e-4}\n"
    )
    rng = np.random.default_rng(0)
    table = rng.uniform(-1, 1, (400_000, 2))
    rows = "\n".join(f"{a:.4f},{b:.4f},{a + b:.4f},{a - b:.4f}" for a, b in table)
    Path("rows.csv").write_text(f"x1,x2,y1,y2\n{rows}\n")
    exit_code, _ = stopped(signal.SIGINT, "train", "long.yaml")
    assert exit_code == 130
    run = runs.find("long")
    assert run.info["epochs"] == 0
    assert run.results["loss"] < 0.9 * run.history["loss"][0]


def test_second_signal_ends_at_once(nncli: Command) -> None:
    nncli("init", "xor")
    with process("train", "xor.yaml", "--epochs", "100000000", stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        running.stderr.readline()
        time.sleep(0.5)
        running.send_signal(signal.SIGTERM)
        running.send_signal(signal.SIGTERM)
        running.stderr.read()
        assert running.wait(10) in (143, -signal.SIGTERM)


def on_terminal(*words: str, columns: int, **variables: str) -> tuple[int, str]:
    """What a terminal of some width received from a command."""
    main, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), **variables}
    running = process(*words, stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    received = b""
    while True:
        ready, _, _ = select.select([main], [], [], 30)
        try:
            block = os.read(main, 65536) if ready else b""
        except OSError:  # the terminal's other end is closed: the process has ended
            block = b""
        if not block:
            break
        received += block
    os.close(main)
    return running.wait(10), received.decode()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_long_training_on_a_terminal_shows_a_bar_within_its_width(nncli: Command, columns: int) -> None:
    nncli("init", "xor")
    code, text = on_terminal("train", "xor.yaml", "--epochs", "200000", columns=columns)
    assert code == 0
    assert "epoch" in text
    assert "loss" in text
    assert "\x1b[2K" in text  # the bar's line is cleared again
    assert "Traceback" not in text


def test_short_training_on_a_terminal_shows_no_bar(nncli: Command) -> None:
    nncli("init", "xor")
    code, text = on_terminal("train", "xor.yaml", "--epochs", "10", columns=80)
    assert code == 0
    assert "\x1b[2K" not in text


def test_dumb_terminal_gets_plain_lines(nncli: Command) -> None:
    nncli("init", "xor")
    code, text = on_terminal("train", "xor.yaml", columns=80, TERM="dumb")
    assert code == 0
    assert "epoch=1000 of=1000" in text
    assert "\x1b" not in text
