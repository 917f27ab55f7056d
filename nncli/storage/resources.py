"""The folders `configs/` and `datasets/` that ship with nncli."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from nncli.messages.errors import NncliError


def folder(name: str) -> Traversable:
    """`configs` or `datasets`: inside the wheel, or beside the package in a source checkout."""
    packaged = files("nncli") / "_data" / name
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise NncliError(
        f"the installation of nncli lacks its {name} directory", hint="reinstall it: pip install ."
    )
