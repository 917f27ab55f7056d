"""Train small fully connected neural networks from a YAML file and look inside them.

    import nncli

    run = nncli.train("xor.yaml")    # or a mapping of the same keys
    nncli.predict(run, {"x1": [0, 1], "x2": [1, 1]})
    nncli.evaluate(run).metrics
    nncli.gradcheck(run)
    nncli.plot(run, ["loss"])

What a user can fix is raised as an `NncliError`, with a message and a hint.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nncli.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from nncli.api import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """Return a public name, which `nncli.api` lists; it is loaded when the first one is used.

    `nncli --help` should not wait for numpy, nor one room for all others where it imports another.
    """
    is_public = name == "__all__" or not (name.startswith("_") or find_spec(f"{__name__}.{name}"))
    api = import_module("nncli.api") if is_public else None
    if api is None or name not in ("__all__", *api.__all__):
        raise AttributeError(f"module 'nncli' has no attribute {name!r}")
    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *import_module("nncli.api").__all__])
