"""Mistakes in a config, in words: pydantic's findings translated, and contradictions between keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nncli.config.document import Loc, dotted
from nncli.config.schema import Values
from nncli.expressions import ExpressionError, parse
from nncli.nearest import nearest
from nncli.nn.losses import LOSSES


class Mistake(NamedTuple):
    """What is wrong at a place, and what to do."""

    loc: Loc
    message: str
    hint: str | None = None
    at_key: bool = False
    column: int = 0


KINDS: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    tuple: "a list",
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "nothing",
}
EXPECTED = {
    "model_type": "a mapping",
    "model_attributes_type": "a name or a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list [low, high]",
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
}


def translated(error: ValidationError) -> list[Mistake]:
    """pydantic's findings as mistakes, one for each place, in the order of the file's keys."""
    schema = Values.model_json_schema()
    mistakes: dict[Loc, Mistake] = {}
    for detail in error.errors(include_url=False):
        loc, node = _follow(schema, detail["loc"])
        mistake = _translate(detail, loc, node)
        if loc in mistakes and not mistake.at_key:
            # The branches of a union each report the place; what they expected is said together.
            before = mistakes[loc]
            joined = before.message.replace("expected ", "").split(", found")[0]
            if mistake.message.startswith("expected ") and before.message.startswith("expected "):
                other = mistake.message.replace("expected ", "")
                mistake = mistake._replace(message=f"expected {joined} or {other}")
        mistakes[loc] = mistake
    return list(mistakes.values())


def _translate(detail: ErrorDetails, loc: Loc, node: Mapping[str, Any]) -> Mistake:
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = [*node.get("properties", ())]
        near = nearest(str(loc[-1]), known)
        allowed = f"allowed here: {', '.join(known)}"
        return Mistake(loc, "unknown key", f"did you mean {near}? {allowed}" if near else allowed, at_key=True)
    if kind == "missing":
        return Mistake(loc[:-1], f"missing key '{loc[-1]}'", str(node.get("description") or "") or None)
    if kind == "union_tag_not_found":
        return Mistake(loc, "missing key 'name'", f"choose from: {_tags(context)}")
    if kind in ("union_tag_invalid", "literal_error", "enum"):
        options = _tags(context) if kind == "union_tag_invalid" else context["expected"].replace("'", "")
        given = context.get("tag", found)
        names = options.replace(" or ", ", ").split(", ")
        near = nearest(str(given), names)
        hint = f"choose from: {', '.join(names)}"
        if given is False and "none" in names:
            near = "none"
        if kind == "literal_error" and not isinstance(found, str):
            return Mistake(loc, f"expected {' or '.join(names)}, found {_found(found)}")
        return Mistake(loc, f"unknown value '{given}'", f"did you mean {near}? {hint}" if near else hint)
    if kind in EXPECTED:
        message = f"expected {EXPECTED[kind]}, found {_found(found)}"
        return Mistake(loc, message, _type_hint(kind, found))
    if kind == "value_error":
        return Mistake(loc, str(context["error"]), _value_hint(loc, found))
    limits = {"greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<="}
    if kind in limits:
        (limit,) = (context[key] for key in ("gt", "ge", "lt", "le") if key in context)
        return Mistake(loc, f"must be {limits[kind]} {limit:g}, found {found!r}")
    if kind == "too_short":
        return Mistake(loc, f"needs at least {context['min_length']} entries, found {context['actual_length']}")
    if kind == "too_long":
        return Mistake(loc, f"has more than {context['max_length']} entries")
    return Mistake(loc, f"{detail['msg']}, found {_found(found)}")


def _found(value: Any) -> str:
    if isinstance(value, BaseModel | dict | list | tuple) or value is None:
        return KINDS.get(type(value), "a mapping")
    shown = str(value) if not isinstance(value, bool) else str(value).lower()
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return f"text '{shown}'" if isinstance(value, str) else shown


def _type_hint(kind: str, found: Any) -> str | None:
    if not isinstance(found, str):
        return None
    if kind in ("float_type", "int_type", "float_parsing", "int_parsing"):
        try:
            float(found)
        except ValueError:
            return None
        return "remove the quotes to make it a number"
    if kind == "bool_type" and found.lower() in ("yes", "no", "on", "off"):
        return "YAML 1.2 writes true and false"
    return None


def _value_hint(loc: Loc, found: Any) -> str | None:
    if loc == ("dataset", "name"):
        from nncli.data.sources import BUILTIN

        near = nearest(str(found), BUILTIN)
        choices = f"built in: {', '.join(BUILTIN)}; for a file of your own write dataset: {{path: FILE.csv, targets: [COLUMN]}}"
        return f"did you mean {near}? {choices}" if near else choices
    return None


def _tags(context: Mapping[str, Any]) -> str:
    return str(context["expected_tags"]).replace("'", "") if "expected_tags" in context else "see nncli schema"


def _follow(schema: Mapping[str, Any], loc: tuple[Any, ...]) -> tuple[Loc, Mapping[str, Any]]:
    """The place without pydantic's union tags, and the part of the schema that rules its parent."""
    definitions = schema["$defs"]
    node = _resolved(schema, definitions)
    parent: Mapping[str, Any] = node
    place: list[str | int] = []
    for step in loc:
        options = _options(node, definitions)
        tagged = [option for option in options if step in _tag_of(option)]
        if isinstance(step, int):
            parent = node
            node = _resolved(next((o["items"] for o in options if "items" in o), {}), definitions)
            place.append(step)
        elif tagged and not any(step in option.get("properties", {}) for option in options):
            node = tagged[0]
        elif found := [option for option in options if step in option.get("properties", {})]:
            parent = found[0]
            node = _resolved(found[0]["properties"][step], definitions)
            place.append(step)
        elif _is_union_branch(step):
            continue
        else:
            parent = next((option for option in options if "properties" in option), node)
            node = {}
            place.append(step)
    if loc and place and node.get("description"):
        return tuple(place), {**parent, "description": node["description"]}
    return tuple(place), parent


def _is_union_branch(step: str) -> bool:
    """Names that pydantic puts into a place for the branch of a plain union."""
    return "[" in step or step in {"float", "int", "str", "bool", "constrained-int", "constrained-str"}


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = {**definitions[node["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def _options(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A node, or the branches of a union, references resolved."""
    branches = [*node.get("oneOf", ()), *node.get("anyOf", ())]
    if not branches:
        return [node]
    return [leaf for branch in branches for leaf in _options(_resolved(branch, definitions), definitions)]


def _tag_of(option: Mapping[str, Any]) -> set[Any]:
    name = option.get("properties", {}).get("name", {})
    return {name["const"]} if "const" in name else set()


def contradictions(values: Values) -> Iterator[Mistake]:
    """What each key allows alone but not together with another."""
    yield from _in_dataset(values)
    yield from _in_layers(values)
    output = values.network.layers[-1].activation.name
    link = LOSSES[values.loss.name]().link
    if link and output != link:
        yield Mistake(
            ("loss",),
            f"{values.loss.name} needs a last layer with activation {link}, found {output}",
            f"set activation: {link} in the last layer, or loss: mse",
        )
    optimizer = values.optimizer.options()
    if optimizer.get("nesterov") and not optimizer["momentum"]:
        yield Mistake(("optimizer", "nesterov"), "nesterov needs a momentum above 0", "add momentum: 0.9")


def _in_layers(values: Values) -> Iterator[Mistake]:
    layers = values.network.layers
    for index, layer in enumerate(layers):
        loc: Loc = ("network", "layers", index)
        if layer.activation.name == "softmax" and index < len(layers) - 1:
            yield Mistake(
                (*loc, "activation"), "softmax belongs in the last layer", "hidden layers take tanh, relu, sigmoid ..."
            )
        if layer.weights is not None:
            widths = sorted({len(row) for row in layer.weights})
            if len(widths) > 1:
                yield Mistake((*loc, "weights"), f"rows of different length: {', '.join(map(str, widths))}")
            elif index:
                yield from wrong_shape(loc, layer.weights, layer.units, layers[index - 1].units)
        if layer.biases is not None:
            if not layer.bias:
                yield Mistake((*loc, "biases"), "given, but bias is false", "remove one of the two")
            elif len(layer.biases) != layer.units:
                yield Mistake((*loc, "biases"), f"{len(layer.biases)} numbers for {layer.units} units")
        for key, init in (("weight_init", layer.weight_init), ("bias_init", layer.bias_init)):
            yield from _in_range((*loc, key), init)
    yield from _in_range(("network", "weight_init"), values.network.weight_init)
    yield from _in_range(("network", "bias_init"), values.network.bias_init)


def _in_range(loc: Loc, init: Any) -> Iterator[Mistake]:
    if init is not None and init.name == "uniform" and init.low > init.high:
        yield Mistake(loc, f"low {init.low:g} is above high {init.high:g}")


def wrong_shape(loc: Loc, weights: list[list[float]], units: int, inputs: int) -> Iterator[Mistake]:
    """A mistake where a matrix is not (units, inputs)."""
    shape = (len(weights), len(weights[0]))
    if shape == (units, inputs):
        return
    message = f"shape {shape} where the layer needs (units, inputs) = {(units, inputs)}"
    hint = "write one row per neuron, with one number per input"
    if shape == (inputs, units):
        hint = "the matrix is transposed: write one row per neuron, not one per input"
    yield Mistake((*loc, "weights"), message, hint)


def _in_dataset(values: Values) -> Iterator[Mistake]:
    dataset = values.dataset
    sources = {
        "name": dataset.name,
        "path": dataset.path,
        "function": dataset.function,
        "rows": dataset.rows,
    }
    given = [key for key, value in sources.items() if value is not None]
    if len(given) != 1:
        found = f"both {' and '.join(given)}" if given else "none"
        yield Mistake(
            ("dataset",), f"needs one source of rows, found {found}", "give one of: name, path, function, columns + rows"
        )
        return
    if (dataset.columns is None) != (dataset.rows is None):
        yield Mistake(("dataset",), "columns and rows go together", "columns: [x, y] with rows: [[0, 1], [1, 0]]")
    if dataset.path is not None or dataset.rows is not None:
        if dataset.targets is None:
            yield Mistake(("dataset",), "missing key 'targets'", "name the columns to predict: targets: [COLUMN]")
    elif dataset.function is not None and (dataset.targets or dataset.inputs or dataset.id):
        key = "targets" if dataset.targets else "inputs" if dataset.inputs else "id"
        yield Mistake(("dataset", key), "a formula names its own inputs and targets", "remove the key")
    if dataset.function is not None:
        yield from _in_function(values)
    if dataset.columns is not None and dataset.rows is not None:
        yield from _in_rows(dataset.columns, dataset.rows)
    for name in set(dataset.targets or ()) & {*(dataset.inputs or ()), *([dataset.id] if dataset.id else [])}:
        yield Mistake(("dataset", "targets"), f"'{name}' has two roles: target, and input or id")


def _in_rows(columns: list[str], rows: list[list[float | str]]) -> Iterator[Mistake]:
    for name in {name for name in columns if columns.count(name) > 1}:
        yield Mistake(("dataset", "columns"), f"two columns are called '{name}'")
    for index, row in enumerate(rows):
        if len(row) != len(columns):
            yield Mistake(
                ("dataset", "rows", index), f"{len(row)} values for {len(columns)} columns ({', '.join(columns)})"
            )


def _in_function(values: Values) -> Iterator[Mistake]:
    function = values.dataset.function
    assert function is not None
    for name, (low, high) in function.inputs.items():
        loc: Loc = ("dataset", "function", "inputs", name)
        if not low < high:
            yield Mistake(loc, f"an empty range: [{low:g}, {high:g}]", "write [low, high] with low < high")
        if not name.isidentifier():
            yield Mistake(loc, f"'{name}' cannot stand in a formula", "use letters, digits and _", at_key=True)
    for name, text in function.targets.items():
        loc = ("dataset", "function", "targets", name)
        if name in function.inputs:
            yield Mistake(loc, "is an input as well", at_key=True)
        try:
            parse(text, function.inputs)
        except ExpressionError as error:
            yield Mistake(loc, error.message, error.hint, column=error.column)


def shown(loc: Loc) -> str:
    """The dotted key of a place."""
    return dotted(loc)
