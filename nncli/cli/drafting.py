"""Configs generated for a table: `init` saves them, and `train` uses them at once."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.cli.output import Output
from nncli.messages.errors import NncliError

if TYPE_CHECKING:
    from nncli.config import Config, Override
    from nncli.data.columns import Task
    from nncli.scaffold.from_table import Draft
    from nncli.tables.settings import ReadConfig


_SMALLEST = b"dataset: {path: table.csv, targets: y}\nnetwork: {hidden: [1]}\n"


@dataclass(frozen=True)
class TableRoles:
    """The options about a table: --target, --id, --task and --read."""

    targets: Sequence[str]
    id: str | None
    task: Task | None
    read: Sequence[str] = ()

    @property
    def words(self) -> list[str]:
        """The options as they are typed."""
        pairs = [("--target", name) for name in self.targets]
        pairs += [(option, value) for option, value in (("--id", self.id), ("--task", self.task)) if value]
        pairs += [("--read", setting) for setting in self.read]
        return [word for pair in pairs for word in pair]

    @property
    def options(self) -> str:
        """The names of the options, listed."""
        names = (("--target", self.targets), ("--id", self.id), ("--task", self.task), ("--read", self.read))
        return ", ".join(name for name, value in names if value)

    @property
    def read_config(self) -> ReadConfig:
        """The settings of --read, checked as a config would be."""
        from nncli.config import Override, parse_config

        settings = [Override.parse(text) for text in self.read]
        overrides = [Override(f"dataset.read.{each.key}", each.value, "--read") for each in settings]
        return parse_config(_SMALLEST, "--read", overrides).dataset.read

    @property
    def settings(self) -> list[str]:
        """The options that set the same in a config."""
        from nncli.config import yaml12

        targets = yaml12.dump_flow(list(self.targets)) if self.targets else None
        values = {"targets": targets, "id": self.id, "task": self.task}
        given = [f"dataset.{key}={value}" for key, value in values.items() if value]
        given += [f"dataset.read.{setting}" for setting in self.read]
        return [word for setting in given for word in ("--set", setting)]


def drafted(out: Output, source: Path, roles: TableRoles, path: Path | None, command: Sequence[str]) -> Draft:
    """Draft a config for a table, and report on stderr what was detected.

    Parameters
    ----------
    path : where the text will be saved; None for nowhere.
    command : the words before the name of the table, for the hint of an error.
    """
    from nncli.scaffold import from_table
    from nncli.scaffold.proposal import require_target
    from nncli.storage.lookup import TABLES, require_file
    from nncli.tables.settings import DETECTED

    require_file(source, TABLES)
    read = roles.read_config if roles.read else DETECTED
    require_target(source, roles.targets, command, read)
    draft = from_table.draft(source, roles.targets, roles.id, roles.task, path, read)
    for note in draft.notes:
        out.note(note)
    return draft


def config_for(out: Output, source: Path, roles: TableRoles, overrides: Sequence[Override]) -> Config:
    """Generate the config for a table without saving it."""
    from nncli.scaffold.generated import config_of

    return config_of(drafted(out, source, roles, None, ["train"]), source, overrides)


def note_how_to_edit(out: Output, source: Path, roles: TableRoles) -> None:
    """Print the command that saves the generated config to a file."""
    line = shlex.join(["nncli", "init", "--from-csv", str(source), *roles.words])
    out.note(f"to edit the generated config, save it to a file: {line}")


def require_no_roles(path: Path, roles: TableRoles) -> None:
    """Raise an error for options of a table beside a config, with the keys to set instead."""
    if roles.words:
        hint = f"type: {shlex.join(['nncli', 'train', str(path), *roles.settings])}"
        raise NncliError(f"{roles.options}: only for a table, and {path} is a config", hint=hint)
