"""Packages that some targets need, imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nncli.exports.contract import MissingRuntime
from nncli.messages.errors import missing_package


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
        raise missing_package("the export", package.partition(".")[0]) from None


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
