"""The directories of runs: made, found, and reopened."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from nncli.errors import RunError
from nncli.files import make_folder
from nncli.runs.owner import LOCK, owned
from nncli.runs.run import CHECKPOINT, FILES, PLOTS, RUN, WEIGHTS, Run

RUNS = Path("runs")
PICTURES = (".svg", ".png", ".pdf", ".csv")
LONGEST_NAME = 200  # bytes; file systems allow 255, and -2, -3 ... may follow


@contextmanager
def create(name: str) -> Iterator[Run]:
    """A new directory under runs/, owned within: the name, or with -2, -3 ... where it is taken."""
    path = _claim(name)
    try:
        with owned(path):
            yield Run(path)
    finally:
        with suppress(OSError):  # only where nothing was written
            path.rmdir()


def _claim(name: str) -> Path:
    plain = "".join(c if c.isalnum() or c in "-_. " else "-" for c in name).strip(". ") or "run"
    code = sys.getfilesystemencoding()  # under some locales ASCII
    safe = plain.encode(code, "replace")[:LONGEST_NAME].decode(code, "ignore").replace("?", "-")
    make_folder(RUNS)
    for number in count(1):
        path = RUNS / (safe if number == 1 else f"{safe}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise RunError(f"{path}: {error.strerror or error}") from None
        return path
    raise AssertionError("count never ends")


@contextmanager
def create_at(path: Path, *, overwrite: bool) -> Iterator[Run]:
    """Exactly this directory, owned within.

    Raises
    ------
    RunError
        If it is no directory, another process writes there, or it holds anything and `overwrite` is
        not given.
    """
    with _opened(path):
        if overwrite and os.path.isfile(path / RUN):
            _clear(path)
        if set(os.listdir(path)) - {LOCK}:
            hint = "give another --output" + (
                "; only a run is overwritten" if overwrite else ", or --overwrite a run"
            )
            raise RunError(f"{path}: the directory is in use", hint=hint)
        yield Run(path)


@contextmanager
def reopen(path: Path) -> Iterator[Run]:
    """The directory of a run that may go on, owned within.

    One that has nothing to go on from, for it is new or died before its first checkpoint, is cleared.

    Raises
    ------
    RunError
        If it is no directory, another process writes there, or it holds something else than a run.
    """
    with _opened(path):
        if not Run(path).begun:
            if os.path.isfile(path / RUN):
                _clear(path)
            if set(os.listdir(path)) - {LOCK}:
                raise RunError(f"{path}: holds files that are no run's", hint="give another --output")
        yield Run(path)


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    if os.path.lexists(path) and not os.path.isdir(path):
        raise RunError(f"{path}: is a file, not a directory")
    make_folder(path)
    try:
        with owned(path):
            yield
    finally:
        with suppress(OSError):
            path.rmdir()


def _clear(path: Path) -> None:
    """Remove a run's own files, and the pictures; run.json last, for it marks the directory as a run's."""
    pictures = [file for file in (path / PLOTS).glob("*.*") if file.suffix in PICTURES]
    try:
        for file in (*pictures, *(path / name for name in FILES if name != RUN)):
            file.unlink(missing_ok=True)
        if os.path.isdir(path / PLOTS) and not any((path / PLOTS).iterdir()):
            (path / PLOTS).rmdir()
        (path / RUN).unlink()
    except OSError as error:
        raise RunError(f"{path}: cannot be overwritten: {error.filename}: {error.strerror}") from None


def all_runs() -> list[Run]:
    """The runs under runs/, newest first."""
    found = [Run(path) for path in RUNS.iterdir() if os.path.isfile(path / RUN)] if RUNS.is_dir() else []
    return sorted(found, key=lambda run: (run.started, run.name), reverse=True)


def find(reference: str | None, having: str = WEIGHTS) -> Run:
    """The run a person means: a directory, a name under runs/, a file of weights, or nothing: the latest.

    Parameters
    ----------
    having : the file it must have.

    Raises
    ------
    RunError
        If there is none; the message names those that exist.
    """
    if reference is None:
        latest = next((run for run in all_runs() if os.path.isfile(run.path / having)), None)
        if latest is None:
            raise RunError("no run in ./runs", hint="train one first: nncli train CONFIG")
        return latest
    given = Path(reference)
    if given.suffix == ".npz" and os.path.isfile(given):
        return Run(given.parent, given.name)
    for path in (given, RUNS / reference):
        if os.path.isfile(path / having):
            return Run(path)
        if os.path.isfile(path / RUN):
            raise RunError(f"{path}: a run without {having}", hint=_WITHOUT[having])
    known = [run.name for run in all_runs()]
    listing = f"runs here: {', '.join(known)}" if known else "there are no runs in ./runs; train one first"
    raise RunError(f"{reference}: no such run", hint=listing)


_WITHOUT = {
    WEIGHTS: "it was stopped before anything was saved: train again",
    CHECKPOINT: "nothing to go on from: it diverged, or an earlier nncli trained it; train again",
}
