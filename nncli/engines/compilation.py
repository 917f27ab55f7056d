"""Compiled functions of generated source, kept on disk between processes."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from nncli.storage.files import write_bytes


@lru_cache(maxsize=1)
def unusable() -> str | None:
    """Return that numba is not installed, or why it cannot be imported; None if it can."""
    if find_spec("numba") is None:
        return "is not installed"
    try:
        from nncli.engines import vector_math  # noqa: F401
    except Exception as error:  # numba refuses versions of numpy and Python with several kinds of errors
        return f"cannot be imported: {error}"
    return None


def compiled(source: str, name: str, arguments: Sequence[Any]) -> Callable[..., Any]:
    """Return a function of a source text, compiled for arguments by calling it once with them.

    Its machine code is kept in the user's cache folder. Where that is damaged or cannot be written, the
    function is compiled for this process alone.
    """
    if source not in _functions:
        _functions[source] = _compiled(source, name, arguments)
    return _functions[source]


_functions: dict[str, Callable[..., Any]] = {}  # loading machine code takes 20 ms


def _compiled(source: str, name: str, arguments: Sequence[Any]) -> Callable[..., Any]:
    with suppress(Exception):  # whatever is wrong with the folder or its files
        return _kept(source, name, arguments)
    function = _jit(_executed(source)[name], cache=False)
    function(*arguments)
    return function


def _kept(source: str, name: str, arguments: Sequence[Any]) -> Callable[..., Any]:
    """The function with its machine code in the cache folder; files that fail are removed."""
    path = cache_folder() / f"nncli_{_digest(source)}.py"
    try:
        function = _jit(vars(_module(path, source))[name], cache=True)
        function(*arguments)
    except Exception:
        _forget(path)
        raise
    return function


def cache_folder() -> Path:
    """The folder of the user's compiled functions."""
    if given := os.environ.get("NNCLI_CACHE_DIR"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "nncli" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nncli"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nncli"


def _digest(source: str) -> str:
    """A name for a source and for all that its machine code depends on but numba does not ask about."""
    inlined = (Path(__file__).parent / "vector_math.py").read_bytes()
    return hashlib.sha256(source.encode() + inlined + _OPTIONS.encode()).hexdigest()[:24]


def _forget(path: Path) -> None:
    with suppress(OSError):
        for file in (path, *(path.parent / "__pycache__").glob(f"{path.stem}*")):
            file.unlink(missing_ok=True)


# Sums may be added up in another order and products fused; NaN and infinities stay what they are.
_FLAGS = ["reassoc", "contract", "nsz", "arcp"]
# Without the interpreter's lock, several threads run at once. Files of other options have other names.
_OPTIONS = f"{_FLAGS} nogil"


def _jit(function: Callable[..., Any], *, cache: bool) -> Callable[..., Any]:
    from numba import njit

    return njit(cache=cache, error_model="numpy", fastmath=set(_FLAGS), nogil=True)(function)


def _executed(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "<generated>", "exec"), names)
    return names


def _module(path: Path, source: str) -> ModuleType:
    """The module of a source in a file: numba finds machine code by the file and the name of the module."""
    if not path.is_file() or path.read_bytes() != source.encode():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, source.encode())
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
