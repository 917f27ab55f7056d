"""Trace of one row: every number of a forward pass, a backward pass and an update, and how it is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from nncli.inspection.formulas import LONG_SUM, digits, evaluated, readable, substituted, sum_of_products
from nncli.inspection.traced import Trace, TraceLine, TraceSection
from nncli.messages.errors import NncliError
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment

FEW_WEIGHTS = 40  # of a network that is shown whole
MOST_OF_A_UNIT = 5  # of a unit of a larger one
LONG_FORMULA = 70  # characters


def trace(
    experiment: Experiment, parameters: Array, row: int, layer: int | None = None, unit: int | None = None
) -> Trace:
    """Trace a training row through a network with given parameters (P,).

    The row is treated as a batch by itself, and the optimizer's step as its first. No unit is dropped.

    Parameters
    ----------
    layer, unit : what to show (default: everything, but of a network of more than 40 weights in each layer
        the unit with the largest error).
    """
    return _Tracer(experiment, parameters, row, layer, unit).trace()


def require_place(experiment: Experiment, row: int, layer: int | None, unit: int | None) -> None:
    """Raise NncliError if there is no such row (from 1), layer or unit (from 0)."""
    rows, layers = len(experiment.rows.training), experiment.network.layers
    if not 1 <= row <= rows:
        raise NncliError(
            f"row {row}: the training set has {counted(rows, 'row')}",
            hint=f"give 1 to {rows}" if rows > 1 else "give 1",
        )
    if unit is not None and layer is None:
        raise NncliError(f"unit {unit} needs a layer", hint=f"add --layer, from 0 to {len(layers) - 1}")
    if layer is not None and not 0 <= layer < len(layers):
        raise NncliError(
            f"layer {layer}: the network has {counted(len(layers), 'layer')}",
            hint=f"give {_up_to(len(layers))}",
        )
    if layer is not None and unit is not None and not 0 <= unit < layers[layer].units:
        units = layers[layer].units
        raise NncliError(
            f"unit {unit}: layer {layer} has {counted(units, 'unit')}", hint=f"give {_up_to(units)}"
        )


def _up_to(count: int) -> str:
    """Return the numbers of so many layers or units, from 0."""
    return f"0 to {count - 1}" if count > 1 else "0"


class _Tracer:
    """The numbers of one row, and the sections that show them."""

    def __init__(
        self, experiment: Experiment, parameters: Array, row: int, layer: int | None, unit: int | None
    ) -> None:
        self.network, self.recipe, self.w, self.row = experiment.network, experiment.recipe, parameters, row
        data = experiment.rows.training
        self.X, self.Y = data.X[[row]], data.Y[[row]]
        columns = data.columns
        self.inputs_by_name = list(columns.encoded)
        self.outputs = list(columns.classes if columns.task == "multiclass" else columns.targets)
        self.activities = self.network.forward(parameters, self.X)
        self.inputs = [self.X[0], *(activity.A[0] for activity in self.activities)]
        self.errors = self._errors()
        self.loss, self.g = self.recipe.gradient(self.network, parameters, self.X, self.Y, self.recipe.loss)
        self.weights, self.gradients = self.network.blocks(parameters), self.network.blocks(self.g)
        self.last = len(self.network.layers) - 1
        self.shown = self._shown(layer, unit)

    def _errors(self) -> list[tuple[Array, Array]]:
        """The derivatives dL/da and dL/dz of each layer, (units,) each; a linked loss has no dL/da."""
        loss, output, last = self.recipe.loss, self.activities[-1], self.network.layers[-1]
        dZ = loss.output_error(last.activation, output.Z, output.A, self.Y)
        dA = np.full_like(dZ, np.nan) if loss.link else loss.slope(output.A, self.Y) / loss.divisor(self.Y)
        if loss.class_weights is not None:
            dA = dA * loss.row_weights(self.Y)
        errors = [(dA[0], dZ[0])]
        for index in reversed(range(1, len(self.network.layers))):
            below, layer = self.activities[index - 1], self.network.layers[index - 1]
            dA = dZ @ self.network.views(self.w)[index].W
            dZ = layer.activation.backward(dA, below.Z, below.A)
            errors.append((dA[0], dZ[0]))
        return errors[::-1]

    def _shown(self, layer: int | None, unit: int | None) -> list[list[int]]:
        """The units of each layer that are shown."""
        every = [list(range(each.units)) for each in self.network.layers]
        if layer is not None:
            chosen = every[layer] if unit is None else [every[layer][unit]]
            return [chosen if index == layer else [] for index in range(len(every))]
        if self.network.parameter_count <= FEW_WEIGHTS:
            return every
        return [[int(np.abs(dz).argmax())] for _, dz in self.errors]

    def trace(self) -> Trace:
        """Everything that is shown."""
        layers = range(len(self.network.layers))
        units = [(layer, unit) for layer in layers for unit in self.shown[layer]]
        back = [(layer, unit) for layer in reversed(layers) for unit in self.shown[layer]]
        return Trace(
            row=self.row,
            inputs=dict(zip(self.inputs_by_name, self.X[0].tolist(), strict=True)),
            targets=dict(zip(self.outputs, self.Y[0].tolist(), strict=True)),
            loss=float(self.loss),
            forward=tuple(self._forward(*each) for each in units),
            terms=self._terms(),
            backward=tuple(self._backward(*each) for each in back),
            update=tuple(self._update(units)),
            optimizer=f"{self.recipe.optimizer.name}, learning rate {digits(self.recipe.learning_rate(0))}",
            names=self._names,
            left_out=self._left_out,
        )

    def _forward(self, layer: int, unit: int) -> TraceSection:
        """Z as the sum it is, and a."""
        activation, activity = self.network.layers[layer].activation, self.activities[layer]
        z, a = float(activity.Z[0, unit]), float(activity.A[0, unit])
        w = self.weights[layer][unit].tolist()
        products = list(zip(w, self.inputs[layer].tolist(), strict=False))
        total = sum_of_products(products, w[-1] if self.network.layers[layer].bias else None)
        lines = [TraceLine("z", self._weighted_sum(layer), total, z)]
        if activation.expression is None:
            every = " + ".join(f"exp({digits(each)})" for each in activity.Z[0].tolist())
            lines.append(TraceLine("a", "exp(z) / (sum of exp(z))", f"exp({digits(z)}) / ({every})", a))
        else:
            lines.append(_line("a", activation.expression, {"z": z}, a))
        return TraceSection(f"{_unit_name(layer, unit)}, {activation.name}", tuple(lines))

    def _weighted_sum(self, layer: int) -> str:
        """The formula of z; of a unit with many inputs in words."""
        names = [self._input_name(layer, column) for column in range(self.network.layers[layer].inputs)]
        bias = " + bias" if self.network.layers[layer].bias else ""
        written_out = " + ".join(f"w[{name}] * {name}" for name in names)
        is_short = len(names) <= LONG_SUM and len(written_out) <= LONG_FORMULA
        return (written_out if is_short else "sum of w * input") + bias

    def _terms(self) -> TraceSection:
        """The term of each output, and the loss."""
        loss, output = self.recipe.loss, self.activities[-1]
        terms = loss.terms(output.Z if loss.link else output.A, self.Y)[0].tolist()
        if loss.expression is None:
            pairs = list(zip(self.Y[0].tolist(), output.A[0].tolist(), strict=True))
            sums = " + ".join(f"{digits(y)} * log({digits(a)})" for y, a in pairs)
            lines = [TraceLine("term", "-(sum of y * log(a))", f"-({sums})", terms[0])]
        else:
            lines = [
                _line(f"term of {name}", self._term_of(unit), self._of_output(unit), terms[unit])
                for unit, name in enumerate(self.outputs)
            ]
        total = self._scaled(" + ".join(map(digits, terms)), len(terms) > 1)
        formula = self._scaled_formula("sum of terms" if len(terms) > 1 else lines[0].name, len(terms) > 1)
        if self.network.penalty:
            formula += " + penalties"
            total += f" + {digits(float(self.network.cost(self.w)))} (penalties)"
        lines.append(TraceLine("L", formula, total, float(self.loss)))
        return TraceSection(f"{loss.name}, {loss.reduction}", tuple(lines))

    def _term_of(self, unit: int) -> str:
        """The expression of a term; of binary cross-entropy that of textbooks where six digits suffice."""
        loss, a = self.recipe.loss, float(self.activities[-1].A[0, unit])
        textbook = loss.name == "binary_cross_entropy" and 1e-9 < a < 1 - 1e-9
        return "-(y * log(a) + (1 - y) * log(1 - a))" if textbook else str(loss.expression)

    def _scaled(self, text: str, several: bool) -> str:
        """A text times the weight of the row's class, and divided by the divisor of the loss."""
        loss = self.recipe.loss
        divisor = loss.divisor(self.Y)
        weight = 1.0 if loss.class_weights is None else float(loss.row_weights(self.Y)[0, 0])
        factor = (f" * {digits(weight)}" if weight != 1.0 else "") + (
            f" / {digits(divisor)}" if divisor != 1.0 else ""
        )
        return f"({text}){factor}" if several and factor else text + factor

    def _scaled_formula(self, text: str, several: bool) -> str:
        """A formula with the same factors by name."""
        loss = self.recipe.loss
        is_weighted = loss.class_weights is not None and float(loss.row_weights(self.Y)[0, 0]) != 1.0
        weight, factor = (["class_weight"], " * class_weight") if is_weighted else ([], "")
        outputs = ["outputs"] if not loss.per_row and self.Y.shape[1] > 1 else []
        if loss.divisor(self.Y) != 1.0:
            below = " * ".join([*weight, *outputs])
            factor += f" / ({below})" if weight and outputs else f" / {below}"
        return f"({text}){factor}" if several and factor else text + factor

    def _of_output(self, unit: int) -> dict[str, float]:
        """Values of the names in the loss's expressions."""
        output = self.activities[-1]
        values = {"y": float(self.Y[0, unit]), "z": float(output.Z[0, unit]), "a": float(output.A[0, unit])}
        return values | dict(self.recipe.loss.options)

    def _backward(self, layer: int, unit: int) -> TraceSection:
        """The factors of the chain rule, and the derivative by each weight."""
        error = float(self.errors[layer][1][unit])
        lines = [*(self._output_error(unit) if layer == self.last else self._error(layer, unit))]
        columns = self._columns(layer, unit)
        for column in columns:
            name = self._input_name(layer, column)
            u = float(self.inputs[layer][column]) if name else 1.0
            numbers = sum_of_products([(error, u)]) if name else digits(error)
            formula = f"dL/dz * {name}" if name else "dL/dz"
            each = self.network.layers[layer]
            w = float(self.weights[layer][unit, column])
            if name and (each.l1 or each.l2):
                formula += " + penalties"
                numbers += f" + {digits(each.l1 * float(np.sign(w)) + each.l2 * w)} (penalties)"
            derivative = float(self.gradients[layer][unit, column])
            lines.append(TraceLine(f"dL/dw[{name}]" if name else "dL/dbias", formula, numbers, derivative))
        return TraceSection(_unit_name(layer, unit), tuple(lines), self._more(layer, columns))

    def _output_error(self, unit: int) -> Iterator[TraceLine]:
        """dL/dz of an output: of a linked loss at once, else through dL/da and da/dz."""
        loss, activation = self.recipe.loss, self.network.output_activation
        of_a, of_z = (float(each[unit]) for each in self.errors[-1])
        values = self._of_output(unit)
        if loss.slope_expression is None:
            shares = digits(float(self.Y.sum()))
            text = f"{digits(values['a'])} * {shares} - {digits(values['y'])}"
            formula = self._scaled_formula("a * (sum of y) - y", True)
            yield TraceLine("dL/dz", formula, self._scaled(text, True), of_z)
            return
        slope = (
            loss.slope_expression.replace(str(activation.expression), "a")
            if loss.link
            else loss.slope_expression
        )
        numbers = self._scaled(substituted(slope, values), True)
        formula = self._scaled_formula(readable(slope), True)
        if loss.link:
            yield TraceLine("dL/dz", formula, numbers, of_z)
            return
        yield TraceLine("dL/da", formula, numbers, of_a)
        if activation.derivative_expression is None:
            A, dA = self.activities[-1].A[0], self.errors[-1][0]
            total = digits(float(dA @ A))
            yield TraceLine(
                "dL/dz",
                "a * (dL/da - (sum of dL/da * a))",
                f"{digits(values['a'])} * ({digits(of_a)} - {total})",
                of_z,
            )
        else:
            yield from self._through_activation(self.last, unit)

    def _error(self, layer: int, unit: int) -> Iterator[TraceLine]:
        """dL/da of a hidden unit as the sum over the units above, then da/dz and dL/dz."""
        above, errors = self.weights[layer + 1], self.errors[layer + 1][1]
        products = list(zip(errors.tolist(), above[:, unit].tolist(), strict=True))
        formula = f"sum over layers.{layer + 1} of dL/dz * w[{_output_name(layer, unit)}]"
        of_a = float(self.errors[layer][0][unit])
        yield TraceLine("dL/da", formula, sum_of_products(products), of_a)
        yield from self._through_activation(layer, unit)

    def _through_activation(self, layer: int, unit: int) -> Iterator[TraceLine]:
        activation, activity = self.network.layers[layer].activation, self.activities[layer]
        assert activation.derivative is not None
        assert activation.derivative_expression is not None
        values = {"z": float(activity.Z[0, unit]), "a": float(activity.A[0, unit])}
        slope = float(activation.derivative(activity.Z, activity.A)[0, unit])
        of_a, of_z = (float(each[unit]) for each in self.errors[layer])
        yield _line("da/dz", activation.derivative_expression, values, slope)
        yield TraceLine("dL/dz", "dL/da * da/dz", sum_of_products([(of_a, slope)]), of_z)

    def _update(self, units: list[tuple[int, int]]) -> Iterator[TraceSection]:
        """The optimizer's first step of each weight."""
        optimizer, g = self.recipe.optimizer, self.g
        if optimizer.clip_norm is not None:
            norm = float(np.sqrt(g @ g))
            share = min(1.0, optimizer.clip_norm / (norm + 1e-6))
            numbers = f"minimum({digits(optimizer.clip_norm)} / ({digits(norm)} + 1e-06), 1)"
            line = TraceLine("share", "minimum(clip_norm / (norm + 1e-06), 1)", numbers, share)
            yield TraceSection("clipping: g is dL/dw times this share", (line,))
            g = g * share
        moved, _ = optimizer.step(self.w, self.g, optimizer.init(self.w), 1, self.recipe.learning_rate(0))
        for layer, unit in units:
            columns = self._columns(layer, unit)
            lines = [line for column in columns for line in self._step(layer, unit, column, g, moved)]
            yield TraceSection(_unit_name(layer, unit), tuple(lines), self._more(layer, columns))

    def _step(self, layer: int, unit: int, column: int, g: Array, moved: Array) -> Iterator[TraceLine]:
        """The statements of the optimizer's rule for one weight."""
        optimizer = self.recipe.optimizer
        name = self._input_name(layer, column)
        place = self.network.offsets[layer] + unit * self.network.layers[layer].shape[1] + column
        values = {"w": float(self.w[place]), "g": float(g[place]), "update": 1.0}
        values |= {"rate": self.recipe.learning_rate(0), **optimizer.options}
        values |= dict.fromkeys(optimizer.slots, optimizer.initial)
        if optimizer.weight_decay:
            with_decay = values | {"decay": optimizer.weight_decay}
            values["g"] = evaluated("g + decay * w", with_decay)
            line = _line("g", "g + decay * w", with_decay, values["g"])
            yield line if name else replace(line, formula=_of_bias(line))
        for index, (target, expression) in enumerate(optimizer.assignments):
            is_last = index == len(optimizer.assignments) - 1  # adamw has w decay before
            value = float(moved[place]) if is_last else evaluated(expression, values)
            line = _line(target, expression, values, value)
            formula = line.formula if name else _of_bias(line)
            new = f"new w[{name}]" if name else "new bias"
            yield replace(line, name=new if is_last else target, formula=formula)
            values[target] = value

    def _columns(self, layer: int, unit: int) -> list[int]:
        """The weights of a unit that are shown, and its bias: all, or those of the largest derivatives."""
        count = self.network.layers[layer].shape[1]
        if self.network.parameter_count <= FEW_WEIGHTS or count <= MOST_OF_A_UNIT:
            return list(range(count))
        largest = np.argsort(-np.abs(self.gradients[layer][unit]), kind="stable")[:MOST_OF_A_UNIT]
        return sorted(largest.tolist())

    def _more(self, layer: int, columns: list[int]) -> str:
        more = self.network.layers[layer].shape[1] - len(columns)
        return f"{counted(more, 'weight')} with smaller derivatives" if more else ""

    def _input_name(self, layer: int, column: int) -> str:
        """The name of an input of a layer; empty for the bias."""
        if column == self.network.layers[layer].inputs:
            return ""
        return _output_name(layer - 1, column) if layer else self.inputs_by_name[column]

    @property
    def _names(self) -> dict[str, str]:
        """The names in the formulas and their meaning."""
        network, loss = self.network, self.recipe.loss
        rare = {
            "outputs": (
                "number of outputs",
                not loss.per_row and loss.reduction == "mean" and network.outputs > 1,
            ),
            "class_weight": ("weight of the row's class", loss.class_weights is not None),
            "penalties": ("l1 and l2 penalties, or their derivative", network.penalty),
        }
        has_bias = any(layer.bias for layer in network.layers)
        return {
            "z": "weighted sum of a unit's inputs" + (", plus its bias" if has_bias else ""),
            "a": f"output of a unit, computed from z; {_output_name(0, 0)} is that of layers.0, unit 0",
            "w": "weight before the update; w[x] is the weight between a unit and its input x",
            "y": "target",
            "L": "loss of this row",
            "g": "dL/dw of the weight" + (", or dL/dbias of the bias" if has_bias else ""),
            "rate": "learning rate",
            **{name: meaning for name, (meaning, is_used) in rare.items() if is_used},
        }

    @property
    def _left_out(self) -> str:
        shown = sum(map(len, self.shown))
        units = sum(layer.units for layer in self.network.layers)
        return f"{units - shown:,} of {counted(units, 'unit')}" if shown < units else ""


def _unit_name(layer: int, unit: int) -> str:
    return f"layers.{layer}, unit {unit} ({_output_name(layer, unit)})"


def _output_name(layer: int, unit: int) -> str:
    return f"a{layer}_{unit}"


def _of_bias(line: TraceLine) -> str:
    """The formula of a weight for a bias instead."""
    return re.sub(r"\bw\b", "bias", line.formula)


def _line(name: str, expression: str, values: Mapping[str, float], value: float) -> TraceLine:
    return TraceLine(name, readable(expression), substituted(expression, values), value)
