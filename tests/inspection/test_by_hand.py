"""One training step on paper: plain arithmetic, compared with every number that a trace prints."""

from __future__ import annotations

from math import exp
from pathlib import Path

from nncli import api
from nncli.config import Config
from nncli.inspection.traced import Trace

ROOT = Path(__file__).parents[2]


def sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def digits(value: float) -> str:
    """Six significant digits; just below 1 eight, which leave 1 minus the number six."""
    return f"{round(value, 8):.8g}" if 0.99 < value < 0.999 else f"{value:.6g}"


def printed(found: Trace) -> list[str]:
    """Every line, its name and its value, below the name of its unit."""
    texts: list[str] = []
    for title, sections in found.parts:
        texts.append(title.partition(":")[0])
        for section in sections:
            unit = section.title.partition("(")[2].partition(")")[0]
            texts += [f"{unit} {line.name} = {line.sides[-1]}".strip() for line in section.lines]
    return texts


def test_the_first_step_of_the_worked_example() -> None:
    x1, x2, x3, t1, t2, rate = 0.5, 0.9, -0.3, 0.9, 0.3, 0.1

    # The hidden layer, with weights 1 -2 2, 2 1 -4 and 1 -1 0.
    z1 = 1 * x1 - 2 * x2 + 2 * x3
    z2 = 2 * x1 + 1 * x2 - 4 * x3
    z3 = 1 * x1 - 1 * x2 + 0 * x3
    h1, h2, h3 = sigmoid(z1), sigmoid(z2), sigmoid(z3)

    # The output layer, with weights -3 1 -3 and 0 1 2.
    z4 = -3 * h1 + 1 * h2 - 3 * h3
    z5 = 0 * h1 + 1 * h2 + 2 * h3
    o1, o2 = sigmoid(z4), sigmoid(z5)

    # Half the squared error of each output.
    term1, term2 = (t1 - o1) ** 2 / 2, (t2 - o2) ** 2 / 2

    # The published error signal is (t - o) o (1 - o); dL/dz is the opposite of it.
    slope4, slope5 = o1 * (1 - o1), o2 * (1 - o2)
    signal4, signal5 = (t1 - o1) * slope4, (t2 - o2) * slope5

    # A hidden neuron receives the signals through its weights to the two outputs.
    back1 = -3 * signal4 + 0 * signal5
    back2 = 1 * signal4 + 1 * signal5
    back3 = -3 * signal4 + 2 * signal5
    slope1, slope2, slope3 = h1 * (1 - h1), h2 * (1 - h2), h3 * (1 - h3)
    signal1, signal2, signal3 = back1 * slope1, back2 * slope2, back3 * slope3

    assert printed(api.trace(ROOT / "configs" / "worked_example.yaml")) == [
        "forward",
        f"a0_0 z = {digits(z1)}",
        f"a0_0 a = {digits(h1)}",
        f"a0_1 z = {digits(z2)}",
        f"a0_1 a = {digits(h2)}",
        f"a0_2 z = {digits(z3)}",
        f"a0_2 a = {digits(h3)}",
        f"a1_0 z = {digits(z4)}",
        f"a1_0 a = {digits(o1)}",
        f"a1_1 z = {digits(z5)}",
        f"a1_1 a = {digits(o2)}",
        "loss",
        f"term of t1 = {digits(term1)}",
        f"term of t2 = {digits(term2)}",
        f"L = {digits(term1 + term2)}",
        "backward",
        f"a1_0 dL/da = {digits(o1 - t1)}",
        f"a1_0 da/dz = {digits(slope4)}",
        f"a1_0 dL/dz = {digits(-signal4)}",
        f"a1_0 dL/dw[a0_0] = {digits(-signal4 * h1)}",
        f"a1_0 dL/dw[a0_1] = {digits(-signal4 * h2)}",
        f"a1_0 dL/dw[a0_2] = {digits(-signal4 * h3)}",
        f"a1_1 dL/da = {digits(o2 - t2)}",
        f"a1_1 da/dz = {digits(slope5)}",
        f"a1_1 dL/dz = {digits(-signal5)}",
        f"a1_1 dL/dw[a0_0] = {digits(-signal5 * h1)}",
        f"a1_1 dL/dw[a0_1] = {digits(-signal5 * h2)}",
        f"a1_1 dL/dw[a0_2] = {digits(-signal5 * h3)}",
        f"a0_0 dL/da = {digits(-back1)}",
        f"a0_0 da/dz = {digits(slope1)}",
        f"a0_0 dL/dz = {digits(-signal1)}",
        f"a0_0 dL/dw[x1] = {digits(-signal1 * x1)}",
        f"a0_0 dL/dw[x2] = {digits(-signal1 * x2)}",
        f"a0_0 dL/dw[x3] = {digits(-signal1 * x3)}",
        f"a0_1 dL/da = {digits(-back2)}",
        f"a0_1 da/dz = {digits(slope2)}",
        f"a0_1 dL/dz = {digits(-signal2)}",
        f"a0_1 dL/dw[x1] = {digits(-signal2 * x1)}",
        f"a0_1 dL/dw[x2] = {digits(-signal2 * x2)}",
        f"a0_1 dL/dw[x3] = {digits(-signal2 * x3)}",
        f"a0_2 dL/da = {digits(-back3)}",
        f"a0_2 da/dz = {digits(slope3)}",
        f"a0_2 dL/dz = {digits(-signal3)}",
        f"a0_2 dL/dw[x1] = {digits(-signal3 * x1)}",
        f"a0_2 dL/dw[x2] = {digits(-signal3 * x2)}",
        f"a0_2 dL/dw[x3] = {digits(-signal3 * x3)}",
        "update",
        f"a0_0 new w[x1] = {digits(1 + rate * signal1 * x1)}",
        f"a0_0 new w[x2] = {digits(-2 + rate * signal1 * x2)}",
        f"a0_0 new w[x3] = {digits(2 + rate * signal1 * x3)}",
        f"a0_1 new w[x1] = {digits(2 + rate * signal2 * x1)}",
        f"a0_1 new w[x2] = {digits(1 + rate * signal2 * x2)}",
        f"a0_1 new w[x3] = {digits(-4 + rate * signal2 * x3)}",
        f"a0_2 new w[x1] = {digits(1 + rate * signal3 * x1)}",
        f"a0_2 new w[x2] = {digits(-1 + rate * signal3 * x2)}",
        f"a0_2 new w[x3] = {digits(0 + rate * signal3 * x3)}",
        f"a1_0 new w[a0_0] = {digits(-3 + rate * signal4 * h1)}",
        f"a1_0 new w[a0_1] = {digits(1 + rate * signal4 * h2)}",
        f"a1_0 new w[a0_2] = {digits(-3 + rate * signal4 * h3)}",
        f"a1_1 new w[a0_0] = {digits(0 + rate * signal5 * h1)}",
        f"a1_1 new w[a0_1] = {digits(1 + rate * signal5 * h2)}",
        f"a1_1 new w[a0_2] = {digits(2 + rate * signal5 * h3)}",
    ]


SMALL = {
    "dataset": {"columns": ["u", "v", "y"], "rows": [[-2, -1, 1]], "targets": ["y"]},
    "network": {
        "layers": [
            {
                "units": 2,
                "activation": "sigmoid",
                "weights": [[0.8, 0.6], [1.5, -0.2]],
                "biases": [0.3, -0.4],
            },
            {"units": 1, "activation": "sigmoid", "weights": [[1.3, -0.7]], "biases": [0.5]},
        ]
    },
    "loss": "mse",
    "optimizer": {"name": "sgd", "learning_rate": 0.5},
}


def test_a_2_2_1_network_with_biases() -> None:
    u, v, y, rate = -2, -1, 1, 0.5

    # Forward: two hidden neurons, then the output.
    z1 = 0.8 * u + 0.6 * v + 0.3
    z2 = 1.5 * u - 0.2 * v - 0.4
    h1, h2 = sigmoid(z1), sigmoid(z2)
    z3 = 1.3 * h1 - 0.7 * h2 + 0.5
    o = sigmoid(z3)

    # Backward: the derivative of (o - y)^2 by each z.
    by_o = 2 * (o - y)
    slope3 = o * (1 - o)
    by_z3 = by_o * slope3
    by_h1, by_h2 = by_z3 * 1.3, by_z3 * -0.7
    slope1, slope2 = h1 * (1 - h1), h2 * (1 - h2)
    by_z1, by_z2 = by_h1 * slope1, by_h2 * slope2

    assert printed(api.trace(Config.of(SMALL))) == [
        "forward",
        f"a0_0 z = {digits(z1)}",
        f"a0_0 a = {digits(h1)}",
        f"a0_1 z = {digits(z2)}",
        f"a0_1 a = {digits(h2)}",
        f"a1_0 z = {digits(z3)}",
        f"a1_0 a = {digits(o)}",
        "loss",
        f"term of y = {digits((o - y) ** 2)}",
        f"L = {digits((o - y) ** 2)}",
        "backward",
        f"a1_0 dL/da = {digits(by_o)}",
        f"a1_0 da/dz = {digits(slope3)}",
        f"a1_0 dL/dz = {digits(by_z3)}",
        f"a1_0 dL/dw[a0_0] = {digits(by_z3 * h1)}",
        f"a1_0 dL/dw[a0_1] = {digits(by_z3 * h2)}",
        f"a1_0 dL/dbias = {digits(by_z3)}",
        f"a0_0 dL/da = {digits(by_h1)}",
        f"a0_0 da/dz = {digits(slope1)}",
        f"a0_0 dL/dz = {digits(by_z1)}",
        f"a0_0 dL/dw[u] = {digits(by_z1 * u)}",
        f"a0_0 dL/dw[v] = {digits(by_z1 * v)}",
        f"a0_0 dL/dbias = {digits(by_z1)}",
        f"a0_1 dL/da = {digits(by_h2)}",
        f"a0_1 da/dz = {digits(slope2)}",
        f"a0_1 dL/dz = {digits(by_z2)}",
        f"a0_1 dL/dw[u] = {digits(by_z2 * u)}",
        f"a0_1 dL/dw[v] = {digits(by_z2 * v)}",
        f"a0_1 dL/dbias = {digits(by_z2)}",
        "update",
        f"a0_0 new w[u] = {digits(0.8 - rate * by_z1 * u)}",
        f"a0_0 new w[v] = {digits(0.6 - rate * by_z1 * v)}",
        f"a0_0 new bias = {digits(0.3 - rate * by_z1)}",
        f"a0_1 new w[u] = {digits(1.5 - rate * by_z2 * u)}",
        f"a0_1 new w[v] = {digits(-0.2 - rate * by_z2 * v)}",
        f"a0_1 new bias = {digits(-0.4 - rate * by_z2)}",
        f"a1_0 new w[a0_0] = {digits(1.3 - rate * by_z3 * h1)}",
        f"a1_0 new w[a0_1] = {digits(-0.7 - rate * by_z3 * h2)}",
        f"a1_0 new bias = {digits(0.5 - rate * by_z3)}",
    ]
