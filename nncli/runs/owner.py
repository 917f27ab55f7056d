"""One process writes a run at a time: a lock that dies with its owner."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nncli.errors import RunError
from nncli.files import clear_unfinished

LOCK = ".lock"
ATTEMPTS = 4  # 30 ms in all: `is_owned` holds the lock for a moment

if sys.platform == "win32":
    import msvcrt

    BEYOND = 1 << 30  # where the file has no bytes, so that others can read those it has

    def _lock(handle: int) -> None:
        os.lseek(handle, BEYOND, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
    """Whether a living process writes into a folder."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(handle)
    except OSError as error:
        return _is_taken(error)
    finally:
        os.close(handle)
    return False


def _acquire(folder: Path) -> int:
    for attempt in range(ATTEMPTS):
        try:
            handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise RunError(f"{folder}: cannot be written: {error.strerror}") from None
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            if not _is_taken(error):
                raise RunError(
                    f"{folder}: cannot be locked: {error.strerror}", hint="give an --output on a local disk"
                ) from None
        else:
            # The last owner may have removed the file between our opening and our locking it.
            if _is_at(handle, folder / LOCK):
                return handle
            os.close(handle)
        time.sleep(0.01 * (attempt < ATTEMPTS - 1))
    raise RunError(
        f"{folder}: in use by {_owner(folder)}", hint="wait for it, stop it, or give another --output"
    )


def _is_taken(error: OSError) -> bool:
    return error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


def _owner(folder: Path) -> str:
    try:
        return (folder / LOCK).read_text().strip() or "another process"
    except OSError:
        return "another process"
