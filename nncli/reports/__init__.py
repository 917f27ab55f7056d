"""The report: one HTML page that shows a run, or several, in any browser and without a network.

content       what a page holds about a run, as plain values
mathematics   activations, losses, optimizers and schedules as JavaScript, from the registries that train
views         single pictures of `nncli plot` as pages
live          the page about a training while it runs, and its server
html_page     the HTML file; its modules and style are in the directory page/
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nncli.messages.errors import NncliError
from nncli.messages.wording import counted
from nncli.plots import naming
from nncli.reports.content import run_content
from nncli.reports.html_page import whole_page
from nncli.reports.mathematics import module
from nncli.runs import REPORT, Run, require_no_run_file
from nncli.storage import files
from nncli.version import VERSION

_WHOLE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class WrittenReport(os.PathLike[str]):
    """A report in a file, which can be used as its path.

    Attributes
    ----------
    size : of the file, in bytes.
    """

    path: Path
    size: int

    def __str__(self) -> str:
        return str(self.path)

    def __fspath__(self) -> str:
        return os.fspath(self.path)


def write_report(runs: Sequence[Run], output: Path | None, folder: Path) -> WrittenReport:
    """Write a page about runs.

    Parameters
    ----------
    output : the file (default: report.html in the run; for several runs, report-RUN-RUN.html beside the
        first).
    folder : directory that the data path of a config copied from the page is relative to.

    Raises
    ------
    RunError
        If a file of a run is missing or damaged.
    NncliError
        If the page cannot be written.
    """
    place = output or _place(runs)
    if output is not None:
        _require_page(output)
    text = report_text(runs, folder).encode()
    files.make_folder(place.parent)
    with files.output(place) as stream:
        stream.write(text)
    return WrittenReport(place, len(text))


def report_text(runs: Sequence[Run], folder: Path, parts: Mapping[str, Any] = _WHOLE) -> str:
    """Return a page about runs as HTML text.

    Parameters
    ----------
    parts : the titles of its `figures` (default: all), and what is `chosen` on the page at first.
    """
    names = [run.name for run in runs]
    title = names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'other run')}"
    shown = {"version": VERSION, **parts, "runs": [run_content(run, folder) for run in runs]}
    return whole_page(f"{title} - nncli report", shown, module([run.experiment for run in runs]))


def _place(runs: Sequence[Run]) -> Path:
    if len(runs) == 1:
        return runs[0].path / REPORT
    return runs[0].path.parent / f"report-{naming.joined(runs)}.html"


def _require_page(output: Path) -> None:
    """Raise NncliError if a file is not named as a page, or has a name that a run's own file has."""
    if output.suffix.lower() not in (".html", ".htm"):
        raise NncliError(f"{output}: a report is an HTML page", hint=f"name it {output.with_suffix('.html')}")
    require_no_run_file(output)
