"""Commands load no more than they need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "yaml", "matplotlib", "nncli.config.schema"}


@pytest.mark.parametrize(
    "command", ["--version", "--help", "schema", "plot --list", "init --list", "init xor"]
)
def test_neither_numpy_nor_the_models_are_loaded(command: str, tmp_path: Path) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "nncli", *command.split()]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & HEAVY
