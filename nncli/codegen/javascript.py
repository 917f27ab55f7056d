"""Scalar expressions of the recipe, and formulas of a config, as JavaScript."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence

from nncli.codegen.scalar import Scalar, named

_MATH_NAMES = {
    "maximum": "max",
    "minimum": "min",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}
_CONSTANTS = {"pi": "Math.PI", "e": "Math.E"}


def js_expression(expression: str) -> str:
    """Return an expression of the recipe in JavaScript."""
    return _Js().text(ast.parse(expression, mode="eval").body)


def js_function(parameters: Sequence[str], expression: str, options: Mapping[str, float]) -> str:
    """Return an expression of the recipe as an arrow function, with its options as numbers."""
    values = {"pi": _CONSTANTS["pi"]} | {name: repr(float(value)) for name, value in options.items()}
    body = _Js().text(named(expression, values))
    return f"({', '.join(parameters)}) => {body}"


def js_formula(tree: ast.expr, variables: Sequence[str]) -> str:
    """Return a parsed formula of a config as an arrow function of the array of its variables.

    A variable need not be a name in JavaScript, so it is read by its position.
    """
    places = {name: f"v[{position}]" for position, name in enumerate(variables)}
    constants = {name: text for name, text in _CONSTANTS.items() if name not in places}
    return f"(v) => +{_Js().text(named(ast.unparse(tree), places | constants))}"


def js_literal(value: object) -> str:
    """Return a value as JSON that a script element can hold, whatever text is in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # An end tag or a comment in a text would end or open the script; two separators end lines in old engines.
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


class _Js(Scalar):
    """Writes an expression as JavaScript."""

    def text(self, node: ast.expr) -> str:
        """Return the source of an expression, in parentheses where it has operators."""
        match node:
            case ast.Call(ast.Name("where"), [ast.Compare() as condition, first, second]):
                return f"({super().text(condition)} ? {self.text(first)} : {self.text(second)})"
            case ast.Call(ast.Name("where"), [condition, first, second]):
                return f"({self.text(condition)} !== 0 ? {self.text(first)} : {self.text(second)})"
            case ast.Call(ast.Name("exp2"), [argument]):
                return f"(2 ** {self.text(argument)})"
            case ast.Call(ast.Name("square"), _):
                return super().text(node)
            case ast.Call(ast.Name(name), arguments):
                return f"Math.{_MATH_NAMES.get(name, name)}({', '.join(map(self.text, arguments))})"
            case ast.Compare():  # as a number, which can be negated and compared
                return f"+({super().text(node)})"
            case ast.UnaryOp(ast.USub(), operand):
                return f"(-{self.text(operand)})"  # JavaScript refuses -x ** 2
            case ast.UnaryOp(ast.UAdd(), operand):
                return self.text(operand)
            case ast.Attribute():
                return ast.unparse(node)
            case ast.BinOp(left, ast.Pow(), right) if not isinstance(right, ast.Constant):
                return f"({self.text(left)} ** {self.text(right)})"
        return super().text(node)
