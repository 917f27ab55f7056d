"""`nncli explain`: keys and values of a config, explained at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.registry import command
from nncli.messages.layout import definitions, wrapped

if TYPE_CHECKING:
    from nncli.config.explanation import Topic


@command(
    "Check",
    4,
    {
        "nncli explain learning_rate": "say what the key does, with an example",
        "nncli explain": "list all keys",
    },
)
def explain(
    context: typer.Context,
    key: Annotated[
        str | None,
        typer.Argument(
            metavar="KEY",
            help="A key such as optimizer.momentum, its last part, or a value such as adam (default: list "
            "the keys).",
            show_default=False,
            autocompletion=completion.topics,
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Explain a key or a value of the config: its meaning, values, default, effect and an example."""
    from nncli.config.explanation import find_topics, key_topics, key_tree

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    if key is None:
        out.verbatim(definitions([_in_tree(topic) for topic in key_tree()], out.columns))
        out.note("to explain one of them, type: nncli explain KEY")
        out.object("explain", {"keys": {topic.key: topic.meaning for topic in key_topics()}})
        return
    found = find_topics(key)
    if found.renamed:
        out.note(f"{key} is called {found.renamed} in nncli")
    out.verbatim("\n\n".join(_page(topic, out.columns) for topic in found.topics))
    out.object("explain", {"topics": [_as_object(topic) for topic in found.topics]})


def _in_tree(topic: Topic) -> tuple[str, str]:
    """Key with its indent, and its meaning."""
    depth = len(topic.steps) - 1
    return "  " * depth + str(topic.steps[-1]), topic.meaning


def _page(topic: Topic, columns: int | None) -> str:
    """Lay out the explanation of a topic."""
    from nncli.config.examples import example, example_text

    facts = [
        *((f"with {name}", meaning) for name, meaning in topic.other_meanings),
        ("values", topic.values),
        ("default", topic.defaults),
        ("only with", ", ".join(topic.entries) if topic.is_special else ""),
        ("effect", topic.effect),
    ]
    known = [fact for fact in facts if fact[1]]
    blocks = [topic.name, wrapped(topic.meaning, columns), definitions(known, columns) if known else ""]
    for title, rows in (("Values", topic.choices), ("Keys", topic.keys)):
        if rows:
            blocks.append(f"{title}\n{definitions(rows, columns, indent='  ')}")
    if topic.value_with_options:
        hint = f"To list the options of a value: nncli explain {topic.key}.{topic.value_with_options}"
        blocks.append(wrapped(hint, columns))
    lines = example_text(example(topic)).split("\n")
    blocks.append("\n".join(["Example", *(f"  {line}" for line in lines)]))
    return "\n\n".join(filter(None, blocks))


def _as_object(topic: Topic) -> dict[str, Any]:
    from nncli.config.examples import example

    return {
        "key": topic.key,
        "value": topic.value or None,
        "meaning": topic.meaning,
        "other_meanings": dict(topic.other_meanings),
        "values": topic.values or None,
        "default": None if topic.value or topic.required else topic.node.get("default"),
        "required": topic.required,
        "only_with": list(topic.entries),
        "effect": topic.effect or None,
        "choices": dict(topic.choices),
        "keys": dict(topic.keys),
        "example": example(topic),
    }
