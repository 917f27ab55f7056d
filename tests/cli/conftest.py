from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from nncli.cli import main


class Result(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def nncli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, run in an empty folder, with what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "argv", ["nncli", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Result(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def trained(nncli: Command) -> Command:
    """The command line in a folder that holds xor.yaml and runs/xor."""
    assert nncli("init", "xor").code == 0
    assert nncli("train", "xor.yaml").code == 0
    return nncli
