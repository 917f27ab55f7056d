"""The text a config came from: finds the place of any key, and reports mistakes there."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nncli.config import yaml12
from nncli.errors import ConfigError

Loc = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the root."""


@dataclass(frozen=True)
class Override:
    """A value that replaces one of the config: `flag` is how the user gave it."""

    key: str
    value: str
    flag: str = "--set"

    @property
    def shown(self) -> str:
        """The words of the command line."""
        return f"--set {self.key}={self.value}" if self.flag == "--set" else f"{self.flag} {self.value}"

    @classmethod
    def parse(cls, text: str) -> Override:
        """Read `KEY=VALUE`."""
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(
                f"--set {text}: not of the form KEY=VALUE", hint="for example --set optimizer.learning_rate=0.1"
            )
        return cls(key.strip(), value)


@dataclass(frozen=True)
class Document:
    """A node tree with the file it came from."""

    name: str
    text: str
    root: yaml.Node

    @classmethod
    def read(cls, path: Path, overrides: Sequence[Override]) -> Document:
        """Read a file and lay the overrides over it.

        Raises
        ------
        ConfigError
            If it is no YAML mapping, with the place.
        """
        name = str(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except IsADirectoryError:
            raise ConfigError(f"{name}: is a directory, not a config") from None
        except OSError as error:
            hint = "nncli init --list names the templates" if isinstance(error, FileNotFoundError) else None
            raise ConfigError(f"{name}: {error.strerror or error}", hint=hint) from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{name}: not UTF-8 text (byte {error.start})") from None
        try:
            root = yaml12.compose(text, name)
        except yaml12.YamlError as error:
            raise _at(name, text, error.mark, error.message, error.hint) from None
        if root is None:
            raise ConfigError(f"{name}: the file is empty", hint="nncli init xor writes a config to start from")
        if not isinstance(root, yaml.MappingNode):
            raise _at(
                name,
                text,
                root.start_mark,
                f"the config must be a mapping of keys to values, found {_kind(root)}",
                "for example: dataset: xor",
            )
        for override in overrides:
            root = _lay_over(root, override)
        return cls(name, text, root)

    def values(self) -> dict[str, Any]:
        """Plain Python values."""
        try:
            values: dict[str, Any] = yaml12.construct(self.root)
        except yaml12.YamlError as error:
            raise _at(self.name, self.text, error.mark, error.message, error.hint) from None
        return values

    def error(
        self, loc: Loc, message: str, hint: str | None = None, *, at_key: bool = False, column: int = 0
    ) -> ConfigError:
        """A mistake at `loc`; `column` counts into a text value."""
        mark = self._mark(loc, at_key)
        shown = f"{dotted(loc)}: {message}" if loc else message
        quoted = column and mark.buffer is not None and mark.buffer[mark.pointer : mark.pointer + 1] in "\"'"
        return _at(self.name, self.text, mark, shown, hint, column + bool(quoted))

    def _mark(self, loc: Loc, at_key: bool) -> yaml.Mark:
        node, mark = self.root, self.root.start_mark
        for position, step in enumerate(loc):
            key, child = _child(node, step)
            if child is None:
                break
            node = child
            mark = key.start_mark if key is not None and at_key and position == len(loc) - 1 else child.start_mark
        return mark


def dotted(loc: Loc) -> str:
    """`network.layers[0].units`, the form `--set` takes."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None, None


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "a mapping" if isinstance(node, yaml.MappingNode) else f"'{node.value}'"


def _at(
    name: str, text: str, mark: yaml.Mark | None, message: str, hint: str | None, column: int = 0
) -> ConfigError:
    if mark is None:
        return ConfigError(f"{name}: {message}", hint=hint)
    if mark.name != name:  # an override: its place is the command line
        return ConfigError(f"{mark.name}: {message}", hint=hint)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    column += mark.column
    start = max(0, column - 60)  # a long line is shown around the place
    cut = line[start : start + 100].replace("\t", " ")
    word = re.match(r"[\w.+-]+", line[column:])
    width = min(len(word.group()) if word else 1, len(cut) - (column - start) or 1)
    number = f"{mark.line + 1} | "
    pad = " " * (len(number) - 2) + "| " + " " * (column - start)
    return ConfigError(
        f"{name}:{mark.line + 1}:{column + 1}: {message}",
        hint=hint,
        source=f"{number}{cut}\n{pad}{'^' * max(1, width)}",
    )


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def _lay_over(root: yaml.Node, override: Override) -> yaml.Node:
    """A copy of the tree with one value replaced."""
    steps: list[str | int] = []
    rest = override.key
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise ConfigError(
                f"{override.shown}: cannot read the key", hint="write it as network.layers[0].units"
            )
        steps.append(match.group(1) if match.group(1) else int(match.group(2)))
        rest = rest[match.end() :].removeprefix(".")
    try:
        value = yaml12.compose(override.value, override.shown)
    except yaml12.YamlError as error:
        raise ConfigError(f"{override.shown}: {error.message}", hint=error.hint) from None
    if value is None:
        value = yaml.ScalarNode("tag:yaml.org,2002:null", "", yaml.Mark(override.shown, 0, 0, 0, None, 0))
    root = copy.deepcopy(root)
    node = root
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        node = _enter(node, step, following, value, override)
    return root


def _enter(
    node: yaml.Node, step: str | int, following: str | int | None, value: yaml.Node, override: Override
) -> yaml.Node:
    """The child of `node` at `step`; the last step puts the value there."""
    mark = value.start_mark
    if isinstance(step, int):
        if not isinstance(node, yaml.SequenceNode) or step >= len(node.value):
            count = len(node.value) if isinstance(node, yaml.SequenceNode) else 0
            raise ConfigError(f"{override.shown}: there is no [{step}], the list has {count} entries")
        if following is None:
            node.value[step] = value
        else:
            node.value[step] = _expanded(node.value[step], following, mark)
        return node.value[step]
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{override.shown}: '{step}' is looked up in {_kind(node)}, not in a mapping")
    key, child = _child(node, step)
    if child is None:
        key = yaml.ScalarNode("tag:yaml.org,2002:str", step, mark, mark)
        child = yaml.MappingNode("tag:yaml.org,2002:map", [], mark, mark)
        node.value.append((key, child))
    child = value if following is None else _expanded(child, following, mark)
    node.value = [(k, child if k.value == step else v) for k, v in node.value]
    return child


def _expanded(node: yaml.Node, following: str | int, mark: yaml.Mark) -> yaml.Node:
    """A shorthand written out, where an override goes inside it: `adam` is `{name: adam}`, seed 3 both seeds."""
    if not isinstance(node, yaml.ScalarNode) or isinstance(following, int):
        return node

    def pair(key: str) -> tuple[yaml.Node, yaml.Node]:
        return yaml.ScalarNode("tag:yaml.org,2002:str", key, mark, mark), node

    keys = ["data", "training"] if node.tag.endswith(":int") else ["name"]
    return yaml.MappingNode("tag:yaml.org,2002:map", [pair(key) for key in keys], node.start_mark, node.end_mark)
