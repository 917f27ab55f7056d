"""`nncli gradcheck`: backprop against finite differences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nncli.cli.app import CHECK, command
from nncli.cli.options import Settings, find_run, read_config
from nncli.cli.output import Output, aligned


@command(CHECK)
def gradcheck(
    out: Output,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[CONFIG|RUN]", help="A config, at its start, or a run, as trained.", show_default=False
        ),
    ] = None,
    tolerance: Annotated[float, typer.Option(help="Largest relative error allowed.", min=0.0)] = 1e-6,
    set_: Settings = None,
) -> None:
    """Hold backprop against finite differences, a line a tensor with its worst entry."""
    from nncli import experiment
    from nncli.analysis.gradcheck import ROWS, check_gradients
    from nncli.errors import CheckFailed

    if target is not None and Path(target).is_file() and not target.endswith(".npz"):
        checks = check_gradients(prepared := experiment.build(read_config(Path(target), set_)))
    elif target is not None and target.endswith((".yaml", ".yml")):
        read_config(Path(target), set_)  # tells what is wrong with the path
        return
    else:
        run = find_run(target, out)
        checks = check_gradients(prepared := run.experiment, run.model.parameters)
    if len(prepared.dataset) > ROWS:
        out.note(f"checked on the first {ROWS} of {len(prepared.dataset)} rows")
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
            "ok": worst.worst <= tolerance,
            "tolerance": tolerance,
            "tensors": [asdict(entry) for entry in checks],
        },
    )
    if worst.worst > tolerance:
        index = ",".join(map(str, worst.index))
        raise CheckFailed(
            f"gradcheck: {worst.name}[{index}]: backprop {worst.backprop:.9g}, finite differences "
            f"{worst.numeric:.9g}, relative error {worst.worst:.1e} beyond {tolerance:g}"
        )
    out.result(f"ok: {count} gradients agree, worst relative error {worst.worst:.1e} (limit {tolerance:g})")
