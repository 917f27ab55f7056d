"""Packages that some targets need, imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nncli.exports.contract import MissingRuntime
from nncli.messages.errors import NncliError


def writer(package: str) -> Any:
    """Return a package that writes a target.

    Raises
    ------
    NncliError
        If it is not installed.
    """
    try:
        return import_module(package)
    except ImportError:
        name = package.partition(".")[0]
        hint = 'install it with: python -m pip install ".[export]"'
        raise NncliError(f"the package {name} is not installed", hint=hint) from None


def runtime(package: str) -> Any:
    """Return a package that runs an exported file.

    Raises
    ------
    MissingRuntime
        If it is not installed.
    """
    try:
        return import_module(package)
    except ImportError:
        raise MissingRuntime(f"{package} is not installed") from None
