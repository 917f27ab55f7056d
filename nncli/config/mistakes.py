"""Translation of pydantic's errors into terms of the config, without type names and URLs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nncli.config.document import Document, Loc, Mistake, dotted
from nncli.config.numerals import with_whole_numbers
from nncli.config.registry import Shorthand, misspelled_name
from nncli.config.remedies import expected_kinds, remedy
from nncli.config.schema_tree import (
    Node,
    entry_names,
    general,
    like,
    places_of_keys,
    tag,
    walk_down,
    whole_schema,
)
from nncli.data.sources import BUILTIN
from nncli.messages.suggestions import nearest, suggestion
from nncli.messages.synonyms import remark, synonym
from nncli.messages.wording import counted, listed, shown

UNKNOWN_KEY = "unknown key"
VALID_KEYS = "valid keys"
MOST_PLACES = 2  # named for a key that belongs elsewhere


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


def translated(values: dict[str, Any], error: ValidationError, document: Document | None) -> list[Mistake]:
    """Translate every error to a mistake, in the order of the keys in the schema."""
    schema = whole_schema()
    details = [detail for detail in error.errors(include_url=False) if not _is_misspelled(detail)]
    mistakes = [_translate(schema, detail) for detail in details]
    return _listed_once(with_whole_numbers(values, mistakes, document))


def with_known_names(values: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return values with a known name for every unknown one, so that their options can be checked.

    Where no known name is meant, options that any entry has are left out.
    """
    values = copy.deepcopy(values)
    for detail in error.errors(include_url=False):
        if detail["type"] == "union_tag_invalid" and _is_written_out(detail["input"]):
            loc, node, _ = walk_down(whole_schema(), detail["loc"])
            held = reduce(getitem, loc, values)  # type: ignore[arg-type]
            _give_known_name(held, node, _context(loc))
    return values


def _give_known_name(held: dict[str, Any], node: Node, context: str) -> None:
    names = entry_names(node)
    near = nearest(str(held["name"]), names, context)
    if not near:
        for key in {key for option in node["options"] for key in option.get("properties", ())}:
            held.pop(key, None)
    held["name"] = near or names[0]


def _listed_once(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Keep the list of valid keys only in the first mistake of each mapping."""
    seen: set[tuple[Loc, str]] = set()
    found = []
    for mistake in mistakes:
        meaning, marker, names = (mistake.hint or "").partition(f"{VALID_KEYS}: ")
        if marker and mistake.message == UNKNOWN_KEY:
            if (mistake.loc[:-1], names) in seen:
                mistake = mistake._replace(hint=meaning.rstrip("; ") or None)
            seen.add((mistake.loc[:-1], names))
        found.append(mistake)
    return found


def _is_misspelled(detail: ErrorDetails) -> bool:
    """Return True if a missing key is present under a misspelled name, which is reported itself."""
    around, key = detail["input"], detail["loc"][-1]
    if detail["type"] != "missing" or not isinstance(around, dict):
        return False
    slips = (name for name in map(str, around) if nearest(name, [str(key)], "key"))
    return next(slips, None) is not None or nearest(str(key), map(str, around)) is not None


def _translate(schema: Node, detail: ErrorDetails) -> Mistake:
    loc, node, parent = walk_down(schema, detail["loc"])
    finding = Finding(loc, detail["input"], detail["msg"], detail.get("ctx", {}), node, parent)
    mistake = WORDS[detail["type"]](finding)
    return mistake._replace(at_key=mistake.at_key or detail["loc"][-1] == "[key]")


def _expected(what: str) -> Callable[[Finding], Mistake]:
    def words(finding: Finding) -> Mistake:
        kinds = expected_kinds(finding.node) if what == "a mapping" else what
        hint = remedy(finding.key, kinds, finding.found, finding.node, optional=_is_optional(finding))
        return Mistake(finding.loc, f"expected {kinds}, found {_found(finding.found)}", hint)

    return words


def _is_optional(finding: Finding) -> bool:
    keys = finding.parent.get("properties", ())
    return finding.loc[-1] in keys and finding.loc[-1] not in finding.parent.get("required", ())


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
    return Mistake(finding.loc, UNKNOWN_KEY, _key_hint(finding), at_key=True)


def _key_hint(finding: Finding) -> str:
    """Say what the key means here, or where it belongs; list the valid keys only if neither is known."""
    key, valid = finding.key, list(finding.parent.get("properties", ()))
    if (same := synonym(key, "key")) in valid:
        return f"did you mean {same}?"
    return (
        remark(key, "key")
        or _of_other_entries(finding)
        or _elsewhere(key, finding.loc[:-1])
        or suggestion(key, valid, VALID_KEYS, "key")
    )


def _of_other_entries(finding: Finding) -> str | None:
    """Name the entries of the same choice that have the key, such as sgd for `momentum`."""
    own = tag(finding.parent)
    key = synonym(finding.key, "key") or finding.key
    others = places_of_keys().get(key, {}).get(general(finding.loc[:-1]), ()) if own else ()
    if not others:
        return None
    verb = "have" if len(others) > 1 else "has"
    return f"{own} has no {key}; only {' and '.join(others)} {verb} it"


def _elsewhere(key: str, around: Loc) -> str | None:
    """Say where the key belongs, if it is valid in a few other places."""
    for name in (key, synonym(key, "key")):
        found = [place for place in places_of_keys().get(str(name), {}) if place != general(around)]
        below = [place for place in found if around and place[: len(around)] == general(around)]
        found = below or found
        if 0 < len(found) <= MOST_PLACES:
            return f"move it to {' or '.join(dotted((*like(place, around), str(name))) for place in found)}"
    return None


def _missing(finding: Finding) -> Mistake:
    *around, key = finding.loc
    if isinstance(key, int):  # of a pair
        message = f"expected a list [low, high], found a list of {counted(key, 'entry')}"
        return Mistake(tuple(around), message, "write a list [low, high] such as [-1, 1]")
    meaning = _meaning(finding.node)
    hint = f"add the key '{key}' ({meaning})" if meaning else None
    return Mistake(tuple(around), f"missing key '{key}'", hint, at_key=True)


def _no_layers(finding: Finding) -> Mistake:
    hint = "write, for example, hidden: [16]; or list every layer with its units: layers: [16, 1]"
    return Mistake(finding.loc, "missing key 'hidden' or 'layers'", hint, at_key=True)


def _missing_name(finding: Finding) -> Mistake:
    keys = list(map(str, finding.found))
    if slip := misspelled_name(keys):
        return Mistake((*finding.loc, slip), UNKNOWN_KEY, "did you mean name?", at_key=True)
    return Mistake(
        finding.loc, "missing key 'name'", f"choose from: {listed(entry_names(finding.node))}", at_key=True
    )


def _unknown_name(finding: Finding) -> Mistake:
    found = finding.found["name"] if isinstance(finding.found, dict) else finding.found
    loc = (*finding.loc, "name") if _is_written_out(finding.found) else finding.loc
    return _unknown_value(loc, found, entry_names(finding.node), _context(finding.loc))


def _is_written_out(found: Any) -> bool:
    return isinstance(found, dict) and not isinstance(found, Shorthand)


def _unknown_literal(finding: Finding) -> Mistake:
    return _unknown_value(finding.loc, finding.found, _literals(finding.node), _context(finding.loc))


def _literals(node: Node) -> list[str]:
    """Names that a value can be."""
    values = [name for option in node["options"] for name in option.get("enum", [option.get("const")])]
    return [name for name in values if isinstance(name, str)]


def _context(loc: Loc) -> str:
    """Key that a value belongs to, which selects its synonyms."""
    return next((step for step in reversed(loc) if isinstance(step, str)), "")


def _unknown_value(loc: Loc, found: Any, names: list[str], context: str) -> Mistake:
    if not isinstance(found, str):
        return Mistake(loc, f"expected a name, found {_found(found)}", f"choose from: {listed(names)}")
    return Mistake(loc, f"unknown value '{shown(found)}'", suggestion(found, names, context=context))


def _unknown_builtin(finding: Finding) -> Mistake:
    name = str(finding.found)
    hint = (
        suggestion(name, BUILTIN, "built-in datasets")
        + "; to use a file, write dataset: {path: FILE.csv, targets: [COLUMN]}"
    )
    return Mistake(finding.loc, f"no built-in dataset '{shown(name)}'", hint)


def _too_few(finding: Finding) -> Mistake:
    if not finding.loc[-1]:
        return Mistake(finding.loc, "a name must not be empty", at_key=True)
    if finding.loc == ("name",):
        return Mistake(
            finding.loc, "must not be empty", "write a name, or remove the key to use the file name"
        )
    meaning = _meaning(finding.node)
    return Mistake(finding.loc, "must not be empty", f"give at least one: {meaning}" if meaning else None)


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
    mistake = _expected(finding.message)(finding)
    names = _literals(finding.node)
    near = nearest(finding.found, names, _context(finding.loc)) if isinstance(finding.found, str) else None
    return mistake._replace(hint=f"did you mean {near}?") if near else mistake


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


def _meaning(node: Node) -> str | None:
    return str(node["description"]) if "description" in node else None


WORDS: dict[str, Callable[[Finding], Mistake]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "no_layers": _no_layers,
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
