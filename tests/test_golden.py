"""Golden files hold a text for each test that asks for one, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.golden import Golden, golden_file, read_cases, write_cases

ROOT = Path(__file__).parents[1]
MODULES = [path for path in sorted(ROOT.glob("tests/**/test_*.py")) if golden_file(path).exists()]


def pytest_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_no_text_is_left_of_a_test_that_is_gone() -> None:
    assert MODULES
    found = pytest_in(
        ROOT, "--collect-only", "-W", "ignore", *(str(path.relative_to(ROOT)) for path in MODULES)
    )
    assert found.returncode == 0, found.stdout
    tests = {tuple(line.split("::", 1)) for line in found.stdout.splitlines() if "::" in line}
    kept = {(str(path.relative_to(ROOT)), name) for path in MODULES for name in read_cases(golden_file(path))}
    assert sorted(kept - tests) == []


def test_texts_come_back_as_they_were_written(tmp_path: Path) -> None:
    cases = {"test_a[b: c]": "one line", "test_b": "two\n\n    indented\nhint: «é»"}
    write_cases(tmp_path / "cases.txt", cases)
    assert read_cases(tmp_path / "cases.txt") == cases


@pytest.mark.parametrize("cases", [{}, {"test_a": "another text"}], ids=["no text", "another text"])
def test_a_text_that_is_not_the_one_saved_fails(tmp_path: Path, cases: dict[str, str]) -> None:
    write_cases(tmp_path / "cases.txt", cases)
    with pytest.raises(AssertionError, match=r"cases\.txt"):
        Golden(tmp_path / "cases.txt", "test_a", None).check("a text")
    write_cases(tmp_path / "cases.txt", {"test_a": "a text"})
    Golden(tmp_path / "cases.txt", "test_a", None).check("a text\n")


SUITE = """\
def test_first(golden):
    golden.check("one")

def test_second(golden):
    golden.check("two")
    assert False
"""


def test_rewriting_keeps_what_is_tested_and_drops_the_rest(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_numbers.py").write_text(SUITE)
    write_cases(tmp_path / "numbers.txt", {"test_gone": "three", "test_first": "1"})
    assert "1 passed" not in pytest_in(tmp_path, "test_numbers.py").stdout
    assert "1 passed" in pytest_in(tmp_path, "--rewrite", "test_numbers.py").stdout
    assert read_cases(tmp_path / "numbers.txt") == {"test_first": "one", "test_second": "two"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("-n", "2", "tests/test_golden.py"), "pytest -n 0 --rewrite"),
        (("tests/test_golden.py::test_none",), "name files of tests"),
        (("-k", "none", "tests/test_golden.py"), "name files of tests"),
    ],
    ids=["in parallel", "a single test", "a selection"],
)
def test_rewriting_is_refused_where_it_would_lose_texts(words: Sequence[str], reason: str) -> None:
    result = pytest_in(ROOT, "--rewrite", *words)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert reason in result.stderr
