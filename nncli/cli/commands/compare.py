"""`nncli compare`: runs side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import RunsOption, find_whole_run
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table
from nncli.messages.wording import measured, printable, width

if TYPE_CHECKING:
    from nncli.cli.output import Output
    from nncli.inspection.compare.parting import Parting
    from nncli.inspection.compare.side_by_side import RunComparison, RunGroup
    from nncli.runs import Run


@command(
    "Look",
    5,
    {
        "nncli compare xor xor-2": "show what differs: settings, results, learning curves",
        "nncli compare xor xor-2 --target mse=0.05": "count the epochs until the MSE falls to 0.05",
    },
)
def compare(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Two or more run directories or run names under runs/ (default: the two latest).",
            autocompletion=completion.run_names,
            show_default=False,
        ),
    ] = None,
    more: RunsOption = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="NAME=X", help="Count the epochs until a loss or metric reaches a value."),
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Find the first epoch at which the weights of two runs differ.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File for the plot of the learning curves (default: compare-RUN-RUN.svg beside the runs).",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Compare runs: settings in which they differ, results side by side, learning curves on one axis."""
    from nncli import api, plots

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    found = [find_whole_run(name, out) for name in [*(names or ()), *(more or ())]]
    comparison = api.compare(found, target=target)
    if not found:
        out.note(f"using {' and '.join(str(run.path) for run in comparison.runs)}, the two latest runs")
    parting = comparison.parting if weights else None
    picture = plots.saved_overlay(comparison, output or _place(comparison.runs))
    _show(out, comparison)
    if parting:
        out.result(f"\n{parting}")
    out.detail(f"\n{printable(str(picture.path))}  {printable(picture.caption)}")
    parted = {"weights": _parted(parting)} if parting else {}
    out.object("compare", {**_fields(comparison), **parted, "picture": str(picture.path)})


def _show(out: Output, comparison: RunComparison) -> None:
    """Print what differs, and the table of results."""
    from nncli.inspection.compare.side_by_side import BEST

    differs = ", ".join(comparison.differing)
    out.detail(
        f"differs: {differs}\n" if differs else "the configs are equal (seeds and names are not compared)\n"
    )
    rows = comparison.table()
    whole = fitted_table(rows)
    if out.columns is not None and width(whole.partition("\n")[0]) > out.columns:
        rows = comparison.table(ranges=False)
    out.result(fitted_table(rows, columns=out.columns, last=1 if comparison.target else 0))
    notes = list[str]()
    if any(comparison.best(name) for name in comparison.measures):
        notes.append(f"{BEST} best")
    if len(comparison.groups) > 1 and any(len(group.runs) > 1 for group in comparison.groups):
        notes.append("configs with several runs: median (lowest to highest)")
    if notes:
        out.detail("; ".join(notes))
    if comparison.incomparable:
        out.note(comparison.incomparable)
    for line in _paired(comparison):
        out.detail(line)


def _paired(comparison: RunComparison) -> Iterator[str]:
    """Lines on how far two runs differ on the same held-out rows."""
    if not comparison.paired:
        return
    first, second = comparison.runs
    yield f"\nDifference, {second.name} minus {first.name}, on the same rows, with 95% interval:"
    for name, (difference, low, high) in comparison.paired.items():
        if difference == low == high == 0:
            yield f"{name} 0 (identical)"
            continue
        words = "" if comparison.paired[name].is_clear else "  (could be chance)"
        yield f"{name} {measured(difference)} ({measured(low)} to {measured(high)}){words}"


def _place(runs: list[Run]) -> Path:
    """Return the file of the picture: beside the first run, named after all, or after the first few."""
    from nncli.plots import naming

    return runs[0].path.parent / f"compare-{naming.joined(runs)}.svg"


def _parted(parting: Parting) -> dict[str, Any]:
    difference = parting.difference
    return {
        "epochs": parting.epochs,
        "last_equal": parting.last_equal,
        "difference": asdict(difference) if difference else None,
    }


def _fields(comparison: RunComparison) -> dict[str, Any]:
    """Fields of --json."""
    target = comparison.target
    return {
        "differing": comparison.differing,
        "target": {"name": target.name, "value": target.value} if target else None,
        "groups": [_group(comparison, group) for group in comparison.groups],
        "paired": {name: each._asdict() for name, each in comparison.paired.items()},
    }


def _group(comparison: RunComparison, group: RunGroup) -> dict[str, Any]:
    measured = {name: comparison.values(group, name).tolist() for name in comparison.metrics}
    epochs = comparison.values(group, comparison.target_name).tolist() if comparison.target else None
    return {
        "runs": [str(run.path) for run in group.runs],
        "seeds": [run.config.seed.training for run in group.runs],
        "settings": dict(group.settings),
        "results": measured,
        "epochs_to_target": epochs,
    }
