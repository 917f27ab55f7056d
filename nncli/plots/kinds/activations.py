"""Activation functions and the distribution of their pre-activations, which shows saturated neurons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.messages.wording import counted
from nncli.nn.activations import Activation, logistic
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS_SAMPLED = 1000  # rows whose pre-activations are drawn
HISTOGRAM_BINS = 40
CURVE = 401
SATURATED = 0.01  # of the largest slope: below it a neuron hardly learns

Key = tuple[str, tuple[tuple[str, float], ...]]


def unfit(run: Run, view: View) -> str | None:
    """Return None: every run has activations."""
    return None


@dataclass(frozen=True)
class ActivationCurve:
    """Activation function and the pre-activations of the layers that use it.

    Attributes
    ----------
    name, label : name of the activation, and its name with options and layers.
    Z : pre-activations (n,) of these layers.
    z, f, slope : points of the curve, its values and its derivative, (CURVE,) each.
    saturated : fraction of the pre-activations where the derivative is nearly 0.
    """

    name: str
    label: str
    Z: Array
    z: Array
    f: Array
    slope: Array
    saturated: float


@dataclass(frozen=True)
class ActivationCurves:
    """Activation functions of a network with their pre-activations.

    Attributes
    ----------
    run : name of the run and its number of training rows.
    rows : number of rows whose pre-activations are drawn.
    curves : one for each distinct activation.
    """

    run: str
    rows: int
    curves: Sequence[ActivationCurve]

    @property
    def caption(self) -> str:
        """Fraction of saturated pre-activations of each activation."""
        parts = [f"{curve.name} {curve.saturated:.0%}" for curve in self.curves]
        return (
            f"share of pre-activations at which the activation is saturated (nearly flat): {', '.join(parts)}"
        )

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """Points of the curves, one curve after another."""
        return {
            "activation": np.repeat([curve.name for curve in self.curves], CURVE).tolist(),
            "z": np.concatenate([curve.z for curve in self.curves]),
            "f": np.concatenate([curve.f for curve in self.curves]),
            "slope": np.concatenate([curve.slope for curve in self.curves]),
        }


def numbers(run: Run, view: View) -> ActivationCurves:
    """Compute f, f' and the pre-activations on training rows for each distinct activation."""
    used, layers = _used(run)
    return ActivationCurves(
        run=naming.run_and_rows(run),
        rows=min(ROWS_SAMPLED, len(run.experiment.rows.training)),
        curves=[_curve(*layers[key], Z) for key, Z in used.items()],
    )


def _curve(where: str, activation: Activation, Z: Array) -> ActivationCurve:
    z = np.linspace(*_range(Z), CURVE)
    label = f"{_label(activation)}: {where}"
    return ActivationCurve(activation.name, label, Z, z, *_curves(activation, z), _saturation(activation, Z))


def draw(curves: ActivationCurves) -> Figure:
    """Draw f and f' of each activation, and below them the distribution of its pre-activations."""
    count, rows = len(curves.curves), curves.rows
    figure = style.figure(width=max(6.4, min(3, count) * 3.6), height=4.9)
    panels = figure.subplots(2, count, sharex="col", squeeze=False, height_ratios=[2.2, 1])
    for (upper, lower), curve in zip(panels.T, curves.curves, strict=True):
        _draw_curves(upper, curve)
        _draw_histogram(lower, curve)
    panels[0, 0].set_ylabel("value")
    panels[1, 0].set_ylabel("fraction\nof all z")
    style.legend_beside(panels[0, -1])
    style.head(
        figure,
        f"Activation functions and their pre-activations z: {curves.run}",
        f"Histograms: z of every neuron on {counted(rows, 'row')}. Saturated: f′ is below "
        f"{SATURATED:.0%} of its maximum, so almost no gradient passes.",
    )
    return figure


def _used(run: Run) -> tuple[dict[Key, Array], dict[Key, tuple[str, Activation]]]:
    """Return the pre-activations (n,) and the layers of each activation with distinct options."""
    network = run.model.network
    with np.errstate(all="ignore"):
        activities = network.forward(run.model.parameters, run.experiment.rows.training.X[:ROWS_SAMPLED])
    found: dict[Key, list[Array]] = {}
    numbers: dict[Key, list[int]] = {}
    kinds: dict[Key, Activation] = {}
    for index, (layer, activity) in enumerate(zip(network.layers, activities, strict=True)):
        key = layer.activation.name, tuple(sorted(layer.activation.options.items()))
        Z = _against_others(activity.Z) if layer.activation.name == "softmax" else activity.Z
        found.setdefault(key, []).append(Z[np.abs(Z) < 1e100])
        numbers.setdefault(key, []).append(index)
        kinds[key] = layer.activation
    return (
        {key: np.concatenate(parts) for key, parts in found.items()},
        {key: (_where(numbers[key]), kinds[key]) for key in found},
    )


def _against_others(Z: Array) -> Array:
    """Subtract the log-sum-exp of the other units: a softmax output is the logistic function of that."""
    if Z.shape[1] == 1:
        return np.empty((0, 1))
    return np.stack([Z[:, k] - _log_sum_exp(np.delete(Z, k, axis=1)) for k in range(Z.shape[1])], axis=1)


def _log_sum_exp(Z: Array) -> Array:
    top = Z.max(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        return np.asarray(top[:, 0] + np.log(np.exp(Z - top).sum(axis=1)))


def _where(layers: list[int]) -> str:
    if len(layers) == 1:
        return f"layers.{layers[0]}"
    return ", ".join(f"layers.{layer}" for layer in layers) if len(layers) <= 4 else f"{len(layers)} layers"


def _label(activation: Activation) -> str:
    options = ", ".join(f"{name} {number(value)}" for name, value in activation.options.items())
    return f"{activation.name} ({options})" if options else activation.name


def _range(Z: Array) -> tuple[float, float]:
    """Return a range with 99% of the pre-activations that includes the center of the curve."""
    low, high = np.quantile(Z, [0.005, 0.995]) if Z.size else (0.0, 0.0)
    margin = 0.05 * (high - low)
    return float(min(-4.0, low - margin)), float(max(4.0, high + margin))


def _logistic_curves(activation: Activation, z: Array) -> tuple[Array, Array]:
    return logistic(z), logistic(z) * logistic(-z)


def _own_curves(activation: Activation, z: Array) -> tuple[Array, Array]:
    f = activation.function(z)
    assert activation.derivative is not None
    return f, activation.derivative(z, f)


CURVES: Mapping[str, Callable[[Activation, Array], tuple[Array, Array]]] = {"softmax": _logistic_curves}


def _curves(activation: Activation, z: Array) -> tuple[Array, Array]:
    """Return f and f' at z; of a softmax as functions of z relative to the other units."""
    with np.errstate(all="ignore"):
        return CURVES.get(activation.name, _own_curves)(activation, z)


def _saturation(activation: Activation, Z: Array) -> float:
    if not Z.size:
        return 0.0
    steepest = np.abs(_curves(activation, np.linspace(-10, 10, 2001))[1]).max()
    return float((np.abs(_curves(activation, Z)[1]) < SATURATED * steepest).mean())


def _draw_curves(axes: Axes, curve: ActivationCurve) -> None:
    z = curve.z
    axes.plot(z, curve.f, color=style.BLUE, label="f(z)")
    axes.plot(z, curve.slope, color=style.VERMILION, linestyle=style.DASHES[1], label="f′(z)")
    axes.set_title(curve.label, loc="left")
    axes.set_xlim(z[0], z[-1])
    style.grid(axes)


def _draw_histogram(axes: Axes, curve: ActivationCurve) -> None:
    Z, z = curve.Z, curve.z
    edges = np.linspace(z[0], z[-1], HISTOGRAM_BINS + 1)
    counts, _ = np.histogram(Z, edges)
    steps = axes.stairs(counts / max(1, Z.size), edges, fill=True, color=style.SKY)
    steps.set_gid("histogram")
    beyond = Z.size - int(counts.sum())
    axes.set_xlabel("z \N{MINUS SIGN} log Σ exp(other z)" if curve.name == "softmax" else "pre-activation z")
    axes.set_title(
        f"{curve.saturated:.0%} saturated" + (f", {beyond:,} outside" if beyond else ""), loc="left"
    )
    style.grid(axes)
