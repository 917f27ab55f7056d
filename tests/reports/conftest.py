"""One browser for the tests of a process, and runs of the templates with their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import chdir, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli import api
from nncli.config import Override, load_config
from nncli.messages.errors import DivergedError
from nncli.runs import Run
from nncli.scaffold import templates
from tests.reports.browser import launched

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHORTER = {"digits": 8, "iris": 60, "perceptron": 300, "diabetes": 30}  # epochs: enough to look at


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture(scope="session")
def template_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Trains a template, once in a session."""
    folder = tmp_path_factory.mktemp("templates")
    trained: dict[str, Run] = {}

    def run_of(name: str) -> Run:
        if name not in trained:
            config = folder / f"{name}.yaml"
            config.write_text(templates.text(name))
            few = [Override.parse(f"training.epochs={SHORTER[name]}")] if name in SHORTER else []
            with suppress(DivergedError):
                api.train(load_config(config, few), output=folder / name)
            trained[name] = Run(folder / name)
        return trained[name]

    return run_of


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[..., Path]:
    """Writes the page of runs into the test's directory, which is the current one meanwhile."""

    def write(*runs: Run) -> Path:
        with chdir(tmp_path):
            return api.report(runs, output=tmp_path / "page.html").path

    return write
