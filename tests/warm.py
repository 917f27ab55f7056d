"""Commands in processes of their own that need not load anything: forked from one that has loaded nncli.

`python tests/warm.py --serve NAME` waits at a socket of that name. `python tests/warm.py NAME WORDS`, which
loads nearly nothing, has it fork, with the words, the directory, the environment and the three streams of the
process that asks, and ends with the exit code of the fork. Both need Linux.
"""

from __future__ import annotations

import io
import marshal
import os
import signal
import socket
import sys


def ask(name: str, words: list[str]) -> int:
    """Have the command line run with these words, and wait for its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{name}")
        request = marshal.dumps((words, os.getcwd(), dict(os.environ)))
        socket.send_fds(connection, [len(request).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(request)
        return int.from_bytes(connection.recv(1), "big")


def serve(name: str) -> None:
    """Fork for whoever asks, until stdin ends."""
    import gc
    import pkgutil
    import select
    from importlib import import_module

    import nncli

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()
        for module in pkgutil.walk_packages(nncli.__path__, "nncli."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
        gc.freeze()
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _ = listening.accept()
            if not os.fork():
                listening.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Run one command in a fork and report how it ended."""
    size, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as file:
        words, folder, environment = marshal.loads(file.read(int.from_bytes(size, "big")))
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        connection.sendall(bytes([code if code >= 0 else 128 - code]))
        os._exit(0)
    connection.close()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["nncli", *words]
    for number, stream in enumerate(("stdin", "stdout", "stderr")):
        opened = _stream(number)
        setattr(sys, stream, opened)
        setattr(sys, f"__{stream}__", opened)
    from nncli.__main__ import main

    main()
    sys.exit()


def _stream(number: int) -> io.TextIOWrapper:
    """Standard stream of Python where PYTHONUNBUFFERED is set: what is written to it is there at once."""
    binary = open(number, "wb" if number else "rb", buffering=0 if number else -1, closefd=False)  # noqa: SIM115
    errors = "backslashreplace" if number == 2 else "strict"
    return io.TextIOWrapper(binary, encoding="utf-8", errors=errors, write_through=True)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
