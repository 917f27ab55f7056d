"""Program that runs a student's functions in a process of its own: JSON in, JSON out.

It is run as a file and imports nothing of nncli, so that a student's modules cannot disturb it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import json
import os
import sys
import traceback
from typing import Any

import numpy as np


def main() -> None:
    """Read a request from stdin, call the functions, and write what they returned to stdout."""
    request = json.load(sys.stdin)
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        response = respond(request)
    json.dump(response, stream)
    stream.close()


def respond(request: dict[str, Any]) -> dict[str, Any]:
    """Load the file and make the calls of a request."""
    path = request["path"]
    try:
        module = load(path)
    except BaseException as error:
        return {"error": described(error, path)}
    functions = {name: each for name, each in vars(module).items() if inspect.isfunction(each)}
    return {
        "functions": {name: parameter_count(each) for name, each in functions.items()},
        "results": [result(functions, call, path) for call in request["calls"]],
    }


def load(path: str) -> Any:
    """Import a file as a module; it finds the modules beside it."""
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    spec = importlib.util.spec_from_file_location("student", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["student"] = module
    spec.loader.exec_module(module)
    return module


def parameter_count(function: Any) -> int:
    """Count the arguments that a function takes by position; 9 for *args."""
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind == each.VAR_POSITIONAL for each in parameters):
        return 9
    return sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters)


def result(functions: dict[str, Any], call: dict[str, Any], path: str) -> dict[str, Any]:
    """Make one call; return its value or its error."""
    try:
        with np.errstate(all="ignore"):
            value = functions[call["function"]](*map(argument, call["arguments"]))
        return {"value": as_lists(value)}
    except BaseException as error:
        return {"error": described(error, path)}


def argument(given: dict[str, Any]) -> Any:
    """Build an argument of the kind that its key names."""
    ((kind, value),) = given.items()
    if kind == "array":
        return np.array(value, dtype=np.float64)
    return [argument(each) for each in value] if kind == "list" else value


def as_lists(value: Any) -> Any:
    """Turn arrays, tuples and numbers into lists and floats; None stays None."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return [as_lists(each) for each in value]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.astype(np.float64).tolist()
    if isinstance(value, np.ndarray):
        return [as_lists(each) for each in value]
    return float(value)


def described(error: BaseException, path: str) -> dict[str, Any]:
    """Describe an error with the last line of the student's file that led to it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    line = frames[-1].lineno if frames else getattr(error, "lineno", None)
    message = getattr(error, "msg", None) or str(error)
    return {"type": type(error).__name__, "message": message, "line": line}


if __name__ == "__main__":
    main()
