"""Locks on open files, which end with the process that holds them."""

from __future__ import annotations

import errno
import os
import sys

if sys.platform == "win32":
    import msvcrt

    _BEYOND = 1 << 30  # where the file has no bytes, so that others can read those it has

    def lock(handle: int) -> None:
        """Lock an open file; OSError, at once, where another process has it."""
        os.lseek(handle, _BEYOND, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(handle: int) -> None:
        """Lock an open file; OSError, at once, where another process has it."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_taken(error: OSError) -> bool:
    """Tell whether `lock` failed because another process has the file."""
    return error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
