"""The sessions shown in README and docs: read, run in a real shell, compared, and brought up to date.

A ```console block holds commands after `$ ` and what they print; `...` stands for anything, within a
line or, alone on a line, for whole lines. A ```yaml, ```python or ```csv block whose first line is
`# FILE` is saved under that name. A page starts in an empty folder, which its blocks share.

`python -m tests.console` rewrites what is out of date.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nncli

ROOT = Path(__file__).resolve().parents[1]
WARM = ROOT / "tests" / "warm.py"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SAVED = re.compile(r"# (?P<name>[\w-]+\.(?:yaml|py|csv))\n")
_SECONDS = re.compile(r"\b\d+\.\d+ s\b")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2} \d{2}:\d{2}\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and where the text stands in the page."""

    language: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Step:
    """A command and the text shown below it, or a file to save (then `command` is None)."""

    command: str | None
    shown: str
    file: str = ""


def blocks(page: str) -> Iterator[Block]:
    for match in _BLOCK.finditer(page):
        yield Block(match["language"], match["text"], *match.span("text"))


def steps(block: Block) -> list[Step]:
    if block.language != "console":
        saved = _SAVED.match(block.text)
        if not saved:
            return []
        # CSV knows no comments.
        text = block.text[saved.end() :] if block.language == "csv" else block.text
        return [Step(None, text, saved["name"])]
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert not parts[0], f"a console block starts with a command, not with {parts[0]!r}"
    return [Step(command, shown) for command, shown in zip(parts[1::2], parts[2::2], strict=True)]


def printed(page: list[Step], folder: Path) -> list[str]:
    """What each step of a page prints, stdout and stderr merged as on a terminal; nothing for files."""
    mark = "-----8<-----"
    script = ["exec 2>&1"]
    for step in page:
        if step.command is None:
            script.append(f"cat > '{step.file}' <<'{mark}'\n{step.shown}{mark}")
        else:
            script.append(step.command)
        # The mark must not change the $? that the next command may ask for.
        script.append(f"status=$?; printf '%s\\n' '{mark}'; (exit $status)")
    shell = subprocess.run(
        ["bash"],
        input="\n".join(script) + "\n",
        cwd=folder,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return shell.stdout.split(f"{mark}\n")[:-1]


def _environment(folder: Path) -> dict[str, str]:
    """A plain terminal of 80 columns with `nncli` and `python` on its path."""
    programs = folder.parent / f"{folder.name}-bin"
    programs.mkdir()
    # Forked from a process that has loaded nncli, a command takes a third of the time.
    command = f"-IS '{WARM}' {_warm()}" if sys.platform == "linux" else "-m nncli"
    for name, arguments in {"nncli": command, "python": ""}.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return {**_surroundings(), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


def _surroundings() -> dict[str, str]:
    package = Path(nncli.__file__).resolve().parents[1]
    return {
        **{name: value for name, value in os.environ.items() if name != "FORCE_COLOR"},
        "PYTHONPATH": str(package),
        "PYTHONUNBUFFERED": "1",  # keeps stdout and stderr in the order of a terminal
        "PYTHONIOENCODING": "utf-8",
        "LC_ALL": "C.UTF-8",  # shows braille
        "OPENBLAS_NUM_THREADS": "1",  # the networks are small, and starting idle threads takes time
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }


@cache
def _warm() -> str:
    """The name under which tests/warm.py waits for commands, as long as this process lives."""
    name = f"nncli-tests-{uuid.uuid4().hex}"
    command = [sys.executable, str(WARM), "--serve", name]
    server = subprocess.Popen(command, env=_surroundings(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    server.stdout.close()
    atexit.register(server.__exit__, None, None, None)  # its stdin ends, and with it the process
    return name


def agrees(shown: str, actual: str) -> bool:
    """Whether a shown text, with its `...`, is what was printed, but for progress where a machine is slow."""
    printed = _PROGRESS.sub("", _ended(actual))
    return re.fullmatch("".join(map(_pattern, shown.splitlines())), printed) is not None


_PROGRESS = re.compile(r"^(?:folds|seeds|trials)=\d+/\d+.*\n", re.MULTILINE)


def _pattern(line: str) -> str:
    if line == "...":
        return r"(?:.*\n)*?"
    return ".*?".join(map(re.escape, line.split("..."))) + r"\n"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def refreshed(page: str) -> str:
    """The page with the text below each command as it is printed now; lines that still agree stay."""
    found = [block for block in blocks(page) if steps(block)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "page"
        folder.mkdir()
        outputs = iter(printed([step for block in found for step in steps(block)], folder))
    replaced = [(block, _renewed(steps(block), outputs)) for block in found]
    for block, text in reversed(replaced):
        if block.language == "console":
            page = page[: block.start] + text + page[block.end :]
    return page


def _renewed(block: list[Step], outputs: Iterator[str]) -> str:
    text = ""
    for step, actual in zip(block, outputs, strict=False):
        shown = step.shown if agrees(step.shown, actual) else _merged(step.shown, _ended(actual))
        text += f"$ {step.command}\n{shown}"
    return text


def _merged(shown: str, actual: str) -> str:
    """Each printed line, in the form it was shown in where that still agrees."""
    forms = [line for line in shown.splitlines() if line != "..." and "..." in line]
    lines = []
    for line in actual.splitlines():
        kept = next((form for form in forms if agrees(form, line)), None)
        lines.append(kept or _DATE.sub("...", _SECONDS.sub("... s", line)))
    return "".join(f"{line}\n" for line in lines)


def missing_for(text: str) -> str:
    """The first program or package that a page says it needs and that is not installed."""
    needed = re.match(r"<!-- needs: (.*) -->", text)
    names = needed[1].split() if needed else []
    return next((name for name in names if not (shutil.which(name) or find_spec(name))), "")


if __name__ == "__main__":
    for path in PAGES:
        before = path.read_text(encoding="utf-8")
        if missing_for(before):
            continue
        after = refreshed(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"updated {path.relative_to(ROOT)}")
