"""Own forward and backward functions: right ones pass in every style, and planted mistakes are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nncli.api import check
from nncli.inspection.student.code_check import CodeCheck, check_code

STUDENTS = Path(__file__).parent / "students"
STYLES = {
    "rows": "one sample per row in numpy arrays, with weights of shape (units, inputs)",
    "columns": "one sample per column in numpy arrays, with weights of shape (units, inputs)",
    "loops": "a single sample of shape (inputs,) in numpy arrays, with weights of shape (units, inputs)",
}
CONFIG = {
    "dataset": {
        "columns": ["x1", "x2", "y1", "y2"],
        "rows": [[0.0, 0.3, 0.1, 0.9], [0.5, -1.0, 0.4, 0.2], [1.0, 0.7, 0.8, 0.3]],
        "targets": ["y1", "y2"],
    },
    "network": {"layers": [{"units": 3, "activation": "sigmoid"}, {"units": 2, "activation": "sigmoid"}]},
    "loss": "mse",
}

# Style, a part of its code, what stands there instead, and what the check says.
PLANTED = {
    "wrong sign": ("rows", "2 * (a[-1] - Y)", "2 * (Y - a[-1])", "the sign is wrong"),
    "factor 2 missing": ("rows", "2 * (a[-1] - Y)", "(a[-1] - Y)", "the factor 2"),
    "sum instead of mean": ("rows", " / Y.size", "", "the division by N is missing"),
    "divided by rows alone": ("rows", "/ Y.size", "/ len(Y)", "divided by the number of rows alone"),
    "divided by outputs alone": (
        "columns",
        "n_terms = Y.shape[0] * Y.shape[1]",
        "n_terms = Y.shape[0]",
        "outputs alone",
    ),
    "output derivative missing": (
        "columns",
        "/ n_terms * sigmoid_derivative(z2)",
        "/ n_terms",
        "the derivative of sigmoid is missing in layers.1",
    ),
    "hidden derivative missing": (
        "columns",
        "delta2) * sigmoid_derivative(z1)",
        "delta2)",
        "the derivative of sigmoid is missing in layers.0",
    ),
    "derivative at a": (
        "columns",
        "sigmoid_derivative(z1)",
        "sigmoid_derivative(a1)",
        "the derivative of sigmoid is taken at a instead of z in layers.0",
    ),
    "derivative at a in the output": (
        "columns",
        "sigmoid_derivative(z2)",
        "sigmoid_derivative(a2)",
        "the derivative of sigmoid is taken at a instead of z in layers.1",
    ),
    "z in the place of a": (
        "columns",
        "return sigmoid(z) * (1 - sigmoid(z))",
        "return z * (1 - z)",
        "computed with z in the place of a",
    ),
    "derivative of tanh": (
        "loops",
        "error * h * (1 - h)",
        "error * (1 - h * h)",
        "the derivative of tanh is used for sigmoid in layers.0",
    ),
    "gradient of another loss": (
        "columns",
        "2 * (a2 - Y) / n_terms * sigmoid_derivative(z2)",
        "a2 - Y",
        "this is the gradient of binary_cross_entropy (sum), and the config's loss is mse (mean)",
    ),
    "mean absolute error": (
        "loops",
        "2 * (o - t) / len(y)",
        "(1 if o > t else -1) / len(y)",
        "this is the gradient of mae (mean)",
    ),
    "transposed gradient": (
        "rows",
        "dZ.T @ a[layer]",
        "a[layer].T @ dZ",
        "dW of layers.0 is transposed: its shape is (2, 3), that of its weights (3, 2)",
    ),
    "bias gradients missing": (
        "rows",
        "return dW, db",
        "return dW",
        "the gradient of the biases of layers.0 is missing",
    ),
    "bias gradients zero": (
        "columns",
        "db = [delta1.sum(axis=1, keepdims=True), delta2.sum(axis=1, keepdims=True)]",
        "db = [0 * b[0], 0 * b[1]]",
        "the gradients of the biases are 0",
    ),
    "mean of biases": (
        "rows",
        "dZ.sum(axis=0)",
        "dZ.mean(axis=0)",
        "db is the mean of dZ over the rows, dW the sum",
    ),
    "last row of biases": ("rows", "dZ.sum(axis=0)", "dZ[-1]", "db is dZ of the last row alone"),
    "pre-activation as input": (
        "columns",
        "np.dot(delta2, a1.T)",
        "np.dot(delta2, z1.T)",
        "dW is computed with z of the layer below",
    ),
    "weights left out": (
        "loops",
        "error += d * W[1][k][j]",
        "error += d",
        "dZ is passed to the layer below without its weights",
    ),
    "replaced instead of added": (
        "loops",
        "error += d * W[1][k][j]",
        "error = d * W[1][k][j]",
        "only the last unit above is counted",
    ),
    "order reversed": (
        "columns",
        "return dW, db",
        "return dW[::-1], db[::-1]",
        "the gradients are in the order from the last layer to the first",
    ),
    "learning rate in the gradient": (
        "columns",
        "return dW, db",
        "return [0.3 * d for d in dW], [0.3 * d for d in db]",
        "0.3 times the right one",
    ),
    "loss of another kind": ("rows", "np.mean((A - Y) ** 2)", "np.sum((A - Y) ** 2)", "this is mse (sum)"),
    "biases forgotten in forward": (
        "rows",
        "a[-1] @ w.T + c",
        "a[-1] @ w.T",
        "the biases are left out",
    ),
    "no activation at the output": (
        "columns",
        "return sigmoid(np.dot(W[1], hidden) + b[1])",
        "return np.dot(W[1], hidden) + b[1]",
        "the activation of layers.1 is missing; the config's is sigmoid",
    ),
    "other activation": (
        "rows",
        "return 1 / (1 + np.exp(-z))",
        "return np.tanh(z)",
        "tanh is used in layers.0 and layers.1; the config's is sigmoid",
    ),
    "mixed layouts": (
        "columns",
        "return sigmoid(np.dot(W[1], hidden) + b[1])",
        "return sigmoid(np.dot(W[1].T, hidden) + b[1])",
        "it mixes two layouts of weights",
    ),
}

SOFTMAX = {
    "dataset": {
        "columns": ["x1", "x2", "class"],
        "rows": [[0.0, 0.3, "a"], [0.5, -1.0, "b"], [1.0, 0.7, "c"], [-1.0, 0.2, "a"]],
        "targets": ["class"],
    },
    "network": {
        "layers": [
            {"units": 3, "activation": "tanh"},
            {"units": 3, "activation": "tanh"},
            {"units": 3, "activation": "softmax"},
        ]
    },
    "loss": "cross_entropy",
}
PLANTED_IN_SOFTMAX = {
    "a (1 - a) at the output": (
        "(output - Y) / len(X)",
        "(output - Y) / len(X) * output * (1 - output)",
        "a (1 - a) is applied to the output error of layers.2",
    ),
    "derivative of sigmoid": (
        "(1 - a**2)",
        "a * (1 - a)",
        "the derivative of sigmoid is used for tanh in layers.0 and layers.1",
    ),
    "no division": (" / len(X)", "", "the division by N is missing"),
    "divided twice": ("/ len(X)", "/ len(X) ** 2", "the division by the number of rows is done twice"),
    "weights transposed": ("dZ @ W[layer].T", "dZ @ W[layer]", "dA is computed with transposed weights"),
    "square gradients transposed": ("a.T @ dZ", "dZ.T @ a", "dW of layers.0 is transposed"),
    "two mistakes": (
        "dZ.sum(axis=0)",
        "-dZ[-1]",
        "the gradient is wrong",
    ),
}
XOR = {"dataset": "xor", "network": {"hidden": [4], "activation": "sigmoid"}, "loss": "mse"}


def checked(tmp_path: Path, style: str, old: str = "", new: str = "", config: Any = CONFIG) -> CodeCheck:
    text = (STUDENTS / f"{style}.py").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "student.py"
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return check_code(check(config), path)


@pytest.mark.parametrize("style", STYLES)
def test_right_code_passes_in_every_style(tmp_path: Path, style: str) -> None:
    result = checked(tmp_path, style)
    assert result.ok
    assert str(result.layout) == STYLES[style]
    assert result.tensors is not None
    assert result.tensors.worst.worst < 1e-8


@pytest.mark.parametrize("name", PLANTED)
def test_planted_mistake_is_named(tmp_path: Path, name: str) -> None:
    style, old, new, words = PLANTED[name]
    result = checked(tmp_path, style, old, new)
    assert not result.ok
    assert words in str(result.mistakes[0])


def test_right_softmax_passes_with_weights_by_inputs_and_units(tmp_path: Path) -> None:
    result = checked(tmp_path, "softmax", config=SOFTMAX)
    assert result.ok
    assert str(result.layout) == "one sample per row in numpy arrays, with weights of shape (inputs, units)"


@pytest.mark.parametrize("name", PLANTED_IN_SOFTMAX)
def test_planted_mistake_is_named_in_three_layers_with_softmax(tmp_path: Path, name: str) -> None:
    old, new, words = PLANTED_IN_SOFTMAX[name]
    result = checked(tmp_path, "softmax", old, new, SOFTMAX)
    assert words in str(result.mistakes[0])


def test_program_that_reports_one_loss_and_descends_another_is_named(tmp_path: Path) -> None:
    result = checked(tmp_path, "error_signal", config=XOR)
    assert [str(each) for each in result.mistakes] == [
        "backward: this is the gradient of binary_cross_entropy (sum), and the config's loss is mse (mean)"
    ]
    reported = checked(
        tmp_path, "error_signal", config={**XOR, "loss": {"name": "binary_cross_entropy", "reduction": "sum"}}
    )
    assert [str(each) for each in reported.mistakes] == [
        "loss: this is mse (mean), and the config's loss is binary_cross_entropy (sum)"
    ]


def test_program_that_mixes_two_weight_layouts_is_named(tmp_path: Path) -> None:
    result = check_code(check("configs/worked_example.yaml"), STUDENTS / "two_layouts.py")
    (mistake,) = result.mistakes
    assert str(mistake) == (
        "forward: it mixes two layouts of weights: it takes those of layers.0 as (inputs, units), "
        "layers.1 as (units, inputs)"
    )


def test_two_mistakes_are_both_named(tmp_path: Path) -> None:
    path = tmp_path / "student.py"
    text = (STUDENTS / "columns.py").read_text(encoding="utf-8")
    text = text.replace("* sigmoid_derivative(z1)", "").replace(
        "np.dot(delta2, a1.T)", "np.dot(delta2, z1.T)"
    )
    path.write_text(text, encoding="utf-8")
    mistakes = {each.mistake for each in check_code(check(CONFIG), path).mistakes}
    assert mistakes == {
        "the derivative of sigmoid is missing in layers.0",
        "dW is computed with z of the layer below instead of its activation a",
    }
