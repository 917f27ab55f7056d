"""Walks through the JSON Schema of the config: the part for a place, and the places of every key."""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from typing import Any

from nncli.config.document import Loc
from nncli.config.schema import Values

Node = dict[str, Any]
"""Part of the JSON Schema."""


@cache
def whole_schema() -> Node:
    """JSON Schema, cached because building it takes several times as long as reading a config."""
    return Values.model_json_schema()


def entry_names(node: Node) -> list[str]:
    """Names of the entries of a choice."""
    return [name for option in node["options"] if (name := tag(option))]


def walk_down(schema: Node, steps: tuple[Any, ...]) -> tuple[Loc, Node, Node]:
    """Return the place without pydantic's own steps, and the schemas there and of the enclosing mapping.

    Pydantic adds the name of the chosen entry, and `[key]` if a key itself is wrong.
    """
    node = parent = expanded(schema, schema)
    loc: list[str | int] = []
    for step in steps:
        entries = {tag(option): option for option in node["options"]} if node else {}
        if step in entries:
            node = {**entries[step], "options": [entries[step]]}
        elif step == "[key]" and "properties" not in node:
            continue
        else:
            loc.append(step)
            parent = next((option for option in node.get("options", ()) if "properties" in option), {})
            node = expanded(_below(node, step), schema)
    return tuple(loc), node, parent


def _below(node: Node, step: str | int) -> Node:
    """Return the schema of the entries of a list, of a key, or of any key of a mapping with free keys."""
    for option in node.get("options", ()):
        below = option.get("items") if isinstance(step, int) else option.get("properties", {}).get(step)
        below = below or option.get("additionalProperties")
        if isinstance(below, dict):
            return below
    return {}


def expanded(node: Node, schema: Node) -> Node:
    """Resolve a node and add its `options`: itself, or all branches of its unions."""
    while "$ref" in node:
        target = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    branches = [*node.get("oneOf", ()), *node.get("anyOf", ())]
    options = [leaf for branch in branches for leaf in expanded(branch, schema)["options"]]
    return {**node, "options": options or [node]}


def tag(option: Node) -> str | None:
    """Return the name of a choice's entry, or None for other parts."""
    name: Node = option.get("properties", {}).get("name", {})
    return name.get("const")


@cache
def places_of_keys() -> dict[str, dict[Loc, list[str]]]:
    """Places of every key except `name`, each with the entries that have it if the place is a choice."""
    schema, found = whole_schema(), dict[str, dict[Loc, list[str]]]()
    waiting: list[tuple[Loc, Node]] = [((), schema)]
    while waiting:
        loc, node = waiting.pop(0)
        for option in expanded(node, schema)["options"]:
            for key, below in option.get("properties", {}).items():
                entries = found.setdefault(key, {}).setdefault(loc, [])
                entries += [tag for tag in [tag(option)] if tag and tag not in entries]
                waiting.append(((*loc, key), below))
            if isinstance(option.get("items"), dict):
                waiting.append(((*loc, 0), option["items"]))
    return {key: around for key, around in found.items() if key != "name"}


def general(loc: Loc) -> Loc:
    """Place in the schema: every list position becomes 0."""
    return tuple(0 if isinstance(step, int) else step for step in loc)


def like(place: Loc, around: Loc) -> Loc:
    """Place with the list positions of another one, as far as both share their path."""
    pairs = zip(place, general(around), strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return (*around[:shared], *place[shared:])
