"""Calls on the workers of a Dask cluster, which may be on other machines."""

from __future__ import annotations

import logging
import ssl
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from nncli.many.pool import Backend, CallResult, Crew, Processes, Sent
from nncli.many.sweeps.shipping import Parcel, data_key, without_data
from nncli.many.sweeps.trial import TrialTask
from nncli.messages.errors import NncliError, missing_package
from nncli.messages.wording import shown
from nncli.version import VERSION

CONNECT = 5.0  # seconds to reach the scheduler
JOIN = 60.0  # seconds to wait for the first worker
LOOK_AGAIN = 1.0  # seconds between two looks at the number of workers
AHEAD = 2  # tasks submitted for each thread of a worker, so that none waits for the next one
TASKS_AHEAD = 16  # trials that are chosen before the result of the first is known
DATA_KEPT = 4  # tables that stay on the cluster beside those of unfinished tasks
TO_CONTINUE = "finished trials are kept; repeat the command to train the others"


@dataclass(frozen=True)
class Certificates:
    """Files in PEM format that prove who is who, for a tls:// address.

    Attributes
    ----------
    authority : certificate of the authority that signed the others.
    certificate, key : certificate and private key of this client.
    """

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Cluster:
    """The workers of a Dask scheduler.

    Attributes
    ----------
    address : such as `tcp://127.0.0.1:8786`; tls:// needs certificates.
    note : shows a message to the user.
    patience : seconds to wait for the first worker.
    """

    address: str
    certificates: Certificates | None = None
    note: Callable[[str], None] = lambda text: None
    patience: float = JOIN

    def __post_init__(self) -> None:
        _require_address(self.address)
        _require_certificates(self.address, self.certificates)

    @property
    def is_here(self) -> bool:
        """False: the calls are made by the workers."""
        return False

    @property
    def ahead(self) -> int:
        """The same for a cluster of any size, so that results do not depend on its size."""
        return TASKS_AHEAD

    @contextmanager
    def crew(self, call: Callable[[Sent], CallResult], tasks: int) -> Iterator[Crew[Sent, CallResult]]:
        """Connect to the scheduler, and wait for a worker.

        Raises
        ------
        NncliError
            If there is no scheduler, no worker or another version of nncli, or a worker fails.
        """
        distributed = _distributed()
        client = self._connected(distributed)
        try:
            with self._errors_explained():
                self._wait_for_workers(client)
                self._require_version(client)
                submit = _Sender(client, call).submit
                yield Crew(submit, _Room(client, self).now, (distributed.KilledWorker,), LOOK_AGAIN)
        finally:
            with suppress(Exception):
                client.close(timeout=CONNECT)

    def _connected(self, distributed: Any) -> Any:
        security = None
        if files := self.certificates:
            security = distributed.Security(
                tls_ca_file=str(files.authority),
                tls_client_cert=str(files.certificate),
                tls_client_key=str(files.key),
                require_encryption=True,
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of other versions, which are compared below
                return distributed.Client(
                    self.address, timeout=CONNECT, security=security, set_as_default=False
                )
        except (OSError, ValueError, RuntimeError) as error:
            raise NncliError(
                f"no scheduler answers at {self.address}{_reason(error)}",
                hint="start one with: dask scheduler --no-dashboard",
            ) from None

    def _wait_for_workers(self, client: Any) -> None:
        began = time.monotonic()
        if not client.nthreads():
            self.note(f"waiting for workers of {self.address}")
        while not client.nthreads():
            if time.monotonic() - began > self.patience:
                raise NncliError(
                    f"no worker has joined {self.address} within {self.patience:g} s",
                    hint=f"start one with: dask worker {self.address} --nthreads 1 --no-dashboard",
                )
            time.sleep(0.1)

    def _require_version(self, client: Any) -> None:
        """Raise an error if a worker has another nncli, and note another numpy."""
        found: Mapping[str, Mapping[str, str]] = client.run(_portable(_versions))
        for worker, versions in sorted(found.items()):
            if versions["nncli"] != VERSION:
                raise _other_version(versions["nncli"], worker)
            if versions["numpy"] != np.__version__:
                self.note(
                    f"worker {worker} has numpy {versions['numpy']}, and this machine {np.__version__}: "
                    "last digits may differ"
                )

    @contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except NncliError:
            raise
        except (CancelledError, OSError) as error:
            raise NncliError(
                f"lost the scheduler at {self.address}{_reason(error)}", hint=TO_CONTINUE
            ) from None
        except ModuleNotFoundError as error:
            if error.name and error.name.partition(".")[0] == "nncli":
                raise _other_version("", f"of {self.address}") from None
            raise NncliError(f"a worker of {self.address} failed: {error}", hint=TO_CONTINUE) from None
        except Exception as error:
            words = f"{type(error).__name__}: {error}".strip(": ")
            raise NncliError(f"a worker of {self.address} failed: {words}", hint=TO_CONTINUE) from None


def chosen_backend(workers: int | None, cluster: str | Cluster | None) -> Backend:
    """Return where calls are made: in processes here, or on a cluster.

    Raises
    ------
    NncliError
        If both are given, or one cannot be used.
    """
    if cluster is None:
        return Processes(1 if workers is None else workers)
    if workers is not None:
        raise NncliError(
            "--workers and --cluster cannot be combined", hint="start more workers on the cluster instead"
        )
    return Cluster(cluster) if isinstance(cluster, str) else cluster


class _Sender:
    """Sends tasks to the workers of a client, and the data of several tasks once."""

    def __init__(self, client: Any, call: Callable[[Any], Any]) -> None:
        self.client, self.call = client, call
        self.executor = client.get_executor(pure=False)
        self.data = lru_cache(maxsize=DATA_KEPT)(self._sent)
        self.task: Any = None

    def submit(self, task: Any) -> Any:
        self.task = task
        data = self.data(data_key(task))
        return self.executor.submit(call_here, VERSION, self.call, without_data(task), data)

    def _sent(self, key: bytes) -> Any:
        # A task, and not scattered data: the scheduler repeats it if all workers that hold its result die.
        return self.client.submit(_same, Parcel.of(self.task), pure=False)


class _Room:
    """The number of tasks to submit, by the threads of the workers at present."""

    def __init__(self, client: Any, cluster: Cluster) -> None:
        self.client, self.cluster = client, cluster
        self.asked, self.threads, self.alone_since = 0.0, 0, 0.0

    def now(self) -> int:
        """Return twice the number of threads.

        Raises
        ------
        NncliError
            If there has been no worker for as long as the first one was waited for.
        """
        if time.monotonic() - self.asked >= LOOK_AGAIN:
            before, self.threads = self.threads, sum(self.client.nthreads().values())
            self.asked = time.monotonic()
            if before and not self.threads:
                self.alone_since = self.asked
                self.cluster.note(f"all workers of {self.cluster.address} have left; waiting for others")
            if not self.threads and self.asked - self.alone_since > self.cluster.patience:
                raise NncliError(f"all workers of {self.cluster.address} have left", hint=TO_CONTINUE)
        return AHEAD * self.threads


def call_here(version: str, call: Callable[[Any], Any], task: TrialTask, data: Parcel) -> Any:
    """Call a function for a task on this worker.

    Raises
    ------
    NncliError
        If the call fails, or nncli is of another version here than where the task is from.
    """
    from distributed import get_worker

    worker = get_worker()
    if version != VERSION:
        raise _other_version(VERSION, worker.address, version)
    _one_thread()
    try:
        return call(data.unpacked(Path(worker.local_directory), task))
    except NncliError:
        raise
    except Exception as error:
        words = f"{type(error).__name__}: {error}".strip(": ")
        raise NncliError(f"worker {worker.address} failed: {words}", hint=TO_CONTINUE) from None


@cache
def _one_thread() -> None:
    """Multiply matrices on one thread in this process, for calls on several threads would undo a limit."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def _same(data: Parcel) -> Parcel:
    return data


def _versions() -> dict[str, str]:  # runs where nncli may be missing
    from importlib import import_module

    found = {}
    for module, name in {"nncli.version": "VERSION", "numpy": "__version__"}.items():
        try:
            found[module.partition(".")[0]] = getattr(import_module(module), name)
        except ImportError:
            found[module.partition(".")[0]] = ""
    return found


def _portable(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return a copy of a function that is sent with its code, and not as a name in this package."""
    from types import FunctionType

    copy = FunctionType(function.__code__, {"__builtins__": __builtins__}, function.__name__)
    copy.__module__ = "__main__"
    return copy


def _other_version(theirs: str, worker: str, ours: str = VERSION) -> NncliError:
    hint = f"install nncli {ours} on every worker"
    if not theirs:
        return NncliError(f"nncli is not installed on worker {worker}", hint=hint)
    return NncliError(f"worker {worker} has nncli {theirs}, and this machine {ours}", hint=hint)


def _distributed() -> Any:
    """Return the package distributed, which prints nothing: its errors are reported as ours."""
    try:
        found = import_module("distributed")
    except ImportError:
        raise missing_package("--cluster", "distributed") from None
    import_module("dask").config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})
    for name in ["distributed", "tornado", "asyncio", *logging.root.manager.loggerDict]:
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return found


def _require_address(address: str) -> None:
    scheme, _, rest = address.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme not in ("tcp", "tls") or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise NncliError(
            f"--cluster {shown(address)}: not the address of a scheduler",
            hint="dask scheduler prints it; it looks like tcp://127.0.0.1:8786",
        )


def _require_certificates(address: str, files: Certificates | None) -> None:
    is_encrypted = address.startswith("tls://")
    if is_encrypted and files is None:
        raise NncliError(
            f"{address} needs certificates", hint="add --tls-ca FILE --tls-cert FILE --tls-key FILE"
        )
    if files is None:
        return
    if not is_encrypted:
        raise NncliError(f"{address} does not use certificates", hint="use an address with tls://")
    for file in (files.authority, files.certificate, files.key):
        try:
            file.read_bytes()
        except OSError as error:
            hint = "give the files that the scheduler's administrator made"
            raise NncliError(f"{file}: {error.strerror or error}", hint=hint) from None
    try:
        context = ssl.create_default_context(cafile=files.authority)
        context.load_cert_chain(files.certificate, files.key)
    except ssl.SSLError as error:
        words = (
            f"{files.authority}, {files.certificate} and {files.key} cannot be used: {error.reason or error}"
        )
        raise NncliError(
            words, hint="give PEM files: the authority, a certificate and its private key"
        ) from None


def _reason(error: BaseException) -> str:
    """Return the innermost cause of an error, as the end of a message."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    text = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    return f": {text}" if text else ""
