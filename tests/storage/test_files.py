from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nncli import runs
from nncli.messages.errors import NncliError
from nncli.runs import Run
from nncli.storage import files


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    files.write_text(folder / "a", "old")
    (folder / "b").mkdir()
    with pytest.raises(NncliError, match="b: cannot be written"):
        files.write_text(folder / "b", "new")  # a directory cannot be replaced by a file
    assert sorted(os.listdir(folder)) == ["a", "b"]
    assert (folder / "a").read_text() == "old"


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
def test_run_files_are_written_through_nothing(tmp_path: Path, kind: str) -> None:
    place, other = tmp_path / "place", tmp_path / "other"
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(other)
    if kind == "link":
        other.write_text("old")
    with pytest.raises(NncliError, match="place: cannot be written: it is"):
        files.write_text(place, "new")
    assert os.path.lexists(place)
    assert other.exists() == (kind == "link")
    assert kind != "link" or other.read_text() == "old"


def write(path: Path, text: str) -> None:
    with files.output(path) as stream:
        stream.write(text.encode())


def test_output_follows_a_link_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_output_goes_into_a_pipe_and_leaves_it_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_full_device_is_reported() -> None:
    with pytest.raises(NncliError, match="/dev/full: cannot be written: No space left on device"):
        write(Path("/dev/full"), "x")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_replaced_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    (tmp_path / "private").write_text("old")
    (tmp_path / "private").chmod(mode)
    write(tmp_path / "private", "new")
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == mode


@pytest.mark.parametrize("age", [-1e6, 1e6], ids=["old", "dated in the future"])
def test_what_a_killed_process_left_is_cleared_with_the_next_output(tmp_path: Path, age: float) -> None:
    code = (
        "import sys, os, signal; from pathlib import Path; from nncli.storage import files\n"
        "with files.output(Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'half'); stream.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], check=False)
    (left,) = files.unfinished(tmp_path)
    os.utime(left, (time.time() + age,) * 2)
    kept = {".nncli-folder12": None, ".nncli-notes.md": b"mine"}
    (tmp_path / ".nncli-folder12").mkdir()
    (tmp_path / ".nncli-notes.md").write_text("mine")
    write(tmp_path / "b", "whole")
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "b"])


def test_file_that_another_process_is_writing_is_not_cleared(tmp_path: Path) -> None:
    with files.output(tmp_path / "a") as stream:
        (mine,) = files.unfinished(tmp_path)
        os.utime(mine, (0, 0))
        stream.write(b"whole")
        write(tmp_path / "b", "other")
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_files_have_the_permissions_the_umask_asks_for(run: Run) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((run.path / runs.WEIGHTS).stat().st_mode) == 0o666 & ~mask
