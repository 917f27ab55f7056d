from __future__ import annotations

import json
from pathlib import Path

import pytest

from nncli import runs
from tests.cli.conftest import Command


def test_resume_continues_with_the_latest_run_and_names_it(trained: Command) -> None:
    assert trained("train", "xor.yaml", "--epochs", "300", "-q").out == "runs/xor-2\n"
    result = trained("resume", "--epochs", "1000")
    assert result.code == 0
    assert result.err.splitlines()[0] == "using runs/xor-2, the latest run"
    assert "trained 700 epochs in" in result.out
    assert result.out.splitlines()[-1] == "runs/xor-2"
    for name in (runs.WEIGHTS, runs.HISTORY):
        assert Path("runs/xor-2", name).read_bytes() == Path("runs/xor", name).read_bytes()


def test_resume_leaves_a_finished_run_as_it_is(trained: Command) -> None:
    before = {path: path.read_bytes() for path in Path("runs/xor").iterdir()}
    result = trained("resume", "xor", "--json")
    assert result.code == 0
    assert json.loads(result.out)["schema"] == "nncli.resume/1"
    assert json.loads(result.out)["status"] == "completed"
    assert {path: path.read_bytes() for path in Path("runs/xor").iterdir()} == before
    assert (
        "runs/xor is already complete (1,000 epochs), so nothing was trained\n"
        in trained("resume", "xor").out
    )


def test_resume_judges_fail_if(trained: Command) -> None:
    assert trained("resume", "xor", "--fail-if", "mse > 0.5").code == 0
    assert trained("resume", "xor", "--fail-if", "mse < 0.5").code == 4


def test_resume_tells_other_versions(trained: Command) -> None:
    info = json.loads(Path("runs/xor/run.json").read_text())
    Path("runs/xor/run.json").write_text(json.dumps({**info, "versions": {"numpy": "1.0"}}))
    assert "changed from 1.0 to " in trained("resume", "xor").err


@pytest.mark.parametrize("epochs", ["-1", "many", "10"])
def test_resume_refuses_epochs_that_cannot_be(trained: Command, epochs: str) -> None:
    before = {path: path.read_bytes() for path in Path("runs/xor").iterdir()}
    result = trained("resume", "xor", "--epochs", epochs)
    assert (result.code, result.out) == (2, "")
    assert {path: path.read_bytes() for path in Path("runs/xor").iterdir()} == before


def test_diverged_run_is_not_resumed(nncli: Command) -> None:
    nncli("init", "linear_map_published")
    words = ("train", "linear_map_published.yaml", "-q", "-o", "out", "--resume")
    first, second = nncli(*words), nncli(*words)
    assert (first.code, second.code) == (3, 3)
    assert "out: this run diverged and cannot be resumed" in second.err


def test_command_that_is_repeated_begins_continues_and_leaves_alone(nncli: Command) -> None:
    nncli("init", "xor")
    words = ("train", "xor.yaml", "-o", "out", "--resume", "--progress", "none")
    assert "out: nothing to resume, starting a new run" in nncli(*words, "--epochs", "300").err
    assert "trained 700 epochs" in nncli(*words).out
    assert "nothing was trained" in nncli(*words).out
    changed = nncli(*words, "--set", "optimizer.learning_rate=1")
    assert changed.code == 2
    assert (
        "out: cannot resume: optimizer.learning_rate changed from 0.1 to 1.0 since the checkpoint"
        in changed.err
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume"], "resume requires output, the directory of the run"),
        (["--resume", "--overwrite", "-o", "out"], "resume and overwrite cannot be combined"),
        (["--resume", "--smoke", "-o", "out"], "--smoke and --resume cannot be combined"),
    ],
)
def test_switches_that_contradict_each_other_are_refused(
    nncli: Command, words: list[str], message: str
) -> None:
    nncli("init", "xor")
    result = nncli("train", "xor.yaml", *words)
    assert result.code == 2
    assert message in result.err
    assert not Path("out").exists()


def test_python_users_resume(trained: Command) -> None:
    import nncli

    trained("train", "xor.yaml", "--epochs", "300", "-q")
    run = nncli.resume("xor-2", epochs=1000)
    assert run.status == "completed"
    assert (run.path / runs.WEIGHTS).read_bytes() == Path("runs/xor", runs.WEIGHTS).read_bytes()
    assert nncli.resume().info["epochs"] == 1000
