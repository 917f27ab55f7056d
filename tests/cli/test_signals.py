"""Signals, bugs and broken streams: every ending is reported, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nncli import runs
from tests.cli.conftest import Command

# One update takes well over PATIENCE in a single matrix product, during which Python hears nothing.
WIDE = """
dataset: {function: {inputs: {a: [-1, 1]}, targets: {y: 'a'}, samples: %d}}
network: {layers: [{units: 1500, activation: tanh}, {units: 1500, activation: tanh}, {units: 1}]}
training: {epochs: 1000, checkpoint_every: 1e9}
record: {weights: none, errors: none}
"""


def start(*words: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "nncli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


@contextmanager
def in_the_first_update(rows: int = 20_000) -> Iterator[subprocess.Popen[str]]:
    """A training of wide.yaml within its first, long, update; it would take hours."""
    Path("wide.yaml").write_text(WIDE % rows)
    with start("train", "wide.yaml", "--progress", "log", OPENBLAS_NUM_THREADS="1") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch=0"):
                break
        time.sleep(0.5)
        try:
            yield process
        finally:
            process.kill()


def test_signal_is_answered_within_5_seconds_in_the_middle_of_a_long_operation(nncli: Command) -> None:
    with in_the_first_update() as process:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=30)
        assert time.monotonic() - began < 5
    assert process.returncode == 143
    last = error.splitlines()[-1]
    assert (
        last == "interrupted after 0 of 1000 epochs; saved to runs/wide. Resume with: nncli resume runs/wide"
    )
    run = runs.find("wide")
    assert run.status == "interrupted"
    assert run.history["epoch"].tolist() == [0]
    assert (run.path / runs.CHECKPOINT).exists()


def test_second_signal_ends_a_long_operation_at_once(nncli: Command) -> None:
    with in_the_first_update(8000) as process:
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert time.monotonic() - began < 1.5
    assert process.returncode in (130, -signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_other_commands_stop_without_a_word(nncli: Command, number: signal.Signals) -> None:
    nncli("init", "xor")
    nncli("train", "xor.yaml", "--epochs", "1", "-q")
    process = subprocess.Popen(
        [sys.executable, "-m", "nncli", "predict", "--input", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "using runs/xor, the latest run\n"
    time.sleep(0.1)  # it waits for its input
    process.send_signal(number)
    _, error = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    assert error == ""


def test_bug_in_a_training_is_one_line_and_its_traceback_is_saved(
    nncli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    nncli("init", "xor")

    def broken(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError("planted\nin the loop")

    monkeypatch.setattr("nncli.training.divergence.Guard.sound", broken)
    result = nncli("train", "xor.yaml", "--progress", "none")
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "error: a bug in nncli: ZeroDivisionError: planted\\nin the loop\n"
        "hint: please report it; the traceback is in runs/xor/error.log\n"
    )
    log = Path("runs/xor/error.log").read_text()
    assert "Traceback" in log
    assert "in broken" in log


def test_bug_elsewhere_is_one_line(nncli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("nncli.runs.all_runs", broken)
    result = nncli("runs")
    assert result.code == 1
    assert len(result.err.splitlines()) == 2
    assert "Traceback" not in result.err
    assert "Traceback" in nncli("runs", "--debug").err
