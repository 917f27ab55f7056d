"""`nncli runs`: list of the runs in ./runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli import completion
from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table
from nncli.messages.wording import measured, printable, shown

if TYPE_CHECKING:
    from nncli.runs import Run


@command(
    "Look",
    2,
    {
        "nncli runs": "compare the results of all runs",
        "nncli runs --json": "read them in a script",
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
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Same as the argument RUN; repeatable.",
            show_default=False,
            autocompletion=completion.run_names,
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """List the runs in ./runs, newest first, with status, epochs and results."""
    from nncli import runs as store

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    named = [*(names or ()), *(more or ())]
    found = [store.find(name, store.RUN) for name in named] if named else store.all_runs()
    out.object(
        "runs", {"runs": [{"run": str(run.path), **_info(run), "results": _results(run)} for run in found]}
    )
    if not found:
        out.note("no runs in ./runs yet; train one with: nncli train CONFIG")
        return
    results = {run: _results(run) for run in found}
    columns = [*dict.fromkeys(["loss", *(name for each in results.values() for name in each)])]
    rows = [["run", "status", "epochs", *map(shown, columns)]]
    for run in found:
        info = _info(run)
        facts = [printable(run.name), shown(str(info.get("status"))), shown(str(info.get("epochs", "")))]
        rows.append([*facts, *(measured(results[run].get(name)) for name in columns)])
    out.result(fitted_table(rows, left=2, columns=out.columns))


def _results(run: Run) -> dict[str, float]:
    """Results of a run; empty if it is unfinished or cannot be read."""
    from nncli.messages.errors import RunError

    try:
        return dict(run.results)
    except RunError:
        return {}


def _info(run: Run) -> dict[str, Any]:
    from nncli.messages.errors import RunError

    try:
        return {**run.info, "status": run.status}
    except RunError:
        return {"status": "damaged"}
