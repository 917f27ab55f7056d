"""Every command that writes, with everything that may stand where it writes: refused, it changes no byte."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from nncli import runs
from tests.cli.conftest import Command
from tests.plots.conftest import train

# Few kinds of pictures fit it.
LINE = {
    "dataset": {"columns": ["x", "y"], "rows": [[1.0, 2.0], [2.0, 4.0]], "targets": ["y"]},
    "network": {"layers": [{"units": 1}]},
    "training": {"epochs": 3},
    "record": {"weights": "none", "errors": "none"},
}
MINE = b'{"status": "completed", "of": "another tool"}'


class Place(NamedTuple):
    """A command, the name it writes, and the kinds of things that it refuses to find there."""

    command: list[str]
    name: str
    refused: set[str]


def _file(path: Path) -> None:
    path.write_bytes(MINE)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_bytes(MINE)


def _link(path: Path) -> None:
    (path.parent / "victim").write_bytes(MINE)
    path.symlink_to("victim")


def _link_to_folder(path: Path) -> None:
    _folder(path.parent / "victim")
    path.symlink_to("victim")


def _other_tool(path: Path) -> None:
    path.mkdir()
    for name in ("config.yaml", "data.csv", "run.json", "results.json"):
        (path / name).write_bytes(MINE)


def _foreign_run(path: Path) -> None:
    """A run beside notes of its owner."""
    shutil.copytree("copy", path)
    (path / "notes.txt").write_bytes(MINE)


def _linked_run(path: Path) -> None:
    """A run whose history is kept elsewhere."""
    shutil.copytree("copy", path)
    (path / "history.csv").rename("victim")
    (path / "history.csv").symlink_to(os.path.relpath("victim", path))


def _locked(path: Path) -> None:
    """A folder with a lock that leads elsewhere."""
    path.mkdir()
    (path.parent / "victim").write_bytes(MINE)
    (path / ".lock").symlink_to("../victim")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


KINDS: dict[str, Callable[[Path], None]] = {
    "file": _file,
    "folder": _folder,
    "link": _link,
    "link to a folder": _link_to_folder,
    "files of another tool": _other_tool,
    "run with notes": _foreign_run,
    "run with a link": _linked_run,
    "lock that is a link": _locked,
    "pipe": _pipe,
}
FOLDERS = {"folder", "link to a folder", "files of another tool", "run with notes", "run with a link"}
FOLDERS |= {"lock that is a link"}
ALL = {*KINDS}

TRAIN = ["train", "xor.yaml", "--epochs", "3", "-q", "-o"]
PLACES = {
    "train": Place([*TRAIN, "x"], "x", ALL),
    "train --overwrite": Place([*TRAIN, "x", "--overwrite"], "x", ALL),
    "train --resume": Place([*TRAIN, "x", "--resume"], "x", ALL),
    "resume": Place(["resume", "x", "--epochs", "1010", "-q"], "x", ALL - {"run with notes"}),
    "predict": Place(["predict", "xor", "-q", "--format", "csv", "-o", "x"], "x", FOLDERS),
    "predict of bad rows": Place(
        ["predict", "xor", "-q", "-i", "bad.csv", "--on-error", "skip", "-o", "good.csv"],
        "good.rejected.csv",
        ALL - {"pipe"},
    ),
    "plot": Place(["plot", "loss", "--run", "xor", "-q", "-o", "x.svg"], "x.svg", FOLDERS),
    "plot with numbers": Place(["plot", "loss", "--run", "xor", "-q", "-o", "x.svg"], "x.csv", ALL),
    "plot of all": Place(["plot", "--run", "line", "-q", "-o", "x"], "x", {"file", "link", "pipe"}),
    "plot in the run": Place(
        ["plot", "loss", "--run", "xor", "-q"], "runs/xor/plots", {"file", "link", "link to a folder", "pipe"}
    ),
    "init": Place(["init", "xor", "-o", "x"], "x", ALL),
    "init --overwrite": Place(["init", "xor", "-o", "x", "--overwrite"], "x", FOLDERS),
}


@pytest.fixture(scope="module")
def folder(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("places") / "folder"
    shutil.copytree(example, copy)
    shutil.copytree(example / "runs" / "xor", copy / "copy")
    train(copy / "runs" / "line", LINE)
    (copy / "bad.csv").write_text("x1,x2\n0,1\n1,one\n")
    return copy


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every entry below a folder: its kind with its permissions, and its bytes or where it leads."""
    found = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        content = b""
        if stat.S_ISLNK(mode):
            content = os.readlink(path).encode()
        elif stat.S_ISREG(mode):
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = (mode, content)
    return found


@pytest.fixture
def tried(nncli: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line in a folder of its own that holds a run."""
    shutil.copytree(folder, tmp_path / "f")
    monkeypatch.chdir(tmp_path / "f")
    return nncli


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_refused_changes_no_byte(place: str, kind: str, tried: Command) -> None:
    command, name, refused = PLACES[place]
    if kind == "pipe" and kind not in refused:
        return  # written into, once somebody reads it: tests/storage/test_files.py
    if Path(name).exists():
        shutil.rmtree(name)
    KINDS[kind](Path(name))
    before = tree(Path())
    result = tried(*command)
    assert result.code == (2 if kind in refused else 0), result.err
    assert (tree(Path()) == before) == (kind in refused)
    assert os.path.lexists(name)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write to, not even root."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if os.geteuid():
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    with suppress(FileNotFoundError):
        if subprocess.run(mount, capture_output=True).returncode == 0:
            yield folder
            subprocess.run(["umount", str(folder)], check=True)
            return
    pytest.skip("mounting needs rights that this user does not have")


@pytest.mark.parametrize("place", PLACES)
def test_folder_that_cannot_be_written_is_reported(place: str, tried: Command, read_only: Path) -> None:
    command = PLACES[place].command
    if command[-1] in ("-q", "good.csv") or "resume" in command:
        command = [*TRAIN, "x"]
    words = [word if word not in ("x", "x.svg") else str(read_only / word) for word in command]
    before = tree(Path())
    result = tried(*words)
    assert result.code == 2
    assert str(read_only) in result.err
    assert tree(Path()) == before


RUN_FILES = [runs.CONFIG, runs.RUN, runs.WEIGHTS, runs.HISTORY, runs.RESULTS, runs.SNAPSHOTS, runs.CHECKPOINT]


@pytest.mark.parametrize("name", RUN_FILES)
@pytest.mark.parametrize(
    "words",
    [("predict", "xor", "-q", "--format", "csv", "-o"), ("init", "xor", "--overwrite", "-o")],
    ids=["predict", "init"],
)
@pytest.mark.parametrize("way", ["runs/xor/{}", "link"])
def test_no_output_replaces_a_file_of_a_run(
    words: tuple[str, ...], name: str, way: str, tried: Command
) -> None:
    Path("link").symlink_to(f"runs/xor/{name}")
    before = tree(Path())
    result = tried(*words, way.format(name))
    assert result.code == 2
    assert "belongs to the run" in result.err
    assert tree(Path()) == before


def test_no_picture_replaces_a_file_of_a_run(tried: Command) -> None:
    before = tree(Path())
    result = tried("plot", "loss", "--run", "xor", "-o", "runs/xor/history.svg")
    assert result.code == 2
    assert "history.csv" in result.err
    assert tree(Path()) == before
