"""The page's arithmetic is that of the engines: losses, gradients, updates and the lines of a trace."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.codegen.javascript import js_formula
from nncli.engines.contract import start
from nncli.engines.numpy_engine import NumpyEngine
from nncli.expressions import FUNCTIONS, parse
from nncli.inspection.formulas import digits
from nncli.inspection.trace import trace
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.losses import LOSSES
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.schedules import SCHEDULES
from nncli.reports.mathematics import Keys
from nncli.training.experiment import Experiment
from tests.reports.javascript import run_modules
from tests.trained import xor

STEPS = 10
SLOW = "{name: sgd, learning_rate: 0.01}"  # no loss diverges with it

OPTIONS = {  # other options than the defaults, which change the statements of the rule
    "sgd": ["momentum: 0.9", "momentum: 0.8, nesterov: true", "weight_decay: 0.1"],
    "adam": ["weight_decay: 0.1"],
    "adamw": ["weight_decay: 0.5"],
    "rmsprop": ["centered: true", "momentum: 0.5", "centered: true, momentum: 0.5"],
    "adagrad": ["learning_rate_decay: 0.1, initial_accumulator_value: 0.1"],
}
OUTPUTS = {"cross_entropy": ("softmax", 2), "binary_cross_entropy": ("sigmoid", 1)}


def experiments() -> list[Experiment]:
    """One for each activation and loss, and one for each optimizer with each choice of its options."""
    found = []
    for activation, loss, reduction in itertools.product(ACTIVATIONS, LOSSES, ("mean", "sum")):
        if activation == "softmax":
            continue
        output, units = OUTPUTS.get(loss, (activation, 1))
        found.append(_experiment(activation, output, units, loss, reduction, SLOW, "l1: 0.01, l2: 0.1"))
    for name in OPTIMIZERS:
        for options in ["", *OPTIONS[name]]:
            optimizer = f"{{name: {name}, learning_rate: 0.05, {options}}}"
            found.append(_experiment("tanh", "sigmoid", 1, "mse", "mean", optimizer, ""))
    found += [
        xor(f"optimizer.schedule={schedule}", "training.batch_size=3", "training.shuffle=false")
        for schedule in (
            "{name: step, every: 3}",
            "{name: exponential, gamma: 0.9, warmup: 2}",
            "{name: cosine, over: 8}",
        )
    ]
    found.append(xor("optimizer.clip_norm=0.01"))
    found.append(_experiment("elu", "softmax", 2, "mse", "mean", "sgd", ""))
    found.append(_experiment("{name: leaky_relu, slope: 0.3}", "identity", 1, "mae", "mean", "sgd", ""))
    return [*found, *_weighted()]


def _experiment(
    activation: str, output: str, units: int, loss: str, reduction: str, optimizer: str, penalty: str
) -> Experiment:
    return xor(
        f"network.layers=[{{units: 3, activation: {activation}, {penalty}}}, "
        f"{{units: {units}, activation: {output}}}]",
        f"loss={{name: {loss}, reduction: {reduction}}}",
        f"optimizer={optimizer}",
        "metrics=[mse]",
    )


def _weighted() -> list[Experiment]:
    binary = ("loss={name: binary_cross_entropy, class_weight: {'0': 3, '1': 0.5}}", "metrics=[mse]")
    layers = "network.layers=[{units: 3, activation: tanh}, {units: 2, activation: softmax}]"
    several = ("loss={name: cross_entropy, class_weight: {'0': 3, '1': 0.5}}", layers)
    return [xor(*binary), xor(*several, "training.batch_size=2", "training.shuffle=false")]


def case_of(experiment: Experiment) -> dict[str, Any]:
    keys, recipe, rows = Keys.of(experiment), experiment.recipe, experiment.rows.training
    weights = recipe.loss.class_weights
    return {
        "layers": [
            {
                **{name: getattr(layer, name) for name in ("inputs", "units", "bias", "l1", "l2")},
                "activation": activation,
            }
            for layer, activation in zip(experiment.network.layers, keys.activations, strict=True)
        ],
        "loss": keys.loss,
        "classWeights": None if weights is None else weights.tolist(),
        "settings": {
            "optimizer": keys.optimizer,
            "schedule": keys.schedule,
            "rate": recipe.optimizer.learning_rate,
            "batchSize": recipe.batch_size,
            "clipNorm": recipe.optimizer.clip_norm,
        },
        "W": experiment.initial.tolist(),
        "X": rows.X.ravel().tolist(),
        "Y": rows.Y.ravel().tolist(),
        "n": len(rows),
    }


TRAIN = """
import {readFileSync} from "node:fs";
import {Network} from "./network.js";
import {Training} from "./training.js";

const {cases, steps} = JSON.parse(readFileSync(0, "utf8"));
const found = cases.map(({layers, loss, classWeights, settings, n, ...given}) => {
  const [W, X, Y] = [given.W, given.X, given.Y].map((values) => Float64Array.from(values));
  const network = new Network(layers, loss, classWeights);
  const {loss: value, G, passed} = network.gradient(W, X, Y, n);
  const training = new Training(network, W, {X, Y, n}, settings);
  for (let step = 0; step < steps; step++) training.next();
  const A = [...passed[passed.length - 1].A];
  return {value, G: [...G], A, W: [...training.W], losses: training.losses};
});
console.log(JSON.stringify(found));
"""


def test_loss_gradient_and_ten_epochs_are_those_of_the_numpy_engine(tmp_path: Path) -> None:
    every = experiments()
    cases = [case_of(each) for each in every]
    found = run_modules(tmp_path, every, TRAIN, {"cases": cases, "steps": STEPS})
    assert len(found) == len(every) > 140
    for experiment, page in zip(every, found, strict=True):
        X, Y = experiment.rows.training.X, experiment.rows.training.Y
        network, recipe = experiment.network, experiment.recipe
        loss, gradient = recipe.gradient(network, experiment.initial, X, Y, recipe.loss)
        outputs = network.predict(experiment.initial, X)
        plan = NumpyEngine().plan(network, X, Y, recipe)
        updates = STEPS * -(-len(X) // recipe.batch_size)
        state = plan.run(start(network, experiment.initial, recipe), [updates]).state()
        label = str(Keys.of(experiment))
        assert page["value"] == pytest.approx(float(loss), rel=1e-12), label
        np.testing.assert_allclose(page["G"], gradient, rtol=1e-12, atol=1e-13, err_msg=label)
        np.testing.assert_allclose(page["A"], outputs.ravel(), rtol=1e-12, atol=1e-13, err_msg=label)
        np.testing.assert_allclose(page["W"], state.parameters, rtol=1e-12, atol=1e-12, err_msg=label)


TRACE = """
import {readFileSync} from "node:fs";
import {Arithmetic} from "./arithmetic.js";
import {Network} from "./network.js";

const cases = JSON.parse(readFileSync(0, "utf8"));
const found = cases.map(({layers, loss, classWeights, settings, run, ...given}) => {
  const [W, X, Y] = [given.W, given.X, given.Y].map((values) => Float64Array.from(values));
  const network = new Network(layers, loss, classWeights);
  const x = X.subarray(0, network.inputs);
  const arithmetic = new Arithmetic(network, W, x, Y.subarray(0, network.outputs), {...settings, ...run});
  const upTo = (length) => Array.from({length}, (_, index) => index);
  const units = layers.flatMap((layer, index) => upTo(layer.units).map((unit) => [index, unit]));
  const updates = ([layer, unit]) =>
    upTo(network.width(layers[layer])).flatMap((column) => arithmetic.update(layer, unit, column));
  return {
    forward: units.map(([layer, unit]) => arithmetic.forward(layer, unit)),
    terms: arithmetic.terms(),
    backward: units.map(([layer, unit]) => arithmetic.backward(layer, unit)),
    update: units.map(updates),
    clipping: arithmetic.clipping(),
  };
});
console.log(JSON.stringify(found));
"""


def test_arithmetic_has_the_lines_of_trace(tmp_path: Path) -> None:
    every = experiments()
    cases = [{**case_of(each), "run": _as_shown(each)} for each in every]
    found = run_modules(tmp_path, every, TRACE, cases)
    for experiment, page in zip(every, found, strict=True):
        expected = trace(experiment, experiment.initial, 0)
        update = [section for section in expected.update if not section.title.startswith("clipping")]
        layers = [layer for layer, each in enumerate(experiment.network.layers) for _ in range(each.units)]
        back = sorted(range(len(layers)), key=lambda place: -layers[place])
        label = str(Keys.of(experiment))
        for ours, theirs in zip(page["forward"], expected.forward, strict=True):
            _require_same(ours, theirs.lines, label)
        _require_same(page["terms"], expected.terms.lines, label)
        for place, theirs in zip(back, expected.backward, strict=True):
            _require_same(page["backward"][place], theirs.lines, label)
        for ours, theirs in zip(page["update"], update, strict=True):
            _require_same(ours, theirs.lines, label)
        assert bool(page["clipping"]) == (len(update) < len(expected.update))


def _as_shown(experiment: Experiment) -> dict[str, Any]:
    columns = experiment.rows.training.columns
    outputs = columns.classes if columns.task == "multiclass" else columns.targets
    rate = experiment.recipe.learning_rate(0)
    return {"names": list(columns.encoded), "outputs": list(outputs), "rate": rate}


def _require_same(ours: list[dict[str, Any]], theirs: Any, label: str) -> None:
    shown = [(line["name"], line["formula"], line["numbers"]) for line in ours]
    assert shown == [(line.name, line.formula, line.numbers) for line in theirs], label
    np.testing.assert_allclose(
        [line["value"] for line in ours], [line.value for line in theirs], rtol=1e-11, atol=1e-13
    )


NUMBERS = """
import {readFileSync} from "node:fs";
import {digits} from "./numbers.js";

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(digits)));
"""


def test_numbers_are_written_as_trace_writes_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    exponents = rng.uniform(-20, 20, 3000)
    values = [0.0, 1.0, -1.0, 100000.0, 999999.5, 1e6, 123456789.0, 0.0001, 0.00001, 0.99999, -0.999999999]
    values += (rng.normal(size=3000) * 10.0**exponents).tolist() + rng.uniform(-1, 1, 1000).tolist()
    assert run_modules(tmp_path, [xor()], NUMBERS, values) == [digits(value) for value in values]


FORMULAS = """
import {readFileSync} from "node:fs";

const {formulas, points} = JSON.parse(readFileSync(0, "utf8"));
const found = formulas.map((source) => points.map((point) => eval(source)(point)));
console.log(JSON.stringify(found.map((values) => values.map(String))));
"""


def test_formulas_have_the_values_of_numpy(tmp_path: Path) -> None:
    calls = [f"{name}({', '.join(['new', 'π', '2'][: _arguments(name)])})" for name in FUNCTIONS]
    others = [
        "new + π**2 - 1",
        "-new**2",
        "(-new)**2",
        "2**-π",
        "-(new < π) + (new >= 0)",
        "pi * e - +new",
        "1/new",
    ]
    texts = [*calls, *others]
    points = [[0.3, 0.7], [-0.4, 0.2], [0.9, -0.8], [0.0, 0.0]]
    formulas = [js_formula(parse(text, ["new", "π"]).tree, ["new", "π"]) for text in texts]
    found = run_modules(tmp_path, [xor()], FORMULAS, {"formulas": formulas, "points": points})
    for text, values in zip(texts, found, strict=True):
        expression = parse(text, ["new", "π"])
        expected = [float(expression({"new": np.float64(x), "π": np.float64(y)})) for x, y in points]
        ours = [float(value.replace("Infinity", "inf")) for value in values]
        np.testing.assert_allclose(ours, expected, rtol=1e-14, atol=1e-15, err_msg=text)


def _arguments(name: str) -> int:
    return 3 if name == "where" else getattr(FUNCTIONS[name], "nin", 1)


def test_every_entry_of_the_registries_is_covered() -> None:
    assert {*OPTIONS} == {*OPTIMIZERS}
    used = [Keys.of(each) for each in experiments()]
    assert {each.schedule.split()[0] for each in used} == {*SCHEDULES}
    assert {name.split()[0] for each in used for name in each.activations} == {*ACTIVATIONS}
