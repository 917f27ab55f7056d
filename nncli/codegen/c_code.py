"""Scalar expressions of the recipe as C."""

from __future__ import annotations

import ast

from nncli.codegen.scalar import Scalar

_C_NAMES = {"maximum": "fmax", "minimum": "fmin", "abs": "fabs"}


def c_expression(expression: str) -> str:
    """Return an expression of doubles in C, which needs math.h."""
    return _C().text(ast.parse(expression, mode="eval").body)


class _C(Scalar):
    """Writes an expression of the recipe as C."""

    def text(self, node: ast.expr) -> str:
        """Return the source of an expression, in parentheses where it has operators."""
        match node:
            case ast.Call(ast.Name("where"), [condition, first, second]):
                return f"({self.text(condition)} ? {self.text(first)} : {self.text(second)})"
            case ast.Call(ast.Name("sign"), [argument]):
                x = self.text(argument)
                return f"(({x} > 0.0) - ({x} < 0.0))"
            case ast.Call(ast.Name(name), arguments) if name in _C_NAMES:
                return f"{_C_NAMES[name]}({', '.join(map(self.text, arguments))})"
        return super().text(node)


def c_string(text: str) -> str:
    """Return a text as a string literal of its UTF-8 bytes."""
    return '"' + "".join(_escaped(byte) for byte in text.encode()) + '"'


def _escaped(byte: int) -> str:
    # A question mark too: two of them and another character are a trigraph in old C.
    plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
    return chr(byte) if plain else f"\\{byte:03o}"
