"""One Python file that predicts without any package: weights, encoding, layers and a small main."""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from nncli.exports.python_source import (
    WIDTH,
    activation_source,
    encode_source,
    layer_function,
    module_source,
    prediction_source,
    require_portable,
    unscaled,
)
from nncli.nn.arrays import Array
from nncli.tables.column import shortest
from nncli.tables.table import Table
from nncli.training.model import Model

WEIGHTED_SUMS = '''
def weighted_sums(W, b, x):
    """Return z = W x + b of a layer, a number per unit."""
    return [sum(w * each for w, each in zip(row, x)) + bias for row, bias in zip(W, b)]
'''

MAIN = '''
def predict(row):
    """Return the predictions for a row, a mapping of column names to cells, by name."""
    return named(outputs(row))


def main():
    """Read a CSV file with a header, named on the command line or on standard input; print predictions."""
    stream = open(sys.argv[1], encoding="utf-8", newline="") if sys.argv[1:] else sys.stdin
    writer = None
    for row in csv.DictReader(stream):
        found = predict(row)
        if writer is None:
            writer = csv.DictWriter(sys.stdout, found, lineterminator="\\n")
            writer.writeheader()
        writer.writerow(found)


if __name__ == "__main__":
    main()
'''


def write(model: Model, name: str) -> Mapping[str, bytes]:
    """Return the file; see `contract.WriteModel`."""
    require_portable(model.columns, "a Python file")
    usage = [
        f"python {name}.py ROWS.csv    # predictions as CSV; without a file, rows on standard input",
        f"{name}.predict({{...}})      # for a row, a mapping of column names to cells",
    ]
    return {f"{name}.py": module_source(model, usage, "", [], _body(model))}


def run_file(file: Path, model: Model, table: Table) -> Array:
    """Return the outputs of the file; see `contract.RunFile`."""
    predicted = runpy.run_path(str(file))["outputs"]
    return np.array([predicted(row) for row in cells(model, table)])


def cells(model: Model, table: Table) -> Iterator[dict[str, str | float]]:
    """Yield the cells of each row that a network reads, by column."""
    table = table.noted(model.columns.notations)
    columns = [
        table.typed[each.name].numbers.tolist() if each.kind == "number" else table.typed[each.name].texts
        for each in model.columns.preprocessing.columns
    ]
    names = [each.name for each in model.columns.preprocessing.columns]
    for row in zip(*columns, strict=True):
        yield dict(zip(names, row, strict=True))


def _body(model: Model) -> Iterator[str]:
    network, columns = model.network, model.columns
    yield "# Weights W (units, inputs) and biases b (units) of each layer."
    yield from _weights(model)
    yield ""
    yield encode_source(columns)
    yield WEIGHTED_SUMS
    yield activation_source(network)
    yield "\n".join(_outputs(model))
    yield prediction_source(columns)
    yield MAIN.rstrip("\n") + "\n"


def _weights(model: Model) -> Iterator[str]:
    """Yield the weights and biases of each layer as assignments."""
    for index, (W, b) in enumerate(model.network.views(model.parameters)):
        rows = [shortest(row) for row in W]
        yield f"W{index} = [\n" + "".join(f"    {_list(row)},\n" for row in rows) + "]"
        biases = [0.0] * len(W) if b is None else shortest(b)
        yield f"b{index} = {_list(biases)}"


def _list(numbers: list[float]) -> str:
    """Return a list as source, over several lines if it is long."""
    text = f"[{', '.join(map(repr, numbers))}]"
    if len(text) <= WIDTH:
        return text
    lines, line = [], ""
    for number in map(repr, numbers):
        if line and len(line) + len(number) + 2 > WIDTH - 8:
            lines.append(line.rstrip())
            line = ""
        line += f"{number}, "
    return "[\n" + "".join(f"        {each}\n" for each in [*lines, line.rstrip()]) + "    ]"


def _outputs(model: Model) -> Iterator[str]:
    """Yield the function that computes the outputs of a row, a line per layer."""
    yield "\ndef outputs(row):"
    yield '    """Return the outputs of the network for a row, in the units of the targets."""'
    yield "    a = encode(row)"
    for index, layer in enumerate(model.network.layers):
        sums, function = f"weighted_sums(W{index}, b{index}, a)", layer_function(layer.activation)
        if function == "identity":
            yield f"    a = {sums}"
        elif function == "softmax":
            yield f"    a = softmax({sums})"
        else:
            yield f"    a = [{function}(z) for z in {sums}]"
    found = unscaled(model.columns)
    plain = all(each == f"a[{index}]" for index, each in enumerate(found))
    yield "    return a\n" if plain else f"    return [{', '.join(found)}]\n"
