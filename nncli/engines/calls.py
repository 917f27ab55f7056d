"""Scalar expressions of the recipe as numpy calls that write into arrays made once.

A call of numpy on a tiny array costs 0.3 us if its output is given and all its operands are arrays of one
shape or without dimensions, and up to three times that if it makes its output or converts a Python number.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from nncli.codegen.scalar import PLAIN_LOGISTIC
from nncli.nn.activations import LOGISTIC
from nncli.nn.arrays import Array

Call = tuple[Callable[..., Any], tuple[Any, ...]]
Operand = Array | str  # a string is a scalar: the Python source of its value


def run(calls: Iterable[Call]) -> None:
    """Make the calls one after the other."""
    for function, arguments in calls:
        function(*arguments)


class Calls:
    """Writes calls for arrays of one dtype; temporary arrays are used again as soon as they are free.

    They are made in the order in which they were added.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._calls: list[Call] = []
        self._dtype = dtype
        self._free: list[Array] = []
        self._temporary: dict[int, Array] = {}  # by id, free or not
        self._constants: dict[str, Array] = {}
        self._scalars: dict[str, Array] = {}

    def add(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Add a call as it is."""
        self._calls.append((function, arguments))

    def assign(self, target: Array, expression: str, values: Mapping[str, Operand]) -> None:
        """Add the calls that assign an expression to an array, which may be one of its values.

        Parameters
        ----------
        values : what each name of the expression stands for: an array of the target's shape, or a scalar, as
            source text in constants, `rate` and `update`.
        """
        result = self._emit(_parsed(expression.replace(LOGISTIC, PLAIN_LOGISTIC)), values, target)
        if result is not target:
            self.add(np.copyto, target, self._array(result))
            self._release(result)

    def multiply(self, target: Array, expression: str, values: Mapping[str, Operand]) -> None:
        """Add the calls that multiply an array by an expression."""
        factor = self._emit(_parsed(expression.replace(LOGISTIC, PLAIN_LOGISTIC)), values, None)
        self._call(np.multiply, [target, factor], target)

    def taken(self) -> list[Call]:
        """Return the calls so far, and begin anew."""
        calls, self._calls = self._calls, []
        return calls

    def scalar(self, expression: str, values: Mapping[str, Operand]) -> str | None:
        """Return an expression of scalars alone as source; None if it holds an array."""
        tree = _parsed(expression)
        if any(not isinstance(values.get(name, ""), str) for name in _names(tree)):
            return None
        text = self._emit(tree, values, None)
        assert isinstance(text, str)
        return text

    def scalars(self) -> Callable[[float, int], None]:
        """Return the function that sets the scalars which change: (rate, update) -> None."""
        targets = list(self._scalars.values())
        source = f"lambda rate, update: ({''.join(f'{text}, ' for text in self._scalars)})"
        values = eval(source, vars(math).copy())

        def set_scalars(rate: float, update: int) -> None:
            for target, value in zip(targets, values(rate, update), strict=True):
                target[()] = value

        return set_scalars

    def _emit(self, node: ast.expr, values: Mapping[str, Operand], target: Array | None) -> Operand:
        """Add the calls of an expression, and return where its value is: one of the values, or an array."""
        match node:
            case ast.Constant(int() | float() as number):
                return repr(float(number))
            case ast.Name(name):
                return values[name]
            case ast.UnaryOp(ast.USub(), operand):
                value = self._emit(operand, values, None)
                return f"(-{value})" if isinstance(value, str) else self._call(np.negative, [value], target)
            case ast.BinOp(base, ast.Pow(), ast.Constant(int() as power)) if power in (2, 3):
                return self._power(self._emit(base, values, None), power, target)
            case ast.BinOp(left, operator, right):
                operands = self._emit(left, values, None), self._emit(right, values, None)
                return self._operation(type(operator), *operands, target)
            case ast.Call(ast.Name("where"), [ast.Compare() as condition, chosen, other]):
                return self._where(condition, chosen, other, values, target)
            case ast.Call(ast.Name(name), arguments):
                return self._call(
                    _FUNCTIONS[name], [self._emit(argument, values, None) for argument in arguments], target
                )
        raise AssertionError(ast.unparse(node))

    def _operation(
        self, operator: type[ast.operator], left: Operand, right: Operand, target: Array | None
    ) -> Operand:
        function, sign = _OPERATORS[operator]
        if isinstance(right, str):
            if isinstance(left, str):
                return f"({left} {sign} {right})"
            if operator is ast.Div:  # a product takes a quarter of the time of a quotient
                function, right = np.multiply, f"(1.0 / {right})"
        return self._call(function, [left, right], target)

    def _power(self, value: Operand, power: int, target: Array | None) -> Operand:
        if isinstance(value, str):
            return f"({value} ** {power})"
        if power == 2:
            return self._call(np.square, [value], target)
        square = self._temporary_like(value)
        self.add(np.square, value, square)
        return self._call(np.multiply, [square, value], target)

    def _where(
        self,
        condition: ast.Compare,
        chosen: ast.expr,
        other: ast.expr,
        values: Mapping[str, Operand],
        target: Array | None,
    ) -> Operand:
        if ast.unparse(condition) == f"{ast.unparse(chosen)} > 0" and ast.unparse(other) == "0":
            return self._call(_maximum, [self._emit(chosen, values, None), "0.0"], target)
        left, right = (self._emit(node, values, None) for node in (condition.left, condition.comparators[0]))
        shape = next(operand.shape for operand in (left, right) if not isinstance(operand, str))
        mask = np.empty(shape, np.bool_)
        self.add(_COMPARISONS[type(condition.ops[0])], self._array(left), self._array(right), mask)
        self._release(left, right)
        choices = [self._emit(node, values, None) for node in (chosen, other)]
        out = self._temporary_like(mask) if target is None else target
        if ast.unparse(chosen) == "1" and ast.unparse(other) == "0":
            self.add(np.copyto, out, mask)
        else:
            self.add(_choose, mask, *map(self._array, choices), out)
        self._release(*choices)
        return out

    def _call(self, function: Callable[..., Any], operands: list[Operand], target: Array | None) -> Operand:
        """Add a call; its output is the target, else an operand that is free, else a new temporary."""
        free = [operand for operand in operands if id(operand) in self._temporary]
        like = next(operand for operand in operands if not isinstance(operand, str))
        out = target if target is not None else free[0] if free else self._temporary_like(like)
        self.add(function, *map(self._array, operands), out)
        self._release(*(operand for operand in free if operand is not out))
        return out

    def _array(self, operand: Operand) -> Array:
        """The operand as an array; of a scalar one without dimensions, set now or in each update."""
        if not isinstance(operand, str):
            return operand
        if _names(_parsed(operand)) & {"rate", "update"}:
            return self._scalars.setdefault(operand, np.zeros((), self._dtype))
        return self._constants.setdefault(operand, np.array(eval(operand, vars(math).copy()), self._dtype))

    def _temporary_like(self, array: Array) -> Array:
        for position, free in enumerate(self._free):
            if free.shape == array.shape:
                return self._free.pop(position)
        made = np.empty(array.shape, self._dtype)
        self._temporary[id(made)] = made
        return made

    def _release(self, *operands: Operand) -> None:
        for operand in operands:
            if not isinstance(operand, str) and id(operand) in self._temporary:
                self._free.append(operand)


@lru_cache(maxsize=256)
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _maximum(first: Array, second: Array, out: Array) -> None:
    np.maximum(first, second, out=out)


def _minimum(first: Array, second: Array, out: Array) -> None:
    np.minimum(first, second, out=out)


def _choose(mask: Array, first: Array, second: Array, out: Array) -> None:
    out[...] = np.where(mask, first, second)  # a third of the time of a copy where the mask is true


_OPERATORS: dict[type[ast.operator], tuple[Callable[..., Any], str]] = {
    ast.Add: (np.add, "+"),
    ast.Sub: (np.subtract, "-"),
    ast.Mult: (np.multiply, "*"),
    ast.Div: (np.divide, "/"),
    ast.Pow: (np.power, "**"),
}
_COMPARISONS: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.absolute,
    "exp": np.exp,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "maximum": _maximum,
    "minimum": _minimum,
    "sign": np.sign,
    "sqrt": np.sqrt,
    "square": np.square,
    "tanh": np.tanh,
}
