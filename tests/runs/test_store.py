from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nncli import plot, report, runs
from nncli.messages.errors import RunError
from nncli.runs import Run, owner
from nncli.storage import locking
from tests.trained import record, xor


def created(name: str) -> Path:
    with runs.create(name) as run:
        (run.path / "something").touch()
    return run.path


def test_names_under_runs_are_claimed_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [created("a b").name for _ in range(3)] == ["a b", "a b-2", "a b-3"]
    assert created("../../evil") == Path("runs/-..-evil")
    assert created("..") == Path("runs/run")


def test_directory_in_which_nothing_was_written_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with runs.create("a"), runs.create_at(tmp_path / "b", overwrite=False):
        pass
    assert os.listdir("runs") == []
    assert os.listdir(tmp_path) == ["runs"]


def test_damaged_run_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in (("a", "{"), ("b", '{"started": 3}'), ("c", "[]")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / runs.RUN).write_text(content)
    record(tmp_path / "runs" / "good")
    assert runs.find(None).name == "good"
    assert {run.name for run in runs.all_runs()} == {"a", "b", "c", "good"}


OPENED: list[Callable[[Path], Any]] = [
    runs.reopen,
    lambda path: runs.create_at(path, overwrite=True),
    lambda path: runs.create_at(path, overwrite=False),
]


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every entry below a folder with its bytes; of a link where it leads, of a folder nothing."""
    return {
        str(path.relative_to(folder)): (
            os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        )
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("opened", OPENED[:2])
@pytest.mark.parametrize("name", [runs.CONFIG, "notes.txt", runs.RUN, runs.RESULTS, runs.HISTORY, ".lock"])
def test_folder_with_files_of_others_is_refused_and_left_as_it_is(
    tmp_path: Path, opened: Callable[[Path], Any], name: str
) -> None:
    (tmp_path / name).write_text('{"status": "completed", "mine": 1}')
    before = contents(tmp_path)
    with pytest.raises(RunError, match="not written by nncli"), opened(tmp_path):
        pass
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "plots/notes.txt",
        "plots/loss.svg",
        "plots/own.csv",
        "plots/own.html",
        "report.html",
        ".nncli-dir",
    ],
)
def test_run_with_files_of_others_is_not_overwritten(run: Run, name: str) -> None:
    run.plots.mkdir()
    if name.endswith("dir"):
        (run.path / name).mkdir()
    else:
        (run.path / name).write_text("mine")
    before = contents(run.path)
    with pytest.raises(RunError, match=f"{name} was not written by nncli"), OPENED[1](run.path):
        pass
    assert contents(run.path) == before


FILES = [runs.CONFIG, runs.RUN, runs.WEIGHTS, runs.HISTORY, runs.SNAPSHOTS, runs.CHECKPOINT, runs.RESULTS]


@pytest.mark.parametrize("name", FILES)
def test_run_with_a_file_changed_by_others_is_not_overwritten(run: Run, name: str) -> None:
    path = run.path / name
    path.write_bytes(path.read_bytes()[:-3] + b"# x")
    if name == runs.HISTORY:
        path.write_text("epoch,loss\n0,1\n")  # of another tool
    before = contents(run.path)
    with pytest.raises(RunError, match=f"{name} was not written by nncli"), OPENED[1](run.path):
        pass
    assert contents(run.path) == before


@pytest.mark.parametrize("kind", ["link", "folder"])
@pytest.mark.parametrize("name", [*FILES, "plots"])
def test_nothing_is_written_through_a_link_in_a_run(run: Run, name: str, kind: str, tmp_path: Path) -> None:
    place, outside = run.path / name, tmp_path / "outside"
    if place.is_file():
        place.rename(outside)
    else:
        outside.mkdir()
    if kind == "link":
        place.symlink_to(outside)
    elif name == "plots":
        place.write_text("no folder")
    else:
        place.mkdir()
    before = contents(tmp_path)
    for opened in OPENED[:2]:
        with pytest.raises(RunError, match=name), opened(run.path):
            pass
    assert contents(tmp_path) == before


@pytest.mark.parametrize("victim", ["link", "hard link", "pipe", "content"])
def test_lock_that_nncli_did_not_write_is_left_as_it_is(tmp_path: Path, victim: str) -> None:
    folder, other = tmp_path / "run", tmp_path / "other"
    folder.mkdir()
    other.write_text("" if victim == "hard link" else "mine")
    lock = folder / ".lock"
    if victim == "link":
        lock.symlink_to(other)
    elif victim == "hard link":
        lock.hardlink_to(other)
    elif victim == "pipe":
        os.mkfifo(lock)
    else:
        lock.write_text("mine")
    for opened in OPENED:
        with pytest.raises(RunError, match=r"\.lock"), opened(folder):
            pass
    assert other.read_text() == ("" if victim == "hard link" else "mine")
    assert os.path.lexists(lock)


def test_overwritten_run_stays_until_the_next_is_whole(run: Run) -> None:
    plot(run, ["loss"])
    plot(run, ["weights"], format="html")
    report(run)
    before = contents(run.path)
    with runs.create_at(run.path, overwrite=True):
        assert contents(run.path).keys() == before.keys() | {".lock"}
    assert contents(run.path) == before
    with runs.create_at(run.path, overwrite=True) as opened:
        reports = runs.record(xor("optimizer.learning_rate=1"), opened)
        next(reports)
        assert {**contents(run.path), ".lock": None} == {**before, ".lock": None}
        list(reports)
    after = contents(run.path)
    looks = {"plots", "plots/loss.svg", "plots/loss.csv", "plots/weights.html", "report.html"}
    assert after.keys() == before.keys() - looks
    assert all(after[name] != before[name] for name in after)


def test_interrupted_successor_is_whole_too(run: Run) -> None:
    with runs.create_at(run.path, overwrite=True) as opened:
        reports = runs.record(xor("optimizer.learning_rate=1"), opened)
        next(reports)
        reports.close()
    assert Run(run.path).status == "interrupted"
    with runs.reopen(run.path) as opened:
        list(runs.Recording.resumed(xor("optimizer.learning_rate=1"), opened).reports())
    assert Run(run.path).config.optimizer.learning_rate == 1.0


def test_runs_of_earlier_versions_are_known_as_runs(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parent / "format-1", tmp_path / "run")
    with runs.create_at(tmp_path / "run", overwrite=True):
        pass


def test_run_that_died_before_its_first_checkpoint_begins_again(run: Run) -> None:
    for file in run.path.iterdir():
        if file.name not in (runs.RUN, runs.CONFIG):
            file.unlink()
    (run.path / ".nncli-a1b2c3d4").write_bytes(b"half")
    with runs.reopen(run.path) as again:
        assert not again.begun
        assert sorted(os.listdir(run.path)) == [".lock", runs.CONFIG, runs.RUN]


@pytest.mark.parametrize("opened", [runs.reopen, lambda path: runs.create_at(path, overwrite=False)])
def test_place_of_a_run_must_be_a_directory(tmp_path: Path, opened: Callable[..., Any]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file: not a directory"), opened(tmp_path / "file"):
        pass
    with pytest.raises(RunError, match="cannot be created"), opened(tmp_path / "file" / "below"):
        pass


def test_runs_that_cannot_be_made_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused = OSError(errno.EROFS, os.strerror(errno.EROFS))

    def mkdir(self: Path, *arguments: Any, **named: Any) -> None:
        raise refused

    Path("runs").mkdir()
    real = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", lambda self, *a, **n: real(self, *a, **n) if n else mkdir(self))
    with pytest.raises(RunError, match="runs/a: Read-only file system"), runs.create("a"):
        pass


def test_run_without_the_file_that_is_needed_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = record(tmp_path / "runs" / "a")
    (run.path / runs.CHECKPOINT).unlink()
    with pytest.raises(RunError, match=r"no checkpoint\.npz"):
        runs.find("a", runs.CHECKPOINT)
    with pytest.raises(RunError, match=r"no run in \./runs"):
        runs.find(None, runs.CHECKPOINT)
    with pytest.raises(RunError, match="b: no such run") as caught:
        runs.find("b")
    assert caught.value.hint == "choose from the runs here: a"
    assert runs.find(str(run.path / runs.WEIGHTS)).weights == runs.WEIGHTS


def test_folder_that_cannot_be_written_or_locked_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".lock").mkdir()
    with pytest.raises(RunError, match=r"\.lock: cannot be written: Is a directory"), owner.owned(tmp_path):
        pass
    (tmp_path / ".lock").rmdir()

    def unable(handle: int, *more: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as full:
        full.setattr(os, "truncate", unable)
        with pytest.raises(RunError, match="cannot be written: No locks available"), owner.owned(tmp_path):
            pass
    monkeypatch.setattr(locking, "lock", unable)
    with pytest.raises(RunError, match="cannot be locked: No locks available"), owner.owned(tmp_path):
        pass
    (tmp_path / ".lock").touch()
    assert not owner.is_owned(tmp_path)


def test_lock_that_its_last_owner_removed_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, removed = locking.lock, iter([True])

    def late(handle: int) -> None:
        if next(removed, False):
            (tmp_path / ".lock").unlink()
        real(handle)

    monkeypatch.setattr(locking, "lock", late)
    with owner.owned(tmp_path):
        assert (tmp_path / ".lock").read_text().startswith("process ")


def test_owner_without_a_name_is_another_process(tmp_path: Path) -> None:
    assert owner._owner(tmp_path) == "another process"
    (tmp_path / ".lock").touch()
    assert owner._owner(tmp_path) == "another process"


def test_traceback_of_a_bug_is_a_runs_own_file_and_another_log_is_not(run: Run) -> None:
    (run.path / runs.ERRORS).write_text("Traceback (most recent call last):\n")
    with runs.create_at(run.path, overwrite=True) as opened:
        list(runs.record(xor(), opened))
    assert not (run.path / runs.ERRORS).exists()  # it was of another training
    (run.path / runs.ERRORS).write_text("my own log\n")
    with pytest.raises(RunError, match=r"error\.log was not written by nncli"), OPENED[1](run.path):
        pass


@pytest.mark.parametrize("name", FILES)
def test_file_of_a_run_is_known_also_through_a_link(run: Run, name: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(run.path / name)
    for path in (run.path / name, tmp_path / "link"):
        with pytest.raises(RunError, match="belongs to the run"):
            runs.require_no_run_file(path)
    runs.require_no_run_file(run.path / "predictions.csv")
