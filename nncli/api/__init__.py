"""The commands as functions, for Python users: check, train, predict, evaluate, plot, gradcheck, trace ...

A config is a path, a mapping of the same keys, or a `Config`. A run is a `Run`, its directory or its name.
Rows are a path, a mapping of columns, an array of inputs, or a data frame. What a user can fix is an
`NncliError`.

What one function needs is imported in it: `nncli check` should not wait for runs, nor `train` for pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.api.exchange import export, import_weights
from nncli.api.inspection import compare, gradcheck, reproduce, trace
from nncli.api.many import cv, seeds, sweep
from nncli.api.pictures import plot, report
from nncli.api.prediction import evaluate, predict
from nncli.api.training import check, init, list_runs, open_run, resume, train
from nncli.config import Config, load_config
from nncli.messages.errors import CheckFailed, ConfigError, DataError, DivergedError, NncliError, RunError

if TYPE_CHECKING:
    from nncli.runs import Run

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
    "compare",
    "cv",
    "evaluate",
    "export",
    "gradcheck",
    "import_weights",
    "init",
    "list_runs",
    "load_config",
    "open_run",
    "plot",
    "predict",
    "report",
    "reproduce",
    "resume",
    "seeds",
    "sweep",
    "trace",
    "train",
]


def __getattr__(name: str) -> Any:
    """Return `Run`, which is loaded when it is first used."""
    if name != "Run":
        raise AttributeError(f"module 'nncli.api' has no attribute {name!r}")
    from nncli.runs import Run

    return Run
