"""Error of finite-difference gradients over the step size: truncation on one side, rounding on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.nn.gradients import MovedTerms, backprop
from nncli.plots import naming, style
from nncli.plots.picture import View
from nncli.plots.scale import SUPERSCRIPT, AxisScale
from nncli.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DERIVATIVES = 20_000
ROWS_COMPARED = 64
SMALLEST, LARGEST = -14, 0  # exponents of epsilon
PER_DECADE, PER_DECADE_OF_MANY = 6, 2
MANY_DERIVATIVES = 2_000  # parameters from which fewer steps are tried
LARGEST_LOSS = 1e100  # or derivative: the losses of longer steps must be finite
LEAST_ERROR = 1e-17  # drawn in place of an error of 0, which a log axis cannot show
CURVES: Mapping[str, dict[str, Any]] = {
    "central": {"color": style.BLUE, "linestyle": style.DASHES[0], "marker": "o"},
    "forward": {
        "color": style.VERMILION,
        "linestyle": style.DASHES[1],
        "marker": "s",
        "markerfacecolor": style.PAPER,
    },
}
# A part of a curve -> scheme, slope on log-log axes, and side of the curve on which the guide is drawn.
GUIDES = (("central", 2, 0.2), ("forward", 1, 5.0), ("central", -1, 0.05))


def unfit(run: Run, view: View) -> str | None:
    """Return the reason why the gradients of a run cannot be compared, or None if they can."""
    count = run.model.network.parameter_count
    if count > MOST_DERIVATIVES:
        return f"the network has {count:,} parameters, and it takes at most {MOST_DERIVATIVES:,}"
    loss, gradient = _backprop(run)
    if not (np.abs([loss, *gradient]) < LARGEST_LOSS).all():
        return f"the loss or its gradient is not finite or beyond {LARGEST_LOSS:.0e}"
    if not gradient.any():
        return "the gradient is exactly 0, so errors relative to it are not defined"
    return None


def by_default(run: Run) -> bool:
    """Tell whether the run trains with finite differences; for others the picture must be named."""
    return run.experiment.recipe.gradient.name == "finite_difference"


@dataclass(frozen=True)
class StepErrors:
    """Errors of finite differences relative to backprop: norm of the difference over norm of the gradient.

    Attributes
    ----------
    run, rows : name of the run, and the training rows used: `64 training rows`.
    parameters : number of parameters.
    steps : step sizes, (s,).
    errors : error of each scheme at every step, (s,).
    own : scheme, step and error of the run's own gradient; None if the run trains with backprop.
    """

    run: str
    rows: str
    parameters: int
    steps: Array
    errors: Mapping[str, Array]
    own: tuple[str, float, float] | None

    def best(self, scheme: str) -> tuple[float, float]:
        """Return the step with the smallest error of a scheme, and this error."""
        place = int(np.nanargmin(self.errors[scheme]))
        return float(self.steps[place]), float(self.errors[scheme][place])

    @property
    def caption(self) -> str:
        """The step with the smallest error of each scheme, and the error of the run's own."""
        (step, error), (other, larger) = (self.best(scheme) for scheme in CURVES)
        found = (
            f"central differences are most accurate at epsilon {step:.0e} (relative error {error:.1e}), "
            f"forward differences at {other:.0e} ({larger:.1e})"
        )
        if self.own is None:
            return found
        scheme, epsilon, own = self.own
        return f"{found}; the run uses {scheme} differences with {epsilon:g} ({own:.1e})"

    @property
    def columns(self) -> dict[str, Array]:
        """The error of each scheme at every step."""
        return {"epsilon": self.steps, **self.errors}

    def guide(self, scheme: str, slope: int) -> Array | None:
        """Return positions of the steps over which a curve has a slope; None if there are too few."""
        x, y = np.log10(self.steps), np.log10(self.errors[scheme])
        usable = np.isfinite(y)
        near = []
        for place in range(len(x)):
            window = usable & (np.abs(x - x[place]) <= 1.0)
            fits = window.sum() > 2 and abs(np.polyfit(x[window], y[window], 1)[0] - slope) < 0.25
            near.append(bool(fits))
        runs = np.split(np.arange(len(x)), np.flatnonzero(np.diff(near)) + 1)
        longest = max((each for each in runs if near[each[0]]), key=len, default=None)
        return None if longest is None or x[longest[-1]] - x[longest[0]] < 1.0 else longest


def numbers(run: Run, view: View) -> StepErrors:
    """Differentiate the loss on the first rows with steps from 1e-14 to 1, in float64."""
    (network, parameters, X, Y), loss = _point(run), run.experiment.recipe.loss
    _, gradient = _backprop(run)
    moved = MovedTerms(network, parameters, X, Y, loss)
    per_decade = PER_DECADE if network.parameter_count <= MANY_DERIVATIVES else PER_DECADE_OF_MANY
    steps = 10.0 ** np.linspace(SMALLEST, LARGEST, (LARGEST - SMALLEST) * per_decade + 1)

    def errors(step: float) -> dict[str, float]:
        h = np.full_like(parameters, step)
        ahead, back = moved.change(h), moved.change(-h)
        found = {"central": (ahead - back) / (2.0 * step), "forward": ahead / step}
        size = np.linalg.norm(gradient)
        return {name: float(np.linalg.norm(each - gradient) / size) for name, each in found.items()}

    each = [errors(step) for step in steps.tolist()]
    options = run.experiment.recipe.gradient.options
    own = None
    if by_default(run):
        scheme, epsilon = str(options["scheme"]), float(options["epsilon"])
        own = (scheme, epsilon, errors(epsilon)[scheme])
    return StepErrors(
        run=naming.run_name(run),
        rows=counted(len(X), "training row"),
        parameters=network.parameter_count,
        steps=steps,
        errors={name: np.array([found[name] for found in each]) for name in CURVES},
        own=own,
    )


def draw(data: StepErrors) -> Figure:
    """Draw both curves on log-log axes, with guides of the slopes that theory predicts."""
    figure = style.figure(width=7.6, height=4.6)
    axes = figure.subplots()
    every = [np.maximum(errors, LEAST_ERROR) for errors in data.errors.values()]
    for (scheme, line), errors in zip(CURVES.items(), every, strict=True):
        label = f"{scheme} differences"
        axes.plot(data.steps, errors, **line, markersize=3.5, label=label, gid=scheme)
    for scheme, slope, beside in GUIDES:
        _draw_guide(axes, data, (scheme, slope, beside))
    if data.own is not None:
        _, epsilon, error = data.own
        axes.axvline(epsilon, **style.REFERENCE)
        axes.plot(
            [epsilon],
            [max(error, LEAST_ERROR)],
            linestyle="",
            marker="*",
            markersize=13,
            color=style.YELLOW,
            markeredgecolor=style.BLACK,
            zorder=5,
            gid="own",
            label=f"this run: {epsilon:g}",
        )
    style.scaled(axes.xaxis, AxisScale(True, SMALLEST, LARGEST))
    style.scaled(axes.yaxis, _heights(np.concatenate(every)))
    axes.set_xlabel("epsilon, the change of each parameter (log scale)")
    axes.set_ylabel("relative error of the gradient (log scale)")
    style.grid(axes)
    style.legend_beside(axes)
    style.head(
        figure,
        f"Error of finite differences over epsilon: {data.run}, {data.rows}",
        "Right: truncation, proportional to epsilon (forward) or to its square (central). Left: rounding, "
        f"proportional to 1/epsilon. Compares {counted(data.parameters, 'derivative')} with backprop in "
        "float64: norm of the difference, relative to the norm of the gradient.",
    )
    return figure


def _heights(errors: Array) -> AxisScale:
    """Return the log scale over whole decades of the errors."""
    finite = np.log10(errors[np.isfinite(errors)])
    return AxisScale(True, float(np.floor(finite.min())), float(np.ceil(finite.max() + 1e-9)))


def _draw_guide(axes: Axes, data: StepErrors, guide: tuple[str, int, float]) -> None:
    scheme, slope, beside = guide
    places = data.guide(scheme, slope)
    if places is None:
        return
    x = data.steps[places]
    level = np.median(np.log10(data.errors[scheme][places]) - slope * np.log10(x))
    y = beside * 10.0**level * x**slope
    axes.plot(x, y, color=style.GRAY, linewidth=1.0, gid="guide")
    middle = len(x) // 2
    text = str(slope).replace("-", "\N{MINUS SIGN}")
    formula = "1/ε" if slope < 0 else f"ε{'' if slope == 1 else str(slope).translate(SUPERSCRIPT)}"
    axes.annotate(
        f"slope {text}: {formula}",
        (x[middle], y[middle]),
        xytext=(6, -4) if beside < 1 and slope > 0 else (-8, -2) if slope < 0 else (-6, 4),
        textcoords="offset points",
        ha="left" if beside < 1 and slope > 0 else "right",
        va="top" if beside < 1 else "bottom",
        fontsize=style.SMALL,
        color=style.INK,
    )


def _point(run: Run) -> tuple[Any, Array, Array, Array]:
    """Return the network, its parameters and the first training rows, in float64."""
    data = run.experiment.rows.training
    X, Y = data.X[:ROWS_COMPARED].astype(np.float64), data.Y[:ROWS_COMPARED].astype(np.float64)
    return run.experiment.network, run.model.parameters.astype(np.float64), X, Y


def _backprop(run: Run) -> tuple[float, Array]:
    return backprop()(*_point(run), run.experiment.recipe.loss)
