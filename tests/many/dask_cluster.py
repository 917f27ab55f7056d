"""A scheduler and workers of Dask as processes of their own, for tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client, Security

from nncli.many.sweeps.trial import TrialTask

ROOT = Path(__file__).parents[2]
START = 30.0  # seconds


@dataclass
class DaskCluster:
    """Processes that end with the context; each has a folder of its own below `folder`."""

    folder: Path
    host: str = "127.0.0.1"
    scheme: str = "tcp"
    options: Sequence[str] = ()  # of all processes
    security: Security | None = None
    prefix: Sequence[str] = ()  # words before the scheduler's command
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    nannies: set[str] = field(default_factory=set)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> DaskCluster:
        self.port = self.port or free_port()
        self.begin("scheduler", ["--host", self.host, "--port", str(self.port)], self.prefix)
        return self

    def __exit__(self, *_: object) -> None:
        for name, process in self.processes.items():
            if name not in self.nannies:
                process.kill()
            else:
                process.send_signal(signal.SIGTERM)  # so that it ends its worker
        for process in self.processes.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:  # a nanny that waits for its worker, which ends by itself
                process.kill()
                process.wait(START)

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def worker(
        self, name: str, *, nanny: bool = False, path: Path = ROOT, prefix: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a worker that finds nncli in `path`; a nanny replaces its process if it dies."""
        if nanny:
            self.nannies.add(name)
        words = [self.address, "--nthreads", "1", "--name", name, "--nanny" if nanny else "--no-nanny"]
        words += ["--death-timeout", "20"]  # without a scheduler, if the tests themselves are killed
        return self.begin("worker", words, prefix, name, path)

    def begin(
        self,
        kind: str,
        words: Sequence[str],
        prefix: Sequence[str] = (),
        name: str = "scheduler",
        path: Path = ROOT,
    ) -> subprocess.Popen[bytes]:
        folder = self.folder / name
        folder.mkdir(parents=True)
        command = [*prefix, sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard"]
        with (folder / "log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*command, *self.options, *words],
                cwd=folder,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    **self.environment,
                    "PYTHONPATH": str(path),
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
            )
        return self.processes[name]

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers have joined."""
        with Client(self.address, timeout=START, security=self.security, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=START)
            deadline = time.monotonic() + START
            while len(client.nthreads()) != workers and time.monotonic() < deadline:
                time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def dies(task: TrialTask) -> str:
    """Return what a task says, or kill this process if it says so."""
    if task.config["says"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task.config["says"] == "fail":
        raise OSError("disk full")
    return str(task.config["says"])
