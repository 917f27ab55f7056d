"""The report: one HTML page that shows a run, or several, in any browser and without a network.

content       what a page holds about a run, as plain values
mathematics   activations, losses, optimizers and schedules as JavaScript, from the registries that train
html_page     the HTML file; its modules and style are in the directory page/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nncli.messages.wording import counted
from nncli.report.content import run_content
from nncli.report.html_page import whole_page
from nncli.report.mathematics import module
from nncli.runs import Run, require_no_run_file
from nncli.storage import files
from nncli.version import VERSION


@dataclass(frozen=True)
class WrittenReport:
    """A report in a file.

    Attributes
    ----------
    size : of the file, in bytes.
    notes : what was thinned out to keep the file small; empty if nothing was.
    """

    path: Path
    size: int
    notes: tuple[str, ...]


def write_report(runs: Sequence[Run], output: Path, folder: Path) -> WrittenReport:
    """Write a page about runs.

    Parameters
    ----------
    folder : directory that the data path of a config copied from the page is relative to.

    Raises
    ------
    RunError
        If a file of a run is missing or damaged.
    NncliError
        If the page cannot be written.
    """
    require_no_run_file(output)
    text = report_text(runs, folder)
    files.make_folder(output.parent)
    with files.output(output) as stream:
        stream.write(text.encode())
    return WrittenReport(output, len(text.encode()), ())


def report_text(runs: Sequence[Run], folder: Path) -> str:
    """Return a page about runs as HTML text."""
    names = [run.name for run in runs]
    title = names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'other run')}"
    shown = {"version": VERSION, "runs": [run_content(run, folder) for run in runs]}
    return whole_page(f"{title} - nncli report", shown, module([run.experiment for run in runs]))
