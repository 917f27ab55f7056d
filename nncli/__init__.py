"""Train small fully connected neural networks from a YAML file and look inside them.

    import nncli

    run = nncli.train("xor.yaml")    # or a mapping of the same keys
    nncli.predict(run, {"x1": [0, 1], "x2": [1, 1]})
    nncli.evaluate(run).metrics
    nncli.gradcheck(run)
    nncli.plot(run, ["loss"])

What a user can mend is raised as an `NncliError`, with a message and a hint.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nncli.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from nncli.api import (
        check,
        evaluate,
        gradcheck,
        init,
        list_runs,
        open_run,
        plot,
        predict,
        reproduce,
        resume,
        train,
    )
    from nncli.config import Config, load_config
    from nncli.messages.errors import (
        CheckFailed,
        ConfigError,
        DataError,
        DivergedError,
        NncliError,
        RunError,
    )
    from nncli.runs import Run

# Loaded when first used: `nncli --help` should not wait for numpy.
_HOME = {
    **dict.fromkeys(["Config", "load_config"], "nncli.config"),
    **dict.fromkeys(
        ["CheckFailed", "ConfigError", "DataError", "DivergedError", "NncliError", "RunError"],
        "nncli.messages.errors",
    ),
    "Run": "nncli.runs",
    **dict.fromkeys(
        [
            "check",
            "evaluate",
            "gradcheck",
            "init",
            "list_runs",
            "open_run",
            "plot",
            "predict",
            "reproduce",
            "resume",
            "train",
        ],
        "nncli.api",
    ),
}

__all__ = [
    "CheckFailed",
    "Config",
    "ConfigError",
    "DataError",
    "DivergedError",
    "NncliError",
    "Run",
    "RunError",
    "check",
    "evaluate",
    "gradcheck",
    "init",
    "list_runs",
    "load_config",
    "open_run",
    "plot",
    "predict",
    "reproduce",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'nncli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
