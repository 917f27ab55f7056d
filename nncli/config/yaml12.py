"""YAML 1.2 as its core schema defines it, on PyYAML, keeping the place of every node.

PyYAML speaks YAML 1.1, where `1e-3` is text, `off` is false and `12:30` is 750 (yaml/pyyaml#173).
"""

from __future__ import annotations

import math
import re
from typing import Any, NoReturn

import yaml

DEEPEST = 50  # levels of nesting
LONGEST = 1_000_000  # bytes
LARGEST = 100_000  # nodes, aliases expanded


class YamlError(ValueError):
    """Text that is no usable YAML; `mark` is where."""

    def __init__(self, message: str, mark: yaml.Mark | None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.mark, self.hint = message, mark, hint


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name and form


_CORE = [
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+0123456789."),
    ),
    ("merge", r"^<<$", ["<"]),
]
for _tag, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    base = {"0o": 8, "0x": 16}.get(text[:2].lower(), 10)
    if len(text) > 1000:
        raise YamlError(f"a number of {len(text)} digits", node.start_mark)
    return int(text[2:] if base != 10 else text, base)


def _construct_float(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).lower()
    if text.endswith((".inf", ".nan")):
        text = text.replace(".", "")
    return float(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


def _refuse(loader: _Loader, node: yaml.Node) -> NoReturn:
    raise YamlError(f"tag {node.tag} is not allowed", node.start_mark, "write plain values")


_Loader.add_constructor(None, _refuse)


class _Dumper(yaml.SafeDumper):
    # The loader's resolvers, so that text that looks like a 1.2 number is quoted.
    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_float(self, data: float) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:float", repr(data))  # shortest exact form, 1e-06

    def represent_list(self, data: Any) -> yaml.Node:
        flat = all(not isinstance(item, list | dict) for item in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(float, _Dumper.represent_float)
_Dumper.add_representer(list, _Dumper.represent_list)


def compose(text: str, name: str) -> yaml.Node | None:
    """The node tree of one document, or None where it is empty; `name` goes into every mark.

    Raises
    ------
    YamlError
        For text that is no YAML, is nested too deeply or blown up by aliases, and for duplicate keys.
    """
    if len(text) > LONGEST:
        raise YamlError(f"{len(text)} characters; a config has at most {LONGEST}", None)
    try:
        _check_depth(text, name)
        loader = _Loader(text)
        loader.name = name
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _explain(error) from None
    except yaml.YAMLError as error:
        raise YamlError(" ".join(str(error).split()), None) from None
    if node is not None:
        _check_size(node, {}, set())
        _check_duplicates(node, set())
    return node


def construct(node: yaml.Node) -> Any:
    """Plain Python values of a node tree."""
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise _explain(error) from None
    finally:
        loader.dispose()


def dump(values: Any) -> str:
    """YAML text that `compose` and `construct` turn into the same values."""
    return yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )


def is_number(text: str) -> bool:
    """Whether text is a finite number as Python writes it."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _explain(error: yaml.MarkedYAMLError) -> YamlError:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context or "not readable as YAML")
    if "'\\t'" in problem:
        return YamlError("a tab; YAML is indented with spaces", mark, "replace the tab by spaces")
    if mark is not None and mark.buffer is not None and "\t" in mark.buffer[max(0, mark.pointer - 1) : mark.pointer + 1]:
        return YamlError("a tab; YAML is indented with spaces", mark, "replace the tab by spaces")
    if "expected a single document" in str(error.context or "") or "but found another document" in problem:
        return YamlError("a second document; a config is one", mark, "remove the line ---")
    context = f" {error.context}" if error.context and error.problem else ""
    return YamlError(f"not readable as YAML: {problem}{context}", mark)


def _check_depth(text: str, name: str) -> None:
    loader = _Loader(text)
    loader.name = name
    depth = 0
    try:
        # Events come from a state machine; composing nodes recurses, so depth is bounded here.
        while loader.check_event():
            event = loader.get_event()
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise YamlError(f"nested more than {DEEPEST} levels deep", event.start_mark)
    finally:
        loader.dispose()


def _check_size(node: yaml.Node, sizes: dict[int, int], open_nodes: set[int]) -> int:
    """How many nodes a tree has with every alias written out."""
    if id(node) in open_nodes:
        raise YamlError("an alias that contains itself", node.start_mark)
    if id(node) not in sizes:
        open_nodes.add(id(node))
        sizes[id(node)] = 1 + sum(_check_size(child, sizes, open_nodes) for child in _children(node))
        open_nodes.discard(id(node))
        if sizes[id(node)] > LARGEST:
            raise YamlError(f"more than {LARGEST} values once aliases are written out", node.start_mark)
    return sizes[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_duplicates(node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError("a list or mapping as a key", key.start_mark)
            if key.value in first:
                raise YamlError(
                    f"duplicate key '{key.value}'",
                    key.start_mark,
                    f"it stands on line {first[key.value].start_mark.line + 1} already; remove one",
                )
            first[key.value] = key
    for child in _children(node):
        _check_duplicates(child, seen)
