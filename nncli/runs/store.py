"""The directories of runs: made, found, and reopened."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from nncli.messages.errors import RunError
from nncli.messages.wording import counted, shown
from nncli.runs.ensemble import FILES, MEMBERS, EnsembleRun, unproven_of_ensemble
from nncli.runs.owner import LOCK, is_owned, owned
from nncli.runs.proof import PROOFS, require_plain, unproven
from nncli.runs.run import CHECKPOINT, CONFIG, RUN, WEIGHTS, Run
from nncli.storage.files import make_folder

RUNS = Path("runs")
LONGEST_FOLDER = 200  # bytes; file systems allow 255, and -2, -3 ... may follow


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


def folder_name(name: str) -> str:
    """Return the name of a run as every file system can hold it."""
    plain = "".join(c if c.isalnum() or c in "-_. " else "-" for c in name).strip(". ") or "run"
    code = sys.getfilesystemencoding()  # under some locales ASCII
    return plain.encode(code, "replace")[:LONGEST_FOLDER].decode(code, "ignore").replace("?", "-")


def _claim(name: str) -> Path:
    safe = folder_name(name)
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

    With `overwrite` it may hold a run, whose files stay until those of the next are whole.

    Raises
    ------
    RunError
        If it is no directory, another process writes there, it holds anything and `overwrite` is not given,
        or anything that nncli did not write. Nothing in it has changed then.
    """

    def judge() -> None:
        if not overwrite and set(os.listdir(path)) - {LOCK}:
            raise RunError(
                f"{path}: the directory is not empty",
                hint="choose another --output, or add --overwrite to replace a run",
            )
        _require_ours(path)

    with judged_folder(path, judge):
        yield Run(path)


@contextmanager
def reopen(path: Path) -> Iterator[Run]:
    """The directory of a run that may go on, owned within; without a checkpoint yet it begins again.

    Raises
    ------
    RunError
        If it is no directory, another process writes there, or it holds something else than a run. Nothing in
        it has changed then.
    """

    def judge() -> None:
        if Run(path).begun:
            require_plain(path)
        else:
            _require_ours(path)

    with judged_folder(path, judge):
        yield Run(path)


def _require_ours(path: Path) -> None:
    _require(path, unproven(path))


def _require(path: Path, name: str | None) -> None:
    if name is not None:
        raise RunError(
            f"{path}: {shown(name)} was not written by nncli or is damaged; nothing was changed",
            hint="choose another --output, or move the file elsewhere",
        )


@contextmanager
def judged_folder(path: Path, judge: Callable[[], None]) -> Iterator[None]:
    """Own a directory unless `judge` refuses it: asked before anything is touched, and again as its owner."""
    if os.path.lexists(path) and not os.path.isdir(path):
        raise RunError(f"{path}: not a directory")
    existed = os.path.isdir(path)
    if existed and not is_owned(path):
        judge()
    make_folder(path)
    try:
        with owned(path):
            judge()
            yield
    finally:
        if not existed:
            with suppress(OSError):  # only where nothing was written
                path.rmdir()


def all_runs() -> list[Run]:
    """The runs under runs/, newest first."""
    found = [Run(path) for path in RUNS.iterdir() if os.path.isfile(path / RUN)] if RUNS.is_dir() else []
    return sorted(found, key=lambda run: (run.started, run.name), reverse=True)


def exists(reference: str) -> bool:
    """Return whether a reference leads to a run or to a file of weights, as `find` understands it."""
    given = Path(reference)
    if given.suffix == ".npz" and os.path.isfile(given):
        return True
    folders = (given, RUNS / reference)
    return any(os.path.isfile(folder / name) for folder in folders for name in (WEIGHTS, RUN, MEMBERS))


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
            raise RunError(f"{path}: no {having}", hint=_WITHOUT[having])
        if os.path.isfile(path / MEMBERS):
            raise _of_several(path)
    known = [run.name for run in all_runs()]
    listing = (
        f"choose from the runs here: {', '.join(known)}"
        if known
        else "there are no runs in ./runs; train one first"
    )
    raise RunError(f"{reference}: no such run", hint=listing)


def find_ensemble(reference: str) -> EnsembleRun | None:
    """The ensemble in a directory, or in one of this name under runs/; None if no ensemble is meant."""
    for path in (Path(reference), RUNS / reference):
        if any(os.path.isfile(path / name) for name in (WEIGHTS, RUN)):
            return None
        if os.path.isfile(path / MEMBERS):
            return EnsembleRun(path)
    return None


def _of_several(path: Path) -> RunError:
    seeds = EnsembleRun(path).seeds
    together = shlex.join(["nncli", "predict", str(path)])
    alone = shlex.join(["nncli", "train", str(path / CONFIG), "--set", f"seed.training={seeds[0]}"])
    return RunError(
        f"{path}: holds {counted(len(seeds), 'training')} from different seeds, not a run",
        hint=f"predict with all of them: {together}; or train one: {alone}",
    )


@contextmanager
def create_ensemble_at(path: Path, *, overwrite: bool) -> Iterator[EnsembleRun]:
    """Exactly this directory for an ensemble, owned within.

    With `overwrite` it may hold an ensemble, whose files stay until those of the next are whole.

    Raises
    ------
    RunError
        Like `create_at`.
    """

    def judge() -> None:
        if not overwrite and set(os.listdir(path)) - {LOCK}:
            raise RunError(
                f"{path}: the directory is not empty",
                hint="choose another --output, or add --overwrite to replace the networks in it",
            )
        _require(path, unproven_of_ensemble(path))

    with judged_folder(path, judge):
        yield EnsembleRun(path)


_WITHOUT = {
    WEIGHTS: "train again; it was stopped before anything was saved",
    CHECKPOINT: "train again; a run that diverged, was stopped before anything was saved, "
    "or is of an older version of nncli, cannot be resumed",
}


def require_no_run_file(path: Path) -> None:
    """Raise RunError where a path that a user named for output is one of the files of a run."""
    target = Path(os.path.realpath(path))
    if not os.path.isfile(target):
        return
    if target.name in PROOFS and os.path.isfile(target.parent / RUN):
        raise RunError(f"{path}: belongs to the run {target.parent}", hint="choose another file")
    if target.name in FILES and os.path.isfile(target.parent / MEMBERS):
        raise RunError(
            f"{path}: belongs to the trainings of nncli seeds in {target.parent}", hint="choose another file"
        )
