"""Single pictures of `nncli plot` as pages: the figure of the report that shows the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nncli.messages.errors import NncliError
from nncli.messages.wording import listed
from nncli.plots import KINDS, SavedPicture, SavedPictures, View
from nncli.reports import report_text
from nncli.runs import Run, require_no_run_file
from nncli.storage import files


class Figures(NamedTuple):
    """The figures of the page that stand for a kind of picture, and what its maps show if that is fixed."""

    titles: tuple[str, ...]
    shown: str | None = None


VIEWS: dict[str, Figures] = {
    "loss": Figures(("Loss",)),
    "output": Figures(("Output over the inputs",), "output"),
    "output-3d": Figures(("Surface",), "output"),
    "error-surface": Figures(("Output over the inputs",), "error"),
    "error-surface-3d": Figures(("Surface",), "error"),
    "boundary": Figures(("Output over the inputs",)),
    "fit": Figures(("Output over the inputs",)),
    "weights": Figures(("Weights over the epochs",)),
    "errors": Figures(("Errors of rows",)),
    "confusion": Figures(("Predictions and targets",)),
    "parity": Figures(("Predictions and targets",)),
    "residuals": Figures(("Predictions and targets",)),
    "importance": Figures(("Importance of the inputs",)),
    "dependence": Figures(("Dependence on one input",)),
    "network": Figures(("Network", "Arithmetic")),
    "neurons": Figures(("Network", "Arithmetic")),
}


def saved_views(runs: Sequence[Run], kinds: Sequence[str], view: View, output: Path | None) -> SavedPictures:
    """Write pages that each show one kind of picture of a run.

    Parameters
    ----------
    output : a file for one page, or a directory (default: plots/ in each run).

    Raises
    ------
    NncliError
        If no kind is named, a kind has no page or does not fit a run, or a file cannot be written.
    """
    _require_views(kinds)
    wanted = [(run, kind) for run in runs for kind in kinds]
    if output is not None and output.suffix and len(wanted) > 1:
        problem = f"{output}: one file cannot hold {len(wanted)} plots"
        raise NncliError(problem, hint="give a directory, or one kind; nncli report shows several runs")
    written = []
    for run, kind in wanted:
        if reason := KINDS[kind].unfit(run, view):
            raise NncliError(f"{run.path}: no {kind} plot: {reason}")
        path = output if output is not None and output.suffix else (output or run.plots) / f"{kind}.html"
        require_no_run_file(path)
        files.make_folder(path.parent)
        with files.output(path) as stream:
            stream.write(report_text([run], Path.cwd(), _shown(kind, view)).encode())
        written.append(SavedPicture(kind, path, _caption(kind, run, view)))
    return SavedPictures(written)


def _caption(kind: str, run: Run, view: View) -> str:
    return KINDS[kind].numbers(run, view).caption.replace("\N{MINUS SIGN}", "-")


def _require_views(kinds: Sequence[str]) -> None:
    known = f"kinds with a page: {listed([*VIEWS])}"
    if not kinds:
        raise NncliError("--format html: which kind of plot?", hint=f"name one; {known}")
    for kind in kinds:
        if kind not in VIEWS:
            raise NncliError(f"{kind} has no page", hint=f"use --format svg; {known}")


def _shown(kind: str, view: View) -> Mapping[str, Any]:
    """Return what the page shows: its figures, and what is chosen on it at first."""
    figures = VIEWS[kind]
    chosen = {"shown": figures.shown} if figures.shown else {}
    if view.features is not None:
        chosen |= dict(zip(("x", "y"), view.features, strict=True))
    return {"figures": list(figures.titles), "chosen": chosen}
