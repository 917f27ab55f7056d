"""One process writes a run at a time: a lock that dies with its owner."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nncli.messages.errors import RunError
from nncli.storage import locking
from nncli.storage.files import clear_unfinished

LOCK = ".lock"
ATTEMPTS = 4  # 30 ms in all: `is_owned` holds the lock for a moment
# Nothing is written through a link, and nothing waits for the other end of a pipe.
PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
SIGNED = re.compile(rb"process \d+ on [^\n]{0,300}\n")


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Be the one process that writes into an existing folder; what a dead one left unfinished is cleared.

    Raises
    ------
    RunError
        At once if another process is; the message names it.
    """
    handle = _acquire(folder)
    try:
        _sign(handle, folder)
        clear_unfinished(folder)
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file: there it stays, unlocked
            if _is_at(handle, folder / LOCK):
                (folder / LOCK).unlink()
        os.close(handle)


def _sign(handle: int, folder: Path) -> None:
    """Leave word of who owns the folder."""
    try:
        os.truncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror}") from None


def is_owned(folder: Path) -> bool:
    """Tell whether a living process writes into a folder."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | PLAIN)
    except OSError:
        return False
    try:
        locking.lock(handle)
    except OSError as error:
        return locking.is_taken(error)
    finally:
        os.close(handle)
    return False


def _acquire(folder: Path) -> int:
    for attempt in range(ATTEMPTS):
        handle = _open(folder)
        try:
            locking.lock(handle)
        except OSError as error:
            os.close(handle)
            if not locking.is_taken(error):
                raise RunError(
                    f"{folder}: cannot be locked: {error.strerror}", hint="choose an --output on a local disk"
                ) from None
        else:
            # The last owner may have removed the file between our opening and our locking it.
            if _is_at(handle, folder / LOCK):
                return handle
            os.close(handle)
        time.sleep(0.01 * (attempt < ATTEMPTS - 1))
    raise RunError(
        f"{folder}: in use by {_owner(folder)}",
        hint="wait until it ends, stop it, or choose another --output",
    )


def _open(folder: Path) -> int:
    """The lock file, made if there is none.

    Raises
    ------
    RunError
        If it cannot be opened, or nncli did not write what stands there.
    """
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | PLAIN, 0o666)
    except OSError as error:
        problem = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise RunError(f"{folder / LOCK}: cannot be written: {problem}") from None
    if not _is_lock(handle):
        os.close(handle)
        raise RunError(f"{folder / LOCK}: not written by nncli", hint="choose another --output")
    return handle


def _is_lock(handle: int) -> bool:
    """Tell whether an open file is a lock that nncli wrote, or is about to write."""
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        return False
    content = os.read(handle, 1000)
    return not content or SIGNED.fullmatch(content) is not None


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False


def _owner(folder: Path) -> str:
    try:
        return (folder / LOCK).read_text().strip() or "another process"
    except OSError:
        return "another process"
