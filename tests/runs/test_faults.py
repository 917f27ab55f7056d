"""A disk that fails at any moment: it is reported, the last good files stay, and the run goes on later."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from nncli import runs
from nncli.config import load_config
from nncli.messages.errors import NncliError, RunError
from nncli.runs import Run
from nncli.storage.npz import read_npz
from nncli.training.experiment import build
from tests.trained import record, xor

SETTINGS = ("training.epochs=2", "training.checkpoint_every=0")
WHOLE = (runs.WEIGHTS, runs.HISTORY, runs.SNAPSHOTS, runs.CHECKPOINT, runs.RESULTS, runs.CONFIG)


class Disk:
    """The system's calls that change files, of which one fails."""

    def __init__(self, call: str, nth: int, number: int) -> None:
        self.call, self.nth, self.number = call, nth, number
        self.calls = 0

    def failing(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.calls == self.nth:
            raise OSError(self.number, os.strerror(self.number))
        return self.real(*arguments, **named)

    @contextmanager
    def mounted(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        self.real = getattr(os, self.call)
        with monkeypatch.context() as patch:
            patch.setattr(os, self.call, self.failing)
            yield


def attempt(folder: Path, *settings: str) -> None:
    """What `train --output DIR --resume` does."""
    with runs.reopen(folder) as run:
        if run.begun:
            experiment = build(load_config(folder / runs.CONFIG))
            recording = runs.Recording.resumed(experiment, run)
        else:
            recording = runs.Recording(xor(*settings), run)
        list(recording.reports())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return record(tmp_path_factory.mktemp("undisturbed") / "run", *SETTINGS)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace", "chmod", "fdopen"])
def test_every_call_that_fails_is_reported_and_the_run_continues_later(
    call: str, number: int, undisturbed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nth = 0
    failed = True
    while failed:
        nth += 1 if number == errno.ENOSPC else 7  # every call once, then samples
        folder = tmp_path / str(nth)
        disk, failed = Disk(call, nth, number), False
        with disk.mounted(monkeypatch):
            try:
                attempt(folder, *SETTINGS)
            except NncliError as error:
                failed, reported = True, error.message
        assert not failed or (str(folder) in reported and os.strerror(number) in reported)
        for file in folder.glob("*.npz"):
            read_npz(file)  # whole, or absent
        assert not list(folder.glob(".nncli-*"))
        attempt(folder, *SETTINGS)
        for name in WHOLE:
            assert (folder / name).read_bytes() == (undisturbed.path / name).read_bytes()
        shutil.rmtree(folder)
    assert nth > 20


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE as Linux has it")
@pytest.mark.parametrize("size", [0, 100, 5000, 40_000])
def test_file_size_limit_is_reported_and_the_run_continues_without_it(size: int, tmp_path: Path) -> None:
    code = (
        "import resource, sys, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "from nncli.cli import main\nmain()"
    )
    words = ["train", str(Path(__file__).parents[2] / "configs" / "xor.yaml"), "-o", "r", "--resume", "-q"]
    limited = subprocess.run(
        [sys.executable, "-B", "-c", code, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert limited.returncode == 2
    assert "error: r" in limited.stderr
    assert "File too large" in limited.stderr
    assert "Traceback" not in limited.stderr
    attempt(tmp_path / "r", "training.epochs=1000")
    alone = record(tmp_path / "alone", "training.epochs=1000")
    assert (tmp_path / "r" / runs.WEIGHTS).read_bytes() == (alone.path / runs.WEIGHTS).read_bytes()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    with suppress(FileNotFoundError):
        if subprocess.run(mount, capture_output=True).returncode == 0:
            yield folder
            subprocess.run(["umount", str(folder)], check=True)
            return
    pytest.skip("mounting needs rights that this user does not have")


def test_full_disk_is_reported_and_the_run_continues_once_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    settings = ("training.epochs=300", "training.checkpoint_every=0.01")
    filler, folder = small_disk / "filler", small_disk / "run"
    filler.write_bytes(b"x" * (2**20 - 70_000))
    with pytest.raises(NncliError, match=r"run/.*: cannot be written: No space left on device") as caught:
        record(folder, *settings)
    assert "free some space" in str(caught.value.hint)
    filler.unlink()
    with runs.reopen(folder) as run:
        list(runs.Recording.resumed(xor(*settings), run).reports())
    alone = record(tmp_path / "alone", *settings)
    assert (folder / runs.WEIGHTS).read_bytes() == (alone.path / runs.WEIGHTS).read_bytes()


# One owner


def hold(folder: Path, *, seconds: int = 60) -> subprocess.Popen[str]:
    """Another process that owns a directory."""
    code = (
        "import sys, time; from pathlib import Path; from nncli.runs.owner import owned\n"
        f"with owned(Path(sys.argv[1])): print('mine', flush=True); time.sleep({seconds})"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


def test_second_process_fails_at_once_and_names_the_first(tmp_path: Path) -> None:
    run = record(tmp_path / "run")
    with hold(run.path) as first:
        for opened in (
            runs.create_at(run.path, overwrite=True),
            runs.create_at(run.path, overwrite=False),
            runs.reopen(run.path),
        ):
            with pytest.raises(RunError, match=f"run: in use by process {first.pid} on "), opened:
                pass
        first.kill()
    assert (run.path / runs.WEIGHTS).exists()


def test_lock_dies_with_its_owner(tmp_path: Path) -> None:
    run = record(tmp_path / "run")
    status = (run.path / runs.RUN).read_text().replace("completed", "running")
    (run.path / runs.RUN).write_text(status)
    with hold(run.path) as first:
        assert Run(run.path).status == "running"
        first.kill()
    assert Run(run.path).status == "interrupted"
    (run.path / ".nncli-leftover").touch()
    with runs.reopen(run.path):
        assert not (run.path / ".nncli-leftover").exists()
    assert not (run.path / ".lock").exists()


def test_asking_whether_a_run_is_owned_disturbs_no_owner(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from nncli.runs.owner import is_owned\n"
    code += "print('asking', flush=True)\nwhile True: is_owned(Path(sys.argv[1]))"
    asking = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with asking:
        assert asking.stdout is not None
        asking.stdout.readline()
        for _ in range(200):
            with runs.reopen(tmp_path):
                tmp_path.mkdir(exist_ok=True)
        asking.kill()


def test_two_processes_that_start_together_train_once(tmp_path: Path) -> None:
    config = str(Path(__file__).parents[2] / "configs" / "xor.yaml")
    command = [sys.executable, "-m", "nncli", "train", config, "-q", "--progress", "none", "-o", "run"]
    command += ["--epochs", "30000"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [(process.communicate()[1], process.returncode) for process in both]
    assert sorted(code for _, code in ends) == [0, 2]
    (error,) = [words for words, code in ends if code == 2]
    assert "in use" in error or "not empty" in error  # the latter if one ended before the other looked
    assert Run(tmp_path / "run").status == "completed"


def test_reader_sees_whole_files_while_training_runs(tmp_path: Path) -> None:
    config = str(Path(__file__).parents[2] / "configs" / "xor.yaml")
    command = [sys.executable, "-m", "nncli", "train", config, "-q", "-o", "run", "--epochs", "800"]
    process = subprocess.Popen(
        [*command, "--set", "training.checkpoint_every=0.001"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen: set[float] = set()
    while process.poll() is None:
        run = Run(tmp_path / "run")
        if (run.path / runs.RESULTS).exists():
            assert run.status in ("running", "completed")
            assert run.model.network.inputs == 2
            assert len(run.snapshots.weights) > 0
            assert run.results["loss"] > 0
            seen.add(run.history["epoch"][-1])
    assert process.returncode == 0
    assert len(seen) > 3
