from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nncli import runs
from tests.cli.conftest import Command

Shell = Callable[..., "subprocess.CompletedProcess[str]"]

FULL = Path("/dev/full")
WORDS = ["predict", "init -o -", "runs --json", "--help", "--version", ""]
NARROW = (
    'dataset: {columns: ["été", y], rows: [[0, 1], [1, 0]], targets: [y]}\nnetwork: {layers: [{units: 1}]}\n'
)


@pytest.fixture
def shell(trained: Command) -> Shell:
    """A line of bash in a folder with a run, where `nncli` is the command as a process of its own."""
    assert trained

    def run(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        script = f"nncli() {{ '{sys.executable}' -m nncli \"$@\"; }}\n{line}"
        environment = {**os.environ, **variables}
        return subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=False, env=environment
        )

    return run


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", WORDS)
def test_full_device_is_one_message_with_exit_2(shell: Shell, words: str) -> None:
    result = shell(f"nncli {words} > /dev/full")
    assert result.returncode == 2
    assert result.stderr.removeprefix("using runs/xor, the latest run\n") == (
        "error: stdout: cannot be written: No space left on device\n"
    )


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_mistake_keeps_its_message_where_stdout_is_full(shell: Shell) -> None:
    result = shell("nncli check nix.yaml --json > /dev/full")
    assert result.returncode == 2
    assert result.stderr.startswith("error: nix.yaml: No such file or directory\n")
    assert result.stderr.count("error: ") == 1
    assert shell("nncli check nix.yaml 2> /dev/full").returncode == 2


@pytest.mark.parametrize("words", ["schema", "--help", "--version"])
def test_closed_pipe_is_quiet(shell: Shell, words: str) -> None:
    result = shell(f"nncli {words} | true; echo ${{PIPESTATUS[0]}}")
    assert result.stdout == "0\n"
    assert result.stderr in ("", "using runs/xor, the latest run\n")


def test_closed_pipe_hides_no_failed_check(shell: Shell) -> None:
    assert shell('nncli evaluate -q --fail-if "mse > 0" | true; exit ${PIPESTATUS[0]}').returncode == 4


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("nncli predict -q --input - <&-", 2, "error: stdin: the file is empty"),
        ("nncli predict -q >&-", 0, ""),
        ("nncli check xor.yaml >&-", 0, ""),
        ("nncli check xor.yaml >&- 2>&- <&-", 0, ""),
        ("nncli check nix.yaml >&-", 2, "error: nix.yaml: No such file"),
        ("nncli predict -q --input - <&0 0> sink", 2, "error: stdin: cannot be read: "),
    ],
)
def test_closed_streams_are_empty(shell: Shell, line: str, code: int, error: str) -> None:
    result = shell(line)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith(error)
    assert bool(result.stderr) == bool(error)


def test_notes_never_move_to_stdout_where_stderr_is_closed(shell: Shell) -> None:
    assert shell("nncli train xor.yaml --epochs 1 -o again 2>&-").stdout.splitlines()[-1] == "again"
    assert shell("nncli predict 2>&-").stdout.startswith("x1,x2,")


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "COLUMNS": "40"}])
def test_every_name_can_be_shown_in_a_narrow_encoding(shell: Shell, variables: dict[str, str]) -> None:
    Path("c.yaml").write_text(NARROW, encoding="utf-8")
    for words in ("check c.yaml", "train c.yaml --epochs 1 -o r", "predict r --format table", "--help"):
        result = shell(f"nncli {words}", **variables)
        assert result.returncode == 0, result.stderr
    checked = shell("nncli check c.yaml --json", **variables)
    assert "été" in json.loads(checked.stdout)["inputs"]
    assert shell("nncli check été.yaml", **variables).returncode == 2


def test_training_continues_where_nobody_reads_its_progress(shell: Shell) -> None:
    line = "nncli train xor.yaml --progress log -o again 2> >(true); exit $?"
    assert shell(line).returncode == 0
    assert runs.find("again").info["status"] == "completed"


def test_closed_pipe_ends_quietly(trained: Command) -> None:
    Path("many.csv").write_text("x1,x2\n" + "0,1\n" * 50_000)
    script = f"{sys.executable} -m nncli predict --input many.csv -q | head -n 1; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "x1,x2,pred_y,proba_1\n0\n"
    assert result.stderr == ""
