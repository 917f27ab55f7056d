"""Activation curves over the run's own pre-activations: which neurons work, which are saturated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.nn.activations import Activation, logistic
from nncli.nn.arrays import Array
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import number
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = 1000  # rows whose pre-activations are counted
BINS = 40
CURVE = 401
FLAT = 0.01  # of the largest slope: below it a neuron hardly learns

Key = tuple[str, tuple[tuple[str, float], ...]]


def unfit(run: Run, view: View) -> str | None:
    """Fits every run."""
    return None


@dataclass(frozen=True)
class ActivationCurve:
    """An activation over the pre-activations of the layers that use it.

    Attributes
    ----------
    name, label : of the activation, and with its options and layers.
    Z : their pre-activations (n,).
    z, f, slope : points of the curve, its values and its derivative, (CURVE,) each.
    flat : share of the pre-activations where the curve is flat.
    """

    name: str
    label: str
    Z: Array
    z: Array
    f: Array
    slope: Array
    flat: float


@dataclass(frozen=True)
class ActivationCurves:
    """Every activation of the network over its own pre-activations.

    Attributes
    ----------
    run : the run's name and its number of training rows.
    rows : rows whose pre-activations are counted.
    curves : one for each distinct activation.
    """

    run: str
    rows: int
    curves: Sequence[ActivationCurve]

    @property
    def caption(self) -> str:
        """How much of each curve's data lies where it is flat."""
        parts = [f"{curve.name} {curve.flat:.0%} flat" for curve in self.curves]
        return f"share of pre-activations where the curve is flat: {', '.join(parts)}"

    @property
    def columns(self) -> dict[str, list[str] | Array]:
        """The points of the curves, one curve after another."""
        return {
            "activation": np.repeat([curve.name for curve in self.curves], CURVE).tolist(),
            "z": np.concatenate([curve.z for curve in self.curves]),
            "f": np.concatenate([curve.f for curve in self.curves]),
            "slope": np.concatenate([curve.slope for curve in self.curves]),
        }


def numbers(run: Run, view: View) -> ActivationCurves:
    """For each distinct activation f and f', and the pre-activations in the data."""
    used, layers = _used(run)
    return ActivationCurves(
        run=naming.run_and_rows(run),
        rows=min(ROWS, len(run.experiment.dataset)),
        curves=[_curve(*layers[key], Z) for key, Z in used.items()],
    )


def _curve(where: str, activation: Activation, Z: Array) -> ActivationCurve:
    z = np.linspace(*_range(Z), CURVE)
    label = f"{_label(activation)}: {where}"
    return ActivationCurve(activation.name, label, Z, z, *_curves(activation, z), _flat_share(activation, Z))


def draw(shown: ActivationCurves) -> Figure:
    """For each activation f and f', and below them how often each z occurs in the data."""
    curves, rows = shown.curves, shown.rows
    figure = style.figure(width=max(6.4, min(3, len(curves)) * 3.6), height=4.9)
    panels = figure.subplots(2, len(curves), sharex="col", squeeze=False, height_ratios=[2.2, 1])
    for (upper, lower), curve in zip(panels.T, curves, strict=True):
        _draw_curves(upper, curve)
        _draw_histogram(lower, curve)
    panels[0, 0].set_ylabel("value")
    panels[1, 0].set_ylabel("share of\nall z")
    style.legend_beside(panels[0, -1])
    style.head(
        figure,
        f"Activations over the network's own pre-activations: {shown.run}",
        f"Below: z of every neuron, {rows:,} row{'s' * (rows != 1)}. Flat: where f′ is under "
        f"{FLAT:.0%} of its largest value, so that hardly any gradient passes.",
    )
    return figure


def _used(run: Run) -> tuple[dict[Key, Array], dict[Key, tuple[str, Activation]]]:
    """Pre-activations (n,) by activation and options, and where each is used."""
    network = run.model.network
    with np.errstate(all="ignore"):
        activities = network.forward(run.model.parameters, run.experiment.dataset.X[:ROWS])
    found: dict[Key, list[Array]] = {}
    numbers: dict[Key, list[int]] = {}
    kinds: dict[Key, Activation] = {}
    for index, (layer, activity) in enumerate(zip(network.layers, activities, strict=True)):
        key = layer.activation.name, tuple(sorted(layer.activation.options.items()))
        Z = _against_others(activity.Z) if layer.activation.name == "softmax" else activity.Z
        found.setdefault(key, []).append(Z[np.abs(Z) < 1e100])
        numbers.setdefault(key, []).append(index + 1)
        kinds[key] = layer.activation
    return (
        {key: np.concatenate(parts) for key, parts in found.items()},
        {key: (_where(numbers[key]), kinds[key]) for key in found},
    )


def _against_others(Z: Array) -> Array:
    """Z less the log-sum-exp of the layer's other z: a softmax output is its logistic function."""
    if Z.shape[1] == 1:
        return np.empty((0, 1))
    return np.stack([Z[:, k] - _log_sum_exp(np.delete(Z, k, axis=1)) for k in range(Z.shape[1])], axis=1)


def _log_sum_exp(Z: Array) -> Array:
    top = Z.max(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        return np.asarray(top[:, 0] + np.log(np.exp(Z - top).sum(axis=1)))


def _where(layers: list[int]) -> str:
    if len(layers) == 1:
        return f"layer {layers[0]}"
    return f"layers {', '.join(map(str, layers))}" if len(layers) <= 4 else f"{len(layers)} layers"


def _label(activation: Activation) -> str:
    options = ", ".join(f"{name} {number(value)}" for name, value in activation.options.items())
    return f"{activation.name} ({options})" if options else activation.name


def _range(Z: Array) -> tuple[float, float]:
    """Nearly all of the pre-activations, and always the middle of the curve."""
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
    """F and f' at z; of a softmax as a function of z against the others."""
    with np.errstate(all="ignore"):
        return CURVES.get(activation.name, _own_curves)(activation, z)


def _flat_share(activation: Activation, Z: Array) -> float:
    if not Z.size:
        return 0.0
    steepest = np.abs(_curves(activation, np.linspace(-10, 10, 2001))[1]).max()
    return float((np.abs(_curves(activation, Z)[1]) < FLAT * steepest).mean())


def _draw_curves(axes: Axes, curve: ActivationCurve) -> None:
    z = curve.z
    axes.plot(z, curve.f, color=style.BLUE, label="f(z)")
    axes.plot(z, curve.slope, color=style.VERMILION, linestyle=style.DASHES[1], label="f′(z)")
    axes.set_title(curve.label, loc="left")
    axes.set_xlim(z[0], z[-1])
    style.grid(axes)


def _draw_histogram(axes: Axes, curve: ActivationCurve) -> None:
    Z, z = curve.Z, curve.z
    edges = np.linspace(z[0], z[-1], BINS + 1)
    counts, _ = np.histogram(Z, edges)
    steps = axes.stairs(counts / max(1, Z.size), edges, fill=True, color=style.SKY)
    steps.set_gid("histogram")
    beyond = Z.size - int(counts.sum())
    axes.set_xlabel("z \N{MINUS SIGN} log Σ exp(others)" if curve.name == "softmax" else "z")
    axes.set_title(f"{curve.flat:.0%} flat" + (f", {beyond:,} further out" if beyond else ""), loc="left")
    style.grid(axes)
