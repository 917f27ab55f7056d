"""The JSON Schema beside a generated config, by which editors complete and check it."""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from nncli.messages.errors import NncliError
from nncli.storage.files import is_plain, read_text, write_text
from nncli.storage.lookup import SCHEMA_FILE


@cache
def schema_text() -> str:
    """Return the JSON Schema of configs as text.

    It is a file of the package, because making it takes a quarter of a second. docs/make_reference.py
    writes it.
    """
    return (files(__package__) / SCHEMA_FILE).read_text(encoding="utf-8")


def write_schema(config: Path) -> Path | None:
    """Write the JSON Schema beside a config, and return its path; None if nothing was written.

    An outdated schema of nncli is replaced. Any other content of that name is left alone, and a directory
    that cannot be written is no error, because the config does not need the schema.
    """
    path = config.parent / SCHEMA_FILE
    if not os.path.isfile(config):  # a device or a pipe
        return None
    try:
        if os.path.lexists(path) and not _is_outdated(path):
            return None
        write_text(path, schema_text())
    except NncliError:
        return None
    return path


def _is_outdated(path: Path) -> bool:
    """Return whether a file holds a schema of configs other than the present one."""
    if not is_plain(path):
        return False
    text = read_text(path)
    return text != schema_text() and _title(text) == _title(schema_text())


def _title(text: str) -> Any:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values.get("title") if isinstance(values, dict) else None
