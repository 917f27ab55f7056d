"""Arithmetic expressions such as `q1 + q2**2 - 1`, parsed and evaluated on arrays, never executed.

Python's own grammar reads the text; of its tree only numbers, names, + - * / **, comparisons and
the functions listed in `FUNCTIONS` are let through, so nothing in a config can run code.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nncli.nearest import nearest

LONGEST = 1000  # characters; bounds the depth of the tree as well

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in (
        "abs sqrt cbrt square exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan arctan2 "
        "sinh cosh tanh arcsinh arccosh arctanh hypot sign floor ceil minimum maximum where"
    ).split()
}
CONSTANTS = {"pi": np.pi, "e": np.e}
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.UAdd: np.positive,
    ast.USub: np.negative,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


class ExpressionError(ValueError):
    """An expression that cannot be used; `column` counts from 0 within its text."""

    def __init__(self, message: str, column: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.column, self.hint = message, column, hint


@dataclass(frozen=True)
class Expression:
    """A parsed expression; call it with a value for every variable."""

    text: str
    tree: ast.expr

    def __call__(self, variables: Mapping[str, Any]) -> Any:
        """The value, with arrays broadcast as numpy does; what is undefined becomes NaN or infinite."""
        with np.errstate(all="ignore"):
            return _evaluate(self.tree, variables)


def parse(text: str, variables: Collection[str]) -> Expression:
    """Read `text` as an expression in `variables`.

    Raises
    ------
    ExpressionError
        If it is not one: the message says what was found, `column` where.

    Examples
    --------
    >>> float(parse("q1 + q2**2 - 1", ["q1", "q2"])({"q1": 2.0, "q2": 3.0}))
    10.0
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"a formula of {len(text)} characters; the limit is {LONGEST}", 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # such as `1(2)`, refused below
            tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"cannot read {text!r} as a formula", max((error.offset or 1) - 1, 0)) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("cannot read the text as a formula", 0) from None
    indent = len(text) - len(text.lstrip())
    try:
        _check(tree, frozenset(variables))
    except ExpressionError as error:
        error.column += indent
        raise
    return Expression(text, tree)


def _check(node: ast.expr, variables: frozenset[str]) -> None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return
        case ast.Name(id=name):
            if name not in variables and name not in CONSTANTS:
                raise _unknown("variable", name, node, sorted(variables) + list(CONSTANTS))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            _check(operand, variables)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            _check(left, variables)
            _check(right, variables)
        case ast.BinOp(op=ast.BitXor()):
            raise ExpressionError("'^' is not a power here", node.col_offset, "write ** for a power: q**2")
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            _check(left, variables)
            _check(right, variables)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                raise _unknown("function", name, node, list(FUNCTIONS))
            wanted = 3 if name == "where" else getattr(FUNCTIONS[name], "nin", 1)
            if len(arguments) != wanted:
                raise ExpressionError(
                    f"{name} takes {wanted} argument{'s' * (wanted > 1)}, found {len(arguments)}",
                    node.col_offset,
                )
            for argument in arguments:
                _check(argument, variables)
        case _:
            raise ExpressionError(
                "only numbers, variables, + - * / **, comparisons and functions are allowed in a formula",
                node.col_offset,
                f"functions: {', '.join(FUNCTIONS)}",
            )


def _unknown(kind: str, name: str, node: ast.expr, known: list[str]) -> ExpressionError:
    near = nearest(name, known)
    listing = f"known: {', '.join(known)}"
    return ExpressionError(
        f"unknown {kind} '{name}'", node.col_offset, f"did you mean {near}? {listing}" if near else listing
    )


def _evaluate(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type]  # floats overflow to inf; 9**9**9 as int never ends
        case ast.Name(id=name):
            return variables[name] if name in variables else CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATORS[type(op)](_evaluate(operand, variables))
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_evaluate(left, variables), _evaluate(right, variables))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return OPERATORS[type(op)](_evaluate(left, variables), _evaluate(right, variables))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name](*(_evaluate(argument, variables) for argument in arguments))
    raise AssertionError(f"{ast.dump(node)} was checked at parsing")
