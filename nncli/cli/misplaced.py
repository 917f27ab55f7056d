"""Words in the place of others, such as a table in place of a run: answered with the line to type instead."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from nncli.messages.errors import ConfigError, NncliError, RunError
from nncli.messages.wording import shown

READS_TABLES = ("predict", "evaluate")  # commands with --input
PICTURES = (".svg", ".png", ".pdf")
SETTING = r"[a-z_]+[\w.\[\]-]*=.*"  # of --set
NUMBERS = r"[-+.\d]+(,[-+.\d]+)+"  # of --values


def line(*words: str) -> str:
    """Return a command line as it is typed."""
    return shlex.join(["nncli", *words])


def one_run(position: str | None, option: str | None, command: str) -> str | None:
    """Return the run that is named by position or with --run; None if neither is given.

    Raises
    ------
    NncliError
        If both are given.
    """
    if position is None or option is None:
        return option if position is None else position
    require_run_name(position, command, option)
    raise NncliError(
        f"run '{shown(position)}' and --run {shown(option)} cannot be combined", hint="remove one of the two"
    )


def require_run_name(word: str, command: str, run: str | None = None) -> None:
    """Raise RunError if a word in the place of a run is the name of a table or a config.

    Parameters
    ----------
    run : the run of the line to type instead (default: the latest, which needs no name).
    """
    from nncli.runs import exists
    from nncli.storage.lookup import CONFIGS, TABLES

    if exists(word):
        return
    if command == "predict" and re.fullmatch(NUMBERS, word):
        raise RunError(f"{shown(word)} is a row, not a run", hint=f"type: {line(command, '--values', word)}")
    if TABLES.includes(word):
        named = [run] if run else []
        reads = command in READS_TABLES
        hint = f"type: {line(command, *named, '-i', word)}" if reads else "give the name of a run instead"
        raise RunError(f"{word} is a table, not a run", hint=hint)
    if CONFIGS.includes(word):
        stem = Path(word).stem
        trained = exists(stem)
        hint = f"type: {line(command, stem)}" if trained else f"train it first: {line('train', word)}"
        raise RunError(f"{word} is a config, not a run", hint=hint)


def require_config_name(word: str, command: str, *, resume: bool = False) -> None:
    """Raise ConfigError if a word in the place of a config is the name of a run."""
    from nncli.runs import CONFIG, exists, find
    from nncli.storage.lookup import CONFIGS, near_file

    if re.fullmatch(SETTING, word) and not os.path.exists(word):
        hint = f"type: {line(command)} CONFIG {shlex.join(['--set', word])}"
        raise ConfigError(f"{shown(word)} is a setting, not a config", hint=hint)
    if os.path.isfile(word) or not exists(word):
        return
    if resume:
        hint = f"resume it with: {line('resume', word)}"
        raise ConfigError(f"{word} is a run, not a config", hint=hint)
    if not os.path.exists(word) and near_file(Path(word), CONFIGS) is None:
        config = find(word).path / CONFIG
        raise ConfigError(f"{word} is a run, not a config", hint=f"type: {line(command, str(config))}")


def kinds_and_runs(words: list[str]) -> tuple[list[str], list[str]]:
    """Separate kinds of plot from names of runs.

    Raises
    ------
    NncliError
        If a word is neither, but is an output file or resembles the name of a run.
    """
    from nncli.plots import KINDS
    from nncli.runs import exists, find

    runs = [word for word in words if word not in KINDS and exists(word)]
    kinds = [word for word in words if word not in runs]
    for word in kinds:
        if word not in KINDS:
            _require_no_output(word)
            if re.fullmatch(r"[\w.~-]*(/[\w.-]+)+/?", word):  # a path is that of a run, and there is none
                find(word)
            _require_no_near_run(word)
    return kinds, runs


def _require_no_output(word: str) -> None:
    from nncli.plots import KINDS

    path = Path(word)
    if path.suffix.lower() in PICTURES:
        kind = path.stem if path.stem in KINDS else next(iter(KINDS))
        raise NncliError(
            f"{word} is an output file, not a kind of plot", hint=f"type: {line('plot', kind, '-o', word)}"
        )


def _require_no_near_run(word: str) -> None:
    from nncli.messages.suggestions import nearest
    from nncli.plots import KINDS
    from nncli.runs import all_runs

    names = {run.name for run in all_runs()}
    near = nearest(word, names | KINDS.keys())
    if near is not None and near in names - KINDS.keys():
        raise NncliError(f"no run or kind of plot named '{shown(word)}'", hint=f"type: {line('plot', near)}")
