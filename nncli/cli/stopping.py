"""Signals that end a command cleanly: Ctrl-C, and those that systems send before they kill."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
PATIENCE = 1.0  # seconds for the main thread to return from a long operation

_heard = threading.Event()


class Stopped(BaseException):  # as KeyboardInterrupt, so that no handler of errors catches it
    """Request of a signal to stop; the exit code is the shell's, 128 plus the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise Stopped at the first signal, and end the process at once at the second."""
    wanted = [each for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN]  # ignored under nohup

    def stop(number: int, frame: FrameType | None) -> None:
        _heard.set()
        for each in wanted:
            signal.signal(each, signal.SIG_DFL)
        raise Stopped(number)

    _heard.clear()
    before = {each: signal.signal(each, stop) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def answered(save: Callable[[], None]) -> Iterator[None]:
    """Answer signals even while the main thread is in one long array operation.

    Python handles signals only between operations. If it has not handled one after `PATIENCE` seconds, or
    has not ended after as many again, a thread calls `save` and ends the process instead; at a second
    signal it ends the process at once.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_watch, args=(ours, save), daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        theirs.close()
        thread.join()
        ours.close()


def _watch(wakeups: socket.socket, save: Callable[[], None]) -> None:
    first = _next(wakeups)
    if first is None:
        return
    wakeups.settimeout(PATIENCE)
    try:
        second = _next_but_once_late(wakeups)
    except TimeoutError:
        save()
        os._exit(128 + first)
    if second is not None:
        os._exit(128 + second)


def _next_but_once_late(wakeups: socket.socket) -> int | None:
    try:
        return _next(wakeups)
    except TimeoutError:
        if not _heard.is_set():
            raise
    return _next(wakeups)


def _next(wakeups: socket.socket) -> int | None:
    """Wait for the next handled signal; return None when the context has ended."""
    while byte := wakeups.recv(1):
        if byte[0] in SIGNALS:
            return byte[0]
    return None
