"""Hints for values of the wrong type: what to write instead, with an example that the schema accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nncli.config import yaml12
from nncli.config.numerals import meant_numbers
from nncli.config.schema_tree import Node, entry_names, expanded, whole_schema
from nncli.messages.wording import shown

LONGEST_REWRITE = 60  # characters of a value written out again
LONGEST_NOUN = 30  # characters of a noun that a hint repeats

# Model -> its values in an example.
EXAMPLES: Mapping[str, dict[str, Any]] = {
    "ColumnConfig": {"kind": "category"},
    "DatasetConfig": {"path": "table.csv", "targets": ["COLUMN"]},
    "EarlyStoppingConfig": {"patience": 10},
    "Function": {"inputs": {"x": [-1, 1]}, "targets": {"y": "x**2"}},
    "LayerConfig": {"units": 8, "activation": "tanh"},
    "NetworkConfig": {"hidden": [16]},
    "PreprocessingConfig": {"scale": "standard"},
    "ReadConfig": {"separator": ";", "decimal": ","},
    "RecordConfig": {"weights": "all"},
    "Seeds": {"data": 0, "training": 0},
    "SplitConfig": {"validation": 0.2, "test": 0.2},
    "SweepAxis": {"log": [0.001, 1]},
    "StopWhen": {"loss_below": 0.01},
    "TrainingConfig": {"epochs": 1000},
}
NOUNS = {"LayerConfig": "a layer"}
SCHEMA_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", list: "array"}


def expected_kinds(node: Node) -> str:
    """Name the kinds of values that a place takes: `a whole number or a mapping`."""
    kinds = {str(option.get("type")) for option in node.get("options", ())}
    words = {
        "integer": "a whole number",
        "number": "a number",
        "string": "a name",
        "object": "a mapping",
    }
    return " or ".join(word for kind, word in words.items() if kind in kinds) or "a mapping"


def remedy(key: str, what: str, found: Any, node: Node, *, optional: bool) -> str | None:
    """Say what to write where `what` is expected; `optional` if the key may be removed instead."""
    exact = _rewritten(what, found, node)
    if exact:
        return exact
    noun, value = _example_of(what, node)
    if value is None:
        return None
    remove = ", or remove the key" if found is None and optional else ""
    if len(noun) <= LONGEST_NOUN:
        return f"write {noun} such as {_flow(value)}{remove}"
    if value == node.get("default"):
        return f"set {key}: {_flow(value)}, which is the default{remove}"
    return f"write, for example, {_flow(value)}{remove}"


def _flow(value: Any) -> str:
    return yaml12.dump_flow(value).removesuffix("\n...")


def _rewritten(what: str, found: Any, node: Node) -> str | None:
    """Say how the value found is to be written, if that is clear."""
    if what == "true or false":
        return "write true or false"
    if isinstance(found, str) and "number" in what:
        return number_hint(found, whole="whole" in what)
    if what == "a list" and isinstance(found, int) and {"integer", "object"} <= _kinds_of_items(node):
        return f"write one entry for each layer, the output layer last: [{found}, 1]"
    rewrite = REWRITES.get(what)
    value = rewrite(found, node) if rewrite else None
    text = "" if value is None else _flow(value)
    return f"write {text}" if 0 < len(text) <= LONGEST_REWRITE else None


def number_hint(text: str, *, whole: bool) -> str | None:
    """Say which number a text means: `0,01` is 0.01."""
    if yaml12.is_yaml_number(text):
        return "remove the quotes"
    found = meant_numbers(text, whole=whole)
    return f"write {' or '.join(map(shown, found))}" if found else None


def _as_list(found: Any, node: Node) -> Any:
    """Put a single value, or several with commas, into a list."""
    kinds = _kinds_of_items(node)
    if isinstance(found, str):
        return [part.strip() for part in found.split(",") if part.strip()] if "string" in kinds else None
    return [found] if _is_one_of(found, kinds) else None


def _kinds_of_items(node: Node) -> set[Any]:
    return {option.get("type") for item in _items(node) for option in item["options"]}


def _is_one_of(found: Any, kinds: set[Any]) -> bool:
    kind = SCHEMA_TYPES.get(type(found))
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _as_text(found: Any, node: Node) -> Any:
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


REWRITES: dict[str, Callable[[Any, Node], Any]] = {
    "a list": _as_list,
    "text": _as_text,
}


def _example_of(what: str, node: Node) -> tuple[str, Any]:
    """Return the noun and the value of the example for a place."""
    if "a name" in what and (names := entry_names(node)):
        default = node.get("default")
        return "a name", default if default in names else names[0]
    if "whole number" in what and "mapping" in what and isinstance(node.get("default"), int):
        return "a whole number", _number(node)
    if what == "text":
        return what, None
    titles = [option.get("title") for option in node.get("options", ())]
    noun = next(
        (NOUNS[title] for title in titles if title in NOUNS),
        "a mapping" if what.endswith("a mapping") else what,
    )
    return noun, example(node)


def example(node: Node) -> Any:
    """Return a value that a part of the schema accepts, or None if there is no telling one."""
    if given := node.get("examples"):
        return given[0]
    default = node.get("default")
    if default not in (None, {}, []):
        return default
    for option in _expanded(node)["options"]:
        make = MAKERS.get(str(option.get("type")))
        value = make(option) if make else option.get("const")
        if value is not None:
            return value
    return None


def _mapping(node: Node) -> Any:
    if node.get("title") in EXAMPLES:
        return EXAMPLES[node["title"]]
    below = node.get("additionalProperties")
    return {"COLUMN": example(below)} if isinstance(below, dict) else None


def _list(node: Node) -> Any:
    if "prefixItems" in node:
        return [-1, 1]
    return [example(item) for item in _items(node)] or None


def _number(node: Node) -> Any:
    if isinstance(default := node.get("default"), int | float):
        return default
    return max(1, int(node.get("minimum", 1)))


MAKERS: dict[str, Callable[[Node], Any]] = {
    "object": _mapping,
    "array": _list,
    "integer": _number,
    "number": lambda node: 0.5,
    "string": lambda node: node.get("const") or node.get("enum", ["COLUMN"])[0],
    "boolean": lambda node: True,
}


def _items(node: Node) -> list[Node]:
    options = node.get("options") or [node]
    return [_expanded(option["items"]) for option in options if isinstance(option.get("items"), dict)]


def _expanded(node: Node) -> Node:
    return node if "options" in node else expanded(node, whole_schema())
