"""Configs, rows and runs as the functions take them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from nncli.config import Config, load_config
from nncli.config.yaml12 import LONGEST_CONFIG
from nncli.messages.errors import ConfigError, DataError
from nncli.messages.wording import counted
from nncli.storage.lookup import CONFIGS, TABLES, require_file

if TYPE_CHECKING:
    from nncli.data.columns import Columns, Task
    from nncli.runs import Run
    from nncli.tables.table import Table

Configured: TypeAlias = "Config | Mapping[str, Any] | str | os.PathLike[str]"
Reference: TypeAlias = "Run | str | os.PathLike[str] | None"


def as_config(config: Configured, data: Any) -> Config:
    """Return the config that is meant, with rows in memory as its dataset.

    Raises
    ------
    NncliError
        If it cannot be read, or names its own data.
    """
    if isinstance(config, Config):
        if data is not None:
            raise DataError("data cannot be combined with a Config object; pass a mapping of keys")
        return config
    if not isinstance(config, Mapping):
        if data is not None:
            raise DataError(
                "data cannot be combined with a config file, which names its own; pass a mapping of keys"
            )
        require_file(Path(config), CONFIGS)
        return load_config(config)
    if data is None:
        return Config.of(dict(config))
    from nncli.tables import memory

    names, rows = memory.rows(data)
    dataset = {**config.get("dataset", {}), "columns": names, "rows": rows}
    return Config.of({**config, "dataset": dataset})


def require_short(config: Config) -> None:
    """Raise DataError if rows in memory are too many for the config of a run, which keeps them."""
    if config.dataset.rows is None or len(config.to_yaml(Path())) <= LONGEST_CONFIG:
        return
    rows = counted(len(config.dataset.rows), "row")
    raise DataError(
        f"data: {rows} are too many for the config of a run, which keeps them",
        hint="write them to a CSV or Parquet file, and name it in dataset.path",
    )


def is_table(config: Configured) -> bool:
    """Tell whether a path to a table stands in place of a config."""
    return isinstance(config, str | os.PathLike) and TABLES.includes(os.fspath(config))


def generated_config(
    config: Configured, target: str | Sequence[str], id: str | None, task: Task | None
) -> Config:
    """Return the config that `init` writes for a table."""
    from nncli.scaffold import from_table, generated
    from nncli.scaffold.proposal import require_target

    if not isinstance(config, str | os.PathLike) or not is_table(config):
        raise ConfigError("target, id and task require a table file", hint="set them under dataset instead")
    table, targets = Path(config), [target] if isinstance(target, str) else target
    require_file(table, TABLES)
    require_target(table, targets, ["train"])
    return generated.config_of(from_table.draft(table, targets, id, task), table)


def as_table(data: Any, columns: Columns) -> Table:
    """Return rows for a network with these columns: of a file, or in memory."""
    from nncli.tables import memory

    if isinstance(data, str | os.PathLike):
        require_file(Path(data), TABLES)
    return memory.table(data, columns.inputs, columns.read)


def as_reference(run: str | os.PathLike[str] | None) -> str | None:
    """Return a run's directory or name as text; None is the latest run."""
    return None if run is None else os.fspath(run)
