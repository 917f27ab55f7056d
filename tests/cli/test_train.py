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
    assert values["metrics"]["train"]["mse"] == runs.find("xor-2").results["train"]["mse"]


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


def test_flags_stand_for_keys_and_are_kept_in_the_run(trained: Command) -> None:
    trained("train", "xor.yaml", "--epochs", "3", "--learning-rate", "5e-1", "--seed", "4")
    config = runs.find("xor-2").config
    assert config.training.epochs == 3
    assert config.optimizer.options()["learning_rate"] == 0.5
    assert config.seed.training == config.seed.data == 4


def test_output_in_use_is_refused_and_kept(trained: Command) -> None:
    before = {path: path.read_bytes() for path in Path("runs/xor").iterdir()}
    result = trained("train", "xor.yaml", "--output", "runs/xor", "--epochs", "2")
    assert result.code == 2
    assert "runs/xor: the directory is in use" in result.err
    assert "--overwrite" in result.err
    assert {path: path.read_bytes() for path in Path("runs/xor").iterdir()} == before


def test_overwrite_replaces_the_run(trained: Command) -> None:
    assert trained("train", "xor.yaml", "-o", "runs/xor", "--overwrite", "--epochs", "2").code == 0
    assert runs.find("xor").info["epochs"] == 2


def test_output_that_is_a_file_is_refused(trained: Command) -> None:
    result = trained("train", "xor.yaml", "--output", "xor.yaml", "--overwrite")
    assert (result.code, result.out) == (2, "")
    assert "is a file, not a directory" in result.err


@pytest.mark.parametrize("output", ["xor.yaml/inside", "/proc/nncli"])
def test_output_that_cannot_be_made_is_told(trained: Command, output: str) -> None:
    result = trained("train", "xor.yaml", "--output", output)
    assert result.code == 2
    assert result.err.startswith(f"error: {output}: cannot be made: ")


def test_mistakes_write_nothing(nncli: Command) -> None:
    Path("bad.yaml").write_text("dataset: xoor\nnetwork: {layers: [{units: 1}]}\n")
    result = nncli("train", "bad.yaml")
    assert result.code == 2
    assert "bad.yaml:1:10: dataset.name: no built-in dataset 'xoor'" in result.err
    assert os.listdir() == ["bad.yaml"]


def test_fail_if_holds_exits_with_4_after_the_run_is_kept(trained: Command) -> None:
    result = trained("train", "xor.yaml", "--epochs", "5", "--fail-if", "mse > 0.01")
    assert result.code == 4
    assert "check failed: mse" in result.err
    assert runs.find("xor-2").info["status"] == "completed"


def test_fail_if_with_an_unknown_metric_is_told_before_training(trained: Command) -> None:
    result = trained("train", "xor.yaml", "--fail-if", "msee > 0.01")
    assert result.code == 2
    assert "did you mean mse?" in result.err
    assert not Path("runs/xor-2").exists()


def test_smoke_is_one_line_and_keeps_nothing(nncli: Command) -> None:
    nncli("init", "linear_map")
    result = nncli("train", "linear_map.yaml", "--smoke")
    assert result.code == 0
    assert result.out.startswith("smoke ok: linear_map, 2 epochs, 64 rows, 6 files")
    assert len(result.out.splitlines()) == 1
    assert os.listdir() == ["linear_map.yaml"]


def test_published_linear_map_diverges_with_exit_3_and_advice_that_mends_it(nncli: Command) -> None:
    nncli("init", "linear_map_published")
    result = nncli("train", "linear_map_published.yaml")
    assert result.code == 3
    assert "training diverged at epoch 2" in result.err
    assert "acts like 200 on the mean" in result.err
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


def test_zero_epochs_keep_the_start(nncli: Command) -> None:
    nncli("init", "xor")
    assert nncli("train", "xor.yaml", "--epochs", "0").code == 0
    run = runs.find("xor")
    assert np.array_equal(run.model.parameters, run.experiment.initial)
    assert run.history["epoch"].tolist() == [0]


def process(*words: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "nncli", *words], **options)  # type: ignore[call-overload, no-any-return]


def test_ctrl_c_saves_what_was_learnt_and_exits_with_130(tmp_path: Path, nncli: Command) -> None:
    nncli("init", "xor")
    words = ("train", "xor.yaml", "--epochs", "100000000", "--progress", "log")
    with process(*words, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith(b"epoch=0"):
                break
        time.sleep(0.3)  # into the middle of a chunk
        running.send_signal(signal.SIGINT)
        error = running.stderr.read().decode()
        assert running.wait(10) == 130
    assert "saved in runs/xor" in error
    assert "Traceback" not in error
    run = runs.find("xor")
    assert run.info["status"] == "interrupted"
    assert run.history["epoch"][-1] == run.info["epochs"] > 0
    assert nncli("predict", "xor", "--values", "1,0").code == 0


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
    code, text = on_terminal("train", "xor.yaml", "--epochs", "15000", columns=columns)
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
