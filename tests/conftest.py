"""Options, golden texts, counts printed at the end, Ctrl-C, and a trained run for all tests."""

from __future__ import annotations

import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from nncli.runs import Run
from tests.golden import Golden, golden_file, read_cases, write_cases
from tests.trained import record

# Tests that repeat one path over many combinations. Other tests run the same lines, and measuring which lines
# run makes these take two to three times as long.
UNMEASURED = (
    "cli/test_broken_templates.py",
    "cli/test_cases.py",
    "cli/test_screens.py",
    "cli/test_what_stands_there.py",
    "config/test_fuzz.py",
    "engines/test_agreement.py",
    "features/test_numbers.py",
    "inference/test_best_threshold.py",
    "nn/test_stacked.py",
    "plots/test_plots.py",
    "pytorch/",
    "reports/",
    "tables/test_fuzz.py",
)

TALLY = "tally"
REWRITTEN = pytest.StashKey[dict[tuple[Path, str], str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="try as many random cases as the claims are made for, and new ones in every run",
    )
    parser.addoption(
        "--torch",
        action="store_true",
        help="train with PyTorch as well (python -m pip install torch), and compare with it as it is",
    )
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write what is printed now into the golden files of the tests that run; see git diff",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--rewrite"):
        if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
            raise pytest.UsageError("--rewrite needs all tests in one process; use: pytest -n 0 --rewrite")
        if config.getoption("keyword") or config.getoption("markexpr") or any("::" in a for a in config.args):
            raise pytest.UsageError(
                "--rewrite writes whole golden files; name files of tests, not single tests"
            )
        config.stash[REWRITTEN] = {}
    # The same random cases in every run, so that a failure is the change's; --long draws new ones.
    settings.register_profile("repeatable", derandomize=True)
    settings.load_profile("default" if config.getoption("--long") else "repeatable")
    # A shell that starts the tests in the background has them ignore Ctrl-C, and their processes with them.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.pluginmanager.has_plugin("_cov"):
        unmeasured = tuple(f"tests/{path}" for path in UNMEASURED)
        for item in items:
            if item.nodeid.startswith(unmeasured):
                item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps compiled functions of all workers and of commands that tests start out of the user's cache."""
    root = tmp_path_factory.getbasetemp()
    folder = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "cache"
    os.environ["NNCLI_CACHE_DIR"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def folder_of_the_tests() -> Iterator[None]:
    """Fails a test that leaves the current directory changed: the next one in its process relies on it."""
    before = Path.cwd()
    yield
    try:
        after = Path.cwd()
    except FileNotFoundError:
        after = None
    os.chdir(before)
    assert after == before, f"the test has left the current directory at {after}"


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


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """The text kept for this test in the golden file of its module."""
    return Golden(golden_file(request.path), request.node.name, request.config.stash.get(REWRITTEN, None))


def pytest_sessionfinish(session: pytest.Session) -> None:
    rewritten = session.config.stash.get(REWRITTEN, {})
    for file in dict.fromkeys(file for file, _ in rewritten):
        before = read_cases(file)
        texts = {
            item.name: rewritten.get((file, item.name), before.get(item.name))
            for item in session.items
            if golden_file(item.path) == file and "golden" in getattr(item, "fixturenames", ())
        }
        # A test that failed before its text was known keeps the one it had.
        write_cases(file, {name: text for name, text in texts.items() if text is not None})


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
