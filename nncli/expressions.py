"""Arithmetic expressions such as `q1 + q2**2 - 1`, parsed and evaluated on arrays, never executed.

Python's own grammar reads the text; of its tree only numbers, names, + - * / **, comparisons and
the functions listed in `FUNCTIONS` are let through, so nothing in a config can run code.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nncli.messages.suggestions import suggestion
from nncli.messages.wording import counted, listed, shown

LONGEST_FORMULA = 1000  # characters
DEEPEST_FORMULA = 200  # levels of the tree, which recursion follows

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "square": np.square,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "arctan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "hypot": np.hypot,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "where": np.where,
}
CONSTANTS = {"pi": np.pi, "e": np.e}


def _as_number(compare: Callable[..., Any]) -> Callable[..., Any]:
    """1.0 where it holds, else 0.0: numpy cannot negate or subtract truth values."""
    return lambda left, right: compare(left, right).astype(np.float64)


OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.UAdd: np.positive,
    ast.USub: np.negative,
    ast.Lt: _as_number(np.less),
    ast.LtE: _as_number(np.less_equal),
    ast.Gt: _as_number(np.greater),
    ast.GtE: _as_number(np.greater_equal),
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
            return _evaluate(self.tree, {_normal(name): value for name, value in variables.items()})


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
    if len(text) > LONGEST_FORMULA:
        raise ExpressionError(
            f"the formula has {len(text):,} characters; the limit is {LONGEST_FORMULA:,}", 0
        )
    # Line ends are spaces in arithmetic, and Python would count its columns from them.
    flat = re.sub(r"\s", " ", text)
    body = flat.strip()
    try:
        tree = _tree(body)
        _check(tree, frozenset(map(_normal, variables)), depth=0)
    except ExpressionError as error:
        indent = len(flat) - len(flat.lstrip())
        before = body.encode(errors="surrogatepass")[: error.column]
        error.column = indent + len(before.decode(errors="ignore"))
        raise
    return Expression(text, tree)


def _tree(text: str) -> ast.expr:
    """Python's tree of an expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice, such as on `1(2)`, which is refused below
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        position = (error.offset or len(text)) - 1  # 0 is Python's way to say: at the end
        column = len(text[: max(position, 0)].encode())
        raise ExpressionError(f"cannot read '{shown(text)}' as a formula", column, _slip(text)) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"cannot read '{shown(text)}' as a formula", 0) from None


def _slip(text: str) -> str:
    if "=" in text.replace("<=", "").replace(">=", ""):
        return "write the right side alone, without ="
    return "write a formula such as q1 + q2**2 - 1"


def _check(node: ast.expr, variables: frozenset[str], depth: int) -> None:
    """Raise ExpressionError at the first part that is not arithmetic in `variables`."""
    if depth > DEEPEST_FORMULA:
        raise _at(
            node,
            f"nested more than {DEEPEST_FORMULA} levels deep",
            "simplify the formula: remove nested operators and calls",
        )
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            _check_size(node, value)
        case ast.Name(id=name):
            if name not in variables and name not in CONSTANTS:
                raise _unknown("variable", name, node, [*sorted(variables), *CONSTANTS])
        case ast.BinOp(op=ast.BitXor()):
            raise _at(node, "'^' is not a power here", "write ** for a power: q**2")
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            _check_call(node, name, len(arguments))
        case ast.UnaryOp(op=op) | ast.BinOp(op=op) | ast.Compare(ops=[op]) if type(op) in OPERATORS:
            pass
        case ast.Compare(ops=[_, _, *_]):
            raise _at(node, "chained comparisons are not supported", "write a product: (0 < q) * (q < 1)")
        case _:
            raise _at(
                node,
                "only numbers, variables, + - * / **, comparisons and functions are allowed in a formula",
                f"functions: {listed(FUNCTIONS)}",
            )
    for part in _parts(node):
        _check(part, variables, depth + 1)


def _parts(node: ast.expr) -> list[ast.expr]:
    """The operands of an operation or a function."""
    match node:
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            return [left, right]
        case ast.Call(args=arguments):
            return arguments
    return []


def _check_size(node: ast.expr, value: float) -> None:
    try:
        float(value)
    except OverflowError:
        raise _at(node, "a number is beyond the largest float, about 1.8e308", None) from None


def _check_call(node: ast.expr, name: str, arguments: int) -> None:
    if name not in FUNCTIONS:
        raise _unknown("function", name, node, list(FUNCTIONS))
    wanted = 3 if name == "where" else getattr(FUNCTIONS[name], "nin", 1)
    if arguments != wanted:
        raise _at(node, f"{name} takes {counted(wanted, 'argument')}, found {arguments}", None)


def _at(node: ast.expr, message: str, hint: str | None) -> ExpressionError:
    """A mistake at a node; its column is in UTF-8 bytes until `parse` counts characters."""
    return ExpressionError(message, node.col_offset, hint)


def _unknown(kind: str, name: str, node: ast.expr, known: list[str]) -> ExpressionError:
    return _at(node, f"unknown {kind} '{shown(name)}'", suggestion(name, known, "known"))


def _normal(name: str) -> str:
    """A name as Python's parser writes it."""
    return unicodedata.normalize("NFKC", name)


def _evaluate(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type]  # floats overflow to inf; 9**9**9 as int never ends
        case ast.Name(id=name):
            return variables[name] if name in variables else CONSTANTS[name]
        case ast.Call(func=ast.Name(id=name)):
            function = FUNCTIONS[name]
        case ast.UnaryOp(op=op) | ast.BinOp(op=op) | ast.Compare(ops=[op]):
            function = OPERATORS[type(op)]
    return function(*[_evaluate(part, variables) for part in _parts(node)])
