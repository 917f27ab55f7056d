from __future__ import annotations

import io
import shutil
import subprocess
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
        streams = sys.stdout, sys.stderr
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout, sys.stderr = streams  # wrapped once more by each command
        printed = capsys.readouterr()
        return Result(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with xor.yaml and runs/xor."""
    folder = tmp_path_factory.mktemp("example")
    for words in (["init", "xor"], ["train", "xor.yaml", "--progress", "none"]):
        subprocess.run([sys.executable, "-m", "nncli", *words], cwd=folder, capture_output=True, check=True)
    return folder


@pytest.fixture
def trained(nncli: Command, example: Path, tmp_path: Path) -> Command:
    """The command line in a folder that holds xor.yaml and runs/xor."""
    shutil.copytree(example, tmp_path, dirs_exist_ok=True)
    return nncli
