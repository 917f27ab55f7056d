"""Completion in the shell: proposed words, by the protocol that bash uses, without loading anything heavy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nncli.cli import completion, vocabulary
from nncli.config.explanation import key_topics, value_topics
from nncli.plots import KINDS
from nncli.runs import RUN, all_runs
from nncli.runs.store import RUNS
from tests.cli.conftest import Command

HEAVY = {"numpy", "yaml", "matplotlib", "rich"}  # typer itself loads pydantic for every command


def completed(line: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Press Tab at the end of a line, as the script for bash does."""
    words = line.split(" ")
    state = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_NNCLI_COMPLETE": "complete_bash"}
    return subprocess.run(
        [sys.executable, *flags, "-m", "nncli"],
        env={**os.environ, **state},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture
def folder(trained: Command) -> None:
    """The current directory holds xor.yaml, runs/xor, a table, and a folder that is no run."""
    Path("people.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    Path("runs/notes").mkdir()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nncli expl", "explain"),
        ("nncli explain optimizer.m", "optimizer.momentum"),
        ("nncli explain learning_rate", "learning_rate learning_rate_decay"),
        ("nncli explain adam", "adam adamw"),
        ("nncli train xor.yaml --set training.e", "training.epochs= training.evaluate_every= "
         "training.early_stopping= training.engine= training.early_stopping.monitor= "
         "training.early_stopping.patience= training.early_stopping.min_delta= "
         "training.early_stopping.restore_best="),
        ("nncli train ", "xor.yaml people.csv"),
        ("nncli check ", "xor.yaml"),
        ("nncli check ./x", ""),
        ("nncli predict ", "xor"),
        ("nncli predict --run x", "xor"),
        ("nncli predict -i ", "people.csv"),
        ("nncli resume ", "xor"),
        ("nncli runs ", "xor"),
        ("nncli runs y", ""),
        ("nncli gradcheck x", "xor xor.yaml"),
        ("nncli plot err", "error-surface error-surface-3d errors"),
        ("nncli plot x", "xor"),
        ("nncli plot loss --run ", "xor"),
        ("nncli init x", "xor"),
        ("nncli init --from-csv ", "people.csv"),
    ],
)  # fmt: skip
def test_words_are_proposed(line: str, words: str) -> None:
    done = completed(line)
    assert (done.stdout.split(), done.stderr) == (words.split(), "")


@pytest.mark.usefixtures("folder")
@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_fills_in_the_words(tmp_path: Path) -> None:
    program = tmp_path / "nncli"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nncli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = (
        f'PATH="{tmp_path}:$PATH"; eval "$(_NNCLI_COMPLETE=source_bash nncli)"\n'
        "COMP_WORDS=(nncli plot weight-); COMP_CWORD=2; _nncli_completion nncli\n"
        'echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "weight-surface\n"


@pytest.mark.parametrize(
    "line", ["nncli explain o", "nncli plot ", "nncli train ", "nncli init ", "nncli runs "]
)
def test_nothing_heavy_is_loaded(line: str) -> None:
    report = completed(line, "-X", "importtime").stderr
    loaded = {entry.rpartition("|")[2].strip().partition(".")[0] for entry in report.splitlines()}
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_the_words_are_those_of_the_program() -> None:
    assert list(vocabulary.KEYS) == [topic.key for topic in key_topics()]
    assert {name: kind.summary for name, kind in KINDS.items()} == vocabulary.KINDS_OF_PLOT
    assert list(vocabulary.VALUES) == list(dict.fromkeys(topic.value for topic in value_topics()))
    assert set(completion.kinds_of_plot("")) == set(KINDS)
    assert (completion.RUNS_FOLDER, completion.RUN_FILE) == (str(RUNS), RUN)


@pytest.mark.usefixtures("folder")
def test_the_runs_are_those_that_are_listed() -> None:
    assert completion.run_names("") == [run.name for run in all_runs()]
