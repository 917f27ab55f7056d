"""Every command in hostile surroundings: the same words, the same bytes, nothing of the libraries'."""

from __future__ import annotations

import json
import operator
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

# Runs commands one after the other in a process of its own, and leaves their exit codes in a file.
DRIVER = """
import json, sys
from pathlib import Path
commands, codes = json.loads(sys.argv[1]), []
from nncli.cli import main
for words in commands:
    sys.argv = ["nncli", *words]
    try:
        main()
    except SystemExit as ended:
        codes.append(ended.code)
Path("codes.json").write_text(json.dumps(codes))
"""

HOSTILE = "[bold]a[/bold] $x^2$ <b> '😀'\n-\"é"
CONFIG = f"./{HOSTILE.replace('/', '|')}.yaml"
OUTPUT = f"./out {HOSTILE.replace('/', '|')}"

WORDS: dict[str, int] = {  # commands and their exit codes
    "init --list": 0,
    "init xor -o I": 0,
    "check C -v": 0,
    "check C --json": 0,
    "check nix.yaml": 2,
    "train C --progress log -o O": 0,
    "train C --progress live -o L": 0,
    "train C -q": 0,
    "train C -o O": 2,
    "train C --smoke": 0,
    "predict O": 0,
    "predict O --format table": 0,
    "predict O -i C": 2,
    "evaluate O": 0,
    "runs": 0,
    "plot --list": 0,
    "plot H --run O": 2,
    "gradcheck O": 0,
    "schema": 0,
    "H": 2,
}
MEANT = {"C": CONFIG, "O": OUTPUT, "L": f"{OUTPUT} live", "I": f"./init {OUTPUT[2:]}", "H": HOSTILE}
COMMANDS = [[MEANT.get(word, word) for word in words.split()] for words in WORDS]

ENVIRONMENTS: dict[str, dict[str, str | None]] = {
    "bare": {"HOME": None, "TERM": None, "LANG": None, "TMPDIR": "/nix", "DISPLAY": None},
    "C locale": {"LC_ALL": "C", "HOME": "/dev/null", "TERM": "dumb", "COLUMNS": "1"},
    "ASCII": {"PYTHONIOENCODING": "ascii", "LANG": "", "COLUMNS": "-3", "NO_COLOR": "1"},
    "colour": {"FORCE_COLOR": "1", "COLUMNS": "1000000"},
    "warnings are errors": {"PYTHONWARNINGS": "error", "PYTHONHASHSEED": "1", "COLUMNS": "20"},
    "every warning": {"PYTHONWARNINGS": "always", "PYTHONHASHSEED": "2", "COLUMNS": "abc"},
    "without docstrings": {"PYTHONOPTIMIZE": "2", "TZ": "nonsense", "COLUMNS": "40"},
}

LIBRARIES = re.compile(r"Traceback|Warning|[Mm]atplotlib|a bug in")
COLOUR = re.compile(r"\x1b\[[\d;]*m")
SECONDS = re.compile(r"in \d+\.\d\d s")
MINUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")  # when a run started; the next may start in the next one


class Ended(NamedTuple):
    codes: list[int]
    out: str
    err: str


def run(folder: Path, commands: Sequence[Sequence[str]], variables: dict[str, str | None]) -> Ended:
    """Commands in an environment where variables are replaced, or absent where they are None."""
    environment = {name: value for name, value in {**os.environ, **variables}.items() if value is not None}
    process = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(commands)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr.decode()
    codes = json.loads((folder / "codes.json").read_text())
    return Ended(codes, process.stdout.decode(), SECONDS.sub("", process.stderr.decode()))


def hostile_folder(folder: Path) -> Path:
    """A directory of a hostile name with a config whose file, run, columns and ids are named so too."""
    inside = folder / HOSTILE.replace("/", "|")
    inside.mkdir()
    target, name = f"y {HOSTILE}", f"id {HOSTILE}"
    config = {
        "name": HOSTILE,
        "dataset": {
            "columns": [HOSTILE, "b", target, name],
            "rows": [[0, 1, 0, HOSTILE], [1, 0, 1, "[/]"], [1, 1, 0, "-\x1b[31m"]],
            "targets": [target],
            "id": name,
        },
        "network": {"layers": [{"units": 3, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}]},
        "loss": "binary_cross_entropy",
        "training": {"epochs": 3},
    }
    (inside / CONFIG).write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return inside


def reported(text: str, encoding: str, variables: Mapping[str, str | None]) -> list[str]:
    """The lines that a stream of an encoding shows of a text, without colours, times and docstrings."""
    narrow = text.encode(encoding, "backslashreplace").decode(encoding)
    lines = COLOUR.sub("", MINUTE.sub("", SECONDS.sub("", narrow))).splitlines()
    return [line for line in lines if "PYTHONOPTIMIZE" not in variables or '"description":' not in line]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The folder and the words of a plain environment."""
    folder = hostile_folder(tmp_path_factory.mktemp("plain"))
    return folder, run(folder, COMMANDS, {"PYTHONIOENCODING": "utf-8"})


def test_every_command_ends_as_it_should_among_hostile_names(plain: tuple[Path, Ended]) -> None:
    _, ended = plain
    assert dict(zip(WORDS, ended.codes, strict=True)) == WORDS
    assert not LIBRARIES.search(ended.out.replace(HOSTILE, "") + ended.err)


def test_messages_show_names_as_typed_and_on_one_line(plain: tuple[Path, Ended]) -> None:
    _, (_, out, err) = plain
    name = HOSTILE.replace("\n", "\\n")
    assert f"error: out {name.replace('/', '|')}: the directory is not empty" in err
    assert f"inputs       {name}, b" in out
    assert f"error: unknown kind of plot '{name}'" in err
    assert all(character.isprintable() or character == "\n" for character in err)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_environment_changes_neither_words_nor_numbers(
    name: str, plain: tuple[Path, Ended], tmp_path: Path
) -> None:
    variables = ENVIRONMENTS[name]
    usual, expected = plain
    folder = hostile_folder(tmp_path)
    ended = run(folder, COMMANDS, variables)
    assert ended.codes == expected.codes
    encoding = "ascii" if "PYTHONIOENCODING" in variables else "utf-8"
    # Predictions are data, and UTF-8 wherever they go.
    either = zip(
        reported(expected.out, encoding, variables), reported(expected.out, "utf-8", variables), strict=True
    )
    assert all(map(operator.contains, either, reported(ended.out, "utf-8", variables)))
    assert len(reported(ended.out, "utf-8", variables)) == len(reported(expected.out, "utf-8", variables))
    assert reported(ended.err, "utf-8", variables) == reported(expected.err, encoding, variables)
    for file in ("weights.npz", "history.csv", "config.yaml", "results.json"):
        assert (folder / OUTPUT / file).read_bytes() == (usual / OUTPUT / file).read_bytes()


def test_a_terminal_is_shown_escapes_of_what_it_would_obey(tmp_path: Path) -> None:
    folder = hostile_folder(tmp_path)
    evil = "./\x1b[31m\r\u202e"
    commands = [["train", CONFIG, "-o", evil], ["predict", evil], ["runs"], ["predict", f"{evil}x"]]
    outside, inside = os.openpty()
    with os.fdopen(outside, "rb", buffering=0) as terminal:
        subprocess.run(
            [sys.executable, "-c", DRIVER, json.dumps(commands)],
            cwd=folder,
            env={**os.environ, "TERM": "dumb"},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            check=True,
        )
        os.close(inside)
        text = terminal.read(1 << 16).decode().replace("\r\n", "\n")
    assert json.loads((folder / "codes.json").read_text()) == [0, 0, 0, 2]
    assert text.splitlines().count(r"\x1b[31m\r\u202e") == 1
    assert not re.search("[\x1b\r\u202e]", text)


SETTINGS = "nonsense: 3\nbackend: Nonsense\nfont.family: Nope\naxes.titlesize: big big\ntext.usetex: True\n"
PICTURES = [["plot", "loss", "boundary", "--run", OUTPUT], ["plot", "errors", "--run", OUTPUT, "-o", "e.png"]]


@pytest.fixture(scope="module")
def drawn(plain: tuple[Path, Ended]) -> tuple[Path, Ended]:
    """The folder with its pictures, and the words of a plain environment."""
    folder, _ = plain
    ended = run(folder, PICTURES, {})
    assert ended.codes == [0, 0]
    return folder, ended


@pytest.mark.parametrize(
    "variables",
    [
        {"HOME": None, "DISPLAY": None, "MPLBACKEND": "TkAgg"},
        {"HOME": "/dev/null", "MPLBACKEND": "nonsense", "PYTHONWARNINGS": "error", "LC_ALL": "C"},
        {
            "HOME": "/dev/null/nix",
            "MPLCONFIGDIR": "/dev/null/nix",
            "TMPDIR": "/nix",
            "PYTHONWARNINGS": "always",
        },
    ],
    ids=["no HOME", "HOME is a file", "nowhere to write settings"],
)
def test_pictures_are_the_same_whatever_matplotlib_finds(
    variables: dict[str, str | None], drawn: tuple[Path, Ended], tmp_path: Path
) -> None:
    usual, expected = drawn
    folder = tmp_path / usual.name
    shutil.copytree(usual, folder, ignore=shutil.ignore_patterns("plots", "e.*"))
    (folder / "matplotlibrc").write_text(SETTINGS)
    ended = run(folder, PICTURES, variables)
    assert ended == expected
    for picture in (f"{OUTPUT}/plots/loss.svg", f"{OUTPUT}/plots/boundary.svg", "e.png"):
        assert (folder / picture).read_bytes() == (usual / picture).read_bytes()


def test_matplotlib_that_cannot_be_loaded_is_one_message(plain: tuple[Path, Ended], tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(plain[0], folder)
    (folder / "matplotlibrc").write_bytes(b"\xff\xfe")
    ended = run(folder, PICTURES[:1], {})
    assert ended.codes == [2]
    assert ended.err.startswith("error: matplotlib cannot be loaded: ")
    assert ended.err.count("\n") == 2


@pytest.mark.parametrize("columns", ["1", "1000000", "9" * 5000, "²", ""])
def test_help_can_be_read_at_any_width(columns: str, tmp_path: Path) -> None:
    ended = run(tmp_path, [["init", "--help"]], {"COLUMNS": columns, "TERMINAL_WIDTH": columns})
    assert ended.codes == [0]
    assert "--verbose" in ended.out
    assert len(ended.out) < 20_000
