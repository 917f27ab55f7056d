"""Texts kept word for word in one file beside the tests: `pytest -n 0 --rewrite` writes them anew.

`tests/config/bad_input.txt` belongs to `tests/config/test_bad_input.py`. A case is a test's name, as pytest
shows it, and below it, indented, the text:

    test_a_mistake_names_place_value_and_remedy[schema: a key misspelt inside]
        c.yaml:6:12: training.epocs: unknown key
        hint: did you mean epochs?
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from nncli.messages.errors import NncliError

INDENT = "    "


def golden_file(module: Path) -> Path:
    """Where the texts of a file of tests are kept."""
    return module.with_name(module.stem.removeprefix("test_") + ".txt")


def read_cases(file: Path) -> dict[str, str]:
    """The texts of a golden file by the names of their tests; none if there is no file."""
    cases: dict[str, list[str]] = {}
    lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else []
    for line in lines:
        if line and not line.startswith(INDENT):
            assert line not in cases, f"{file}: two texts for {line}"
            cases[line] = []
        elif cases:
            list(cases.values())[-1].append(line.removeprefix(INDENT))
    return {name: "\n".join(text).rstrip("\n") for name, text in cases.items()}


def write_cases(file: Path, cases: dict[str, str]) -> None:
    blocks = [f"{name}\n{textwrap.indent(text, INDENT)}\n" for name, text in cases.items()]
    file.write_text("\n".join(blocks), encoding="utf-8")


class Golden:
    """The text that a test expects, or with `--rewrite` the text to expect from now on."""

    def __init__(self, file: Path, name: str, rewritten: dict[tuple[Path, str], str] | None) -> None:
        self.file = file
        self.name = name
        self.rewritten = rewritten

    def check(self, text: str) -> None:
        """Compare a text word for word with the one kept; once a test."""
        text = text.rstrip("\n")
        if self.rewritten is not None:
            assert (self.file, self.name) not in self.rewritten, "one text a test: join them"
            self.rewritten[self.file, self.name] = text
            return
        cases = read_cases(self.file)
        assert self.name in cases, f"{self.file.name} has no text for this test: pytest -n 0 --rewrite"
        assert text == cases[self.name], f"differs from {self.file.name}; if meant: pytest -n 0 --rewrite"


class Told(Protocol):
    """An error or a warning: what is wrong, and what to do about it."""

    @property
    def message(self) -> str: ...
    @property
    def hint(self) -> str | None: ...


def reported(mistake: Told) -> str:
    """The message and the hint, each in one line."""
    return mistake.message if mistake.hint is None else f"{mistake.message}\nhint: {mistake.hint}"


def refusal(kind: type[NncliError], call: Callable[[], object]) -> str:
    """What a call tells that ends in an error of a kind."""
    with pytest.raises(kind) as caught:
        call()
    return reported(caught.value)
