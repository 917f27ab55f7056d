"""`nncli predict`: use a trained network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nncli.cli.app import USE, command
from nncli.cli.options import Input, RunReference, find_run, find_whole_run, read_input
from nncli.cli.output import Output
from nncli.wording import counted, listed, printable, shown

if TYPE_CHECKING:
    from nncli.data.columns import Columns
    from nncli.data.table import Table

Format = Literal["table", "csv", "jsonl", "npy"]


@command(USE)
def predict(
    out: Output,
    run: RunReference = None,
    input: Input = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--values", metavar="A,B,...", help="One row in the order of the inputs; repeatable."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to; - is stdout.")
    ] = "-",
    format: Annotated[
        Format | None,
        typer.Option(
            help="Default: by the file's ending; a table on a terminal, else csv.", show_default=False
        ),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="With the probability of every class.")] = False,
    epoch: Annotated[int | None, typer.Option(help="With the weights kept at this epoch.", min=0)] = None,
) -> None:
    """Predict rows; without input the run's own data, with targets and errors."""
    from nncli.analysis import prediction
    from nncli.errors import NncliError

    if input and values:
        raise NncliError("--input and --values both name rows", hint="give one of them")
    own = not (input or values)
    shape = format or _by_ending(output)
    found = find_whole_run(run, out) if own else find_run(run, out)
    model = found.model if epoch is None else found.model_at(epoch)
    if input:
        table = read_input(input)
    elif values:
        table = _row_table(values, model.columns)
    else:
        table = found.experiment.dataset.table
    predictions = prediction.beside(model, table, proba=proba)
    facts = {"run": str(found.path), "rows": len(table)}
    if output != "-":
        prediction.save(predictions, shape, Path(output))
        out.note(f"wrote {printable(output)}, {counted(len(table), 'row')}")
        out.object("predict", {**facts, "output": output, "format": shape})
    elif out.json:
        out.object("predict", {**facts, "columns": predictions.plain()})
    else:
        prediction.stream(predictions, shape, sys.stdout)


ENDINGS: dict[str, Format] = {
    "": "csv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".npy": "npy",
    ".txt": "table",
}


def _by_ending(output: str) -> Format:
    from nncli.errors import NncliError

    if output == "-":
        return "table" if sys.stdout.isatty() else "csv"
    ending = Path(output).suffix.lower()
    if ending not in ENDINGS:
        raise NncliError(
            f"{output}: cannot write '{shown(ending)}' files",
            hint=f"choose {', '.join(filter(None, ENDINGS))}, or give --format",
        )
    return ENDINGS[ending]


def _row_table(values: list[str], columns: Columns) -> Table:
    from nncli.data.table import Table
    from nncli.errors import DataError

    rows = [[cell.strip() for cell in text.split(",")] for text in values]
    for text, row in zip(values, rows, strict=True):
        if len(row) != len(columns.inputs):
            raise DataError(
                f"--values {shown(text)}: {counted(len(row), 'value')}"
                f" for {counted(len(columns.inputs), 'input')}",
                hint=f"the order is {listed(columns.inputs)}",
            )
    return Table("--values", dict(zip(columns.inputs, zip(*rows, strict=True), strict=True)))
