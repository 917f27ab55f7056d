"""Proposal of a target for a table, if none is named."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from nncli.messages.errors import NncliError
from nncli.messages.wording import listed
from nncli.scaffold.profile import names_sets, profile
from nncli.tables import reading
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.tables.table import Table

FROM_CSV = ("init", "--from-csv")


def require_target(
    source: Path,
    targets: Sequence[str],
    command: Sequence[str] = FROM_CSV,
    read: ReadConfig = DETECTED,
) -> None:
    """Raise an error that proposes a target column if none is named.

    Parameters
    ----------
    command : the words before the name of the table in the line to type.
    read : settings of the format of the file.

    Raises
    ------
    NncliError
        If no target is named, or the table, which is read only then, cannot be read.
    """
    if targets:
        return
    table = reading.read(source, str(source), read)
    proposed = proposed_target(table)
    line = shlex.join(["nncli", *command, str(source), "--target", proposed])
    others = listed(name for name in table.names if name != proposed)
    hint = f"for example: {line}" + (f" (other columns: {others})" if others else "")
    subject = "--from-csv" if "--from-csv" in command else "a table"
    raise NncliError(f"{subject} requires --target, the target column", hint=hint)


def proposed_target(table: Table) -> str:
    """Return the last column that can be learned from the others; if there is none, the last column."""
    return next((name for name in reversed(table.names) if _is_suitable(table, name)), table.names[-1])


def _is_suitable(table: Table, target: str) -> bool:
    if names_sets(table, target):
        return False
    try:
        profile(table, [target], None, None)
    except NncliError:
        return False
    return True
