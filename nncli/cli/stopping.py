"""Signals that end a training in good order: Ctrl-C, and what systems send before they kill."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(BaseException):  # as KeyboardInterrupt, so that nothing on the way takes it for an error
    """A signal asked to stop; the exit code is the shell's for it, 128 and the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Within, the first signal raises Stopped, and a second one ends the process at once."""
    heard = [each for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN]  # ignored under nohup

    def stop(number: int, frame: FrameType | None) -> None:
        for each in heard:
            signal.signal(each, signal.SIG_DFL)
        raise Stopped(number)

    before = {each: signal.signal(each, stop) for each in heard}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
