"""The English of the field: words and openings that mark an older voice do not come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "configs").glob("*.yaml")),
]
MODULES = sorted((ROOT / "nncli").rglob("*.py"))

# What is written, as a pattern of whole words -> what to write instead.
BETTER = {
    r"told": "said, reported, predicted, detected",
    r"parted": "separated",
    r"learnt": "learned",
    r"mend(ed|s|ing)?": "fix",
    r"held against": "compared with",
    r"of one's own": "your own",
    r"goes? on": "resumes, continues",
    r"the way": "how, the method, the path",
    r"colour(s|ed|ing)?": "color",
    r"behaviours?": "behavior",
    r"neighbours?": "neighbor",
    r"(optim|initial|normal|regular|minim|general|recogn|summar)is(e|es|ed|er|ers|ing|ation)": "-ize",
    r"grey": "gray",
    r"centred?": "center",
    r"labell(ed|ing)": "labeled",
    r"licence": "license",
    r"whilst|amongst": "while, among",
}
PATTERN = re.compile("|".join(rf"\b(?P<w{k}>{word})\b" for k, word in enumerate(BETTER)), re.IGNORECASE)
OPENINGS = re.compile(r"(What|Whether|How|Where|Why|Of|That|Whose|Which)\b")


def found(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, what is written, and what to write instead."""
    for match in PATTERN.finditer(text):
        better = next(value for k, value in enumerate(BETTER.values()) if match[f"w{k}"])
        yield text.count("\n", 0, match.start()) + 1, match[0], better


def prose(path: Path) -> str:
    """A page without what commands print, and without names in backquotes; as many lines."""
    text = path.read_text(encoding="utf-8")
    blank = re.compile(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
    return blank.sub(lambda match: "\n" * match[0].count("\n"), text)


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Docstrings and texts of a module, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_pages_and_templates_are_in_the_english_of_the_field(path: Path) -> None:
    marks = [f"{path.name}:{line}: {word!r}; write: {better}" for line, word, better in found(prose(path))]
    assert not marks, "\n".join(marks)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_of_the_package_are_in_the_english_of_the_field(path: Path) -> None:
    marks = [
        f"{path.name}:{line + more - 1}: {word!r}; write: {better}"
        for line, text in strings(path)
        for more, word, better in found(text)
    ]
    assert not marks, "\n".join(marks)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_open_with_a_sentence_that_stands_alone(path: Path) -> None:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = [(node, ast.get_docstring(node) or "") for node in ast.walk(tree) if isinstance(node, documented)]
    marks = [
        f"{path.name}:{node.body[0].lineno}: {text[:60]}" for node, text in texts if OPENINGS.match(text)
    ]
    assert not marks, "\n".join(marks)


def test_the_guard_finds_what_is_planted() -> None:
    planted = "The colours\nare told by the optimiser, and greyish stays."
    assert [(line, word) for line, word, _ in found(planted)] == [
        (1, "colours"),
        (2, "told"),
        (2, "optimiser"),
    ]
