"""Files that are whole or absent: text and JSON, written beside their place and renamed."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from nncli.messages.errors import NncliError, RunError
from nncli.storage import locking

UNFINISHED = ".nncli-"  # how the names of temporary files begin
FRESH = 2.0  # seconds: a file just made may not be locked yet
_TEMPORARY = re.compile(re.escape(UNFINISHED) + r"[a-z0-9_]{8}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, as `replacing` does."""
    with replacing(path) as stream:
        stream.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A temporary file beside `path` to write to, then renamed: a reader sees the old content or the new.

    Content and rename have reached the disk at the end of the block. A file that is replaced hands on its
    permissions. Nothing is written through a link.

    Raises
    ------
    NncliError
        If the file cannot be written, or something else than a file stands there; the old one stands, and
        nothing else is left behind, also where the block itself fails.
    """
    with _told(path):
        if os.path.lexists(path) and not is_plain(path):
            raise OSError(errno.EEXIST, f"it is {_what_stands(path)}")
        with _temporary(path) as stream:
            yield stream


@contextmanager
def output(path: Path) -> Iterator[BinaryIO]:
    """Like `replacing`, for a path that a user named: a link is followed.

    A device or pipe, which no file may replace, is written to as it is. What processes that died left beside
    the file is cleared.
    """
    target = Path(os.path.realpath(path))
    if os.path.exists(target) and not os.path.isfile(target):
        with _told(path), target.open("wb") as stream:
            yield stream
    else:
        clear_unfinished(target.parent, older_than=FRESH)
        with _told(path), _temporary(target) as stream:
            yield stream


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Within, what the system refuses is an error of nncli that names the path."""
    try:
        yield
    except OSError as error:
        raise NncliError(
            f"{path}: cannot be written: {error.strerror or error}", hint=_REMEDIES.get(error.errno or 0)
        ) from None


def is_plain(path: Path) -> bool:
    """Tell whether a regular file stands there, not a link to one."""
    return os.path.isfile(path) and not os.path.islink(path)


def _what_stands(path: Path) -> str:
    return "a symbolic link" if os.path.islink(path) else "not a file"


_FULL = "free some space; the previous content is unchanged"
_REMEDIES = {errno.ENOSPC: _FULL, errno.EFBIG: _FULL, getattr(errno, "EDQUOT", errno.ENOSPC): _FULL}


@contextmanager
def _temporary(path: Path) -> Iterator[BinaryIO]:
    handle, temporary = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            locking.lock(handle)  # as long as it lives, nobody clears its file
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _take_over_permissions(path, temporary)
        _rename(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _take_over_permissions(path: Path, temporary: str) -> None:
    """Give a file the permissions and owner of the one it replaces; of a new one what the umask asks."""
    try:
        old = path.stat()
    except FileNotFoundError:
        os.chmod(temporary, 0o666 & ~_umask())
        return
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(temporary, old.st_uid, old.st_gid)
    os.chmod(temporary, stat.S_IMODE(old.st_mode))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


if sys.platform == "win32":

    def _rename(temporary: str, path: Path) -> None:
        """Windows refuses while a reader, or a virus scanner, has the old file open: try for a second."""
        for _ in range(20):
            try:
                return os.replace(temporary, path)
            except PermissionError:
                time.sleep(0.05)
        os.replace(temporary, path)

    def _sync_folder(path: Path) -> None:
        """Windows cannot open folders, and renames through its journal."""

else:

    def _rename(temporary: str, path: Path) -> None:
        os.replace(temporary, path)

    def _sync_folder(path: Path) -> None:
        """Have the rename reach the disk too."""
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def clear_unfinished(folder: Path, older_than: float = 0.0) -> None:
    """Remove the temporary files that processes left in a folder when they died while writing.

    Parameters
    ----------
    older_than : seconds from now, either way, for clocks differ; above 0 where others may be writing.
    """
    for path in unfinished(folder):
        with suppress(OSError):  # of another user, or gone already
            if abs(time.time() - path.lstat().st_mtime) >= older_than:
                _clear(path)


def unfinished(folder: Path) -> list[Path]:
    """The temporary files in a folder, by the form of their names; none where it cannot be read."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    found = [folder / name for name in names if _TEMPORARY.fullmatch(name)]
    return [path for path in found if is_plain(path)]


def _clear(path: Path) -> None:
    """Remove a temporary file unless the process that writes it lives; OSError then."""
    handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        locking.lock(handle)
        path.unlink()
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Text as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """JSON with non-finite numbers as null."""
    # In ASCII, for the words of a command line may hold bytes that are no text.
    write_text(path, json.dumps(finite(values), indent=1) + "\n")


def finite(value: Any) -> Any:
    """The same value with NaN and infinities, which JSON does not know, as None."""
    if isinstance(value, Mapping):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def make_folder(path: Path) -> None:
    """A directory, and those above it, unless it exists.

    Raises
    ------
    RunError
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{path}: cannot be created: {error.strerror or error}") from None


def read_text(path: Path) -> str:
    """The text of a regular file, as `opened_text` opens it, its line ends as they are."""
    with opened_text(path, newline="") as stream:
        return stream.read()


@contextmanager
def opened_text(path: Path, newline: str | None = None) -> Iterator[TextIO]:
    """A regular file opened as text, which must be UTF-8.

    Raises
    ------
    RunError
        If it cannot be read; a device or a pipe, which may never end, is not even opened.
    """
    require_regular(path)
    try:
        with path.open(encoding="utf-8", newline=newline) as stream:
            yield stream
    except UnicodeDecodeError:
        raise RunError(f"{path}: damaged: not UTF-8 text") from None
    except OSError as error:
        raise RunError(f"{path}: {error.strerror or error}") from None


def require_regular(path: Path) -> None:
    """Raise RunError where something else than a file stands."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise RunError(f"{path}: not a file")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; RunError where there is none."""
    try:
        values = json.loads(read_text(path))
    except (ValueError, RecursionError):
        raise RunError(f"{path}: damaged: not readable as JSON") from None
    if not isinstance(values, dict):
        raise RunError(f"{path}: damaged: not a JSON object")
    return values
