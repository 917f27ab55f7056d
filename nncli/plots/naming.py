"""Names as captions and pictures show them: on one line and not too long."""

from __future__ import annotations

from collections.abc import Sequence

from nncli.messages.wording import counted, printable, shortened
from nncli.runs import Run

FEW_NAMES = 4  # of runs in the name of a file


def short(text: str, longest: int = 28) -> str:
    """Return a name on one line, with its middle left out if it has more than `longest` characters."""
    return shortened(printable(" ".join(text.split())), longest)


def joined(runs: Sequence[Run]) -> str:
    """Return the names of runs for the name of a file: `a-b`, or of many the first few."""
    more = [f"and-{len(runs) - FEW_NAMES}-more"] if len(runs) > FEW_NAMES else []
    return "-".join([*(run.name for run in runs[:FEW_NAMES]), *more])


def run_name(run: Run) -> str:
    """Return the run's name, and its status if training did not finish: `xor, diverged`."""
    status = run.info.get("status", "")
    return f"{short(run.name, 40)}{f', {status}' if status in ('diverged', 'interrupted') else ''}"


def run_and_rows(run: Run) -> str:
    """Return the run's name and its number of training rows: `xor, 4 training rows`."""
    return f"{run_name(run)}, {counted(len(run.experiment.rows.training), 'training row')}"
