"""The directory of a sweep: its trials, line by line, and the run of the best one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nncli.config import Config
from nncli.messages.errors import RunError
from nncli.runs import CONFIG, WEIGHTS, Recording, Run, create_at
from nncli.runs.owner import LOCK, owned
from nncli.runs.store import folder_name
from nncli.storage.files import finite, make_folder, read_json, read_text, write_json
from nncli.training.experiment import build

SWEEPS = Path("sweeps")
IDENTITY, TRIALS, BEST = "sweep.json", "trials.jsonl", "best"
GOAL = "goal"  # in sweep.json; a sweep may be repeated with another
OTHER = "choose another --output, or remove this directory"


@dataclass(frozen=True)
class SweepFolder:
    """A directory that keeps the trials of one sweep."""

    path: Path

    def trials(self, count: int) -> dict[int, dict[str, Any]]:
        """Return the first so many trials, as far as they are kept; a last line not finished is removed.

        Raises
        ------
        RunError
            If the file is damaged.
        """
        file = self.path / TRIALS
        content = file.read_bytes() if file.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(file, len(whole))
        return _trials_of(file, whole, count)

    def keep_goal(self, goal: Mapping[str, Any]) -> None:
        """Keep by what trials are compared, and how many there are, for pictures that are drawn later."""
        identity = read_json(self.path / IDENTITY)
        if identity.get(GOAL) != goal:
            write_json(self.path / IDENTITY, {**identity, GOAL: goal})

    def append(self, trial: Mapping[str, Any]) -> None:
        """Keep a trial."""
        with (self.path / TRIALS).open("a", encoding="ascii", newline="\n") as file:
            file.write(json.dumps(finite(dict(trial))) + "\n")

    def best_run(self, config: Config) -> Run:
        """Return the run of the best trial, which is trained again unless it is already there."""
        run, prepared = Run(self.path / BEST), build(config)
        is_whole = (run.path / WEIGHTS).is_file() and run.info.get("status") == "completed"
        if is_whole and read_text(run.path / CONFIG) == prepared.config.to_yaml(run.path):
            return run
        with create_at(run.path, overwrite=True) as opened:
            Recording(prepared, opened).finish()
        return Run(run.path)


def sweep_path(name: str) -> Path:
    """Return the default directory of a sweep."""
    return SWEEPS / folder_name(name)


@contextmanager
def opened_sweep(path: Path, identity: Mapping[str, Any]) -> Iterator[SweepFolder]:
    """Own the directory of a sweep, a new one or one of the same config and values.

    Raises
    ------
    RunError
        If it holds anything else, or another process writes there.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise RunError(f"{path}: not a directory", hint="choose another --output")
    wanted = json.loads(json.dumps(finite(dict(identity))))
    _require_same(path, wanted)
    make_folder(path)
    with owned(path):
        _require_same(path, wanted)
        if not (path / IDENTITY).exists():
            write_json(path / IDENTITY, wanted)
        yield SweepFolder(path)


def _require_same(path: Path, wanted: Mapping[str, Any]) -> None:
    if (path / IDENTITY).exists():
        found = read_json(path / IDENTITY)
        if differing := [key for key in wanted if found.get(key) != wanted[key]]:
            words = f"{path}: holds a sweep with another {' and '.join(differing)}"
            raise RunError(words, hint=OTHER)
    elif path.is_dir() and set(os.listdir(path)) - {LOCK}:
        raise RunError(f"{path}: not empty, and not a sweep", hint="choose another --output")


def is_sweep(path: Path) -> bool:
    """Return whether a directory holds a sweep."""
    return (path / IDENTITY).is_file() and (path / TRIALS).is_file()


def read_sweep(path: Path) -> dict[str, Any]:
    """Read a sweep without changing its files, while it is trained or later.

    Returns
    -------
    `grid`: its axes as text; `metric` and `higher_is_better`; `trials`: values of each, by number.

    Raises
    ------
    RunError
        If a file is damaged.
    """
    identity, content = read_json(path / IDENTITY), (path / TRIALS).read_bytes()
    goal = {"metric": "val_loss", "higher_is_better": False, "trials": sys.maxsize, **identity.get(GOAL, {})}
    if "grid" not in identity:
        raise RunError(f"{path / IDENTITY} is damaged: the grid is missing", hint=OTHER)
    whole = content[: content.rfind(b"\n") + 1]  # a last line may not be finished
    found = _trials_of(path / TRIALS, whole, goal.pop("trials"))
    return {"grid": identity["grid"], **goal, "trials": list(found.values())}


def _trials_of(file: Path, content: bytes, count: int) -> dict[int, dict[str, Any]]:
    """Return the first so many trials in the lines of a file."""
    found: dict[int, dict[str, Any]] = {}
    for line, text in enumerate(content.splitlines(), 1):
        try:
            trial = json.loads(text)
            number = trial["number"]
            metrics = {name: _or_nan(value) for name, value in trial["metrics"].items()}
            curve = tuple(map(_or_nan, trial.get("curve", ())))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise RunError(f"{file}:{line} is damaged: not a trial", hint="remove the line") from None
        if number <= count:  # the others are of a repetition with more draws
            found[number] = {**trial, "metrics": metrics, "curve": curve}
    return dict(sorted(found.items()))


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
