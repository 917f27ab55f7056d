"""Parser of YAML 1.2 (core schema) on top of PyYAML that keeps the place of every node.

PyYAML speaks YAML 1.1, where `1e-3` is text, `off` is false and `12:30` is 750 (yaml/pyyaml#173).
Keys are always text; merge keys (`<<`), a feature of YAML 1.1, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml
from yaml.reader import ReaderError

from nncli.messages.wording import shown

DEEPEST_YAML = 50  # levels of nesting
LONGEST_CONFIG = 1_000_000  # characters
LARGEST = 100_000  # nodes, aliases written out
AS_FILE = "move long tables to a CSV file and set dataset.path"
REPEAT = "write the keys out, or reuse a whole value with an alias: *NAME"
LONGEST_NUMBER = 1000  # characters

TAG = "tag:yaml.org,2002:"
NULL, TEXT, MAPPING, SEQUENCE = f"{TAG}null", f"{TAG}str", f"{TAG}map", f"{TAG}seq"


class YamlError(ValueError):
    """Error for text that is not usable YAML; `mark` is its place."""

    def __init__(self, message: str, mark: yaml.Mark | None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.mark, self.hint = message, mark, hint


def _int(text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text[2:] if base != 10 else text, base)


def _float(text: str) -> float:
    special = text.lower().endswith((".inf", ".nan"))
    return float(text.replace(".", "") if special else text)


# Tag -> what its scalars look like, the characters they start with, and their value.
_SCALARS: dict[str, tuple[re.Pattern[str], list[str], Callable[[str], Any]]] = {
    NULL: (re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""], lambda text: None),
    f"{TAG}bool": (
        re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
        list("tTfF"),
        lambda text: text.lower() == "true",
    ),
    f"{TAG}int": (
        re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"),
        list("-+0123456789"),
        _int,
    ),
    f"{TAG}float": (
        re.compile(
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+0123456789."),
        _float,
    ),
}


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name and form
    depth = nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node like PyYAML, with limits on the depth and the number of nodes."""
        self.nodes += 1
        if self.nodes > LARGEST:
            raise YamlError(f"more than {LARGEST:,} values", self.peek_event().start_mark, AS_FILE)  # type: ignore[no-untyped-call]
        if self.depth > DEEPEST_YAML:
            raise YamlError(f"nested more than {DEEPEST_YAML} levels deep", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _tag, (_pattern, _first, _) in _SCALARS.items():
    _Loader.add_implicit_resolver(_tag, _pattern, _first)
_Loader.add_implicit_resolver(f"{TAG}merge", re.compile(r"^<<$"), ["<"])


class _Dumper(yaml.SafeDumper):
    # The loader's resolvers, so that text that looks like a 1.2 number is quoted.
    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_float(self, data: float) -> yaml.ScalarNode:
        return self.represent_scalar(f"{TAG}float", repr(data))  # shortest exact form, 1e-06

    def represent_str(self, data: str) -> yaml.ScalarNode:
        # Single quotes would let line separators such as U+0085 be folded into spaces.
        return self.represent_scalar(TEXT, data, style=None if data.isprintable() else '"')

    def represent_list(self, data: Any) -> yaml.SequenceNode:
        flat = all(not isinstance(item, list | dict) for item in data)
        return self.represent_sequence(SEQUENCE, data, flow_style=flat or bool(self.default_flow_style))


_Dumper.add_representer(float, _Dumper.represent_float)
_Dumper.add_representer(str, _Dumper.represent_str)
_Dumper.add_representer(list, _Dumper.represent_list)


def compose(text: str, name: str) -> yaml.Node | None:
    """Parse one document to a tree of nodes, or None if it is empty; marks contain `name`.

    A duplicate key stays in the tree twice: `duplicates` finds it.

    Raises
    ------
    YamlError
        If the text is not YAML, is nested too deeply or too large once aliases are expanded, or has tags.
    """
    if len(text) > LONGEST_CONFIG:
        raise YamlError(f"more than {LONGEST_CONFIG:,} characters", None, AS_FILE)
    try:
        node = _composed(text, name)
    except ReaderError as error:
        raise _bad_character(chr(error.character), _mark(text, name, error.position)) from None
    except yaml.MarkedYAMLError as error:
        raise _explain(error) from None
    if node is not None:
        _measure(node, {}, set())
        _check_plain(node, set())
    return node


def _composed(text: str, name: str) -> yaml.Node | None:
    loader = _Loader(text)
    loader.name = name
    try:
        node: yaml.Node | None = loader.get_single_node()
    except YamlError:
        raise
    except (ValueError, OverflowError):  # PyYAML's own, such as chr() of the escape "\\UFFFFFFFF"
        raise YamlError(
            "an escape sequence is beyond the last Unicode character (\\U0010FFFF), or a number is too large",
            loader.get_mark(),
        ) from None
    finally:
        loader.dispose()
    return node


def construct(node: yaml.Node) -> Any:
    """Convert a tree made by `compose` to plain Python values."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: construct(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [construct(child) for child in node.value]
    return node.value if node.tag == TEXT else _SCALARS[node.tag][2](node.value)


def dump(values: Any) -> str:
    """Convert values to YAML text that `compose` and `construct` read back."""
    return yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )


def dump_flow(values: Any) -> str:
    """Convert values to one line of YAML, such as `{a: 1}` or `[b, c]`."""
    text: str = yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9, default_flow_style=True
    )
    return text.rstrip("\n")


def duplicates(node: yaml.Node) -> Iterator[YamlError]:
    """Find every duplicate key."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting.extend(_children(node))
        if isinstance(node, yaml.MappingNode):
            yield from _repeated(node)


def _repeated(node: yaml.MappingNode) -> Iterator[YamlError]:
    first: dict[str, yaml.Node] = {}
    for key, _ in node.value:
        if key.value in first:
            line = first[key.value].start_mark.line + 1
            yield YamlError(
                f"duplicate key '{shown(key.value)}'",
                key.start_mark,
                f"remove one of the two; it is first defined on line {line}",
            )
        first.setdefault(key.value, key)


def is_yaml_number(text: str) -> bool:
    """Return True if text would be a number without quotes."""
    return any(_SCALARS[f"{TAG}{kind}"][0].match(text) for kind in ("int", "float"))


_HINTS = {
    "mapping values are not allowed": "indent keys alike, one per line, and quote text that contains ': '",
    "could not find expected ':'": "write key: value, with a space after the colon",
    "expected <block end>": "give all keys of a mapping, or entries of a list, the same indentation",
    "expected ',' or '}'": "separate entries with commas and close the bracket",
    "expected ',' or ']'": "separate entries with commas and close the bracket",
    "found unexpected end of stream": "close the quote or bracket",
    "undefined alias": "define the anchor with & above it, or quote text that starts with *",
    "cannot start any token": "quote text that starts with this character",
}


def _explain(error: yaml.MarkedYAMLError) -> YamlError:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context or "not YAML")
    around = mark.buffer[max(0, mark.pointer - 1) : mark.pointer + 1] if mark and mark.buffer else ""
    if "'\\t'" in problem or "\t" in around:
        return YamlError("tabs are not allowed in YAML", mark, "replace the tab with spaces")
    if anchor := re.search(r"found duplicate anchor '(.*?)'", str(error.context)):
        name = shown(anchor[1])
        return YamlError(f"the anchor &{name} is defined twice", mark, "give each anchor a different name")
    if "but found another document" in problem:
        return YamlError("multiple YAML documents; a config must be one", mark, "remove the line ---")
    hint = next((hint for part, hint in _HINTS.items() if part in problem), None)
    context = f" {error.context}" if error.context and error.problem else ""
    return YamlError(f"cannot be read as YAML: {shown(problem)}{context}", mark, hint)


def _mark(text: str, name: str, position: int) -> yaml.Mark:
    before = text[:position]
    start = before.rfind("\n") + 1
    return yaml.Mark(name, position, before.count("\n"), position - start, text, position)


class _Extent(NamedTuple):
    """Size of a tree with every alias expanded."""

    nodes: int
    levels: int


def _measure(node: yaml.Node, known: dict[int, _Extent], open_nodes: set[int]) -> _Extent:
    """Measure a tree; raise YamlError if it is too large, too deep or endless."""
    if id(node) in open_nodes:
        raise YamlError("an alias contains itself", node.start_mark, "write the values out")
    if id(node) not in known:
        open_nodes.add(id(node))
        parts = [_measure(child, known, open_nodes) for child in _children(node)]
        open_nodes.discard(id(node))
        extent = _Extent(
            1 + sum(part.nodes for part in parts), 1 + max((part.levels for part in parts), default=0)
        )
        if extent.nodes > LARGEST:
            raise YamlError(
                f"more than {LARGEST:,} values once aliases are expanded",
                node.start_mark,
                AS_FILE,
            )
        if extent.levels > DEEPEST_YAML:
            raise YamlError(f"nested more than {DEEPEST_YAML} levels deep", node.start_mark)
        known[id(node)] = extent
    return known[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_plain(node: yaml.Node, seen: set[int]) -> None:
    """Raise YamlError unless all keys are text and all values are in YAML's core schema."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError("a key cannot be a list or mapping", key.start_mark, "use text as the key")
            if key.tag == f"{TAG}merge":
                raise YamlError("merge keys (<<) are not supported", key.start_mark, REPEAT)
            _check_scalar(key)
        children = [value for _, value in node.value]
    else:
        children = _children(node)
    _check_tag(node)
    for child in children:
        _check_plain(child, seen)


def _check_tag(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node)
    elif node.tag != (MAPPING if isinstance(node, yaml.MappingNode) else SEQUENCE):
        raise _bad_tag(node)


def _check_scalar(node: yaml.Node) -> None:
    if node.tag == TEXT:
        if unusable := re.search("[\0\ud800-\udfff]", node.value):
            raise _bad_character(unusable.group(), node.start_mark)
        return
    if node.tag not in _SCALARS:
        raise _bad_tag(node)
    if not _SCALARS[node.tag][0].match(node.value):
        raise YamlError(f"'{shown(node.value)}' is not a valid {node.tag.removeprefix(TAG)}", node.start_mark)
    if len(node.value) > LONGEST_NUMBER:
        raise YamlError(
            f"the number has {len(node.value):,} characters; the limit is {LONGEST_NUMBER:,}",
            node.start_mark,
        )


def _bad_character(char: str, mark: yaml.Mark) -> YamlError:
    return YamlError(
        f"the character {char!r} is not allowed in a config",
        mark,
        "remove the character or its escape sequence",
    )


def _bad_tag(node: yaml.Node) -> YamlError:
    tag = node.tag.replace(TAG, "!!")
    return YamlError(
        f"tag {shown(tag)} is not allowed", node.start_mark, "remove the tag and write only the value"
    )
