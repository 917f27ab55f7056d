"""Python source that encodes a row, computes activations and names predictions; shared by several targets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from nncli.codegen.scalar import FROM_MATH, statements
from nncli.data.columns import Columns
from nncli.data.encoding import Boolean, Category, Date, Encoding, Number
from nncli.messages.errors import NncliError
from nncli.messages.wording import listed, shown
from nncli.nn.activations import Activation
from nncli.nn.network import Network
from nncli.tables.column import NO_VALUE
from nncli.training.model import Model
from nncli.version import VERSION

WIDTH = 100  # of a line of numbers or words

NUMBER = '''
def number(row, name):
    """Return a finite number of a row."""
    value = float(row[name])
    if not isfinite(value):
        raise ValueError(f"{name}: {row[name]!r} is not a finite number")
    return value
'''

FILLED_NUMBER = '''
def number_or(fill, row, name):
    """Return a finite number of a row, or the fill value if it is missing."""
    cell = row[name]
    text = "" if cell is None else str(cell).strip()
    value = fill if text.lower() in MISSING else float(text)
    if not isfinite(value):
        raise ValueError(f"{name}: {cell!r} is not a finite number")
    return value
'''

BOOLEAN = '''
def boolean(row, name, fill=None):
    """Return 1.0 for true and 0.0 for false, or the value that fills a missing one."""
    text = "" if row[name] is None else str(row[name]).strip().lower()
    if text in ("true", "yes", "1"):
        return 1.0
    if text in ("false", "no", "0"):
        return 0.0
    if fill is None or text not in MISSING:
        raise ValueError(f"{name}: {row[name]!r} is neither true nor false")
    return fill
'''

CATEGORY = '''
def category(row, name, categories, fill=None, ignore_unseen=False):
    """Return 1.0 for the category of a row and 0.0 for the others."""
    cell = row[name]
    text = "" if cell is None else str(cell).strip()
    if text.lower() in EMPTY or text == "nan" and isinstance(cell, float):
        text = fill
    elif isinstance(categories[0], float):
        text = float(text)
    if text is None or text not in categories and not ignore_unseen:
        raise ValueError(f"{name}: unknown category {cell!r}")
    return [float(text == each) for each in categories]
'''

SOFTMAX = '''
def softmax(z):
    """Return probabilities that sum to 1."""
    e = [exp(each - max(z)) for each in z]
    return [each / sum(e) for each in e]
'''


def module_source(
    model: Model, usage: Sequence[str], note: str, packages: Sequence[str], body: Iterable[str]
) -> bytes:
    """Return a module: its docstring, its imports and its body.

    Parameters
    ----------
    usage : lines that show how it is used.
    note : what else there is to know about it.
    packages : lines that import packages; the standard library is imported as needed.
    """
    text = "\n".join(body)
    inputs = listed([each.name for each in model.columns.preprocessing.columns])
    summary = _escaped(f"Predict {listed(model.columns.targets)} from {inputs}.")
    doc = [
        f'"""{summary}',
        "",
        *(f"    {line}" for line in usage),
        "",
        f"{note}Exported by nncli {VERSION}.",
        '"""',
    ]
    return "\n".join([*doc, "", *_standard_imports(text), *packages, "", text]).encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _standard_imports(source: str) -> Iterator[str]:
    """Yield the lines that import what a source uses of the standard library."""
    yield "import csv"
    yield "import sys"
    if used := [each for each in (*FROM_MATH, "isfinite") if re.search(rf"\b{each}\(", source)]:
        yield f"from math import {', '.join(sorted(used))}"
    if "Path(" in source:
        yield "from pathlib import Path"


def require_portable(columns: Columns, target: str) -> None:
    """Raise NncliError if an input is a date, which only nncli itself encodes."""
    for encoding in columns.preprocessing.columns:
        if isinstance(encoding, Date):
            problem = f"'{shown(encoding.name)}' holds dates, which {target} cannot encode"
            hint = "train with numbers instead, such as the year and the month, or export with --to json"
            raise NncliError(problem, hint=hint)


def encode_source(columns: Columns) -> str:
    """Return the functions that encode a row, a mapping of column names to cells."""
    encodings = columns.preprocessing.columns
    functions = {source: None for encoding in encodings for source in (_reader(encoding),)}
    lines = [f"        {_encoded(encoding)}," for encoding in encodings]
    head = ["\ndef encode(row):", '    """Return the inputs of the network for a row."""']
    return "\n".join([*_spellings(encodings), *functions, *head, "    return [", *lines, "    ]\n"])


def _reader(encoding: Encoding) -> str:
    """Return the function that reads a column."""
    if isinstance(encoding, Number):
        return NUMBER if encoding.fill is None else FILLED_NUMBER
    return CATEGORY if isinstance(encoding, Category) else BOOLEAN


def _spellings(encodings: Sequence[Encoding]) -> Iterator[str]:
    readers = {_reader(encoding) for encoding in encodings}
    if readers & {FILLED_NUMBER, BOOLEAN}:
        spellings = words(sorted(NO_VALUE["number"]))
        yield f"\n# Spellings of a missing value, in any case.\nMISSING = {spellings}\n"
    if CATEGORY in readers:
        spellings = words(sorted(NO_VALUE["category"]))
        yield f"\n# Spellings of a missing category, in any case.\nEMPTY = {spellings}\n"


def _encoded(encoding: Encoding) -> str:
    """Return the expression that encodes one column."""
    fill = "" if encoding.fill is None else f", fill={encoding.fill!r}"
    if isinstance(encoding, Category):
        categories: list[float] | list[str] = list(encoding.categories)
        if encoding.numeric:
            categories = [float(each) for each in encoding.categories]
            fill = "" if encoding.fill is None else f", fill={float(encoding.fill)!r}"
        ignored = ", ignore_unseen=True" if encoding.unseen == "ignore" else ""
        return f"*category(row, {encoding.name!r}, {categories!r}{fill}{ignored})"
    if isinstance(encoding, Boolean):
        return f"boolean(row, {encoding.name!r}{fill})"
    assert isinstance(encoding, Number)
    call = "number(" if encoding.fill is None else f"number_or({encoding.fill!r}, "
    value, scaling = f"{call}row, {encoding.name!r})", encoding.scaling
    return value if scaling.leaves else f"({value} - {scaling.zero!r}) / {scaling.unit!r}"


def activation_source(network: Network) -> str:
    """Return a function for each activation of a network but the identity; softmax takes a whole layer."""
    used = {layer_function(layer.activation): layer.activation for layer in network.layers}
    return "\n".join(_activation(name, each) for name, each in used.items() if name != "identity")


def layer_function(activation: Activation) -> str:
    """Return the name of an activation's function, with its options if it has any."""
    options = "".join(f"_{value:g}" for value in activation.options.values())
    return activation.name + "".join(each if each.isalnum() else "_" for each in options)


def _activation(name: str, activation: Activation) -> str:
    if activation.name == "softmax":
        return SOFTMAX
    if activation.name == "tanh":  # of the module math
        return ""
    assert activation.expression is not None
    *before, last = statements("a", activation.expression, {"z": "z"})
    lines = [*before, f"return {_bare(last.removeprefix('a = '))}"]
    return "\n".join(["", f"def {name}(z):", *(f"    {line}" for line in lines), ""])


def _bare(text: str) -> str:
    """Return an expression without parentheses around the whole of it."""
    return ast.unparse(ast.parse(text, mode="eval"))


def unscaled(columns: Columns) -> list[str]:
    """Return the expression of each output in the units of its target, in terms of the outputs `a`."""
    scalings = columns.preprocessing.targets
    plain = [f"a[{index}]" for index in range(columns.outputs)]
    return [
        each if scaling.leaves else f"{each} * {scaling.unit!r} + {scaling.zero!r}"
        for each, scaling in zip(plain, scalings or [], strict=False)
    ] or plain


def prediction_source(columns: Columns) -> str:
    """Return the function `named`, which names the outputs `a` of a row as `nncli predict --proba` does."""
    body = "\n".join(f"    {line}" for line in _named(columns))
    doc = '    """Return predictions by name, of the outputs of a row."""'
    return f"\ndef named(a):\n{doc}\n{body}\n"


def _named(columns: Columns) -> Iterator[str]:
    if columns.task == "multilabel":
        yield "found = {}"
        yield f"for label, p in zip({list(columns.targets)!r}, a):"
        yield '    found["pred_" + label], found["proba_" + label] = int(p >= 0.5), p'
        yield "return found"
    elif not columns.labelled:
        names = [f"pred_{name}" for name in columns.targets]
        yield f"return dict(zip({names!r}, a))"
    elif columns.task == "binary":
        first, second = columns.classes
        yield f"chosen = {second!r} if a[0] >= {columns.threshold!r} else {first!r}"
        probabilities = f"{'proba_' + first!r}: 1.0 - a[0], {'proba_' + second!r}: a[0]"
        yield f"return {{{'pred_' + columns.targets[0]!r}: chosen, {probabilities}}}"
    else:
        yield f"classes = {list(columns.classes)!r}"
        yield f"found = {{{'pred_' + columns.targets[0]!r}: classes[a.index(max(a))]}}"
        yield 'return {**found, **{"proba_" + name: p for name, p in zip(classes, a)}}'


def words(texts: list[str]) -> str:
    """Return a set of texts as source, over several lines if it is long."""
    lines, line = [], ""
    for text in texts:
        if line and len(line) + len(repr(text)) + 2 > WIDTH - 4:
            lines.append(line)
            line = ""
        line += f"{text!r}, "
    return "{\n" + "".join(f"    {each.rstrip()}\n" for each in [*lines, line]) + "}"
