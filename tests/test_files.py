from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from nncli import files, runs
from nncli.errors import NncliError
from nncli.runs import Run


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    files.write_text(folder / "a", "old")
    (folder / "b").mkdir()
    with pytest.raises(NncliError, match="b: cannot be written"):
        files.write_text(folder / "b", "new")  # a directory cannot be replaced by a file
    assert sorted(os.listdir(folder)) == ["a", "b"]
    assert (folder / "a").read_text() == "old"


def test_write_follows_a_link_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    files.write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_write_goes_into_a_pipe_and_leaves_it_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files.write_text(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_full_device_is_told() -> None:
    with pytest.raises(NncliError, match="/dev/full: cannot be written: No space left on device"):
        files.write_text(Path("/dev/full"), "x")


def test_files_have_the_permissions_the_umask_asks_for(run: Run) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((run.path / runs.WEIGHTS).stat().st_mode) == 0o666 & ~mask
