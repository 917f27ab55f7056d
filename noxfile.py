"""Sessions for contributors: `nox` checks and tests fast; others try each Python and the oldest versions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "fast"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PYTEST = ("pytest", "-n", "auto", "-p", "no:cacheprovider")


def lowest_versions(*extras: str) -> list[str]:
    """Each requirement of pyproject.toml pinned to its lower bound; one without a bound stays as it is."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    requirements = [*project["dependencies"], *(entry for extra in extras for entry in optional[extra])]
    return [re.sub(r">=([^,;\s]+)(,[^;]*)?", r"==\1", requirement) for requirement in requirements]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and types."""
    session.install("-e", ".[test]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def fast(session: nox.Session) -> None:
    """Run the tests in parallel on the present interpreter."""
    session.install("-e", ".[test]")
    session.run(*PYTEST, *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each supported Python; versions that are not installed are skipped."""
    session.install("-e", ".[test]")
    session.run(*PYTEST, *session.posargs)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest versions that pyproject.toml allows."""
    session.install(*lowest_versions("test"))
    session.install("--no-deps", "-e", ".")
    # Newer libraries deprecate what the oldest versions still call.
    session.run(*PYTEST, "-W", "ignore::DeprecationWarning", *session.posargs)
