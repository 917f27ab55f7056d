"""An ONNX model in float32, with encoding and scaling of the inputs and outputs in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nncli.data.columns import Columns
from nncli.data.encoding import Category, Encoding, Number
from nncli.exports import packages
from nncli.exports.python_source import require_portable
from nncli.nn.activations import Activation
from nncli.nn.arrays import Array
from nncli.tables.column import NO_VALUE
from nncli.tables.table import Table
from nncli.training.model import Model
from nncli.version import VERSION

OPSET, IR = 20, 9  # Gelu came with opset 20; onnxruntime 1.17 and later load both
INPUT, OUTPUT = "X", "A"

# ONNX operators with the definitions of nncli: the operator, and its attributes from the options.
ONNX_OPERATORS: dict[str, tuple[str, dict[str, str]]] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"slope": "alpha"}),
    "elu": ("Elu", {"alpha": "alpha"}),
    "softplus": ("Softplus", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {}),
}


def write(model: Model, name: str) -> Mapping[str, bytes]:
    """Return the file; see `contract.WriteModel`."""
    onnx = packages.writer("onnx")
    require_portable(model.columns, "an ONNX model")
    graph = Graph(onnx.helper, onnx.numpy_helper, onnx.TensorProto)
    values = _encoded(graph, model.columns)
    for index, (layer, (W, b)) in enumerate(
        zip(model.network.layers, model.network.views(model.parameters), strict=True)
    ):
        weights = graph.constant(f"layers.{index}.weight", W.astype(np.float32))
        biases = np.zeros(layer.units) if b is None else b
        bias = graph.constant(f"layers.{index}.bias", biases.astype(np.float32))
        values = graph.node("Gemm", [values, weights, bias], transB=1)
        values = _activated(graph, layer.activation, values)
    _finish(graph, model.columns, values)
    built = graph.model(name)
    onnx.checker.check_model(built, full_check=True)
    return {f"{name}.onnx": built.SerializeToString()}


def run_file(file: Path, model: Model, table: Table) -> Array:
    """Return the outputs by onnxruntime; see `contract.RunFile`."""
    session = packages.runtime("onnxruntime").InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, feeds(model.columns, table))
    return np.asarray(found)


def feeds(columns: Columns, table: Table) -> dict[str, Any]:
    """Return the inputs of a session for the rows of a table, by name."""
    table = table.noted(columns.notations)
    encodings = columns.preprocessing.columns
    found = {each.name: _cells(each, table)[:, np.newaxis] for each in encodings}
    if _is_joined(encodings):
        return {INPUT: np.hstack([found[each.name] for each in encodings])}
    return found


def _cells(encoding: Encoding, table: Table) -> Any:
    column = table.typed[encoding.name]
    if isinstance(encoding, Number):
        return np.where(column.missing("number"), np.nan, column.numbers)
    if isinstance(encoding, Category):
        return np.array([*column.labels(numeric=encoding.numeric)], dtype=object)
    blank = {"": np.nan, **dict.fromkeys(NO_VALUE["boolean"], np.nan)}
    truth = {"true": 1.0, "yes": 1.0, "1": 1.0}
    return np.array([blank.get(cell.lower(), truth.get(cell.lower(), 0.0)) for cell in column.texts])


def _is_joined(encodings: tuple[Encoding, ...]) -> bool:
    """Tell whether all columns are numbers or booleans, which share one input (n, columns)."""
    return not any(isinstance(encoding, Category) for encoding in encodings)


@dataclass
class Graph:
    """Collects the nodes and constants of a model."""

    helper: Any
    arrays: Any
    types: Any
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)

    def input(self, name: str, type: int, columns: int) -> str:
        """Add an input (n, columns)."""
        self.inputs.append(self.helper.make_tensor_value_info(name, type, ["n", columns]))
        return name

    def constant(self, name: str, value: Any) -> str:
        """Add a constant."""
        name = name or f"constant_{len(self.constants)}"
        self.constants.append(self.arrays.from_array(np.asarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return its name."""
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def model(self, name: str) -> Any:
        """Return the model."""
        graph = self.helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants)
        opset = [self.helper.make_opsetid("", OPSET)]
        return self.helper.make_model(
            graph, opset_imports=opset, ir_version=IR, producer_name="nncli", producer_version=VERSION
        )


def _encoded(graph: Graph, columns: Columns) -> str:
    """Add the inputs and their encoding, in float64; return the network's inputs in float32."""
    encodings = columns.preprocessing.columns
    if _is_joined(encodings):
        X = graph.input(INPUT, graph.types.DOUBLE, len(encodings))
        values = _filled_and_scaled(graph, X, encodings)
    else:
        parts = [_column(graph, encoding) for encoding in encodings]
        values = graph.node("Concat", parts, axis=1) if len(parts) > 1 else parts[0]
    return graph.node("Cast", [values], to=graph.types.FLOAT)


def _column(graph: Graph, encoding: Encoding) -> str:
    if isinstance(encoding, Category):
        return _one_hot(graph, encoding)
    column = graph.input(encoding.name, graph.types.DOUBLE, 1)
    return _filled_and_scaled(graph, column, (encoding,))


def _filled_and_scaled(graph: Graph, X: str, encodings: tuple[Encoding, ...]) -> str:
    """Replace NaN by the fill values and scale; columns without a fill value keep NaN, as an error."""
    fills = np.array([np.nan if each.fill is None else each.fill for each in encodings], np.float64)
    if not np.isnan(fills).all():
        X = graph.node("Where", [graph.node("IsNaN", [X]), graph.constant("", fills), X])
    numbers = [each.scaling if isinstance(each, Number) else None for each in encodings]
    if any(scaling and not scaling.leaves for scaling in numbers):
        zeros = np.array([scaling.zero if scaling else 0.0 for scaling in numbers])
        units = np.array([scaling.unit if scaling else 1.0 for scaling in numbers])
        X = graph.node("Sub", [X, graph.constant("", zeros)])
        X = graph.node("Div", [X, graph.constant("", units)])
    return X


def _one_hot(graph: Graph, encoding: Category) -> str:
    """Compare a text with each category; the outputs are NaN for an unknown one, if that is an error."""
    X = graph.input(encoding.name, graph.types.STRING, 1)
    if encoding.fill is not None:
        is_missing = graph.node("Equal", [X, graph.constant("", np.array([""], object))])
        X = graph.node("Where", [is_missing, graph.constant("", np.array([encoding.fill], object)), X])
    same = graph.node("Equal", [X, graph.constant("", np.array([encoding.categories], object))])
    found = graph.node("Cast", [same], to=graph.types.DOUBLE)
    if encoding.unseen == "ignore":
        return found
    total = graph.node("ReduceSum", [found, graph.constant("", np.array([1], np.int64))], keepdims=1)
    return graph.node("Div", [found, total])  # 0 / 0 where no category is found


def _activated(graph: Graph, activation: Activation, values: str) -> str:
    if activation.name == "identity":
        return values
    if activation.name == "silu":
        return graph.node("Mul", [values, graph.node("Sigmoid", [values])])
    if activation.name == "gelu":
        return graph.node("Gelu", [values], approximate="tanh")
    operator, options = ONNX_OPERATORS[activation.name]
    attributes = {there: activation.options[here] for here, there in options.items()}
    return graph.node(operator, [values], "", **attributes)


def _finish(graph: Graph, columns: Columns, values: str) -> None:
    """Add the outputs (n, outputs) in float64, in the units of the targets."""
    values = graph.node("Cast", [values], to=graph.types.DOUBLE)
    scalings = columns.preprocessing.targets
    if any(not scaling.leaves for scaling in scalings):
        values = graph.node("Mul", [values, graph.constant("", np.array([each.unit for each in scalings]))])
        values = graph.node("Add", [values, graph.constant("", np.array([each.zero for each in scalings]))])
    graph.node("Identity", [values], OUTPUT)
    graph.outputs.append(
        graph.helper.make_tensor_value_info(OUTPUT, graph.types.DOUBLE, ["n", columns.outputs])
    )
