"""A Keras script that builds the model and predicts, with its weights beside it as npz."""

from __future__ import annotations

import io
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nncli.exports import packages
from nncli.exports.python_file import cells
from nncli.exports.python_source import encode_source, module_source, prediction_source, require_portable
from nncli.nn.activations import Activation
from nncli.nn.arrays import Array
from nncli.nn.network import Layer
from nncli.tables.table import Table
from nncli.training.model import Model

# Keras activations with the definitions of nncli, with their options.
KERAS_ACTIVATIONS = {
    "identity": '"linear"',
    "leaky_relu": "lambda z: keras.ops.leaky_relu(z, negative_slope={slope!r})",
    "elu": "lambda z: keras.ops.elu(z, alpha={alpha!r})",
    "gelu": "lambda z: keras.ops.gelu(z, approximate=True)",
}

PACKAGES = ["", "import keras", "import numpy as np"]

BUILDING = '''
def build():
    """Return the model with its trained weights; inputs are encoded and outputs scaled as in training."""
    keras.config.set_floatx("{dtype}")
    model = keras.Sequential([
        keras.Input(({inputs},)),
{layers}
    ])
    stored = np.load(Path(__file__).with_name({weights!r}))
    model.set_weights([stored[name] for name in stored.files])
    return model


def outputs(model, rows):
    """Return the outputs (n, outputs) for rows, mappings of column names to cells, in the targets' units."""
    X = np.array([encode(row) for row in rows], "{dtype}")
    A = keras.ops.convert_to_numpy(model(X)).astype("float64")
    return {unscaled}


def main():
    """Read a CSV file with a header, named on the command line or on standard input; print predictions."""
    stream = open(sys.argv[1], encoding="utf-8", newline="") if sys.argv[1:] else sys.stdin
    rows = list(csv.DictReader(stream))
    found = [named(a) for a in outputs(build(), rows).tolist()]
    writer = csv.DictWriter(sys.stdout, found[0] if found else [], lineterminator="\\n")
    writer.writeheader()
    writer.writerows(found)


if __name__ == "__main__":
    main()
'''


def write(model: Model, name: str) -> Mapping[str, bytes]:
    """Return the script and its weights; see `contract.WriteModel`."""
    require_portable(model.columns, "a Keras script")
    weights = f"{name}.npz"
    return {f"{name}.py": _module_of(model, name, weights), weights: _weights(model)}


def run_file(file: Path, model: Model, table: Table) -> Array:
    """Return the outputs of the script; see `contract.RunFile`."""
    packages.runtime("keras")
    module = runpy.run_path(str(file))
    return np.asarray(module["outputs"](module["build"](), [*cells(model, table)]))


def _weights(model: Model) -> bytes:
    """Return the arrays in Keras's order: kernels (inputs, units) and biases (units,)."""
    arrays: dict[str, Any] = {}
    for index, (W, b) in enumerate(model.network.views(model.parameters)):
        arrays[f"layers.{index}.kernel"] = W.T
        if b is not None:
            arrays[f"layers.{index}.bias"] = b
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _module_of(model: Model, name: str, weights: str) -> bytes:
    usage = [f"python {name}.py ROWS.csv    # predictions as CSV; without a file, rows on standard input"]
    note = f"The weights are in {weights}. "
    return module_source(model, usage, note, PACKAGES, _body(model, weights))


def _body(model: Model, weights: str) -> Iterator[str]:
    columns, dtype = model.columns, model.columns.preprocessing.dtype
    yield encode_source(columns)
    yield prediction_source(columns)
    scalings, unscaled = columns.preprocessing.targets, "A"
    if any(not scaling.leaves for scaling in scalings):
        units, zeros = [each.unit for each in scalings], [each.zero for each in scalings]
        unscaled = f"A * np.array({units!r}) + np.array({zeros!r})"
    layers = "\n".join(f"        {_dense(layer)}," for layer in model.network.layers)
    yield BUILDING.format(
        inputs=model.network.inputs, dtype=dtype, layers=layers, weights=weights, unscaled=unscaled
    )


def _dense(layer: Layer) -> str:
    bias = "" if layer.bias else ", use_bias=False"
    return f"keras.layers.Dense({layer.units}, activation={_activation(layer.activation)}{bias})"


def _activation(activation: Activation) -> str:
    """Return an activation as source; those without an entry have the same name in Keras."""
    return KERAS_ACTIVATIONS.get(activation.name, f'"{activation.name}"').format(**activation.options)
