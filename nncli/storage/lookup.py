"""Lookup of files that a user names: a path that leads to no file is answered with files that are there."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from nncli.messages.errors import ConfigError, DataError, NncliError
from nncli.messages.suggestions import nearest
from nncli.messages.wording import listed

COMPRESSION = (".gz", ".bz2", ".xz", ".zip")
SCHEMA_FILE = "nncli.schema.json"  # which init writes; not a table
HERE = "the current directory"


@dataclass(frozen=True)
class FileKind:
    """Kind of files that a command reads.

    Attributes
    ----------
    endings : extensions of such files; each may be followed by that of compression if `compressed`.
    error : raised if a path leads to no file.
    otherwise : what to do if no such file is in a directory.
    """

    noun: str
    endings: tuple[str, ...]
    error: type[NncliError]
    otherwise: str
    compressed: bool = False

    def includes(self, name: str) -> bool:
        """Return whether a file name has one of the extensions."""
        lower = name.lower()
        for ending in COMPRESSION if self.compressed else ():
            lower = lower.removesuffix(ending)
        return lower.endswith(self.endings)


TABLES = FileKind(
    "table",
    (
        ".csv",
        ".tsv",
        ".txt",
        ".tab",
        ".data",
        ".dat",
        ".ndjson",
        ".jsonl",
        ".json",
        ".parquet",
        ".xlsx",
        ".arff",
    ),
    DataError,
    "check the path",
    compressed=True,
)
CONFIGS = FileKind("config", (".yaml", ".yml"), ConfigError, "write one with: nncli init xor")


def require_file(path: Path, kind: FileKind) -> None:
    """Raise an error that suggests files of this kind if a path is a directory or does not exist.

    Other obstacles, such as missing permissions, are left to the reader of the file.
    """
    name = os.fsencode(path).decode("utf-8", errors="replace")
    try:
        found = path.stat()
    except FileNotFoundError:
        raise kind.error(f"{name}: No such file or directory", hint=instead(path, kind)) from None
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return
    if stat.S_ISDIR(found.st_mode):
        raise kind.error(f"{name}: is a directory, not a {kind.noun}", hint=_inside(path, kind))
    if kind is TABLES and CONFIGS.includes(name):
        raise kind.error(f"{name} is a config, not a table", hint=_inside(path.parent, kind))


def instead(path: Path, kind: FileKind) -> str:
    """Return a hint for a path that does not exist: a similar file, and the directory that was searched."""
    folder = path.parent
    if not folder.is_dir():
        return f"the directory {folder} does not exist; check the path"
    known = files_in(folder, kind)
    near = near_file(path, kind)
    if near is None:
        return _choice(folder, known, kind)
    if len(known) == 1:
        return f"did you mean {near}? it is the only {kind.noun} in {place_of(folder)}"
    return f"did you mean {near}? {_choice(folder, known, kind)}"


def near_file(path: Path, kind: FileKind) -> Path | None:
    """Return the file of this kind with a similar name in the directory of a path that does not exist."""
    stems = {_stem(each): each for each in reversed(files_in(path.parent, kind))}
    return stems.get(nearest(_stem(path), stems) or "")


def files_in(folder: Path, kind: FileKind) -> list[Path]:
    """Return the files of this kind in a directory, sorted by name; none if it cannot be read."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [
        folder / name
        for name in names
        if kind.includes(name) and name != SCHEMA_FILE and os.path.isfile(folder / name)
    ]


def place_of(folder: Path) -> str:
    """Return the name of a directory in messages."""
    return HERE if folder == Path() else str(folder)


def _inside(folder: Path, kind: FileKind) -> str:
    known = files_in(folder, kind)
    if len(known) == 1:
        return f"did you mean {known[0]}? it is the only {kind.noun} in {place_of(folder)}"
    return _choice(folder, known, kind)


def _choice(folder: Path, known: list[Path], kind: FileKind) -> str:
    if not known:
        return f"no {kind.noun}s in {place_of(folder)}; {kind.otherwise}"
    return f"{kind.noun}s in {place_of(folder)}: {listed(map(str, known))}"


def _stem(path: Path) -> str:
    """Name of a file without extensions, in lower case, with hyphens as underscores."""
    return path.name.lower().partition(".")[0].replace("-", "_")
