"""Generated configs that are used without being saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nncli.config import Config, Override, parse_config
from nncli.scaffold.from_table import Draft
from nncli.storage.lookup import COMPRESSION


def config_of(draft: Draft, table: Path, overrides: Sequence[Override] = ()) -> Config:
    """Load the generated config of a table; its runs are named after the table.

    Parameters
    ----------
    draft : was made without a path, so its own path of the table starts at the current directory.
    """
    return parse_config(draft.text.encode(), f"{name_of(table)}.yaml (generated)", overrides)


def name_of(table: Path) -> str:
    """Return the name of a table without its extensions: `people` for people.csv and people.csv.gz."""
    return Path(table.stem if table.suffix.lower() in COMPRESSION else table.name).stem
