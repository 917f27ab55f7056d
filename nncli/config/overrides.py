"""Overrides of config values on the command line: `--set network.layers[0].units=8`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from nncli.config import yaml12
from nncli.config.document import Document, Loc, child_of, kind
from nncli.config.schema_tree import entry_names, general, places_of_keys, walk_down, whole_schema
from nncli.messages.errors import ConfigError
from nncli.messages.wording import counted, shown

PUNCTUATION = {*",;:|#%&*!?@`=<>./\\^$+-"}  # a value of these alone is text
# Place -> the keys that a single value there stands for; elsewhere it is a name.
SHORTHANDS: Mapping[Loc, list[str]] = {
    ("seed",): ["data", "training"],
    ("network", "layers", 0): ["units"],
    ("training", "early_stopping"): ["patience"],
    ("training", "stop_when"): ["loss_below"],
}

# Tags of values that give no key: true stands for the defaults.
NO_VALUES = (yaml12.NULL, f"{yaml12.TAG}bool")

_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,9})\]")


@dataclass(frozen=True)
class Override:
    """Replacement of a config value; `flag` is the option that gave it."""

    key: str
    value: str
    flag: str = "--set"

    @property
    def words(self) -> str:
        """Option as typed on the command line."""
        value = shown(self.value)
        named = self.flag in ("--set", "--grid", "--read", "sweep")  # the others are short for a key
        key = self.key.removeprefix("dataset.read.") if self.flag == "--read" else self.key
        return f"{self.flag} {shown(key)}={value}" if named else f"{self.flag} {value}"

    @classmethod
    def parse(cls, text: str) -> Override:
        """Read `KEY=VALUE`."""
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(
                f"--set {shown(text)}: expected KEY=VALUE",
                hint="write, for example, --set optimizer.learning_rate=0.1",
            )
        return cls(key.strip(), value)

    def error(self, message: str, hint: str | None = None) -> ConfigError:
        """Make an error about this override."""
        return ConfigError(f"{self.words}: {message}", hint=hint)

    def require_text(self) -> None:
        """Raise ConfigError if the option is not valid text in the encoding of the locale."""
        try:
            (self.key + self.value).encode()
        except UnicodeEncodeError:
            raise self.error("not valid UTF-8 text") from None

    def steps(self) -> list[str | int]:
        """Keys and list positions that lead to the value."""
        steps: list[str | int] = []
        rest = self.key
        while rest:
            match = _STEP.match(rest)
            if match is None:
                raise self.error("the key is not valid", "write it like network.layers[0].units")
            steps.append(match.group(1) or int(match.group(2)))
            rest = rest[match.end() :].removeprefix(".")
        return steps

    def node(self) -> yaml.Node:
        """Value parsed as YAML."""
        try:
            node = yaml12.compose(_as_yaml(self.value), self.words)
        except yaml12.YamlError as error:
            raise self.error(error.message, error.hint) from None
        return _made(yaml12.NULL, "", self.words) if node is None else node


def lay_over(document: Document, overrides: Sequence[Override], defaults: Mapping[str, str]) -> Document:
    """Return the document with values replaced, in order.

    A shorthand is expanded if an override changes a key inside it (`adam` is `{name: adam}`); `defaults`
    are the shorthands of keys that the document omits. Options that a newly named entry does not have are
    dropped with a note.
    """
    root, notes = document.root, list[str]()
    for override in overrides:
        override.require_text()
        first, *others = override.steps()
        if others and first in defaults and child_of(root, first)[1] is None:
            missing = _made(yaml12.TEXT, defaults[str(first)], override.words)
            root = _placed(root, [first], missing, override)
        root = _placed(root, [first, *others], override.node(), override)
        root, dropped = _without_options_of_others(document.name, root, override)
        notes += [f"{override.words}: dropped {dropped}"] if dropped else []
    return replace(document, root=root, notes=(*document.notes, *notes))


def _without_options_of_others(name: str, root: yaml.Node, override: Override) -> tuple[yaml.Node, str]:
    """Drop the options of the file that another entry has but not the one that `KEY.name=ENTRY` chooses.

    Returns the new root, and the keys dropped with the reason.
    """
    *around, last = override.steps()
    held = _node_at(root, around)
    if last != "name" or not isinstance(held, yaml.MappingNode):
        return root, ""
    entry, place = override.value.strip().lower(), general(tuple(around))
    entries = {key: places.get(place, []) for key, places in places_of_keys().items()}
    if entry not in _entries_at(place):
        return root, ""
    gone = [
        key.value
        for key, _ in held.value
        if key.start_mark.name == name and entries.get(key.value) and entry not in entries[key.value]
    ]
    kept = [pair for pair in held.value if pair[0].value not in gone]
    without = yaml.MappingNode(held.tag, kept, held.start_mark, held.end_mark)
    root = _placed(root, around, without, override) if gone else root
    return root, f"{' and '.join(gone)}, which {entry} does not have" if gone else ""


def _entries_at(place: Loc) -> list[str]:
    """Names of the entries of the choice at a place, including those without options."""
    return entry_names(walk_down(whole_schema(), place)[1])


def _node_at(node: yaml.Node, steps: Sequence[str | int]) -> yaml.Node | None:
    found: yaml.Node | None = node
    for step in steps:
        found = child_of(found, step)[1] if found is not None else None
    return found


def _as_yaml(value: str) -> str:
    """Return a value as YAML: punctuation alone, such as ; or #, is text, which YAML takes for syntax."""
    marks = value.strip()
    return "'" + marks + "'" if marks and not set(marks) - PUNCTUATION else value


def _placed(node: yaml.Node, steps: Sequence[str | int], value: yaml.Node, override: Override) -> yaml.Node:
    """Return `node` with `value` at the end of `steps`; all other nodes are shared, never changed."""
    if not steps:
        return value
    step, *others = steps
    if isinstance(step, int):
        return _in_list(node, step, others, value, override)
    mapping = _written_out(node, tuple(override.steps()[: -len(steps)]), override)
    _, child = child_of(mapping, step)
    missing = yaml.MappingNode(yaml12.MAPPING, [], value.start_mark, value.end_mark)
    child = _placed(missing if child is None else child, others, value, override)
    key = _made(yaml12.TEXT, step, override.words)
    pairs = [(own, child if own.value == step else held) for own, held in mapping.value]
    if all(own.value != step for own, _ in pairs):
        pairs.append((key, child))
    return yaml.MappingNode(mapping.tag, pairs, mapping.start_mark, mapping.end_mark)


def _in_list(
    node: yaml.Node, step: int, others: Sequence[str | int], value: yaml.Node, override: Override
) -> yaml.Node:
    if _is_list_of_one(node, tuple(override.steps()[: -len(others) - 1])):
        node = yaml.SequenceNode(yaml12.SEQUENCE, [node], node.start_mark, node.end_mark)
    if not isinstance(node, yaml.SequenceNode):
        raise override.error(f"[{step}] expects a list, found {kind(node)}")
    if step >= len(node.value):
        raise override.error(
            f"[{step}] is out of range: the list has {counted(len(node.value), 'entry')}",
            f"positions are 0 to {len(node.value) - 1}" if len(node.value) > 1 else "the only position is 0",
        )
    entries = list(node.value)
    entries[step] = _placed(entries[step], others, value, override)
    return yaml.SequenceNode(node.tag, entries, node.start_mark, node.end_mark)


def _is_list_of_one(node: yaml.Node, place: Loc) -> bool:
    """Return True for a single value where the schema takes a list too."""
    options = walk_down(whole_schema(), place)[1].get("options", ())
    is_value = isinstance(node, yaml.ScalarNode) and node.tag not in NO_VALUES
    return is_value and any("items" in option for option in options)


def _written_out(node: yaml.Node, place: Loc, override: Override) -> yaml.MappingNode:
    """Expand a shorthand to its mapping: a name, or a number such as that of both seeds."""
    if isinstance(node, yaml.MappingNode):
        return node
    if not isinstance(node, yaml.ScalarNode):
        raise override.error(
            f"expected a list position, because the key before it holds {kind(node)}",
            "write a list position in brackets, without a dot: network.layers[0].units=8",
        )
    keys = SHORTHANDS.get(general(place), ["name"]) if node.tag not in NO_VALUES else []
    pairs = [(_made(yaml12.TEXT, key, override.words), node) for key in keys]
    return yaml.MappingNode(yaml12.MAPPING, pairs, node.start_mark, node.end_mark)


def _made(tag: str, value: str, name: str) -> yaml.ScalarNode:
    mark = yaml.Mark(name, 0, 0, 0, None, 0)
    return yaml.ScalarNode(tag, value, mark, mark)
