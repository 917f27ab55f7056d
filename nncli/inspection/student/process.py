"""A student's file, whose functions run in a process of their own with a time limit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from nncli.inspection.student import child
from nncli.messages.errors import CheckFailed, NncliError
from nncli.messages.wording import printable

TIME_LIMIT = 30.0  # seconds for the calls that one process makes


class StudentCall(NamedTuple):
    """A call of a function by its name, with encoded arguments."""

    function: str
    arguments: Sequence[Mapping[str, Any]]


class Returned(NamedTuple):
    """Value that a call returned, as nested lists; or `error`, the reason why it did not."""

    value: Any = None
    error: str | None = None


@dataclass(frozen=True)
class Student:
    """A Python file with `forward(X, W, b)`, `backward(X, Y, W, b)`, and perhaps `loss(A, Y)`."""

    path: Path

    @cached_property
    def functions(self) -> Mapping[str, int]:
        """The number of arguments of each function in the file, by name.

        Raises
        ------
        NncliError
            If the file cannot be loaded, or forward or backward is missing.
        """
        functions: Mapping[str, int] = self._run([])["functions"]
        for name, arguments in (("forward", "X, W, b"), ("backward", "X, Y, W, b")):
            if name not in functions:
                raise NncliError(f"{self.path}: no function '{name}'", hint=f"define {name}({arguments})")
        return functions

    def takes_biases(self, function: str) -> bool:
        """Tell whether a function has an argument for the biases."""
        return self.functions[function] >= {"forward": 3, "backward": 4}[function]

    def call(self, calls: Sequence[StudentCall]) -> list[Returned]:
        """Make calls, each with arguments of its own."""
        results = self._run(calls)["results"]
        return [Returned(each.get("value"), self._words(each.get("error"))) for each in results]

    def _run(self, calls: Sequence[StudentCall]) -> dict[str, Any]:
        if not self.path.is_file():
            raise NncliError(f"{self.path}: no such file", hint="give a Python file")
        request = {"path": str(self.path.resolve()), "calls": [call._asdict() for call in calls]}
        try:
            done = subprocess.run(
                [sys.executable, child.__file__],
                input=json.dumps(request),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=TIME_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CheckFailed(
                f"{self.path}: no answer within {TIME_LIMIT:.0f} s",
                hint="look for an endless loop; a training at the end of the file belongs below"
                ' `if __name__ == "__main__":`',
            ) from None
        if done.returncode:
            raise CheckFailed(f"{self.path}: Python ended with code {done.returncode}: {done.stderr[-500:]}")
        response: dict[str, Any] = json.loads(done.stdout)
        if error := response.get("error"):
            raise NncliError(f"{self._words(error)}", hint="fix this first, so that Python can load the file")
        return response

    def _words(self, error: Mapping[str, Any] | None) -> str | None:
        """Place, type and message of an error."""
        if error is None:
            return None
        place = f"{self.path}:{error['line']}" if error["line"] else str(self.path)
        return printable(f"{place}: {error['type']}: {error['message']}")
