"""Scalar expressions of the recipe as Python statements."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from nncli.nn.activations import LOGISTIC

# The logistic function in fewer operations, as exact, where overflow gives infinity and raises nothing.
PLAIN_LOGISTIC = "1 / (1 + exp(-z))"
# The same where overflow raises, but only one of two choices is evaluated, as in Python.
LAZY_LOGISTIC = f"where(z >= -700, {PLAIN_LOGISTIC}, exp(z))"

FROM_MATH = ("exp", "expm1", "log1p", "sqrt", "tanh")  # functions that a step imports


def statements(target: str, expression: str, values: Mapping[str, str]) -> Iterator[str]:
    """Yield Python statements that assign an expression to a variable.

    A call that occurs more than once, such as exp(-abs(z)) in the logistic function, is computed once.

    Parameters
    ----------
    values : what stands for each name of the expression: a variable or a number.
    """
    if expression.count(LOGISTIC) > 1:  # once, for a call in one of two choices must not be moved before them
        yield from statements(f"{target}_s", LOGISTIC, values)
        expression, values = expression.replace(LOGISTIC, "s"), {**values, "s": f"{target}_s"}
    tree = named(expression.replace(LOGISTIC, LAZY_LOGISTIC), values)
    calls = Counter(ast.unparse(node) for node in ast.walk(tree) if _is_from_math(node))
    for number, text in enumerate(text for text, times in calls.items() if times > 1):
        name = f"{target}_{number}"
        yield f"{name} = {Scalar().text(ast.parse(text, mode='eval').body)}"
        tree = _Replaced(text, name).visit(tree)
    text = Scalar().text(tree)
    yield f"{target} = {text[1:-1] if isinstance(tree, ast.BinOp) else text}"  # without its parentheses


def named(expression: str, values: Mapping[str, str]) -> ast.expr:
    """Return the tree of an expression with variables and numbers, given as source text, for its names."""
    tree: ast.expr = _Named(values).visit(ast.parse(expression, mode="eval").body)
    return tree


def hoisted(expression: str, varying: Collection[str], prefix: str) -> tuple[dict[str, str], str]:
    """Take out of an expression what has one value for all of its varying names.

    Returns
    -------
    expressions by new names, which begin with the prefix, and the expression in these names.
    """
    invariants = _Invariants(varying, prefix)
    tree = invariants.visit(ast.parse(expression, mode="eval").body)
    return invariants.found, ast.unparse(tree)


class _Invariants(ast.NodeTransformer):
    """Puts names in the place of operations on names none of which varies."""

    def __init__(self, varying: Collection[str], prefix: str) -> None:
        self._varying, self._prefix = varying, prefix
        self.found: dict[str, str] = {}

    def visit(self, node: ast.AST) -> ast.AST:
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if isinstance(node, ast.BinOp) and names.isdisjoint(self._varying):
            name = f"{self._prefix}{len(self.found)}"
            self.found[name] = ast.unparse(node)
            return ast.Name(name)
        return self.generic_visit(node)


def _is_from_math(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FROM_MATH


class _Named(ast.NodeTransformer):
    """Puts variables and numbers in the place of names."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def visit_Call(self, node: ast.Call) -> ast.Call:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self._values.get(node.id, node.id), mode="eval").body


class _Replaced(ast.NodeTransformer):
    """Puts a variable in the place of a call."""

    def __init__(self, call: str, name: str) -> None:
        self._call, self._name = call, name

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if ast.unparse(node) == self._call:
            return ast.Name(self._name)
        node.args = [self.visit(argument) for argument in node.args]
        return node


class Scalar:
    """Writes an expression of the recipe as Python of floats, in which no operation raises."""

    def text(self, node: ast.expr) -> str:
        """Return the source of an expression, in parentheses where it has operators."""
        match node:
            case ast.BinOp(left, ast.Pow(), ast.Constant(int() as power)) if 2 <= power <= 3:
                return self._product([left] * power)  # a power that overflows raises, a product does not
            case ast.Call(ast.Name("square"), [argument]):
                return self._product([argument, argument])
            case ast.Call(ast.Name("where"), [condition, first, second]):
                return f"({self.text(first)} if {self.text(condition)} else {self.text(second)})"
            case ast.Call(ast.Name("maximum"), [first, second]):
                return f"max({self.text(first)}, {self.text(second)})"
            case ast.Call(ast.Name("minimum"), [first, second]):
                return f"min({self.text(first)}, {self.text(second)})"
            case ast.Call(ast.Name("sign"), [argument]):
                x = self.text(argument)
                return f"(1.0 if {x} > 0.0 else -1.0 if {x} < 0.0 else 0.0)"
            case ast.Call(ast.Name(name), arguments):
                return f"{name}({', '.join(map(self.text, arguments))})"
            case ast.BinOp(left, operator, right):
                return f"({self.text(left)} {_OPERATORS[type(operator)]} {self.text(right)})"
            case ast.Compare(left, [operator], [right]):
                return f"{self.text(left)} {_OPERATORS[type(operator)]} {self.text(right)}"
            case ast.UnaryOp(ast.USub(), operand):
                return f"-{self.text(operand)}"
            case ast.Constant(int() | float() as value):
                return repr(float(value))
            case ast.Name(name):
                return name
            case ast.Subscript():
                return ast.unparse(node)
        raise AssertionError(ast.unparse(node))

    def _product(self, factors: list[ast.expr]) -> str:
        return f"({' * '.join(map(self.text, factors))})"


_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
}
