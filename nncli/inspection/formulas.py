"""Scalar expressions of the recipe as people write them, in names or with numbers in their place."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nncli.codegen.scalar import PLAIN_LOGISTIC
from nncli.nn.activations import GELU_CLIP, LOGISTIC

MOST_TERMS = 5  # of a sum of more than
LONG_SUM = 8  # terms
NEAR_ONE = 0.01  # where six digits of a leave fewer than five of 1 - a


def digits(value: float) -> str:
    """A number to six significant digits; just below 1 to as many as give 1 minus the number six digits."""
    distance = 1.0 - abs(value)
    if 0.0 < distance < NEAR_ONE:
        return f"{value:.{min(5 - math.floor(math.log10(distance)), 16)}f}".rstrip("0")
    return f"{value + 0.0:.6g}"  # -0.0 + 0.0 is 0.0


def readable(expression: str) -> str:
    """Return an expression as text: x^2 for square(x), and `(u if z > 0 else v)` for where(z > 0, u, v)."""
    return _written(_parsed(expression), str)


def template(expression: str) -> str:
    """Return an expression as text with a mark for each name, which a number can replace.

    The mark of x is («x») where a negative number needs parentheses, and «x» where it does not.
    """
    return _written(_parsed(expression), _mark)


def substituted(expression: str, values: Mapping[str, float]) -> str:
    """Return an expression as text with numbers in the place of names."""
    return _led(_written(_parsed(expression), lambda name: _factor(values[name]) if name in values else name))


def sum_of_products(factors: Sequence[tuple[float, float]], last: float | None = None) -> str:
    """Return `a * b + c * d + last`; of a long sum the largest products, and what the others add up to."""
    products = [f"{_factor(a)} * {_factor(b)}" for a, b in factors]
    if len(products) > LONG_SUM:
        order = sorted(range(len(factors)), key=lambda index: -abs(factors[index][0] * factors[index][1]))
        rest = sum(factors[index][0] * factors[index][1] for index in order[MOST_TERMS:])
        products = [products[index] for index in sorted(order[:MOST_TERMS])]
        products.append(f"{_factor(rest)} (sum of {len(order) - MOST_TERMS} smaller terms)")
    return _led(" + ".join([*products, *([] if last is None else [_factor(last)])]))


def evaluated(expression: str, values: Mapping[str, float]) -> float:
    """Return the value of an expression of numbers."""
    return float(eval(expression, {**_FUNCTIONS, **values}))


_FUNCTIONS = {name: getattr(np, name) for name in ("exp", "expm1", "log1p", "sqrt", "tanh", "where")}
_FUNCTIONS |= {name: getattr(np, name) for name in ("maximum", "minimum", "sign", "square")}


def _led(text: str) -> str:
    """A text without the parentheses around a leading negative number, except in a power."""
    return re.sub(r"^\((-[^()]+)\)(?!\^)", r"\1", text)


def _factor(value: float) -> str:
    return f"({digits(value)})" if value < 0 else digits(value)


def _parsed(expression: str) -> ast.expr:
    plain = expression.replace(LOGISTIC, PLAIN_LOGISTIC).replace(GELU_CLIP, "z")
    return ast.parse(plain, mode="eval").body


def _mark(name: str) -> str:
    return f"(«{name}»)"


def _written(tree: ast.expr, name_as: Callable[[str], str]) -> str:
    shown = _Readable(name_as).visit(tree)
    text = ast.unparse(shown).replace(" ** ", "^")
    return f"({text})" if isinstance(shown, ast.IfExp) else text  # beside an equals sign


class _Readable(ast.NodeTransformer):
    """Puts powers and conditions in the place of calls, and texts in the place of names."""

    def __init__(self, name_as: Callable[[str], str]) -> None:
        self._name_as = name_as

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self._name_as(node.id))  # a number with the parentheses that people write

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        arguments = [self.visit(argument) for argument in node.args]
        if name == "square":
            return ast.BinOp(arguments[0], ast.Pow(), ast.Constant(2))
        if name == "where":
            condition, chosen, other = arguments
            return ast.IfExp(condition, chosen, other)
        return ast.Call(node.func, [_bare(argument) for argument in arguments], [])


def _bare(argument: ast.expr) -> ast.expr:
    """A negative number without parentheses, for those of a call are enough."""
    if isinstance(argument, ast.Name) and argument.id.startswith("("):
        return ast.Name(argument.id[1:-1])
    return argument
