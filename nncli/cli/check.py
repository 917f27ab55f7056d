"""`nncli check`: read a config and its data, and say what would be trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.cli.app import TRAIN, command
from nncli.cli.options import ConfigFile, Settings, read_config
from nncli.cli.output import Output, aligned

if TYPE_CHECKING:
    from nncli.experiment import Experiment


@command(TRAIN)
def check(out: Output, config: ConfigFile, set_: Settings = None) -> None:
    """Find every mistake of a config in one pass; without one, say what it describes. Writes nothing."""
    from nncli import experiment

    prepared = experiment.build(read_config(config, set_))
    facts = _facts(prepared)
    out.result(f"ok: {config}")
    out.detail(aligned([(key, _shown(value)) for key, value in facts.items()], left=2))
    out.object("check", {"ok": True, **facts})


def _facts(prepared: Experiment) -> dict[str, Any]:
    network, dataset, recipe = prepared.network, prepared.dataset, prepared.recipe
    columns, config = dataset.columns, prepared.config
    widths = [network.inputs, *(layer.units for layer in network.layers)]
    activations = [layer.activation.name for layer in network.layers]
    total = prepared.updates_per_epoch * prepared.epochs
    return {
        "task": columns.task + (f" ({', '.join(columns.classes)})" if columns.labelled else ""),
        "data": f"{dataset.table.origin}, {len(dataset)} rows",
        "inputs": ", ".join(columns.inputs),
        "targets": ", ".join(columns.targets),
        "network": "-".join(map(str, widths)),
        "activations": ", ".join(activations),
        "parameters": network.parameter_count,
        "minimised": f"{recipe.loss.name}, {recipe.loss.reduction}",
        "gradient": config.gradient.name,
        "optimizer": ", ".join(
            [config.optimizer.name, *(f"{k} {v}" for k, v in config.optimizer.options().items())]
        ),
        "updates": f"{total} ({prepared.epochs} epochs x {prepared.updates_per_epoch}), "
        f"{recipe.batch_size} rows each",
        "engine": prepared.engine_name,
    }


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
