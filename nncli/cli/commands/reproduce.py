"""`nncli reproduce`: repetition of a training and comparison with the original."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.follow import ProgressMode
from nncli.cli.misplaced import one_run
from nncli.cli.options import RunOption, WholeRunReference, find_whole_run
from nncli.cli.registry import command
from nncli.messages.layout import definitions

if TYPE_CHECKING:
    from nncli.inspection.comparison import Difference
    from nncli.inspection.reproduction import Reproduction


@command(
    "Check",
    2,
    {
        "nncli reproduce xor": "train again and compare with the saved run",
        "nncli reproduce xor --tolerance 0": "require bit-identical results",
    },
)
def reproduce(
    context: typer.Context,
    run: WholeRunReference = None,
    run_: RunOption = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Largest relative difference allowed in weights, history and errors (default: 1e-9, because "
            "last digits vary across CPUs and numpy versions); 0 requires bit-identical results.",
            min=0.0,
            show_default=False,
        ),
    ] = None,
    progress: ProgressMode = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Train a run again from its own config and compare the results. Writes no files."""
    from nncli.api import inspection
    from nncli.cli.display import display
    from nncli.cli.stopping import answered
    from nncli.inspection.reproduction import TOLERANCE
    from nncli.messages.errors import CheckFailed

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    limit = TOLERANCE if tolerance is None else tolerance
    found = find_whole_run(one_run(run, run_, out.command), out)
    repetition = inspection.repeated(found)
    for note in repetition.notes:
        out.note(note)
    with (
        display(out, repetition.experiment, found, progress) as shown,
        answered(shown.close),
        closing(repetition.reports()) as reports,
    ):
        for report in reports:
            shown.update(report)
    outcome = repetition.outcome()
    for name, (then, now) in outcome.versions.items():
        out.note(f"{name} {now}, trained with {then}")
    out.object(
        "reproduce",
        {
            "run": str(found.path),
            "ok": outcome.within(limit),
            "tolerance": limit,
            "epochs": outcome.epochs,
            "identical": outcome.identical,
            "first": _fields(outcome.first),
            "worst": _fields(outcome.worst),
            "final": _fields(outcome.final),
            "mismatch": outcome.mismatch,
            "versions": {name: {"then": then, "now": now} for name, (then, now) in outcome.versions.items()},
        },
    )
    if outcome.identical:
        out.result(f"bit-identical: {outcome.scope}")
        return
    out.detail(definitions(_listed(outcome), out.columns))
    off = f"relative difference {outcome.worst.relative:.1e}" if outcome.worst else ""
    if not outcome.within(limit):
        raise CheckFailed(
            f"{found.path}: not reproduced: {outcome.mismatch or f'{off}, above the limit {limit:g}'}",
            hint="allow for last digits that vary across CPUs and versions with --tolerance X; "
            "a larger difference means that a file of the run was changed",
        )
    out.result(f"reproduced: {outcome.scope}, {off} (limit {limit:g})")


def _listed(outcome: Reproduction) -> list[tuple[str, str]]:
    found = {
        "mismatch": outcome.mismatch,
        "first": outcome.first,
        "worst": outcome.worst if outcome.worst != outcome.first else None,
        "final": outcome.final,
    }
    return [(name, str(value)) for name, value in found.items() if value is not None]


def _fields(difference: Difference | None) -> dict[str, Any] | None:
    return {**asdict(difference), "difference": difference.difference} if difference else None
