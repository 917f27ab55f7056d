"""The options for long tests and those with PyTorch, the counts they print, Ctrl-C, and a trained run."""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from nncli.runs import Run
from tests.trained import record

TALLY = "tally"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="run tests that try many random cases with the number of cases their claims are made for",
    )
    parser.addoption(
        "--torch",
        action="store_true",
        help="train with PyTorch as well (python -m pip install torch), and compare with it as it is",
    )


def pytest_configure() -> None:
    # A shell that starts the tests in the background has them ignore Ctrl-C, and their processes with them.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether to try as many cases as the claim is made for, not a sample of them."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str, Counter[str]], None]:
    """Adds counts of a kind of case, such as mutated configs, to those printed at the end of all tests."""

    def add(kind: str, counts: Counter[str]) -> None:
        record_property(TALLY, (kind, dict(counts)))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Reports carry the counts, for with xdist the tests ran in other processes.
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == TALLY and report.when == "call":
                    kind, counts = value
                    totals[kind].update(counts)
    for kind, counts in totals.items():
        parts = ", ".join(f"{number:,} {ending}" for ending, number in counts.items())
        terminalreporter.write_line(f"{sum(counts.values()):,} {kind}: {parts}")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The example, trained for 40 epochs."""
    return record(tmp_path / "run")
