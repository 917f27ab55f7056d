"""Calls in other processes, here or on other machines, which survive that a process is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from nncli.messages.errors import NncliError

Sent = TypeVar("Sent")
CallResult = TypeVar("CallResult")

Tasks: TypeAlias = Iterator[tuple[int, Sent] | None]
_END: Any = object()

MOST_CRASHES = 3  # of one task that runs alone, before it is given up
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Crew(Generic[Sent, CallResult]):
    """Processes that make calls.

    Attributes
    ----------
    submit : begins the call for a task.
    room : returns how many tasks should be submitted at a time, which may change.
    killed : the errors of a task that the executor gave up because its processes died.
    pause : seconds after which `room` is asked again; None if it never changes.
    """

    submit: Callable[[Sent], Future[CallResult]]
    room: Callable[[], int]
    killed: tuple[type[Exception], ...] = ()
    pause: float | None = None


class Backend(Protocol):
    """A place to make calls: this machine or a cluster."""

    def crew(
        self, call: Callable[[Sent], CallResult], tasks: int
    ) -> AbstractContextManager[Crew[Sent, CallResult]]:
        """Open the processes for a number of tasks; they end with the context."""

    @property
    def is_here(self) -> bool:
        """True if the calls are made in this process."""

    @property
    def ahead(self) -> int:
        """The number of tasks that may be chosen before the result of the first is known."""


@dataclass(frozen=True)
class Processes:
    """Processes on this machine; one worker is this process itself."""

    workers: int = 1

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise NncliError(f"expected at least 1 worker, found {self.workers}", hint="use --workers 2")

    @property
    def is_here(self) -> bool:
        """True if the calls are made in this process."""
        return self.workers == 1

    @property
    def ahead(self) -> int:
        """As many as there are workers."""
        return self.workers

    @contextmanager
    def crew(self, call: Callable[[Sent], CallResult], tasks: int) -> Iterator[Crew[Sent, CallResult]]:
        """Open a pool of processes."""
        workers = min(self.workers, max(1, tasks))
        with _pool(workers) as executor:
            yield Crew(lambda task: executor.submit(call, task), lambda: workers)


def completed(
    call: Callable[[Sent], CallResult], tasks: Tasks[Sent], most: int, where: Backend
) -> Iterator[tuple[int, CallResult | None]]:
    """Call a function for each task, and yield its number and result as soon as it is there.

    With one worker the calls are made here, in their order. Otherwise, `call` must be a function of a module,
    and a process that dies is replaced. The result of a task whose process died
    three times while no other task ran is None; a cluster has its own count, Dask's `allowed-failures`.

    Parameters
    ----------
    tasks : numbers with tasks; None in between means that the next task is not known before another result.
    most : number of tasks at most.
    """
    if where.is_here:
        for number, task in filter(None, tasks):
            yield number, call(task)
    else:
        yield from _Driver(call, tasks, most, where).results()


class _Driver(Generic[Sent, CallResult]):
    """Tasks that wait, tasks that run, and tasks that may have killed their process."""

    def __init__(
        self, call: Callable[[Sent], CallResult], tasks: Tasks[Sent], most: int, where: Backend
    ) -> None:
        self.call, self.tasks, self.most, self.where = call, tasks, most, where
        self.sent: dict[int, Sent] = {}  # tasks without a result
        self.waiting, self.suspects = deque[int](), deque[int]()
        self.running: dict[int, Future[CallResult]] = {}
        self.crashes = Counter[int]()
        self.alone: int | None = None  # the suspect that runs, with no other task
        self.is_ended = False

    def results(self) -> Iterator[tuple[int, CallResult | None]]:
        self._take()  # no process is started for nothing
        while self._has_more:
            with self.where.crew(self.call, self.most) as crew:
                try:
                    yield from self._until_broken(crew)
                except BrokenExecutor:
                    yield from self._given_up()

    @property
    def _has_more(self) -> bool:
        return not self.is_ended or bool(self.sent)

    def _take(self) -> None:
        """Take the next task, if it is known."""
        found = next(self.tasks, _END)
        if found is _END:
            self.is_ended = True
        elif found:
            number, self.sent[found[0]] = found
            self.waiting.append(number)

    def _until_broken(self, crew: Crew[Sent, CallResult]) -> Iterator[tuple[int, CallResult | None]]:
        while self._has_more:
            self._submit(crew)
            if not self.running:  # no worker is there
                time.sleep(crew.pause or 0.0)
            wait(self.running.values(), timeout=crew.pause, return_when=FIRST_COMPLETED)
            for number in [number for number, future in self.running.items() if future.done()]:
                future = self.running.pop(number)
                try:
                    result = future.result()
                except crew.killed:
                    if number != self.alone:  # a task that waited on the same worker may be the cause
                        self.suspects.append(number)
                        continue
                    result = None
                except BrokenExecutor:
                    self.running[number] = future
                    raise
                del self.sent[number]
                yield number, result

    def _submit(self, crew: Crew[Sent, Any]) -> None:
        """Keep every process busy; a suspect runs alone, so that no other task is blamed for its crash."""
        room = crew.room()  # may raise an error, even while a suspect runs
        if self.alone not in self.running:
            self.alone = None
        if self.suspects or self.alone is not None:
            if not self.running:
                self.alone = self.suspects.popleft()
                self._begin(self.alone, crew)
            return
        while len(self.running) < room:
            if not self.waiting and not self.is_ended:
                self._take()
            if not self.waiting:
                return
            self._begin(self.waiting.popleft(), crew)

    def _begin(self, number: int, crew: Crew[Sent, Any]) -> None:
        self.running[number] = Future()  # stays there if submit() itself finds the pool broken
        self.running[number] = crew.submit(self.sent[number])

    def _given_up(self) -> Iterator[tuple[int, None]]:
        """Make suspects of the tasks that ran when a process died, and yield those to give up."""
        for number in self.running:
            self.crashes[number] += number == self.alone  # beside others, it may not be the cause
            if self.crashes[number] < MOST_CRASHES:
                self.suspects.append(number)
            else:
                del self.sent[number]
                yield number, None
        self.running.clear()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes that end with this one, and at once when the context is left."""
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    with _one_thread_each():
        executor = ProcessPoolExecutor(workers, context, _begin_worker, (theirs,))
        try:
            yield executor
        except BaseException:
            ours.close()  # ends the processes in the middle of their tasks
            raise
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
            ours.close()
            theirs.close()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start within multiply matrices on one thread."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin_worker(lifeline: Connection) -> None:
    """Leave Ctrl-C to the parent process, and end as soon as it closes the lifeline or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()


def _end_with_parent(lifeline: Connection) -> None:
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
