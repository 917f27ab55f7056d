"""Words that the shell proposes after Tab. Nothing heavy is loaded: names come from files and directories."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from pkgutil import iter_modules

from nncli.cli.vocabulary import KEYS, KINDS_OF_PLOT, VALUES

COLUMN_NAME = "COLUMN"  # in place of a name that only the table has
PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
RUNS_FOLDER, RUN_FILE = "runs", "run.json"

Completion = Callable[[str], list[str]]


def settings(incomplete: str) -> list[str]:
    """Propose keys after --set."""
    keys = [key for key in KEYS if COLUMN_NAME not in key]
    return [f"{key}=" for key in _starting(keys, incomplete)]


def topics(incomplete: str) -> list[str]:
    """Propose what `nncli explain` explains: keys, their last parts, and values."""
    last = [key.rpartition(".")[2] for key in KEYS]
    return _starting([*KEYS, *last, *VALUES], incomplete)


def run_names(incomplete: str) -> list[str]:
    """Propose the runs under ./runs."""
    return _starting(_runs(), incomplete)


def kinds_of_plot(incomplete: str) -> list[str]:
    """Propose kinds of plot."""
    return _starting(sorted(KINDS_OF_PLOT), incomplete)


def export_targets(incomplete: str) -> list[str]:
    """Propose targets of an export."""
    return _starting(export_target_names(), incomplete)


def export_target_names() -> list[str]:
    """Return the targets of an export by their files, because the registry imports numpy."""
    names = (module.name for module in iter_modules([str(PACKAGE_FOLDER / "exports")]))
    return sorted(name.removesuffix("_file") for name in names if name.endswith("_file"))


def template_names(incomplete: str) -> list[str]:
    """Propose templates."""
    from nncli.scaffold.templates import names

    return _starting(names(), incomplete)


def config_files(incomplete: str) -> list[str]:
    """Propose configs beside what is typed; without one the shell proposes all files."""
    from nncli.storage.lookup import CONFIGS, files_in

    return _starting(map(str, files_in(Path(os.path.dirname(incomplete)), CONFIGS)), incomplete)


def table_files(incomplete: str) -> list[str]:
    """Propose tables beside what is typed."""
    from nncli.storage.lookup import TABLES, files_in

    return _starting(map(str, files_in(Path(os.path.dirname(incomplete)), TABLES)), incomplete)


def either(*parts: Completion) -> Completion:
    """Propose what any of several completions does."""

    def proposed(incomplete: str) -> list[str]:
        return [word for part in parts for word in part(incomplete)]

    return proposed


def _starting(words: Iterable[str], incomplete: str) -> list[str]:
    """Return each word once that starts as typed."""
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]


def _runs() -> Iterator[str]:
    try:
        names = sorted(os.listdir(RUNS_FOLDER))
    except OSError:
        return
    yield from (name for name in names if os.path.isfile(os.path.join(RUNS_FOLDER, name, RUN_FILE)))
