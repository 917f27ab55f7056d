"""Source text of a config: finds the place of a key and reports mistakes there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from nncli.config import yaml12
from nncli.messages.errors import ConfigError
from nncli.messages.wording import excerpt, shown

Loc = tuple[str | int, ...]
"""Path to a value: keys and list positions from the root."""


class Mistake(NamedTuple):
    """Mistake at a place, with a hint.

    Attributes
    ----------
    at_key : True if the key itself is wrong, not its value.
    column : position in a text value, counted from 0; None for the whole value.
    """

    loc: Loc
    message: str
    hint: str | None = None
    at_key: bool = False
    column: int | None = None

    @property
    def words(self) -> str:
        """Message with the key in front."""
        return f"{dotted(self.loc)}: {self.message}" if self.loc else self.message


class Place(NamedTuple):
    """Part of a text: `width` characters from line and column, both counted from 0; None for a word."""

    name: str
    line: int
    column: int
    width: int | None


@dataclass(frozen=True)
class Document:
    """Tree of nodes with its source text; marks of nodes from another source contain its name.

    Attributes
    ----------
    notes : what overrides changed besides their own values.
    """

    name: str
    text: str
    root: yaml.Node
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a config file.

        Raises
        ------
        ConfigError
            If it is not a YAML mapping, with the place.
        """
        name = shown_path(path)
        return cls.parse(_content(path, name), name)

    @classmethod
    def parse(cls, content: bytes, name: str) -> Document:
        """Parse a config from bytes; errors refer to it as `name`."""
        text = _decoded(content, name)
        try:
            root = yaml12.compose(text, name)
        except yaml12.YamlError as error:
            raise _unreadable(name, text, error) from None
        if root is None:
            raise ConfigError(f"{name}: the file is empty", hint="create a config with: nncli init xor")
        document = cls(name, text, root)
        if not isinstance(root, yaml.MappingNode):
            raise document.error(
                Mistake(
                    (),
                    f"expected a mapping of keys to values, found {kind(root)}",
                    "write, for example, dataset: xor",
                )
            )
        return document

    def values(self) -> dict[str, Any]:
        """Return plain Python values."""
        values: dict[str, Any] = yaml12.construct(self.root)
        return values

    def text_at(self, loc: Loc) -> str | None:
        """Return the text of a single value as written, or None if there is none."""
        node: yaml.Node | None = self.root
        for step in loc:
            node = child_of(node, step)[1] if node is not None else None
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

    def duplicates(self) -> list[tuple[Place, ConfigError]]:
        """Find duplicate keys, with their places."""
        found = []
        for error in yaml12.duplicates(self.root):
            assert error.mark is not None
            place = _place_of(error.mark)
            found.append((place, _report(self.text, self.name, place, error.message, error.hint)))
        return found

    def error(self, mistake: Mistake) -> ConfigError:
        """Make an error of a mistake, with its place and line."""
        return _report(self.text, self.name, self.place(mistake), mistake.words, mistake.hint)

    def place(self, mistake: Mistake) -> Place:
        """Find the place of a mistake; for a missing key, that of the innermost enclosing mapping."""
        node, place = self.root, _extent(self.root)
        for position, step in enumerate(mistake.loc):
            key, child = child_of(node, step)
            if child is None:
                break
            node, last = child, position == len(mistake.loc) - 1
            place = _extent(key if key is not None and mistake.at_key and last else child)
            if last and mistake.column is not None and isinstance(child, yaml.ScalarNode):
                place = _inside(child, mistake.column)
        return place


def dotted(loc: Loc) -> str:
    """Format a path like `network.layers[0].units`, as `--set` expects it."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step) if step else repr(step)}"
    return text.removeprefix(".")


def child_of(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Return the key, if any, and the value at a step into a mapping or list."""
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # of duplicates the last is used
            if key.value == str(step):
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None, None


def kind(node: yaml.Node) -> str:
    """Describe a node."""
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "a mapping" if isinstance(node, yaml.MappingNode) else f"'{shown(node.value)}'"


def shown_path(path: str | os.PathLike[str]) -> str:
    """Convert a path to text that can be printed and written as UTF-8, whatever bytes it contains."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _content(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4 * yaml12.LONGEST_CONFIG)  # longer ones are refused later; some files never end
    except IsADirectoryError:
        inside = path / "config.yaml"
        hint = f"use the config in it: {inside}" if inside.is_file() else None
        raise ConfigError(f"{name}: is a directory, not a config", hint=hint) from None
    except OSError as error:
        hint = _instead_of(path) if isinstance(error, FileNotFoundError) else None
        raise ConfigError(f"{name}: {error.strerror or error}", hint=hint) from None
    except ValueError:  # a path with a NUL
        raise ConfigError(f"{shown(name)}: is not a valid path") from None


def _instead_of(path: Path) -> str:
    """Hint for a file that does not exist."""
    templates = "write a config with: nncli init xor"
    if path.suffix in (".yaml", ".yml") or not path.name:
        return f"check the path, or {templates}"
    longer = path.with_name(f"{path.name}.yaml")
    if longer.is_file():
        return f"did you mean {shown_path(longer)}?"
    return f"give a config file ({shown_path(longer)} does not exist either), or {templates}"


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name}: the file is not UTF-8 text (first invalid byte: {error.start})",
            hint="save the file as UTF-8",
        ) from None


def _unreadable(name: str, text: str, error: yaml12.YamlError) -> ConfigError:
    if error.mark is None:
        return ConfigError(f"{name}: {error.message}", hint=error.hint)
    return _report(text, name, _place_of(error.mark), error.message, error.hint)


def _report(text: str, name: str, place: Place, message: str, hint: str | None) -> ConfigError:
    if place.name != name:  # an override: its place is the command line
        return ConfigError(f"{place.name}: {message}", hint=hint and hint.replace("move it to ", "write "))
    lines = text.splitlines()
    line = lines[place.line] if place.line < len(lines) else ""
    return ConfigError(
        f"{name}:{place.line + 1}:{place.column + 1}: {message}",
        hint=hint,
        source=excerpt(line, place.line + 1, place.column, place.width),
    )


def _place_of(mark: yaml.Mark) -> Place:
    return Place(mark.name, mark.line, mark.column, None)


def _extent(node: yaml.Node) -> Place:
    """Place of a node's text on its first line; for one that spans lines, its first word."""
    start, end = node.start_mark, node.end_mark
    one_line = start.line == end.line and end.column > start.column
    return Place(start.name, start.line, start.column, end.column - start.column if one_line else None)


def _inside(node: yaml.ScalarNode, column: int) -> Place:
    """Place of a character in a text value: plain, in quotes, or in a block below."""
    start = node.start_mark
    raw = (start.buffer or "")[start.pointer : node.end_mark.pointer]
    *above, begun = node.value[:column].split("\n")
    offset = 0
    for line in node.value.split("\n")[: len(above) + 1]:
        offset = raw.find(line, offset)
        if offset < 0:  # folded over lines, or with escapes
            return _extent(node)
    lines = raw[: offset + len(begun)].split("\n")
    indent = start.column if len(lines) == 1 else 0
    return Place(start.name, start.line + len(lines) - 1, indent + len(lines[-1]), None)
