"""`nncli gradcheck`: backprop against finite differences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nncli.cli.app import CHECK, command
from nncli.cli.options import Settings, find_whole_run, read_config, tell_changed_data
from nncli.cli.output import Output, aligned
from nncli.wording import shown


@command(CHECK)
def gradcheck(
    out: Output,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[CONFIG|RUN]", help="A config, at its start, or a run, as trained.", show_default=False
        ),
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Largest relative error allowed; default: 1e-6.", min=0.0)
    ] = None,
    set_: Settings = None,
) -> None:
    """Hold backprop against finite differences, a line a tensor with its worst entry."""
    from nncli import experiment
    from nncli.analysis.gradcheck import ROWS, TOLERANCE, check_gradients
    from nncli.errors import CheckFailed, NncliError

    limit = TOLERANCE if tolerance is None else tolerance
    if target is not None and _is_config(target):
        checks = check_gradients(prepared := experiment.build(read_config(Path(target), set_)))
    elif set_:
        raise NncliError(
            f"--set {shown(set_[0])}: a run is checked as it was trained",
            hint="give its config.yaml, which is checked at the start, to change a value",
        )
    else:
        run = find_whole_run(target, out)
        tell_changed_data(run, out)
        checks = check_gradients(prepared := run.experiment, run.model.parameters)
    if len(prepared.dataset) > ROWS:
        out.note(f"checked on the first {ROWS} of {len(prepared.dataset)} rows")
    if prepared.network.has_dropout:
        out.note("checked with all units, as in every measurement: dropout is for updates alone")
    if prepared.config.training.dtype != "float64":
        out.note(f"checked in float64: differences of {prepared.config.training.dtype} tell too little")
    rows = [("tensor", "shape", "worst error", "at", "backprop", "difference")]
    for entry in checks:
        shape, index = "x".join(map(str, entry.shape)), ",".join(map(str, entry.index))
        numbers = (f"{entry.backprop:.6g}", f"{entry.numeric:.6g}")
        rows.append((entry.name, shape, f"{entry.worst:.1e}", f"[{index}]", *numbers))
    out.detail(aligned(rows, left=2))
    kinks = sum(entry.kinks for entry in checks)
    if kinks:
        out.note(f"{kinks} entries lie on a kink, where any slope between the two sides is right")
    worst = max(checks, key=lambda entry: entry.worst)
    count = prepared.network.parameter_count
    out.object(
        "gradcheck",
        {
            "ok": worst.worst <= limit,
            "tolerance": limit,
            "tensors": [asdict(entry) for entry in checks],
        },
    )
    if worst.worst > limit:
        index = ",".join(map(str, worst.index))
        raise CheckFailed(
            f"gradcheck: {worst.name}[{index}]: backprop {worst.backprop:.9g}, finite differences "
            f"{worst.numeric:.9g}, relative error {worst.worst:.1e} beyond {limit:g}"
        )
    out.result(f"ok: {count} gradients agree, worst relative error {worst.worst:.1e} (limit {limit:g})")


def _is_config(target: str) -> bool:
    path = Path(target)
    return target == "-" or path.suffix in (".yaml", ".yml") or (path.is_file() and path.suffix != ".npz")
