"""`nncli runs`: list of the runs in ./runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import RunsOption
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table
from nncli.messages.wording import measured, printable, shown

if TYPE_CHECKING:
    from nncli.inspection.compare.run_list import ListedRun


@command(
    "Look",
    3,
    {
        "nncli runs": "list all runs with their results and the settings in which they differ",
        "nncli runs --sort accuracy": "list the best ones first",
    },
)
def runs(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Run directories or run names under runs/ (default: all runs there).",
            autocompletion=completion.run_names,
            show_default=False,
        ),
    ] = None,
    more: RunsOption = None,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column to sort by: metrics from best to worst, other columns in ascending order "
            "(default: date, newest first).",
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """List the runs in ./runs with their status, the settings in which they differ, and held-out results."""
    from nncli import runs as store
    from nncli.inspection.compare.run_list import FACTS, list_of_runs
    from nncli.inspection.compare.side_by_side import short_keys

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    named = [*(names or ()), *(more or ())]
    found = [store.find(name, store.RUN) for name in named] if named else store.all_runs()
    if not found:
        out.object("runs", {"runs": []})
        out.note("no runs in ./runs yet; train one with: nncli train CONFIG")
        return
    every = list_of_runs(found, sort)
    out.object("runs", {"runs": [_fields(each) for each in every]})
    keys = list(every[0].settings)
    results = list(dict.fromkeys(name for each in every for name in each.results)) or ["loss"]
    rows = [[*FACTS, *short_keys(keys), *map(shown, results)]]
    for each in every:
        settings = [shown(each.settings[key]) or "-" for key in keys]
        facts = [printable(shown(value)) for value in each.facts.values()]
        rows.append([*facts, *settings, *(measured(each.results.get(name)) for name in results)])
    out.result(fitted_table(rows, left=3, columns=out.columns, last=len(results)))


def _fields(each: ListedRun) -> dict[str, Any]:
    """Fields of --json."""
    return {"run": str(each.run.path), **each.info, "settings": each.settings, "results": each.results}
