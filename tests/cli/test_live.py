"""The live view of a training: the program on a terminal, which is read as a person sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import nncli
from nncli.cli.display import KEPT_POINTS, Course

SECONDS = 60  # after which a program that does not end is killed
CODE = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")
COLOR = re.compile(r"\x1b\[[\d;]*3[0-7]")
DURATION = re.compile(r"in \d+\.\d\d s")
LONG = ("--epochs", "10000", "--set", "training.engine=numpy", "--set", "dataset.split.validation=0.2")
ENDLESS = ("--epochs", "10000000", "--set", "training.engine=numpy")


@dataclass
class Screen:
    """A terminal, as far as the program uses it; a line that is too long fails the test."""

    columns: int
    lines: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0

    def write(self, text: str) -> None:
        for match in CODE.finditer(text):
            if match[0] == "\n":
                self.row, self.column = self.row + 1, 0
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif match[0] == "\r":
                self.column = 0
            elif match[2] is None:
                self._print(match[0])
            else:
                self._obey(match[1], match[2])

    def _print(self, text: str) -> None:
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + text + line[self.column + len(text) :]
        self.column += len(text)
        assert self.column <= self.columns, f"wider than {self.columns} columns: {self.lines[self.row]!r}"

    def _obey(self, number: str, code: str) -> None:
        if code == "A":
            self.row -= int(number or 1)
        elif code == "K":
            assert number == "2"
            self.lines[self.row] = ""
        else:
            assert code == "m" or (number, code) in (("?25", "l"), ("?25", "h")), (number, code)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n")


@dataclass(frozen=True)
class Session:
    """A program that ran on a terminal: what it sent, and when."""

    columns: int
    code: int
    pieces: list[tuple[float, bytes]]

    @property
    def sent(self) -> str:
        return b"".join(piece for _, piece in self.pieces).decode()

    @property
    def final(self) -> str:
        """The screen at the end."""
        screen = Screen(self.columns)
        screen.write(self.sent)
        return screen.text

    @property
    def blocks(self) -> list[list[str]]:
        """The lines of the block after each redraw: from the line of the epoch on."""
        screen, blocks = Screen(self.columns), list[list[str]]()
        drawings = re.split(r"(?=\r\x1b\[2K)", self.sent)
        for drawing in drawings[:-1]:  # the last one removes the block
            screen.write(drawing)
            lines = screen.text.split("\n")
            starts = [number for number, line in enumerate(lines) if line.startswith("epoch ")]
            blocks += [lines[start:] for start in starts]
        return blocks

    @property
    def drawn(self) -> list[float]:
        """The time at which each redraw was received."""
        return [now for now, piece in self.pieces for _ in range(redraws(piece))]


def redraws(sent: bytes) -> int:
    return len(re.findall(rb"epoch +[\d,]+/", sent))


def run(
    folder: Path, words: tuple[str, ...], size: tuple[int, int], interrupted: int = 0, **variables: str
) -> Session:
    """Run the program on a terminal of so many columns and rows; Ctrl-C after so many redraws, if any."""
    main, device = pty.openpty()
    fcntl.ioctl(device, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    dropped = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "LC_CTYPE", "PYTHONIOENCODING")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    process = subprocess.Popen(
        [sys.executable, "-m", "nncli", *words],
        cwd=folder,
        env={**environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables},
        stdin=device,
        stdout=device,
        stderr=device,
    )
    os.close(device)
    pieces, end = list[tuple[float, bytes]](), time.monotonic() + SECONDS
    try:
        while piece := receive(main):
            pieces.append((time.monotonic(), piece))
            assert time.monotonic() < end, "the program did not end"
            if interrupted and sum(redraws(piece) for _, piece in pieces) >= interrupted:
                process.send_signal(signal.SIGINT)
                interrupted = 0
        return Session(size[0], process.wait(SECONDS), pieces)
    finally:
        process.kill()
        os.close(main)


def receive(main: int) -> bytes:
    """Wait for what a terminal receives; nothing if it was closed."""
    ready, _, _ = select.select([main], [], [], SECONDS)
    assert ready, "the program is silent"
    try:
        return os.read(main, 65536)
    except OSError:  # closed at the other end
        return b""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with iris.yaml."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "iris.yaml").write_text(nncli.init("iris"))
    return folder


@pytest.fixture(scope="module")
def session(folder: Path) -> Callable[..., Session]:
    """A training of a second or so, for each size and environment once."""

    @cache
    def trained(columns: int, rows: int = 24, progress: str = "auto", **variables: str) -> Session:
        words = ("train", "iris.yaml", *LONG, "-o", "run", "--overwrite", "--progress", progress)
        return run(folder, words, (columns, rows), **variables)

    return trained


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_last_screen_is_the_description_and_the_results(
    session: Callable[..., Session], columns: int
) -> None:
    live, silent = session(columns), session(columns, progress="none")
    assert live.code == silent.code == 0
    described, trained, results = live.final.partition("trained 10,000 epochs")
    assert described.splitlines()[0] == "run    iris -> run, seed 0"
    assert "fit" in described.splitlines()[-1] or columns == 40
    assert DURATION.sub("", trained + results) == DURATION.sub("", silent.final)
    assert live.sent.rindex("\x1b[?25h") > live.sent.rindex("\x1b[?25l")  # the cursor is back


def test_progress_none_shows_only_the_results(session: Callable[..., Session]) -> None:
    silent = session(80, progress="none")
    assert silent.final.startswith("trained 10,000 epochs")
    assert "\x1b" not in silent.sent


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_block_shows_the_curve_and_the_numbers_that_fit(
    session: Callable[..., Session], columns: int
) -> None:
    fields = {
        40: ["loss", "gradient norm"],
        80: ["loss", "val_loss", "accuracy", "gradient norm"],
        200: ["loss", "val_loss", "accuracy", "gradient norm", "learning rate"],
    }
    for progress, numbers, *plot in session(columns).blocks[1:]:
        epochs, speed, left = r"epoch [ \d,]{6}/10,000", r" +[\d,]+ epochs/s", r" +\d+:\d\d left"
        middle = r"" if columns == 40 else rf"  [━╺─]{{10,}}  +\d+%{speed}"
        assert re.fullmatch(epochs + (middle or r"  +\d+%") + left, progress), progress
        assert re.findall(r"([a-z_]+(?: [a-z]+)?) \d", numbers) == fields[columns]
        assert plot[0].strip() in ("loss", "loss, log scale")
        assert re.search("[\u2801-\u28ff]", "".join(plot[1:8]))
        assert re.fullmatch(r" {9}0 +epoch +[\d,]+", plot[8])


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_block_keeps_its_height_and_its_columns(session: Callable[..., Session], columns: int) -> None:
    blocks = session(columns).blocks
    assert len(blocks) >= 3
    assert {len(block) for block in blocks} == {11}
    assert len({block[0].rindex(" left") for block in blocks}) == 1
    assert len({block[1].rindex(" gradient norm ") for block in blocks}) == 1


def test_block_is_redrawn_ten_times_a_second_at_most(session: Callable[..., Session]) -> None:
    drawn = session(80).drawn
    assert len(drawn) >= 3
    assert len(drawn) - 1 <= 10 * (drawn[-1] - drawn[0]) + 1


def test_block_in_the_c_locale_is_ascii(session: Callable[..., Session]) -> None:
    for block in session(80, LC_ALL="C").blocks:
        assert "".join(block).isascii()
        assert "#" in block[0] or "  ----" in block[0]
        assert "*" in "".join(block)


def test_no_color_is_respected(session: Callable[..., Session]) -> None:
    assert COLOR.search(session(80).sent)
    assert not COLOR.search(session(80, NO_COLOR="1").sent)


def test_low_terminal_shows_a_single_line(session: Callable[..., Session]) -> None:
    blocks = session(80, rows=11).blocks
    assert len(blocks) >= 3
    for (line,) in blocks:
        assert re.fullmatch(r"epoch [ \d,]+/10,000  [━╺─]+  loss \S+ +\d+:\d\d left", line)


def test_narrow_terminal_shows_a_single_line(session: Callable[..., Session]) -> None:
    blocks = session(25).blocks
    assert len(blocks) >= 3
    assert {len(block) for block in blocks} == {1}


def test_interrupted_training_leaves_a_clean_screen(folder: Path) -> None:
    words = ("train", "iris.yaml", *ENDLESS, "-o", "endless", "--overwrite")
    ended = run(folder, words, (80, 24), interrupted=3)
    assert ended.code == 130
    described, interruption = ended.final.split("interrupted after ")
    assert [line.split()[0] for line in described.splitlines()] == ["run", "data", "model", "fit"]
    assert interruption.split()[-3:] == ["nncli", "resume", "endless"]
    assert ended.sent.rindex("\x1b[?25h") > ended.sent.rindex("\x1b[?25l")


@pytest.mark.parametrize("progress", ["auto", "live"])
@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1"}], ids=str)
def test_piped_progress_has_no_escape_codes(folder: Path, progress: str, variables: dict[str, str]) -> None:
    words = ("train", "iris.yaml", *LONG, "-o", "piped", "--overwrite", "--progress", progress)
    done = subprocess.run(
        [sys.executable, "-m", "nncli", *words],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    assert b"\x1b" not in done.stderr + done.stdout
    assert done.stderr.startswith(b"run=piped " if progress == "auto" else b"run ")


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_course_is_bounded_and_the_same_however_it_arrives(size: int) -> None:
    epochs = np.arange(100_000)
    values = np.where(epochs % 3 == 0, np.nan, epochs)
    whole, parts = Course(), Course()
    whole.add(epochs, values)
    for start in range(0, len(epochs), size):
        parts.add(epochs[start : start + size], values[start : start + size])
    assert KEPT_POINTS / 2 <= len(whole.points[0]) <= KEPT_POINTS + 1
    for one, other in zip(whole.points, parts.points, strict=True):
        assert one.tolist() == other.tolist()
    assert whole.points[0][[0, -1]].tolist() == [1, 99_998]
    assert (whole.points[0] == whole.points[1]).all()
