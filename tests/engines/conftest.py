"""The loops of the compiled engine without compiling them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nncli.engines import differences, numba_engine, optimizer_step


def as_python(source: str, name: str, arguments: Any) -> Callable[..., Any]:
    """The function of a source as Python executes it: compiling it takes 1.5 s."""
    names: dict[str, Any] = {}
    exec(source, names)
    return names[name]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def sources_as_python() -> Iterator[None]:
    """Have Python execute the loops of the compiled engine; test_numba_engine.py compiles some."""
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        for module in (numba_engine, optimizer_step, differences):
            patch.setattr(module, "compiled", as_python)
        yield
