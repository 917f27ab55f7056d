"""Train small fully connected neural networks from a YAML file and look inside them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nncli.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from nncli.api import open_run, plot, reproduce, resume, train
    from nncli.config import Config, load_config
    from nncli.messages.errors import NncliError
    from nncli.runs import Run

# Loaded when first used: `nncli --help` should not wait for numpy.
_HOME = {
    "Config": "nncli.config",
    "NncliError": "nncli.messages.errors",
    "Run": "nncli.runs",
    "load_config": "nncli.config",
    "open_run": "nncli.api",
    "plot": "nncli.api",
    "reproduce": "nncli.api",
    "resume": "nncli.api",
    "train": "nncli.api",
}

__all__ = ["Config", "NncliError", "Run", "load_config", "open_run", "plot", "reproduce", "resume", "train"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'nncli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
