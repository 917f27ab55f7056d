"""threshold.json: read, refused where damaged, and removed with the weights that it was chosen for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nncli import runs
from nncli.messages.errors import RunError
from nncli.runs import Recording, Run, read_threshold, store_threshold
from tests.trained import xor


@pytest.fixture
def chosen(run: Run) -> Run:
    """A run with a stored threshold."""
    store_threshold(run, 0.3, metric="f1", part="validation", value=0.75)
    return run


def test_stored_threshold_is_read_as_it_was_written(chosen: Run) -> None:
    stored = read_threshold(chosen)
    assert stored is not None
    assert (stored.threshold, stored.metric, stored.part, stored.value) == (0.3, "f1", "validation", 0.75)
    assert stored.fits(Run(chosen.path).model)
    assert not stored.fits(chosen.model_at(3))


def test_run_without_the_file_has_no_threshold(run: Run) -> None:
    assert read_threshold(run) is None


def test_threshold_is_not_that_of_other_weights_in_the_directory(chosen: Run) -> None:
    (chosen.path / "copy.npz").write_bytes((chosen.path / runs.WEIGHTS).read_bytes())
    assert read_threshold(Run(chosen.path, "copy.npz")) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threshold", 1.5),
        ("threshold", -0.1),
        ("threshold", float("nan")),
        ("threshold", "0.3"),
        ("threshold", None),
        ("part", "all"),
        ("metric", 3),
        ("value", True),
        ("weights", []),
        ("more", 1),
    ],
)
def test_value_that_nncli_does_not_write_is_reported(chosen: Run, key: str, value: object) -> None:
    file = chosen.path / runs.THRESHOLD
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
    with pytest.raises(
        RunError, match=f"threshold.json: damaged: {key} is missing, unknown or has"
    ) as caught:
        read_threshold(chosen)
    assert "--best-threshold" in str(caught.value.hint)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"3"])
def test_file_that_is_no_object_is_reported(chosen: Run, content: bytes) -> None:
    (chosen.path / runs.THRESHOLD).write_bytes(content)
    with pytest.raises(RunError, match=r"threshold\.json: damaged") as caught:
        read_threshold(chosen)
    assert "--best-threshold" in str(caught.value.hint)


def test_threshold_is_not_written_while_another_process_writes_to_the_run(run: Run) -> None:
    with runs.reopen(run.path), pytest.raises(RunError, match="in use by"):
        store_threshold(run, 0.3, metric="f1", part="train", value=0.75)
    assert not (run.path / runs.THRESHOLD).exists()


def test_overwriting_the_run_removes_the_threshold(chosen: Run) -> None:
    with runs.create_at(chosen.path, overwrite=True) as opened:
        assert (chosen.path / runs.THRESHOLD).exists()
        list(runs.record(xor("optimizer.learning_rate=1"), opened))
    assert not (chosen.path / runs.THRESHOLD).exists()


def test_threshold_changed_by_others_is_not_overwritten(chosen: Run) -> None:
    (chosen.path / runs.THRESHOLD).write_text('{"threshold": 0.3}')
    with (
        pytest.raises(RunError, match=r"threshold\.json was not written by nncli"),
        runs.create_at(chosen.path, overwrite=True),
    ):
        pass
    assert (chosen.path / runs.THRESHOLD).read_text() == '{"threshold": 0.3}'


def resume(run: Run, *settings: str) -> Recording:
    with runs.reopen(run.path) as opened:
        recording = Recording.resumed(xor(*settings), opened)
        recording.finish()
    return recording


def test_threshold_goes_when_the_training_resumes(chosen: Run) -> None:
    assert resume(chosen).finished
    assert (chosen.path / runs.THRESHOLD).exists()  # nothing was left to train
    resume(chosen, "training.epochs=50")
    assert not (chosen.path / runs.THRESHOLD).exists()


def test_link_in_place_of_the_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("mine")
    (run.path / runs.THRESHOLD).symlink_to(tmp_path / "mine.json")
    with pytest.raises(Exception, match="symbolic link"):
        store_threshold(run, 0.3, metric="f1", part="train", value=0.75)
    with pytest.raises(RunError, match="a symbolic link"), runs.reopen(run.path):
        pass
    assert (tmp_path / "mine.json").read_text() == "mine"
