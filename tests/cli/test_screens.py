"""What terminals show: lines that fit, words that stay whole, and text that any encoding can hold."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

import nncli as package
from nncli import cli
from nncli.cli import registry
from nncli.config import Override, load_config
from nncli.messages.wording import width

WIDE = 400
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NO_ROOM = re.compile(r"\(no room for [^)]*\)")

HELP = [f"{name} --help" for name in registry.command_names()]
RESULTS = [
    "--help",
    "init iris --overwrite",
    "init --list",
    "init --from-csv people.csv --target class --overwrite",
    "check iris.yaml -v",
    "train iris.yaml",
    "train iris.yaml -v --progress none",
    "resume iris",
    "predict iris",
    "predict iris --proba -i people.csv --on-error skip",
    "evaluate iris --part train",
    "gradcheck iris.yaml",
    "gradcheck iris -v",
    "gradcheck xor.yaml --code right.py",
    "compare iris iris-2 --target accuracy=0.5 --weights",
    "trace iris",
    "trace iris.yaml --layer 0 --unit 3",
    "cv iris.yaml --folds 3",
    "cv xor.yaml --leave-one-out",
    "seeds iris.yaml -n 3 --target 'accuracy > 0.9' -v",
    "reproduce iris --progress none",
    "runs",
    "plot --list",
    "plot loss --term --run iris",
    "plot loss confusion network --run iris",
]
REFUSALS = [
    "check bad.yaml",
    "check long.yaml",
    "train none.yaml",
    "train linear_map.yaml --learning-rate 1e5 --progress none",
    "train xor.yaml --set network.weight_init=zeros --progress none",
    "plot none --run iris",
    "evaluate iris --fail-if 'accuracy > 0.001'",
    "predict none",
    "gradcheck xor.yaml --code wrong.py",
    "compare iris xor",
    "frobnicate",
]
BAD = """\
dataset: {name: iris, preprocessing: {scale: standart}}
network: {layers: [{units: 3, activation: softmaxx}]}
optimizer: {name: sgd, learning_rate: fast}
training: {epochs: -1, batch_size: none, a_key_that_is_much_too_long_for_any_terminal_of_forty: 1}
"""
LONG = """\
dataset: xor
network: {weight_init: {name: uniform, low: -1, high: 1}, layers: [{units: 1, activation: sigmoidd}]}
"""

RIGHT = """\
import numpy as np

def forward(X, W, b):
    for w, c in zip(W, b):
        X = 1 / (1 + np.exp(-(X @ w.T + c)))
    return X

def backward(X, Y, W, b):
    hidden, error = forward(X, W[:1], b[:1]), forward(X, W, b) - Y
    below = error @ W[1] * hidden * (1 - hidden)
    return [below.T @ X, error.T @ hidden], [below.sum(axis=0), error.sum(axis=0)]
"""

PEOPLE = (
    "sepal_length,sepal_width,petal_length,petal_width,class\n"
    + "5.1,3.5,1.4,0.2,a\n6,3,4,1,b\n7,x,5,2,a\n" * 20
)

Screen = Callable[..., str]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with templates, a run, a table, and configs with mistakes."""
    folder = tmp_path_factory.mktemp("workplace")
    for template in ("xor", "iris", "linear_map"):
        (folder / f"{template}.yaml").write_text(package.init(template))
    config = load_config(folder / "iris.yaml", [Override.parse("training.epochs=5")])
    package.train(config, output=folder / "runs" / "iris")
    faster = load_config(folder / "iris.yaml", [Override.parse("training.epochs=9")])
    package.train(faster, output=folder / "runs" / "iris-2")
    files = {"bad.yaml": BAD, "long.yaml": LONG, "people.csv": PEOPLE, "right.py": RIGHT}
    for name, text in {**files, "wrong.py": RIGHT.replace("hidden * (1 - hidden)", "hidden")}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def screen(workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Run a command line on a terminal of some width and encoding, and return what the terminal received."""
    for name in ("COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")

    def shown(line: str, columns: int, encoding: str = "utf-8") -> str:
        folder = tmp_path / "screen"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(workplace, folder)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["nncli", *shlex.split(line)])
        with (
            terminal(columns) as (device, received),
            open(device, "w", encoding=encoding) as stream,
            monkeypatch.context() as streams,
        ):
            streams.setattr(sys, "stdout", stream)
            streams.setattr(sys, "stderr", stream)
            with pytest.raises(SystemExit):
                cli.main()
        return b"".join(received).decode(encoding).replace("\r\n", "\n")

    return shown


@contextmanager
def terminal(columns: int) -> Iterator[tuple[int, list[bytes]]]:
    """Open a terminal, which is that of the process meanwhile; it closes when the given device is closed."""
    main, device = pty.openpty()
    fcntl.ioctl(device, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    received: list[bytes] = []
    reader = Thread(target=receive, args=(main, received))
    reader.start()
    before = [os.dup(standard) for standard in (0, 1, 2)]
    for standard in (0, 1, 2):
        os.dup2(device, standard)
    try:
        yield device, received
    finally:
        for standard, copy in enumerate(before):
            os.dup2(copy, standard)
            os.close(copy)
        reader.join()
        os.close(main)


def receive(main: int, received: list[bytes]) -> None:
    """Gather what a terminal receives until it is closed."""
    while True:
        try:
            received.append(os.read(main, 65536))
        except OSError:  # closed at the other end
            return


def lines(text: str) -> list[str]:
    """Lines without colors and redrawn bars."""
    return [STYLE.sub("", line).rpartition("\r")[2] for line in text.split("\n")]


def words(text: str) -> set[str]:
    """Words of a screen, without shortened ones, those of the note on hidden columns, and numbers."""
    found = NO_ROOM.sub(" ", " ".join(lines(text))).split()
    return {word for word in found if "..." not in word and re.search("[a-z]", word)}


@pytest.mark.parametrize("line", [*HELP, *RESULTS, *REFUSALS])
def test_lines_fit_the_terminal_and_words_stay_whole(screen: Screen, line: str) -> None:
    known = words(screen(line, WIDE))
    assert known
    for columns in (40, 80, 200):
        text = screen(line, columns)
        for each in lines(text):
            # A path or another word may be wider than the terminal; a reader copies it as it is.
            assert width(each) <= columns or len(each.split()) == 1, each
        assert words(text) <= known


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
@pytest.mark.parametrize("line", ["--help", "plot --list", "check bad.yaml", "predict none"])
def test_without_color_the_same_text_is_shown(
    screen: Screen, line: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    colored = screen(line, 80)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    plain = screen(line, 80)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", plain)
    assert "TERM" not in variables or "\x1b" not in plain
    assert words(plain) == words(colored)


@pytest.mark.parametrize("line", ["plot --help", "plot loss confusion network --run iris", *REFUSALS])
def test_every_text_can_be_shown_in_ascii(screen: Screen, line: str) -> None:
    assert not re.search(r"\\[ux][0-9a-f]{2}", screen(line, 80, "ascii"))


@pytest.mark.parametrize("line", [line for line in RESULTS if not line.startswith(("train", "predict"))])
def test_pipes_get_the_same_words_on_lines_of_any_length(
    screen: Screen, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wide = screen(line, WIDE)
    streams = sys.stdout, sys.stderr
    shutil.rmtree("runs/iris/plots", ignore_errors=True)
    with pytest.raises(SystemExit):
        cli.main()
    sys.stdout, sys.stderr = streams
    piped = capfd.readouterr()
    assert "\x1b" not in piped.out + piped.err
    assert words(piped.out + piped.err) == words(wide)


def test_a_process_in_the_c_locale_shows_no_escapes(workplace: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for line in ("plot loss network --run iris", "check bad.yaml", "plot --help"):
        command = [sys.executable, "-m", "nncli", *line.split()]
        shown = subprocess.run(command, cwd=workplace, env=environment, capture_output=True, check=False)
        text = (shown.stdout + shown.stderr).decode("ascii")
        assert text
        assert "\\u" not in text
