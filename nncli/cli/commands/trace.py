"""`nncli trace`: every number of one row's step through a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import ConfigOrRun, Overrides, RunOption, experiment_or_run
from nncli.cli.output import Output
from nncli.cli.registry import command
from nncli.messages.wording import counted

if TYPE_CHECKING:
    from nncli.inspection.trace import Trace, TraceSection
    from nncli.training.experiment import Experiment


@command(
    "Look",
    3,
    {
        "nncli trace xor.yaml": "follow the first row through a network at its initial weights",
        "nncli trace xor --row 4 --epoch 100": "follow another row, at the weights of an epoch",
    },
)
def trace(
    context: typer.Context,
    target: ConfigOrRun = None,
    run: RunOption = None,
    row: Annotated[int, typer.Option(metavar="N", help="Training row to trace, from 1.")] = 1,
    epoch: Annotated[
        int | None, typer.Option(metavar="K", help="Epoch at which a run recorded its weights.")
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
    """Show every number of one row's step: forward, loss, backward and update, each with its formula."""
    from nncli import api
    from nncli.inspection import latex
    from nncli.training.experiment import Experiment

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    traced = experiment_or_run(target, run, set_, out)
    prepared = traced if isinstance(traced, Experiment) else traced.experiment
    found = api.trace(traced, row, epoch=epoch, layer=layer, unit=unit)
    _note_conditions(out, prepared)
    if format == "latex":
        out.verbatim(latex.document(found))
    else:
        out.result("\n".join(_text(found, prepared)))
    out.object("trace", asdict(found) | {"row": row})


def _note_conditions(out: Output, prepared: Experiment) -> None:
    """Report how the step differs from one of training."""
    if prepared.recipe.batch_size > 1:
        out.note(f"the row is a batch by itself; in training a batch has {prepared.recipe.batch_size} rows")
    if prepared.network.has_dropout:
        out.note("dropout is turned off")
    if prepared.recipe.optimizer.slots:
        out.note("the update is the first of the optimizer, which remembers nothing before it")


def _text(found: Trace, prepared: Experiment) -> Iterator[str]:
    """Lines of text that show a trace."""
    rows = len(prepared.rows.training)
    yield f"row {found.row + 1} of {rows:,}: {_named(found.inputs)} -> {_named(found.targets)}"
    optimizer = prepared.recipe.optimizer
    rate = f"learning_rate {prepared.recipe.learning_rate(0):g}"
    for title, sections in (
        ("forward", found.forward),
        (f"loss: {found.terms.title}", (found.terms,)),
        ("backward", found.backward),
        (f"update: {optimizer.name}, {rate}", found.update),
    ):
        yield from ("", title)
        for section in sections:
            yield from _lines(section, titled=section is not found.terms)
    if found.left_out:
        yield from ("", f"{found.left_out} are not shown; name them by --layer and --unit")


def _named(values: Mapping[str, float]) -> str:
    pairs = [f"{name} = {value:.6g}" for name, value in values.items()]
    more = [f"... ({counted(len(pairs) - 8, 'more column')})"] if len(pairs) > 8 else []
    return ", ".join([*pairs[:8], *more])


def _lines(section: TraceSection, *, titled: bool) -> Iterator[str]:
    if titled:
        yield f"  {section.title}"
    for line in section.lines:
        steps = [line.formula, line.numbers, f"{line.value:.6g}"]
        yield f"    {' = '.join([line.name, *dict.fromkeys(filter(None, steps))])}"
    if section.left_out:
        yield f"    ... {section.left_out}"
