"""`nncli sweep`: its table, its object, and what remains when the command or its workers are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import nncli as package
from tests.cli.conftest import Command

SWEEP = ["sweep", "iris.yaml", "--set", "dataset.split.validation=0.2"]
RATES = ["--grid", "optimizer.learning_rate=0.1,0.01,0.001"]
SHORT = ["--set", "training.epochs=5"]


@pytest.fixture
def iris(nncli: Command) -> Command:
    Path("iris.yaml").write_text(package.init("iris"), encoding="utf-8")
    return nncli


def test_the_table_has_the_best_first_and_ends_with_its_run(iris: Command) -> None:
    done = iris(*SWEEP, *RATES, "--grid", "network.layers[0].units=4,8", *SHORT)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["trial", "val_loss", "learning_rate", "units", "epochs"]
    losses = [float(line.split()[1]) for line in lines[1:7]]
    assert losses == sorted(losses)
    best = lines[1].split()
    assert lines[-2] == f"--set optimizer.learning_rate={best[2]} --set 'network.layers[0].units={best[3]}'"
    assert lines[-1] == str(Path("sweeps/iris/best"))
    assert package.open_run(lines[-1]).epoch == 5


def test_the_options_of_the_best_train_it_again(iris: Command) -> None:
    iris(*SWEEP, *RATES, *SHORT)
    assert iris("train", *SWEEP[1:], *SHORT, "--set", "optimizer.learning_rate=0.1").code == 0
    weights = [package.open_run(run).model.parameters.tolist() for run in ("sweeps/iris/best", "iris")]
    assert weights[0] == weights[1]


def test_the_object_holds_every_trial(iris: Command) -> None:
    found = json.loads(iris(*SWEEP, *RATES, *SHORT, "--metric", "accuracy", "--json").out)
    assert found["schema"] == "nncli.sweep/1"
    assert (found["metric"], found["higher_is_better"]) == ("val_accuracy", True)
    assert [trial["number"] for trial in found["trials"]] == [1, 2, 3]
    best = max(found["trials"], key=lambda trial: trial["metrics"]["val_accuracy"])
    assert best["number"] == found["best"]


def test_a_long_table_is_cut(iris: Command) -> None:
    words = [
        "--grid",
        "optimizer.learning_rate=log:0.001..0.1",
        "--trials",
        "23",
        "--set",
        "training.epochs=1",
    ]
    lines = iris(*SWEEP, *words).out.splitlines()
    assert lines[21] == "and 3 more"
    assert iris(*SWEEP, *words, "-q").out.splitlines() == lines[-2:]


def written_and_drawn() -> dict[Path, object]:
    """When each file of the sweep was written; of its pictures, which are drawn again, the content."""
    files = [path for path in Path("sweeps/iris").rglob("*") if path.is_file()]
    drawn = {path: path.read_bytes() for path in files if path.stem in ("slices", "parallel")}
    return {**{path: path.stat().st_mtime_ns for path in files}, **drawn}


def test_a_repeated_command_trains_nothing(iris: Command) -> None:
    first = iris(*SWEEP, *RATES, *SHORT)
    before = written_and_drawn()
    again = iris(*SWEEP, *RATES, *SHORT)
    assert again.out == first.out
    assert again.err == f"{Path('sweeps/iris')} already holds 3 of 3 trials\n"
    assert written_and_drawn() == before


def test_progress_names_the_best_so_far(iris: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncli.cli.follow.PAUSE", 0.0)
    lines = iris(*SWEEP, *RATES, *SHORT).err.splitlines()
    assert [line.split()[0] for line in lines] == ["trials=1/3", "trials=2/3"]
    assert all("best val_loss=" in line and line.endswith("left") for line in lines)


def test_trials_that_all_diverge_exit_with_3(iris: Command) -> None:
    done = iris(*SWEEP, "--grid", "optimizer.learning_rate=1e12,1e13", "--json")
    assert done.code == 3
    assert json.loads(done.out)["best"] is None
    assert done.err.startswith("error: none of the 2 trials finished")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no values to try"),
        (["--grid", "optimizer.learning_rate"], "expected KEY=VALUES"),
        (["--grid", "optimizer.learning_rat=0.1"], "unknown key"),
        (["--grid", "optimizer.learning_rate=2..1"], "the range is empty"),
        (["--grid", "optimizer.learning_rate=0..1", "--trials", "0"], "at least 1 trial"),
        (["--grid", "optimizer.learning_rate=0..1", "--trials", "10001"], "more than 10,000"),
        ([*RATES, *RATES], "the key is given twice"),
        ([*RATES, "--workers", "0"], "at least 1 worker"),
        ([*RATES, "--metric", "test_loss"], "makes its result too good"),
        ([*RATES, "--set", "dataset.split.validation=0"], "there is none"),
        ([*RATES, "-o", "iris.yaml"], "not a directory"),
        ([*RATES, "-o", "."], "not empty, and not a sweep"),
    ],
)
def test_what_cannot_be_done_is_one_error_with_a_hint(iris: Command, words: list[str], message: str) -> None:
    done = iris(*SWEEP, *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("error: ") == done.err.count("hint: ") == 1


LONG = [
    "--set",
    "training.epochs=1500",
    "--set",
    "training.engine=numpy",
    "--grid",
    "seed.training=1,2,3,4,5,6",
]


def _started(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nncli", *SWEEP, *LONG, "--workers", "2", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for_lines(count: int) -> None:
    file, end = Path("sweeps/iris/trials.jsonl"), time.monotonic() + 60
    while not file.exists() or file.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def _trials(found: dict[str, Any]) -> list[Any]:
    return [(trial["values"], trial["metrics"], trial["weights"]) for trial in found["trials"]]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_a_killed_command_leaves_no_process_and_continues(iris: Command) -> None:
    driver = _started()
    _wait_for_lines(2)
    workers = _children(driver.pid)
    assert len(workers) >= 2
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    end = time.monotonic() + 20
    while any(Path(f"/proc/{worker}/stat").exists() for worker in workers):
        assert time.monotonic() < end
        time.sleep(0.02)
    again = iris(*SWEEP, *LONG, "--workers", "2", "--json")
    assert again.err.startswith(f"{Path('sweeps/iris')} already holds ")
    alone = iris(*SWEEP, *LONG, "--json", "-o", "alone")
    assert _trials(json.loads(again.out)) == _trials(json.loads(alone.out))


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_finished(iris: Command) -> None:
    driver = _started()
    _wait_for_lines(1)
    driver.send_signal(signal.SIGINT)
    out, err = driver.communicate(timeout=30)
    assert (driver.returncode, out) == (130, "")
    assert "of 6 trials; saved to sweeps/iris. Repeat the command to continue" in err
    assert "Traceback" not in err
    kept = Path("sweeps/iris/trials.jsonl").read_text()
    assert 1 <= len(kept.splitlines()) < 6
    assert iris(*SWEEP, *LONG).code == 0
    assert Path("sweeps/iris/trials.jsonl").read_text().startswith(kept)
