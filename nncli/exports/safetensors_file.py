"""Weights and biases as safetensors, by the names of `weights.npz`; preprocessing is not included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from nncli.exports import packages
from nncli.nn.arrays import Array
from nncli.tables.table import Table
from nncli.training.model import Model
from nncli.version import VERSION


def write(model: Model, name: str) -> Mapping[str, bytes]:
    """Return the file; see `contract.WriteModel`."""
    return {f"{name}.safetensors": content(model)}


def content(model: Model) -> bytes:
    """Return the tensors `layers.0.weight` (units, inputs), `layers.0.bias` (units,) and so on."""
    tensors = model.network.tensors(model.parameters)
    # Views of one vector are not contiguous, and would be written with wrong values.
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    activations = ", ".join(layer.activation.name for layer in model.network.layers)
    about = {"format": "pt", "activations": activations, "writer": f"nncli {VERSION}"}
    return bytes(packages.writer("safetensors.numpy").save(contiguous, metadata=about))


def run_file(file: Path, model: Model, table: Table) -> Array:
    """Return the outputs with the weights of the file; see `contract.RunFile`."""
    tensors = packages.writer("safetensors.numpy").load_file(str(file))
    parameters = np.empty_like(model.parameters)
    for name, view in model.network.tensors(parameters).items():
        view[...] = tensors[name]
    return replace(model, parameters=parameters).outputs(model.columns.X(table))
