"""Proof by content that nncli wrote a file: no others are replaced or removed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

from nncli.config import yaml12
from nncli.messages.errors import NncliError, RunError
from nncli.runs.owner import LOCK
from nncli.runs.run import (
    CHECKPOINT,
    CONFIG,
    ERRORS,
    HISTORY,
    PLOTS,
    REPORT,
    RESULTS,
    RUN,
    SNAPSHOTS,
    THRESHOLD,
    WEIGHTS,
    Run,
    Status,
    config_digest,
)
from nncli.runs.threshold import read_threshold
from nncli.storage.files import is_plain, read_json, read_text, unfinished
from nncli.storage.npz import read_npz

# What nncli writes into each page and each format of picture.
PAGE_MARK = '<meta name="generator" content="nncli">'
MARKS = {
    ".svg": b"<dc:title>nncli</dc:title>",
    ".png": b"Software\0nncli",
    ".pdf": b"/Creator (nncli)",
    ".html": PAGE_MARK.encode(),
}


def unproven(folder: Path) -> str | None:
    """The first entry of a directory that nncli did not write, or that is damaged; None if there is none."""
    names = sorted({*os.listdir(folder)} - {LOCK, *(path.name for path in unfinished(folder))})
    if not names:
        return None
    if RUN not in names or not _holds(folder, RUN):
        return RUN if RUN in names else names[0]
    return next((name for name in _entries(folder, names) if not _is_ours(folder, name)), None)


def pictures(run: Run) -> list[Path]:
    """The pictures in plots/ that nncli drew, and their numbers."""
    if not os.path.isdir(run.plots) or os.path.islink(run.plots):
        return []
    return [file for file in run.plots.iterdir() if is_picture(file) or is_numbers(file)]


def is_picture(path: Path) -> bool:
    """Tell whether nncli drew the picture in a file."""
    mark = MARKS.get(path.suffix)
    return mark is not None and is_plain(path) and mark in path.read_bytes()


def is_numbers(path: Path) -> bool:
    """Tell whether a file holds the numbers of a picture beside it."""
    beside = (path.with_suffix(suffix) for suffix in MARKS)
    return path.suffix == ".csv" and is_plain(path) and any(map(is_picture, beside))


def _entries(folder: Path, names: list[str]) -> Iterator[str]:
    """Names in a directory, and of plots/ those in it."""
    for name in names:
        if name == PLOTS and os.path.isdir(folder / PLOTS) and not os.path.islink(folder / PLOTS):
            left = {path.name for path in unfinished(folder / PLOTS)}
            yield from (f"{PLOTS}/{inner}" for inner in sorted({*os.listdir(folder / PLOTS)} - left))
        else:
            yield name


def _is_ours(folder: Path, name: str) -> bool:
    path = folder / name
    if not is_plain(path):
        return False
    if name.startswith(f"{PLOTS}/"):
        return is_picture(path) or is_numbers(path)
    return _holds(folder, name)


def _holds(folder: Path, name: str) -> bool:
    """Tell whether a file of a run holds what nncli writes there."""
    try:
        return name in PROOFS and is_plain(folder / name) and PROOFS[name](Run(folder))
    except (NncliError, OSError):
        return False


def _is_info(run: Run) -> bool:
    info = run.info
    return (
        info.get("status") in get_args(Status)
        and isinstance(info.get("format"), int)
        and isinstance(info.get("versions"), dict)
        and "nncli" in info["versions"]
    )


def _is_config(run: Run) -> bool:
    """By its digest; of runs that noted none, by the form that nncli gives it, which has no comments."""
    text = read_text(run.path / CONFIG)
    if "config" in run.info:
        return bool(run.info["config"] == config_digest(text))
    root = yaml12.compose(text, CONFIG)
    return root is not None and bool(run.config.network) and yaml12.dump(yaml12.construct(root)) == text


def _has_digest(name: str) -> Callable[[Run], bool]:
    def is_whole(run: Run) -> bool:
        read_npz(run.path / name)
        return True

    return is_whole


def _is_history(run: Run) -> bool:
    return {"loss", "learning_rate", "gradient_norm"} <= run.history.keys()


def _is_results(run: Run) -> bool:
    stored: dict[str, Any] = read_json(run.path / RESULTS)
    return "epoch" in stored and "loss" in run.results


def _is_threshold(run: Run) -> bool:
    return read_threshold(run) is not None


def _is_page(run: Run) -> bool:
    return PAGE_MARK in read_text(run.path / REPORT)


def _is_traceback(run: Run) -> bool:
    return read_text(run.path / ERRORS).startswith("Traceback ")


PROOFS: dict[str, Callable[[Run], bool]] = {
    RUN: _is_info,
    CONFIG: _is_config,
    WEIGHTS: _has_digest(WEIGHTS),
    SNAPSHOTS: _has_digest(SNAPSHOTS),
    CHECKPOINT: _has_digest(CHECKPOINT),
    HISTORY: _is_history,
    RESULTS: _is_results,
    THRESHOLD: _is_threshold,
    ERRORS: _is_traceback,
    REPORT: _is_page,
}


def require_plain(folder: Path) -> None:
    """Raise RunError where a name that a run's files have is a link, a folder or the like."""
    for name in (*PROOFS, PLOTS):
        path = folder / name
        there = os.path.lexists(path)
        sound = is_plain(path) if name != PLOTS else os.path.isdir(path) and not os.path.islink(path)
        if there and not sound:
            what = (
                "a symbolic link"
                if os.path.islink(path)
                else f"not a {'folder' if name == PLOTS else 'file'}"
            )
            raise RunError(
                f"{path}: {what}", hint="replace the link with a file; nncli does not write through links"
            )
