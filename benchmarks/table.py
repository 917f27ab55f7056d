"""The measurements as tables in Markdown and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import LIMITS, Measured
from benchmarks.workloads import CORE, OURS, PYARROW

TITLES = {
    "alone": "nncli, one after the other",
    "sklearn": "scikit-learn",
    "pytorch": "PyTorch",
    "jax": "JAX",
    "plain": "plain loop",
    "c": "C (limit)",
    "products": "matrix products alone (limit)",
    "pandas": "pandas in chunks",
    "read_csv": "pandas.read_csv",
}


def goals(every: Sequence[Measured]) -> str:
    """Each goal beside the ratio that was reached."""
    lines = ["| workload | compared with | nncli | goal | reached | |", "|---|---|---|--:|--:|---|"]
    for measured in every:
        work = measured.workload
        for goal in work.goals:
            core, extra = OURS[goal.part] if work.kind == "train" else (CORE, PYARROW)
            for ours, least in ((core, goal.core), (extra, goal.extra)):
                if least is None:
                    continue
                ratio = measured.reached(goal, ours)
                mark = "not measured" if ratio is None else "" if ratio >= least else "falls short"
                other = TITLES.get(goal.system, goal.system)
                other += ", memory" if goal.quantity == "memory" else ""
                kind = ours.removeprefix("nncli with ") if ours == extra else ours.replace("nncli", "core")
                lines.append(f"| {work.name} | {other} | {kind} | {times(least)} | {times(ratio)} | {mark} |")
    return "\n".join(lines)


def details(measured: Measured) -> str:
    """A workload's systems: median time, ratio to nncli and to the limit, and the final loss."""
    limit = next((name for name in measured.turns if name in LIMITS), None)
    last = "mean prediction" if measured.workload.kind == "predict" else "final loss"
    lines = [
        f"**{measured.workload.name}** {measured.workload.title}",
        "",
        f"| system | time | x nncli | x limit | peak memory | {last} |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name in sorted(measured.turns, key=measured.seconds):
        loss = measured.loss(name)
        to_limit = measured.seconds(name) / measured.seconds(limit) if limit else None
        cells = [
            TITLES.get(name, name),
            milliseconds(measured.seconds(name)),
            times(measured.ratio(name, CORE)) if measured.agrees(name) else "does not count",
            times(to_limit),
            f"{measured.memory(name) / 1e6:.0f} MB",
            "" if loss is None else f"{loss:.9g}" + ("" if measured.agrees(name) else " (differs)"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def times(ratio: float | None) -> str:
    """A ratio with two or three significant digits."""
    if ratio is None:
        return "-"
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.3g}x" if ratio >= 1 else f"{ratio:.2f}x"


def milliseconds(seconds: float) -> str:
    """Seconds as milliseconds with about three significant digits."""
    value = seconds * 1e3
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def plot(every: Sequence[Measured], path: Path) -> None:
    """Draw each workload's median times as bars on a log axis, with the limit as a line."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    columns = min(3, len(every))
    rows = -(-len(every) // columns)
    figure = Figure(figsize=(5 * columns, 2.6 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(every) :]:
        axis.set_axis_off()
    for measured, axis in zip(every, axes, strict=False):
        names = sorted((name for name in measured.turns if name not in LIMITS), key=measured.seconds)
        values = [measured.seconds(name) * 1e3 for name in names]
        colors = ["tab:orange" if name.startswith("nncli") else "tab:gray" for name in names]
        axis.barh([TITLES.get(name, name) for name in names], values, color=colors)
        axis.set_xscale("log")
        decades = np.log10(max(values) / min(values))
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2 else (1,)))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.invert_yaxis()
        axis.set_title(f"{measured.workload.name}: {measured.workload.title}", fontsize=8)
        axis.set_xlabel("milliseconds")
        for name in measured.turns:
            if name in LIMITS:
                axis.axvline(
                    measured.seconds(name) * 1e3, color="tab:red", linestyle="--", label=TITLES[name]
                )
                axis.legend(fontsize=7)
    figure.savefig(path, dpi=120)
