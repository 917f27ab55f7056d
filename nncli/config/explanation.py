"""Explanations of the keys and values of a config, from its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from nncli.config.document import Loc, dotted
from nncli.config.effects import EFFECTS
from nncli.config.schema_tree import Node, expanded, tag, whole_schema
from nncli.messages.errors import NncliError
from nncli.messages.suggestions import nearest
from nncli.messages.synonyms import ABSENT, OUTSIDE_CONFIGS, REMARKS, SYNONYMS, remark, synonym
from nncli.messages.wording import listed, shown

ANY_NAME = "NAME"  # stands for the free keys of a mapping
LIMITS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
LARGEST_LIMIT = 1e9  # larger limits are of no interest
WORDS = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}
PLURALS = {"a mapping": "mappings", "a number": "numbers", "text": "strings", "a value": "values"}
SHORT_DEPTH = 2  # steps to an option of a choice in the short tree
MOST_NEAR = 8  # topics that an error names


@dataclass(frozen=True)
class Topic:
    """Key of a config, or one of the named values of a key.

    Attributes
    ----------
    loc : place of the key; a position in a list is 0.
    node : its part of the schema, with the description; of a value, the part of that value.
    value : the named value, such as adam; empty for a key.
    entries : values of the enclosing choice that have the key, each with its part of the schema.
    """

    loc: Loc
    node: Node
    value: str
    entries: Mapping[str, Node]
    required: bool

    @property
    def key(self) -> str:
        """The key as it is typed after --set."""
        return dotted(self.loc)

    @property
    def name(self) -> str:
        """The key, and the value if one is explained."""
        return f"{self.key}: {self.value}" if self.value else self.key

    @property
    def steps(self) -> tuple[str, ...]:
        """The names that lead to the topic, by which it is found."""
        steps = tuple(step for step in self.loc if isinstance(step, str))
        return (*steps, self.value) if self.value else steps

    @property
    def meaning(self) -> str:
        """The description in the schema."""
        return str(self.node.get("description", ""))

    @property
    def other_meanings(self) -> list[tuple[str, str]]:
        """The values of the enclosing choice for which the key means something else, with that meaning."""
        meanings = {name: str(node.get("description", "")) for name, node in self.entries.items()}
        return [(name, meaning) for name, meaning in meanings.items() if meaning != self.meaning]

    @property
    def effect(self) -> str:
        """A sentence on what it changes in training; empty if there is nothing to say."""
        return EFFECTS.get(self.key, "") if not self.value else ""

    @property
    def is_special(self) -> bool:
        """Tell whether only some values of the enclosing choice have the key."""
        around = [topic for topic in key_topics() if topic.loc == self.loc[:-1]]
        return bool(self.entries) and len(self.entries) < len(around[0].choices)

    @property
    def defaults(self) -> str:
        """The default, with the values of the choice that have another one."""
        if self.value:
            return ""
        if self.required:
            return "none: the key is required"
        known = {name: node.get("default") for name, node in (self.entries or {"": self.node}).items()}
        common, *others = dict.fromkeys(map(_written, known.values()))
        differing = [
            f"{', '.join(n for n, value in known.items() if _written(value) == other)}: {other}"
            for other in others
            if other
        ]
        return "; ".join(filter(None, [common, *differing]))

    @property
    def values(self) -> str:
        """The values that it accepts, in words; empty for a choice, whose values have meanings."""
        if self.value or self.choices:
            return ""
        return " or ".join(dict.fromkeys(filter(None, map(_accepted, self.node["options"]))))

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The named values of a choice, each with its meaning."""
        options = [] if self.value else self.node["options"]
        return [(str(tag(option)), str(option.get("description", ""))) for option in options if tag(option)]

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The keys in it, each with its meaning; of a choice, those of the explained value."""
        below = [entry for option in self.node["options"] for entry in _entries_of(option)]
        models = [option for option in below if not tag(option) or self.value]
        return [
            (key, str(node.get("description", "")))
            for option in models
            for key, node in option.get("properties", {}).items()
            if not (self.value and key == "name")
        ]

    @property
    def value_with_options(self) -> str:
        """A named value with options, such as adam with beta1; empty if no value has any."""
        options = [] if self.value else self.node["options"]
        named = [str(tag(option)) for option in options if tag(option) and len(option["properties"]) > 1]
        return next((name for name in named if name != "auto"), "")


class Found(NamedTuple):
    """Topics that a word stands for, and the name of nncli if the word is one of another tool."""

    topics: list[Topic]
    renamed: str = ""


@cache
def key_topics() -> list[Topic]:
    """Return every key of the schema, from the outside in."""
    schema, found = whole_schema(), dict[Loc, Topic]()
    waiting: list[tuple[Loc, Node]] = [((), schema)]
    while waiting:
        loc, node = waiting.pop(0)
        for option in expanded(node, schema)["options"]:
            for key, below in option.get("properties", {}).items():
                if key != "name" or not tag(option):
                    new = (*loc, key) not in found
                    _add(found, (*loc, key), expanded(below, schema), option)
                    waiting += [((*loc, key), below)] if new else []
            for step, part in ((0, "items"), (ANY_NAME, "additionalProperties")):
                if isinstance(option.get(part), dict):
                    waiting.append(((*loc, step), option[part]))
    return list(found.values())


def key_tree() -> list[Topic]:
    """Return the keys in the order of a config, without the options of activations and initializers."""
    short = [topic for topic in key_topics() if not topic.entries or len(topic.loc) <= SHORT_DEPTH]
    position = {topic.loc: number for number, topic in enumerate(short)}

    def order(topic: Topic) -> list[int]:
        return [
            position[topic.loc[:end]] for end in range(1, len(topic.loc) + 1) if topic.loc[:end] in position
        ]

    return sorted(short, key=order)


def _add(found: dict[Loc, Topic], loc: Loc, node: Node, option: Node) -> None:
    """Add a key of one mapping, or of one more entry of a choice."""
    entry, required = tag(option), loc[-1] in option.get("required", ())
    own = {entry: {**node, "around": option}} if entry else {}
    held = found.get(loc)
    if held is None:
        found[loc] = Topic(loc, node, "", own, required)
    else:
        found[loc] = Topic(loc, held.node, "", {**held.entries, **own}, held.required and required)


@cache
def value_topics() -> list[Topic]:
    """Return the named values of every choice."""
    return [
        Topic(topic.loc, {**option, "options": [option]}, str(tag(option)), {}, required=False)
        for topic in key_topics()
        for option in topic.node["options"]
        if tag(option)
    ]


def find_topics(word: str) -> Found:
    """Find what a word stands for: a path, its last part, a named value, or a name of another tool.

    Raises
    ------
    NncliError
        If nothing is found; it names what is similar.
    """
    steps = tuple(re.sub(r"\[\d*\]", "", word.lower().replace("-", "_")).split("."))
    if found := _ending_in(steps):
        return Found(found)
    for place in SYNONYMS:
        own = synonym(steps[-1], place)
        scope = () if place == "key" else (place,)
        if own and place not in OUTSIDE_CONFIGS and (found := _ending_in((*(steps[:-1] or scope), own))):
            return Found(found, own)
    raise _unknown(word, steps[-1])


def _ending_in(steps: tuple[str, ...]) -> list[Topic]:
    """Return the outermost topics whose path ends in these steps: keys, else choices, else plain values."""
    named = [(topic, topic.steps) for topics in (key_topics(), value_topics()) for topic in topics]
    for kind in (
        [pair for pair in named if not pair[0].value],
        [pair for pair in named if pair[0].value],
        [(topic, (*topic.steps, name)) for topic in key_topics() for name in {*plain_names(topic.node)}],
    ):
        found = [(topic, path) for topic, path in kind if _lower(path[-len(steps) :]) == steps]
        if found:
            exact = [topic for topic, path in found if len(path) == len(steps)]
            least = min(len(path) for _, path in found)
            return exact or [topic for topic, path in found if len(path) == least]
    return []


def _lower(steps: Sequence[str]) -> tuple[str, ...]:
    return tuple(step.lower() for step in steps)


def _unknown(word: str, last: str) -> NncliError:
    keys = {topic.steps[-1]: topic.name for topic in [*value_topics(), *key_topics()]}
    near = nearest(last, keys, "key")
    similar = [topic.key for topic in key_topics() if len(last) > 1 and last in topic.steps[-1]]
    reasons = (remark(last, place) for place in (*REMARKS, *ABSENT))
    reason = next(filter(None, reasons), None)
    hint = f"{reason}; " if reason else f"did you mean {near}? " if near and not similar else ""
    others = f"similar keys: {listed(similar[:MOST_NEAR])}; " if similar else ""
    return NncliError(f"no key or value named '{shown(word)}'", hint=f"{hint}{others}list all: nncli explain")


def plain_names(node: Node) -> Iterator[str]:
    """Yield the texts that a key accepts and that are not entries of a choice."""
    for option in node["options"]:
        for part in (option, option.get("items", {})):
            yield from (name for name in part.get("enum", [part.get("const")]) if isinstance(name, str))


def _entries_of(option: Node) -> list[Node]:
    """Return a mapping itself, or those in a list or under free keys."""
    if "properties" in option:
        return [option]
    inner = option.get("items") or option.get("additionalProperties")
    below = expanded(inner, whole_schema())["options"] if isinstance(inner, dict) else []
    return [each for each in below if "properties" in each]


def _accepted(option: Node) -> str:
    """Return the values of one branch of a union in words; empty if the choices are listed instead."""
    names = [name for name in option.get("enum", [option.get("const")]) if name is not None]
    if tag(option) or option.get("type") == "null":
        return ""
    if names:
        return ", ".join(str(name) for name in names if "-" not in str(name))
    if "pattern" in option:
        return "a percentage from 1% to 100%"
    if "type" not in option:
        return "a value"
    if option["type"] == "array":
        return _accepted_list(option)
    if option["type"] == "object":
        return "a mapping"
    return f"{WORDS[option['type']]}{_range(option)}"


def _accepted_list(option: Node) -> str:
    if "prefixItems" in option:
        return "a list [low, high]"
    inner = expanded(option["items"], whole_schema())["options"]
    if names := [*plain_names({"options": inner})]:
        return f"a list of names: {', '.join(names)}"
    words = (word for option in inner for word in _accepted(option).split(" or "))
    return f"a list of {' or '.join(PLURALS.get(word, word.replace('a list', 'lists')) for word in words)}"


def _range(option: Node) -> str:
    limits = [
        f"{sign} {option[limit]:g}"
        for limit, sign in LIMITS.items()
        if limit in option and abs(option[limit]) < LARGEST_LIMIT
    ]
    return f" {' and '.join(limits)}" if limits else ""


def _written(value: Any) -> str:
    """Return a default as it is written in a config; empty if the description says what applies."""
    if value is None or value == {}:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
