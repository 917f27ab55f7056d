from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.engines import threads
from nncli.runs import Run
from tests.trained import record, xor


def test_narrow_networks_use_one_thread_and_wide_ones_what_may_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    narrow, wide = xor("network.layers[0].units=255"), xor("network.layers[0].units=256")
    assert narrow.threads == 1
    assert (
        wide.threads == len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert xor("network.layers[0].units=256").threads == 1
    assert xor("training.threads=3").threads == 3


def blas_threads() -> set[int]:
    """How many threads each BLAS that was loaded with numpy uses."""
    loaded = threads._libraries().info()
    return {library["num_threads"] for library in loaded if library["user_api"] == "blas"}


@pytest.mark.skipif(not blas_threads(), reason="this numpy has no BLAS whose threads can be counted")
def test_number_of_threads_holds_while_training_runs_and_no_longer(tmp_path: Path) -> None:
    with threads.limited(2):
        before = blas_threads()
        reports = runs.record(xor("training.threads=1"), Run(tmp_path))
        next(reports)
        assert blas_threads() == {1} < before | {1}
        reports.close()
        assert blas_threads() == before


def test_number_of_threads_is_recorded_and_reused_when_a_training_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record(tmp_path / "run")
    assert run.info["threads"] == 1
    monkeypatch.setattr(threads, "automatic", lambda network: 2)
    again = xor()
    assert again.threads == 2
    assert runs.Recording.resumed(again, run).experiment.threads == 1


def test_environment_does_not_change_the_bytes(tmp_path: Path) -> None:
    config = Path(__file__).parents[2] / "configs" / "xor.yaml"
    settings = ["--set", "network.layers[0].units=300", "--set", "training.threads=1", "--epochs", "30"]
    weights = []
    for number, variables in enumerate(({}, {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "5"})):
        folder = tmp_path / str(number)
        command = ["train", str(config), "-q", "-o", str(folder), *settings]
        environment = {**os.environ, **variables}
        subprocess.run(
            [sys.executable, "-m", "nncli", *command], env=environment, check=True, capture_output=True
        )
        weights.append(Run(folder).model.parameters)
    assert np.array_equal(*weights)
