"""`nncli check`: validate a config and its data, and summarize the training it describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.misplaced import require_config_name
from nncli.cli.options import (
    ConfigFile,
    Overrides,
    config_or_only,
    note_remarks,
    read_config,
    warn_of_oddities,
)
from nncli.cli.registry import command
from nncli.messages.layout import definitions
from nncli.messages.wording import counted, listed, printable

if TYPE_CHECKING:
    from nncli.config.registry import Choice
    from nncli.training.experiment import Experiment


@command(
    "Train",
    2,
    {
        "nncli check xor.yaml": "find mistakes before training",
        "nncli check xor.yaml --set training.epochs=500 -v": "check a changed config, in detail",
    },
)
def check(
    context: typer.Context,
    config: ConfigFile = None,
    set_: Overrides = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Validate a config: report all invalid keys and values in one pass, or summarize it. Writes no files."""
    from nncli import api

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    path = config_or_only(config, out)
    require_config_name(str(path), out.command)
    prepared = api.check(read_config(path, set_))
    facts = _facts(prepared)
    out.result(f"ok: {'stdin' if str(path) == '-' else printable(str(path))}")
    note_remarks(prepared.rows.training.table, out)
    warnings = warn_of_oddities(prepared, out)
    rows = _words(facts, prepared) | (_initial_state(prepared) if out.verbose else {})
    out.detail(definitions([*rows.items()], out.columns))
    out.object("check", {"ok": True, "warnings": warnings, **facts})


def _facts(prepared: Experiment) -> dict[str, Any]:
    """Facts about the training that a config describes, as reported by --json."""
    dataset, recipe, config = prepared.rows.training, prepared.recipe, prepared.config
    columns = dataset.columns
    return {
        "task": columns.task,
        "classes": list(columns.classes),
        "data": dataset.table.origin,
        "rows": len(dataset),
        "held_out": {part: len(rows) for part, rows in prepared.rows.held_out.items()},
        "left_out": prepared.rows.left_out,
        "inputs": list(columns.inputs),
        "encoded": list(columns.encoded),
        "settings": config.dataset.preprocessing.model_dump(exclude_defaults=True),
        "preprocessing": [asdict(column) for column in columns.preprocessing.columns],
        "targets": list(columns.targets),
        "layers": [
            {"units": layer.units, "activation": layer.activation.name} for layer in prepared.network.layers
        ],
        "parameters": prepared.network.parameter_count,
        "loss": {"name": recipe.loss.name, "reduction": recipe.loss.reduction},
        "class_weights": _weights(prepared),
        "gradient": config.gradient.name,
        "optimizer": config.optimizer.model_dump(),
        "updates": {
            "total": prepared.updates_per_epoch * prepared.epochs,
            "epochs": prepared.epochs,
            "per_epoch": prepared.updates_per_epoch,
            "batch_size": recipe.batch_size,
        },
        "engine": prepared.engine_name,
        "dtype": config.training.dtype,
        "threads": prepared.threads,
    }


def _source(prepared: Experiment) -> str:
    """The file of the rows, or the name of a built-in dataset."""
    name = prepared.config.dataset.name
    return f"built-in dataset {name}" if name else printable(prepared.rows.training.table.origin)


def _words(facts: Mapping[str, Any], prepared: Experiment) -> dict[str, str]:
    """Table rows that show the same facts on a terminal."""
    layers, updates = facts["layers"], facts["updates"]
    optimizer = {**facts["optimizer"]}
    name, schedule = optimizer.pop("name"), optimizer.pop("schedule")
    options = [name, *(f"{key} {value}" for key, value in optimizer.items() if value is not None)]
    if schedule != {"name": "constant", "warmup": 0}:
        words = ", ".join(_schedule_option(key, value) for key, value in schedule.items() if key != "name")
        options.append(f"{schedule['name']} schedule ({words})")
    return {
        "task": facts["task"] + (f" ({listed(facts['classes'])})" if facts["classes"] else ""),
        "data": f"{_source(prepared)}, {counted(facts['rows'], 'row')}"
        + (" for training" if facts["held_out"] else "")
        + "".join(f", {rows:,} held out for {part}" for part, rows in facts["held_out"].items()),
        **_left_out(prepared),
        "inputs": listed(map(_input, facts["preprocessing"])),
        **_changes(facts["settings"]),
        "targets": listed(facts["targets"]),
        "network": "-".join(str(units) for units in [len(facts["encoded"]), *(e["units"] for e in layers)]),
        "activations": listed(layer["activation"] for layer in layers),
        "parameters": f"{facts['parameters']:,}",
        "loss": f"{facts['loss']['name']}, {facts['loss']['reduction']}",
        **_counts(facts["class_weights"]),
        "gradient": facts["gradient"],
        "optimizer": ", ".join(options),
        "updates": f"{updates['total']:,} ({updates['epochs']:,} epochs x "
        f"{counted(updates['per_epoch'], 'update')}), "
        f"{counted(updates['batch_size'], 'row')} each",
        "engine": facts["engine"],
    }


def _weights(prepared: Experiment) -> dict[str, float]:
    """Weight of each class in the loss; empty if all weights are 1."""
    weights = prepared.recipe.loss.class_weights
    if weights is None:
        return {}
    return dict(zip(prepared.rows.training.columns.classes, weights.tolist(), strict=True))


def _counts(weights: Mapping[str, float]) -> dict[str, str]:
    words = listed(f"{name}: {weight:.4g}" for name, weight in weights.items())
    return {"class weights": words} if weights else {}


def _schedule_option(key: str, value: Any) -> str:
    """An option of a schedule, with its unit if it counts epochs."""
    if key == "warmup":
        return f"warmup of {counted(value, 'epoch')}" if value else "no warmup"
    return f"{key} {counted(value, 'epoch')}" if key in ("over", "every") else f"{key} {value}"


def _left_out(prepared: Experiment) -> dict[str, str]:
    rows, inputs = prepared.rows.left_out, prepared.rows.training.columns.preprocessing.columns
    drops = any(each.missing == "drop" for each in inputs)
    why = "with missing values" if drops else "without a target value"
    return {"left out": f"{counted(rows, 'row')} {why}"} if rows else {}


def _changes(settings: Mapping[str, Any]) -> dict[str, str]:
    """Preprocessing settings that differ from the defaults."""
    changed = [f"{key} {value}" for key, value in settings.items() if key != "columns"]
    own = settings.get("columns", {})
    changed += [f"{name}: {listed(map(str, chosen.values()))}" for name, chosen in own.items()]
    return {"preprocessing": ", ".join(changed)} if changed else {}


def _input(column: Mapping[str, Any]) -> str:
    """Name of an input, with its kind unless it is a number."""
    if column["kind"] == "number":
        return str(column["name"])
    if column["kind"] == "date":
        return f"{column['name']} (date: {listed(column['parts'])})"
    kind = counted(len(column["categories"]), "category") if "categories" in column else "true or false"
    return f"{column['name']} ({kind})"


def _initial_state(prepared: Experiment) -> dict[str, str]:
    """Initializers of each layer, the choice of the engine, seeds, dtype and threads."""
    network, seed = prepared.config.network, prepared.config.seed
    rows = {}
    for position, layer in enumerate(network.layers):
        weights = "given" if layer.weights is not None else _choice(layer.weight_init or network.weight_init)
        biases = "given" if layer.biases is not None else _choice(layer.bias_init or network.bias_init)
        rows[f"layers.{position}"] = f"weights {weights}, biases {biases if layer.bias else 'none'}"
    return {
        **rows,
        "engine": _engine(prepared),
        "seed": f"data {seed.data}, training {seed.training}",
        "arithmetic": f"{prepared.config.training.dtype}, {counted(prepared.threads, 'thread')}",
    }


def _engine(prepared: Experiment) -> str:
    """The engine, and why: the estimated time of each, or why it cannot be used."""
    if prepared.config.training.engine != "auto":
        return f"{prepared.engine_name}, as the config says"
    estimated = prepared.engine_estimates()
    times = {name: f"{found:.2g} s" for name, found in estimated.items() if not isinstance(found, str)}
    own = times.pop(prepared.engine_name)
    reasons = {name: str(found) for name, found in estimated.items() if name not in times}
    reasons.pop(prepared.engine_name)
    others = [f"{name} {found}" for name, found in times.items()]
    others += [f"{name} {reason}" for name, reason in reasons.items()]
    return f"{prepared.engine_name}, estimated {own} ({'; '.join(others)})"


def _choice(chosen: Choice) -> str:
    options = ", ".join(f"{key} {value}" for key, value in chosen.options().items())
    return f"{chosen.name} ({options})" if options else chosen.name
