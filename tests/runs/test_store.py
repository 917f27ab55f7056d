from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nncli import runs
from nncli.errors import RunError
from nncli.runs import Run, owner
from tests.trained import record


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


def test_only_a_run_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="in use") as caught, runs.create_at(tmp_path, overwrite=True):
        pass
    assert caught.value.hint == "give another --output; only a run is overwritten"
    with pytest.raises(RunError, match="holds files that are no run's"), runs.reopen(tmp_path):
        pass
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_config_of_a_person_is_not_taken_for_the_rest_of_a_run(tmp_path: Path) -> None:
    (tmp_path / runs.CONFIG).write_text("dataset: xor")
    with pytest.raises(RunError, match="holds files that are no run's"), runs.reopen(tmp_path):
        pass
    assert (tmp_path / runs.CONFIG).read_text() == "dataset: xor"


def test_overwriting_removes_a_runs_files_and_pictures_and_nothing_else(run: Run) -> None:
    run.plots.mkdir()
    (run.plots / "loss.svg").touch()
    with runs.create_at(run.path, overwrite=True):
        assert os.listdir(run.path) == [".lock"]
    again = record(run.path)
    again.plots.mkdir()
    (again.plots / "notes.txt").touch()
    with pytest.raises(RunError, match="in use"), runs.create_at(run.path, overwrite=True):
        pass
    assert (again.plots / "notes.txt").exists()


def test_run_that_died_before_its_first_checkpoint_begins_again(tmp_path: Path) -> None:
    (tmp_path / runs.RUN).write_text('{"status": "running"}')
    (tmp_path / runs.CONFIG).write_text("half of a config")
    with runs.reopen(tmp_path) as run:
        assert not run.begun
        assert os.listdir(tmp_path) == [".lock"]


def test_run_that_cannot_be_cleared_is_told(run: Run) -> None:
    (run.path / runs.SNAPSHOTS).unlink()
    (run.path / runs.SNAPSHOTS).mkdir()  # which no unlink removes, not even root's
    with (
        pytest.raises(RunError, match=r"cannot be overwritten: .*snapshots.npz"),
        runs.create_at(run.path, overwrite=True),
    ):
        pass


@pytest.mark.parametrize("opened", [runs.reopen, lambda path: runs.create_at(path, overwrite=False)])
def test_place_of_a_run_must_be_a_directory(tmp_path: Path, opened: Callable[..., Any]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="is a file, not a directory"), opened(tmp_path / "file"):
        pass
    with pytest.raises(RunError, match="cannot be made"), opened(tmp_path / "file" / "below"):
        pass


def test_runs_that_cannot_be_made_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused = OSError(errno.EROFS, os.strerror(errno.EROFS))

    def mkdir(self: Path, *arguments: Any, **named: Any) -> None:
        raise refused

    Path("runs").mkdir()
    real = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", lambda self, *a, **n: real(self, *a, **n) if n else mkdir(self))
    with pytest.raises(RunError, match="runs/a: Read-only file system"), runs.create("a"):
        pass


def test_run_without_the_file_that_is_needed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = record(tmp_path / "runs" / "a")
    (run.path / runs.CHECKPOINT).unlink()
    with pytest.raises(RunError, match=r"a run without checkpoint\.npz"):
        runs.find("a", runs.CHECKPOINT)
    with pytest.raises(RunError, match=r"no run in \./runs"):
        runs.find(None, runs.CHECKPOINT)
    with pytest.raises(RunError, match="b: no such run") as caught:
        runs.find("b")
    assert caught.value.hint == "runs here: a"
    assert runs.find(str(run.path / runs.WEIGHTS)).weights == runs.WEIGHTS


def test_folder_that_cannot_be_written_or_locked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".lock").mkdir()
    with pytest.raises(RunError, match="cannot be written: Is a directory"), owner.owned(tmp_path):
        pass
    (tmp_path / ".lock").rmdir()

    def unable(handle: int, *more: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as full:
        full.setattr(os, "truncate", unable)
        with pytest.raises(RunError, match="cannot be written: No locks available"), owner.owned(tmp_path):
            pass
    monkeypatch.setattr(owner, "_lock", unable)
    with pytest.raises(RunError, match="cannot be locked: No locks available"), owner.owned(tmp_path):
        pass
    (tmp_path / ".lock").touch()
    assert not owner.is_owned(tmp_path)


def test_lock_that_its_last_owner_removed_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, removed = owner._lock, iter([True])

    def late(handle: int) -> None:
        if next(removed, False):
            (tmp_path / ".lock").unlink()
        real(handle)

    monkeypatch.setattr(owner, "_lock", late)
    with owner.owned(tmp_path):
        assert (tmp_path / ".lock").read_text().startswith("process ")


def test_owner_without_a_name_is_another_process(tmp_path: Path) -> None:
    assert owner._owner(tmp_path) == "another process"
    (tmp_path / ".lock").touch()
    assert owner._owner(tmp_path) == "another process"
