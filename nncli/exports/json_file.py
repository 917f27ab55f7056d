"""A JSON file with everything a prediction needs: encodings, weights, activations and classes.

Its schema is documented in docs/export.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from nncli.data.preprocessing import Preprocessing
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.tables.column import shortest
from nncli.tables.table import Table
from nncli.training.model import Model

SCHEMA = "nncli.network/1"


def write(model: Model, name: str) -> Mapping[str, bytes]:
    """Return the file; see `contract.WriteModel`."""
    columns = model.columns
    preprocessing = TypeAdapter(Preprocessing).dump_python(columns.preprocessing, mode="json")
    content = {
        "schema": SCHEMA,
        "task": columns.task,
        "inputs": preprocessing["columns"],
        "targets": list(columns.targets),
        "target_scaling": preprocessing["targets"],
        "classes": list(columns.classes),
        "threshold": columns.threshold,
        "layers": _layers(model),
    }
    return {f"{name}.json": (json.dumps(content, ensure_ascii=False) + "\n").encode()}


def _layers(model: Model) -> list[dict[str, Any]]:
    network = model.network
    return [
        {
            "weights": [shortest(row) for row in W],
            "biases": None if b is None else shortest(b),
            "activation": {"name": layer.activation.name, **layer.activation.options},
        }
        for layer, (W, b) in zip(network.layers, network.views(model.parameters), strict=True)
    ]


def run_file(file: Path, model: Model, table: Table) -> Array:
    """Return the outputs of the file, read anew; see `contract.RunFile`."""
    content = json.loads(file.read_text(encoding="utf-8"))
    given = {"columns": content["inputs"], "targets": content["target_scaling"]}
    preprocessing = TypeAdapter(Preprocessing).validate_json(json.dumps(given))
    A = preprocessing.X(table.noted(model.columns.notations))
    for layer in content["layers"]:
        options = dict(layer["activation"])
        Z = A @ np.array(layer["weights"]).T
        if layer["biases"] is not None:
            Z = Z + np.array(layer["biases"])
        A = ACTIVATIONS[options.pop("name")](**options).function(Z)
    return preprocessing.unscaled(A)
