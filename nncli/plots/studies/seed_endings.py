"""Picture of how trainings from several seeds end: the share of seeds up to each result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.inference.conditions import Condition
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.plots import style
from nncli.plots.scale import DRAWABLE, AxisScale, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OUTCOMES = {  # reached -> label, color and marker
    True: ("reached the target", style.BLUE, "o"),
    False: ("missed it", style.VERMILION, "X"),
    None: ("a seed", style.BLUE, "o"),
}


@dataclass(frozen=True)
class SeedEndings:
    """Final results of the seeds, lowest first; those that diverged are last, with NaN.

    Attributes
    ----------
    name : the loss or metric: that of the target, else `train_loss`.
    target : the target, such as `mse < 0.005`; None without one.
    limit : the number in the target; None if there is none, or if it is relative to a baseline.
    values : (seeds,).
    """

    run: str
    name: str
    target: str | None
    limit: float | None
    seeds: Sequence[int]
    values: Array
    reached: Sequence[bool | None]

    @property
    def shares(self) -> Array:
        """Percentage of all seeds that end at most at each value (seeds,)."""
        return 100 * np.arange(1, len(self.values) + 1) / len(self.values)

    @property
    def ended(self) -> Array:
        """The values that can be drawn."""
        return np.asarray(self.values[np.abs(self.values) < DRAWABLE])

    @property
    def title(self) -> str:
        """Title of the picture."""
        return f"How training from {counted(len(self.seeds), 'seed')} ends: {self.run}"

    @property
    def caption(self) -> str:
        """Number of seeds that reach the target, median and range, and number of diverged seeds."""
        found = self.values[np.isfinite(self.values)]
        median, low, high = (number(float(each)) for each in (np.median(found), found.min(), found.max()))
        parts = [f"{_label(self.name)}: median {median}, lowest {low}, highest {high}"]
        if self.target:
            reached = sum(each is True for each in self.reached)
            parts.insert(0, f"{reached} of {counted(len(self.seeds), 'seed')} reach {self.target}")
        if diverged := len(self.values) - len(found):
            parts.append(f"{counted(diverged, 'seed')} diverged")
        return "; ".join(parts)

    @property
    def columns(self) -> Mapping[str, Sequence[str] | Array]:
        """Data behind the picture: a row for each seed."""
        words = {True: "yes", False: "no", None: ""}
        return {
            "seed": [str(seed) for seed in self.seeds],
            self.name: self.values,
            "share": np.where(np.isfinite(self.values), self.shares, np.nan),
            "reached": [words[each] for each in self.reached],
        }


def seed_endings(fields: Mapping[str, Any], run: str) -> SeedEndings:
    """Read the results in the fields of seeds.json.

    Parameters
    ----------
    run : name for the title.
    """
    known = fields["seeds"][0]["metrics"]
    condition = Condition.parse(fields["target"], known, "--target") if fields["target"] else None
    name = condition.name if condition else "train_loss"
    ends = sorted((_value(each, name), each["seed"], each["reached"]) for each in fields["seeds"])
    return SeedEndings(
        run=run,
        name=name,
        target=fields["target"],
        limit=condition.number if condition and not condition.reference else None,
        seeds=[seed for _, seed, _ in ends],
        values=np.where(np.isfinite(values := np.array([value for value, _, _ in ends])), values, np.nan),
        reached=[None if reached is None else bool(reached) for _, _, reached in ends],
    )


def _value(result: Mapping[str, Any], name: str) -> float:
    """Return the final value of a seed; infinity if it diverged, so that it sorts last."""
    value = result["metrics"][name]
    return float("inf") if result["diverged"] or value is None or not np.isfinite(value) else float(value)


def _label(name: str) -> str:
    return name.replace("train_", "training ").replace("val_", "validation ").replace("_", " ")


def draw_seed_endings(endings: SeedEndings) -> Figure:
    """Draw the steps of the distribution, with a dot for each seed."""
    figure = style.figure(height=3.8)
    axes = figure.subplots()
    drawn, limit = endings.ended, endings.limit
    scale = AxisScale.of(drawn, deepest=np.inf)
    if limit is not None and scale.log and limit <= 0:
        limit = None  # has no place on a log axis
    if limit is not None:
        every = np.append(drawn, limit)
        scale = AxisScale.of(every, deepest=np.inf) if scale.log else AxisScale.linear(every)
    _steps(axes, endings, drawn)
    if limit is not None:
        _mark_target(axes, limit, str(endings.target))
    style.scaled(axes.xaxis, scale, margin=0.04)
    style.grid(axes)
    axes.set_xlabel(f"{_label(endings.name)}{scale.name}")
    axes.set_ylabel("seeds with at most this value (%)")
    axes.set_ylim(0, 104)
    if endings.target:
        # Where no distribution reaches, but perhaps the line of the target.
        axes.legend(
            loc="lower right", frameon=True, facecolor=style.PAPER, edgecolor=style.PAPER, framealpha=1.0
        )
    style.head(figure, endings.title, endings.caption)
    return figure


def _steps(axes: Axes, endings: SeedEndings, drawn: Array) -> None:
    shares, count = endings.shares[: len(drawn)], len(drawn)
    start = np.concatenate([drawn[:1], drawn])
    axes.plot(start, np.concatenate([[0.0], shares]), drawstyle="steps-post", color=style.GRAY, linewidth=1.0)
    size = 5.0 if count <= 100 else 3.0
    for outcome, (label, color, marker) in OUTCOMES.items():
        at = np.array([position for position in range(count) if endings.reached[position] is outcome], int)
        if at.size:
            text = f"{label} ({at.size})" if endings.target else label
            axes.plot(
                drawn[at], shares[at], marker, color=color, markersize=size, markeredgewidth=0, label=text
            )


def _mark_target(axes: Axes, limit: float, target: str) -> None:
    axes.axvline(limit, **style.REFERENCE)
    axes.annotate(
        style.drawable(target),
        (limit, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(3, 3),
        textcoords="offset points",
        fontsize=style.SMALL,
        color=style.GRAY,
        annotation_clip=False,
    )
