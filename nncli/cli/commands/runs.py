"""`nncli runs`: list of the runs in ./runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, command, switched
from nncli.cli.output import aligned
from nncli.messages.wording import measured, printable, shown

if TYPE_CHECKING:
    from nncli.runs import Run


@command("Look", 2)
def runs(
    context: typer.Context,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """List the runs in ./runs, newest first, with status, epochs and results."""
    from nncli import runs as store

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    found = store.all_runs()
    out.object(
        "runs", {"runs": [{"run": str(run.path), **_info(run), "results": _results(run)} for run in found]}
    )
    if not found:
        out.note("no runs in ./runs yet; train one with: nncli train CONFIG")
        return
    rows = [("run", "status", "epochs", "loss", "metrics")]
    for run in found:
        info, results = _info(run), _results(run)
        loss = results.pop("loss", None)
        metrics = "  ".join(f"{shown(name)} {measured(value)}" for name, value in results.items())
        status, epochs = str(info.get("status")), str(info.get("epochs", ""))
        rows.append((printable(run.name), shown(status), shown(epochs), measured(loss), metrics))
    out.result(aligned(rows, left=5))


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
