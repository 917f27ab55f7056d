"""`nncli trace`: every number of one row's step through a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import ConfigOrRun, Overrides, RunOption, experiment_or_run
from nncli.cli.output import USUAL_COLUMNS, Output
from nncli.cli.registry import command
from nncli.messages.layout import definitions
from nncli.messages.wording import width

if TYPE_CHECKING:
    from nncli.inspection.traced import Trace, TraceLine
    from nncli.training.experiment import Experiment


@command(
    "Look",
    4,
    {
        "nncli trace xor.yaml": "follow the first row through a network at its initial weights",
        "nncli trace xor --row 4 --epoch 100": "follow another row, at the weights of an epoch",
    },
)
def trace(
    context: typer.Context,
    target: ConfigOrRun = None,
    run: RunOption = None,
    row: Annotated[int, typer.Option(metavar="N", help="Training row to trace (default: 1, the first).")] = 1,
    epoch: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Use the weights that the run recorded at this epoch (default: the final weights).",
        ),
    ] = None,
    layer: Annotated[
        int | None,
        typer.Option(metavar="L", help="Layer to show, from 0 (default: all)."),
    ] = None,
    unit: Annotated[int | None, typer.Option(metavar="U", help="Unit of that layer to show, from 0.")] = None,
    format: Annotated[
        Literal["text", "latex"],
        typer.Option(metavar="FORMAT", help="text, or latex: a document to compile.", show_default=False),
    ] = "text",
    set_: Overrides = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Show every number in a training step on one row: forward, loss, backward, update, with formulas."""
    from nncli import api
    from nncli.inspection import latex
    from nncli.training.experiment import Experiment

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    traced = experiment_or_run(target, run, set_, out)
    prepared = traced if isinstance(traced, Experiment) else traced.experiment
    found = api.trace(traced, row, epoch=epoch, layer=layer, unit=unit)
    _note_conditions(out, prepared, row)
    if format == "latex":
        out.verbatim(latex.document(found))
    else:
        rows = len(prepared.rows.training)
        out.result("\n".join(_text(found, rows, out.columns)))
    out.object("trace", asdict(found) | {"row": row})


def _note_conditions(out: Output, prepared: Experiment, row: int) -> None:
    """Report how the step differs from one of training."""
    if prepared.recipe.batch_size > 1:
        rows = prepared.recipe.batch_size
        out.note(f"the row is traced as a batch of its own; in training, a batch has {rows} rows")
    elif row > 1:
        out.note(f"row {row} is traced without the updates by other rows, which come before it in training")
    if prepared.network.has_dropout:
        out.note("dropout is turned off")
    if prepared.recipe.optimizer.slots:
        out.note("the update is the first of the optimizer, as if none came before it")


def _text(found: Trace, rows: int, columns: int | None) -> Iterator[str]:
    """Lines that show a trace, no wider than `columns` where formulas allow it; None sets no limit."""
    from nncli.inspection.traced import ROUNDED

    yield f"row {found.row + 1} of {rows:,}: {found.values}"
    yield ""
    yield definitions([*found.names.items()], columns)
    yield from ("", ROUNDED)
    for title, sections in found.parts:
        yield from ("", title)
        for section in sections:
            if section is not found.terms:
                yield f"  {section.title}"
            for line in section.lines:
                yield from _lines(line, columns)
            if section.left_out:
                yield f"    ... {section.left_out}"
    if found.left_out:
        are = "is" if found.left_out.startswith("1 of ") else "are"
        yield from ("", f"{found.left_out} {are} not shown; select one with --layer and --unit")


def _lines(line: TraceLine, columns: int | None) -> Iterator[str]:
    """Lines of a number; if one does not suffice, the formula's own line, and below it the others."""
    indent = " " * 4
    first, *sides = line.sides
    whole = indent + " = ".join([line.name, first, *sides])
    if columns is None or width(whole) <= columns:
        yield whole
        return
    yield f"{indent}{line.name} = {first}"
    below = indent + " " * (len(line.name) + 1 if columns >= USUAL_COLUMNS else 2)
    text = below[:-1]
    for side in sides:
        if text.strip() and width(text) + width(side) + 3 > columns:
            yield text
            text = below[:-1]
        text += f" = {side}"
    if sides:
        yield text
