"""A PyTorch module to read and to train on, with its weights beside it as safetensors."""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from nncli.exports import packages, safetensors_file
from nncli.exports.python_file import cells
from nncli.exports.python_source import encode_source, module_source, prediction_source, require_portable
from nncli.nn.activations import Activation
from nncli.nn.arrays import Array
from nncli.nn.network import Layer
from nncli.tables.table import Table
from nncli.training.model import Model

# PyTorch modules with the definitions of nncli, with their options.
MODULES = {
    "identity": "nn.Identity()",
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU({slope!r})",
    "elu": "nn.ELU({alpha!r})",
    "gelu": 'nn.GELU(approximate="tanh")',
    "silu": "nn.SiLU()",
    "softplus": "nn.Softplus()",
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "softmax": "nn.Softmax(dim=-1)",
}

PACKAGES = ["", "import torch", "from safetensors.torch import load_file", "from torch import nn"]

CLASS = '''
class Network(nn.Module):
    """Network with encoded inputs (n, inputs) and scaled outputs (n, outputs), as in training."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([
{layers}
        ])
        self.activations = [
{activations}
        ]

    def forward(self, x):
        for layer, activation in zip(self.layers, self.activations):
            x = activation(layer(x))
        return x
'''

MAIN = '''

def load():
    """Return the network with its trained weights."""
    network = Network().to(torch.{dtype})
    network.load_state_dict(load_file(Path(__file__).with_name({weights!r})))
    return network.eval()


def outputs(network, rows):
    """Return the outputs (n, outputs) for rows, mappings of column names to cells, in the targets' units."""
    X = torch.tensor([encode(row) for row in rows], dtype=torch.{dtype})
    with torch.no_grad():
        A = network(X)
    return {unscaled}


def main():
    """Read a CSV file with a header, named on the command line or on standard input; print predictions."""
    stream = open(sys.argv[1], encoding="utf-8", newline="") if sys.argv[1:] else sys.stdin
    rows = list(csv.DictReader(stream))
    found = [named(a) for a in outputs(load(), rows).tolist()]
    writer = csv.DictWriter(sys.stdout, found[0] if found else [], lineterminator="\\n")
    writer.writeheader()
    writer.writerows(found)


if __name__ == "__main__":
    main()
'''


def write(model: Model, name: str) -> Mapping[str, bytes]:
    """Return the module and its weights; see `contract.WriteModel`."""
    require_portable(model.columns, "a PyTorch module")
    weights = f"{name}.safetensors"
    return {f"{name}.py": _module_of(model, name, weights), weights: safetensors_file.content(model)}


def run_file(file: Path, model: Model, table: Table) -> Array:
    """Return the outputs of the module; see `contract.RunFile`."""
    packages.runtime("torch")
    module = runpy.run_path(str(file))
    return np.asarray(module["outputs"](module["load"](), [*cells(model, table)]).numpy())


def _module_of(model: Model, name: str, weights: str) -> bytes:
    usage = [f"python {name}.py ROWS.csv    # predictions as CSV; without a file, rows on standard input"]
    note = f"The weights are in {weights}. "
    return module_source(model, usage, note, PACKAGES, _body(model, weights))


def _body(model: Model, weights: str) -> Iterator[str]:
    columns, layers = model.columns, model.network.layers
    yield encode_source(columns)
    yield CLASS.format(
        layers="\n".join(f"            {_linear(layer)}," for layer in layers),
        activations="\n".join(f"            {_module(layer.activation)}," for layer in layers),
    )
    yield prediction_source(columns)
    scalings, dtype = columns.preprocessing.targets, columns.preprocessing.dtype
    unscaled = "A"
    if any(not scaling.leaves for scaling in scalings):
        units, zeros = [each.unit for each in scalings], [each.zero for each in scalings]
        unscaled = f"A.double() * torch.tensor({units!r}) + torch.tensor({zeros!r})"
        unscaled = unscaled.replace("])", "], dtype=torch.float64)")
    yield MAIN.format(dtype=dtype, weights=weights, unscaled=unscaled)


def _linear(layer: Layer) -> str:
    return f"nn.Linear({layer.inputs}, {layer.units}{'' if layer.bias else ', bias=False'})"


def _module(activation: Activation) -> str:
    return MODULES[activation.name].format(**activation.options)
