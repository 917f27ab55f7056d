"""How far a reader walks before `nncli train xor.yaml` multiplies matrices: files entered, and calls.

Run: python -m benchmarks.first_product
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import FrameType

import nncli
from nncli.cli import main

PACKAGE = str(Path(nncli.__file__).parent)
FIRST = ("forward", str(Path("nn", "network.py")))


class Walk:
    """Counts calls into the package until the first forward pass."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.calls = 0
        self.moves = 0

    def profile(self, frame: FrameType, event: str, argument: object) -> None:
        """Called by the interpreter at every call and return."""
        code = frame.f_code
        # A module that is loaded is not yet a step of the walk.
        if event != "call" or not code.co_filename.startswith(PACKAGE) or code.co_name == "<module>":
            return
        file = os.path.relpath(code.co_filename, PACKAGE)
        if (code.co_name, file) == FIRST:
            sys.setprofile(None)
            return
        self.calls += 1
        self.moves += bool(self.files) and self.files[-1] != file
        self.files.append(file)


def walked(words: list[str]) -> Walk:
    """The walk of a command, run in an empty folder."""
    walk = Walk()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.argv = ["nncli", "init", "xor", "-q"]
        with suppress(SystemExit):
            main()
        sys.argv = ["nncli", *words]
        sys.setprofile(walk.profile)
        try:
            with suppress(SystemExit):
                main()
        finally:
            sys.setprofile(None)
            os.chdir(PACKAGE)
    return walk


if __name__ == "__main__":
    found = walked(["train", "xor.yaml", "-q", "--epochs", "1"])
    print(f"files entered          {len(set(found.files))}")
    print(f"moves between files    {found.moves}")
    print(f"calls                  {found.calls}")
