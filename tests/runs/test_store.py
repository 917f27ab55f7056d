from __future__ import annotations

import os
from pathlib import Path

import pytest

from nncli import runs
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
