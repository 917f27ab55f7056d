"""Write the JSON Schema, docs/config.md, the table in README.md and the words of the command line.

Run as `python docs/make_reference.py` after a change to a key or a registry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nncli.config import json_schema
from nncli.config.explanation import key_topics, value_topics
from nncli.plots import KINDS
from nncli.storage.lookup import SCHEMA_FILE

ROOT = Path(__file__).resolve().parents[1]
README, REFERENCE = ROOT / "README.md", ROOT / "docs" / "config.md"
SCHEMA = ROOT / "nncli" / "scaffold" / SCHEMA_FILE
VOCABULARY = ROOT / "nncli" / "cli" / "vocabulary.py"
OPEN, CLOSE = "<!-- config table -->\n", "<!-- end of config table -->\n"

Node = Mapping[str, Any]

# The mappings of a config from the outside in: where they stand, and their model.
SECTIONS = {
    "": "the whole",
    "seed": "Seeds",
    "dataset": "DatasetConfig",
    "dataset.read": "ReadConfig",
    "dataset.function": "Function",
    "dataset.split": "SplitConfig",
    "dataset.preprocessing": "PreprocessingConfig",
    "dataset.preprocessing.columns.*": "ColumnConfig",
    "network": "NetworkConfig",
    "network.layers[]": "LayerConfig",
    "training": "TrainingConfig",
    "training.early_stopping": "EarlyStoppingConfig",
    "training.stop_when": "StopWhen",
    "record": "RecordConfig",
    "sweep.*": "SweepAxis",
}
# What can be chosen by name: a heading, and how the models of the choice end.
CHOICES = {
    "Activations": "Activation",
    "Initial weights": "Weights",
    "Initial biases": "Biases",
    "Losses": "Loss",
    "Gradients": "Gradient",
    "Optimizers": "Optimizer",
    "Schedules": "Schedule",
}

INTRO = """\
# Config reference

All keys of a config, with their values, defaults and meaning. (`docs/make_reference.py` writes this page
from the JSON Schema; contributors edit the descriptions in the code.)

A config is one YAML 1.2 file, so `1e-3` is a number, while `on`, `off`, `yes` and `no` are text. Unknown and
duplicate
keys are errors. Where a choice such as `loss` takes options, a name alone stands for the mapping with that
name: `loss: mse` is `loss: {name: mse}`. Where a list is expected, a single value stands for a list with that
one entry: `metrics: mae` is `metrics: [mae]`. On the command line `--set KEY=VALUE` replaces a value and is
read like the file: `--set optimizer.learning_rate=0.01`, `--set "network.layers[0].units=8"`.

The shortest config names a table, its target and the hidden layers:

    dataset: {path: houses.csv, targets: price}
    network: {hidden: [64, 32]}

The output layer and the loss follow from the target: one number gives `identity` and `mse`, two classes
`sigmoid` and `binary_cross_entropy`, more classes `softmax` and `cross_entropy`. The run's `config.yaml`
spells all of it out.

`nncli explain KEY` prints what this page says about a key, its effect on training, and an example.

`nncli init` writes `nncli.schema.json` beside the config, for completion and checks in editors that know
`yaml-language-server`. For other configs, `nncli schema > nncli.schema.json` writes it.
"""


def reference(schema: Node) -> str:
    """The text of docs/config.md."""
    return "\n".join([INTRO, *_sections(schema), *_choices(schema)])


def short_table(schema: Node) -> str:
    """A row for each key at the top of a config."""
    lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
    for key, node in schema["properties"].items():
        values = _keys(node, schema) or _names(node) or _type(node, schema).replace("(#", "(docs/config.md#")
        lines.append(_row(f"`{key}`", values, _default(key, node, schema), node["description"]))
    return "\n".join(lines) + "\n"


def with_table(readme: str, table: str) -> str:
    """README's text with the table between its markers."""
    before, rest = readme.split(OPEN)
    return before + OPEN + table + CLOSE + rest.split(CLOSE)[1]


def schema_file() -> str:
    """The JSON Schema as `nncli schema` prints it and `nncli init` writes it."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def vocabulary() -> str:
    """The module of words that the command line knows without loading the schema or numpy."""
    keys = [topic.key for topic in key_topics()]
    values = list(dict.fromkeys(topic.value for topic in value_topics()))
    lines = [
        '"""Keys and values of configs, and kinds of plots. Written by docs/make_reference.py."""',
        "",
        *(
            f"{name} = (\n" + "".join(f'    "{word}",\n' for word in words) + ")"
            for name, words in (("KEYS", keys), ("VALUES", values))
        ),
        "KINDS_OF_PLOT = {",
        *(f'    "{name}": "{kind.summary}",' for name, kind in KINDS.items()),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _sections(schema: Node) -> Iterator[str]:
    for place, model in SECTIONS.items():
        section = schema["$defs"].get(model, schema)
        yield f"## `{place}`\n" if place else "## Keys\n"
        yield f"{section['description']}\n"
        yield "| key | values | default | meaning |\n|---|---|---|---|"
        for key, node in section["properties"].items():
            default = _default(key, node, section)
            yield _row(f"`{key}`", _type(node, schema), default, node.get("description", ""))
        yield ""


def _choices(schema: Node) -> Iterator[str]:
    for heading, ending in CHOICES.items():
        yield f"## {heading}\n"
        yield "| name | meaning | options |\n|---|---|---|"
        for title, model in schema["$defs"].items():
            if title.endswith(ending) and "const" in model["properties"].get("name", {}):
                name = model["properties"]["name"]["const"]
                yield _row(f"`{name}`", model["description"], "<br>".join(_options(model, schema)))
        yield ""


def _options(model: Node, schema: Node) -> Iterator[str]:
    for key, node in model["properties"].items():
        if key != "name":
            default = node.get("default")
            given = "" if default is None else f" = {_shown(default)}"
            yield f"`{key}`{given}: {_type(node, schema).removeprefix(': ')}; {node['description']}"


def _anchor(heading: str) -> str:
    """What a link to a heading of code ends in."""
    return re.sub(r"[^\w-]", "", heading).lower()


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(key: str, node: Node, section: Node) -> str:
    if key in section.get("required", ()):
        return "required"
    value = node.get("default")
    return "" if value is None else _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _keys(node: Node, schema: Node) -> str:
    """The keys of a mapping, as a list."""
    options = [_resolved(option, schema) for option in node.get("anyOf", [node])]
    models = [option for option in options if "properties" in option]
    if len(models) != 1:
        return ""
    keys = ", ".join(f"`{key}`" for key in models[0]["properties"])
    others = _names(node) or " or ".join(f"a {_type(each, schema)}" for each in options if _is_plain(each))
    return f"{others}, or a mapping of {keys}" if others else f"a mapping of {keys}"


def _is_plain(node: Node) -> bool:
    return node.get("type") in ("integer", "number", "string")


def _names(node: Node) -> str:
    options = [option for option in _not_in_list(node.get("anyOf", ())) if "enum" in option]
    return ", ".join(_listed(option["enum"]) for option in options)


def _not_in_list(options: Sequence[Node]) -> list[Node]:
    """The alternatives without the single entry that stands for a list of one."""
    entries = [option["items"] for option in options if "items" in option]
    return [option for option in options if option not in entries]


def _listed(values: list[Any]) -> str:
    """The values of an enum; a hyphened form of a name is not distinguished from its underscored one."""
    return ", ".join(f"`{value}`" for value in values if value is not None and "-" not in value)


def _resolved(node: Node, schema: Node) -> Node:
    return schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


def _type(node: Node, schema: Node) -> str:
    """What a value may be, in words."""
    if "enum" in node:
        return _listed(node["enum"])
    if "anyOf" in node:
        return _either(node["anyOf"], schema)
    if "$ref" in node:
        model = node["$ref"].rsplit("/", 1)[1]
        place = next(place for place, name in SECTIONS.items() if name == model)
        return f"a mapping (see [`{place}`](#{_anchor(place)}))"
    if "const" in node:
        return f"`{node['const']}`"
    return _plain(node, schema)


def _plain(node: Node, schema: Node) -> str:
    kind = node.get("type")
    if kind == "array" and "prefixItems" in node:
        return "[number, number]"
    if kind == "array":
        entry = _type(node["items"], schema)
        if entry.startswith("a mapping") and " or " in entry:
            return f"a list; each entry is {entry.replace(' or ', ' or a ')}"
        return f"a list of {_plural(entry)}"
    if kind == "object":
        values = _type(node["additionalProperties"], schema)
        details = re.search(r"\(see .*?\]\(.*?\)\)", values)
        return f"a mapping {details[0]}" if details else f"a mapping of names to {values}"
    if "pattern" in node:
        return "a share such as `10%`"
    if kind is None:
        return "value"
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "`true`, `false`"}
    return words[kind] + _range(node)


def _plural(words: str) -> str:
    if words.startswith(("a mapping", "a list")):
        return words.replace("a mapping", "mappings").replace("a list", "lists")
    words = words.replace("whole number", "whole numbers")
    known = {"text": "strings", "number": "numbers", "value": "values"}
    return " or ".join(known.get(word, word) for word in words.split(" or "))


def _range(node: Node) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{signs[key]} {node[key]:g}" for key in signs if key in node and abs(node[key]) < 1e12]
    return f" {', '.join(limits)}" if limits else ""


def _either(options: list[Node], schema: Node) -> str:
    """Alternatives; the models of a choice are listed by name, which link to their table."""
    known = [option for option in _not_in_list(options) if option.get("type") != "null"]
    choice = next((end for end in CHOICES.items() if any(_ends(option, end[1]) for option in known)), None)
    if choice:
        heading, ending = choice
        plain = _names({"anyOf": known})
        models = [_resolved(option, schema) for option in known if _ends(option, ending)]
        names = [model["properties"]["name"]["const"] for model in models]
        others = ", ".join(f"`{name}`" for name in names if f"`{name}`" not in plain)
        mapping = f"a mapping whose `name` is {' or '.join(others.rsplit(', ', 1))}" if others else ""
        values = ", or ".join(filter(None, (plain, mapping)))
        return f"{values}: see [{heading}](#{heading.lower().replace(' ', '-')})"
    return " or ".join(dict.fromkeys(_type(option, schema) for option in known))


def _ends(option: Node, ending: str) -> bool:
    return str(option.get("$ref", "")).endswith(ending)


def main() -> None:
    """Write all of them."""
    schema = json_schema()
    SCHEMA.write_text(schema_file(), encoding="utf-8")
    VOCABULARY.write_text(vocabulary(), encoding="utf-8")
    REFERENCE.write_text(reference(schema), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8"), short_table(schema)), encoding="utf-8")


if __name__ == "__main__":
    main()
