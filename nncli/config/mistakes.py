"""Translation of pydantic's errors into terms of the config, without type names and URLs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nncli.config import yaml12
from nncli.config.document import Loc, Mistake
from nncli.config.schema import Values
from nncli.data.sources import BUILTIN
from nncli.messages.suggestions import nearest, suggestion
from nncli.messages.wording import counted, listed, shown

UNKNOWN_KEY = "unknown key"
Node = dict[str, Any]
"""Part of the JSON Schema."""


class Finding(NamedTuple):
    """Error of pydantic, with the parts of the schema for its place and for the enclosing mapping."""

    loc: Loc
    found: Any
    message: str
    context: Mapping[str, Any]
    node: Node
    parent: Node

    @property
    def key(self) -> str:
        """Last step of the place."""
        return str(self.loc[-1])


def translated(error: ValidationError) -> list[Mistake]:
    """Translate every error to a mistake, in the order of the keys in the schema."""
    schema = _schema()
    details = error.errors(include_url=False)
    return [_translate(schema, detail) for detail in details if not _is_misspelled(detail)]


@cache
def _schema() -> Node:
    """JSON Schema, cached because building it takes several times as long as reading a config."""
    return Values.model_json_schema()


def _is_misspelled(detail: ErrorDetails) -> bool:
    """Return True if a missing key is present under a misspelled name, which is reported itself."""
    around, key = detail["input"], detail["loc"][-1]
    if detail["type"] != "missing" or not isinstance(around, dict):
        return False
    return nearest(str(key), map(str, around)) is not None


def _translate(schema: Node, detail: ErrorDetails) -> Mistake:
    loc, node, parent = _follow(schema, detail["loc"])
    finding = Finding(loc, detail["input"], detail["msg"], detail.get("ctx", {}), node, parent)
    mistake = WORDS[detail["type"]](finding)
    return mistake._replace(at_key=mistake.at_key or detail["loc"][-1] == "[key]")


def _expected(what: str) -> Callable[[Finding], Mistake]:
    def words(finding: Finding) -> Mistake:
        return Mistake(
            finding.loc, f"expected {what}, found {_found(finding.found)}", _type_hint(what, finding.found)
        )

    return words


def _number_expected(finding: Finding) -> Mistake:
    if isinstance(finding.found, int) and not isinstance(finding.found, bool):
        return Mistake(finding.loc, f"must have at most 308 digits, found {len(str(finding.found))}")
    return _expected("a number")(finding)


def _limited(words: str) -> Callable[[Finding], Mistake]:
    """Make a message from `words`, which name the limit like pydantic's context."""

    def limited(finding: Finding) -> Mistake:
        limits = {name: _number(limit) for name, limit in finding.context.items()}
        return Mistake(finding.loc, f"must be {words.format(**limits)}, found {_number(finding.found)}")

    return limited


def _unknown_key(finding: Finding) -> Mistake:
    hint = suggestion(finding.key, list(finding.parent.get("properties", ())), "valid keys")
    return Mistake(finding.loc, UNKNOWN_KEY, hint, at_key=True)


def _missing(finding: Finding) -> Mistake:
    *around, key = finding.loc
    if isinstance(key, int):  # of a pair
        return Mistake(tuple(around), f"expected a list [low, high], found a list of {counted(key, 'entry')}")
    meaning = _meaning(finding.node)
    hint = f"add the key {key} ({meaning})" if meaning else None
    return Mistake(tuple(around), f"missing key '{key}'", hint, at_key=True)


def _missing_name(finding: Finding) -> Mistake:
    slip = nearest("name", map(str, finding.found))
    if slip:
        return Mistake((*finding.loc, slip), UNKNOWN_KEY, "did you mean name?", at_key=True)
    return Mistake(
        finding.loc, "missing key 'name'", f"choose from: {listed(_names(finding.node))}", at_key=True
    )


def _unknown_name(finding: Finding) -> Mistake:
    found = finding.found["name"] if isinstance(finding.found, dict) else finding.found
    return _unknown_value(finding.loc, found, _names(finding.node))


def _unknown_literal(finding: Finding) -> Mistake:
    names = [
        str(name) for option in finding.node["options"] for name in option.get("enum", [option.get("const")])
    ]
    return _unknown_value(finding.loc, finding.found, [name for name in names if name != "None"])


def _unknown_value(loc: Loc, found: Any, names: list[str]) -> Mistake:
    if not isinstance(found, str):
        return Mistake(loc, f"expected a name, found {_found(found)}", f"choose from: {listed(names)}")
    return Mistake(loc, f"unknown value '{shown(found)}'", suggestion(found, names))


def _unknown_builtin(finding: Finding) -> Mistake:
    name = str(finding.found)
    hint = (
        suggestion(name, BUILTIN, "built-in datasets")
        + "; to use a file, write dataset: {path: FILE.csv, targets: [COLUMN]}"
    )
    return Mistake(finding.loc, f"no built-in dataset '{shown(name)}'", hint)


def _too_few(finding: Finding) -> Mistake:
    return Mistake(finding.loc, "must not be empty", _meaning(finding.node))


def _too_many(finding: Finding) -> Mistake:
    if finding.node.get("prefixItems"):
        return _expected("a list [low, high]")(finding)
    return Mistake(finding.loc, f"must have at most {counted(finding.context['max_length'], 'entry')}")


def _too_long(finding: Finding) -> Mistake:
    length = len(finding.found)
    return Mistake(
        finding.loc, f"must have at most {finding.context['max_length']} characters, found {length}"
    )


def _either(finding: Finding) -> Mistake:
    return _expected(finding.message)(finding)


def _found(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | BaseModel):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {counted(len(value), 'entry')}"
    return f"text '{shown(value)}'" if isinstance(value, str) else _number(value)


def _number(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return shown(text.removesuffix(".0"))


def _type_hint(what: str, found: Any) -> str | None:
    if not isinstance(found, str):
        return None
    if "number" in what:
        if yaml12.is_yaml_number(found):
            return "remove the quotes"
        if yaml12.is_yaml_number(plain := found.replace("_", "").replace(",", "")):
            return f"write {shown(plain)}"
    if what == "true or false" and found.lower() in ("yes", "no", "on", "off"):
        return "write true or false"
    return None


def _meaning(node: Node) -> str | None:
    return str(node["description"]) if "description" in node else None


def _names(node: Node) -> list[str]:
    """Names of the entries of a choice."""
    return [name for option in node["options"] if (name := _tag(option))]


def _follow(schema: Node, steps: tuple[Any, ...]) -> tuple[Loc, Node, Node]:
    """Return the place without pydantic's own steps, and the schemas there and of the enclosing mapping.

    Pydantic adds the name of the chosen entry, and `[key]` if a key itself is wrong.
    """
    node = parent = _opened(schema, schema)
    loc: list[str | int] = []
    for step in steps:
        entries = {_tag(option): option for option in node["options"]} if node else {}
        if step in entries:
            node = {**entries[step], "options": [entries[step]]}
        elif step == "[key]" and "properties" not in node:
            continue
        else:
            loc.append(step)
            parent = next((option for option in node.get("options", ()) if "properties" in option), {})
            node = _opened(_below(node, step), schema)
    return tuple(loc), node, parent


def _below(node: Node, step: str | int) -> Node:
    """Return the schema of the entries of a list, of a key, or of any key of a mapping with free keys."""
    for option in node.get("options", ()):
        below = option.get("items") if isinstance(step, int) else option.get("properties", {}).get(step)
        below = below or option.get("additionalProperties")
        if isinstance(below, dict):
            return below
    return {}


def _opened(node: Node, schema: Node) -> Node:
    """Resolve a node and add its `options`: itself, or all branches of its unions."""
    while "$ref" in node:
        target = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    branches = [*node.get("oneOf", ()), *node.get("anyOf", ())]
    options = [leaf for branch in branches for leaf in _opened(branch, schema)["options"]]
    return {**node, "options": options or [node]}


def _tag(option: Node) -> str | None:
    name: Node = option.get("properties", {}).get("name", {})
    return name.get("const")


WORDS: dict[str, Callable[[Finding], Mistake]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "union_tag_not_found": _missing_name,
    "union_tag_invalid": _unknown_name,
    "literal_error": _unknown_literal,
    "builtin": _unknown_builtin,
    "either": _either,
    "too_short": _too_few,
    "too_long": _too_many,
    "string_too_short": _too_few,
    "string_too_long": _too_long,
    "greater_than": _limited("> {gt}"),
    "greater_than_equal": _limited(">= {ge}"),
    "less_than": _limited("< {lt}"),
    "less_than_equal": _limited("<= {le}"),
    "model_type": _expected("a mapping"),
    "model_attributes_type": _expected("a name or a mapping"),
    "dict_type": _expected("a mapping"),
    "list_type": _expected("a list"),
    "tuple_type": _expected("a list [low, high]"),
    "string_type": _expected("text"),
    "string_unicode": _expected("text"),
    "int_type": _expected("a whole number"),
    "float_type": _number_expected,
    "bool_type": _expected("true or false"),
    "finite_number": _expected("a finite number"),
    "invalid_key": _expected("text as a key"),
}
