"""`nncli gradcheck`: comparison of backprop with finite differences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import ConfigOrRun, Overrides, RunOption, experiment_or_run
from nncli.cli.output import Output
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table

if TYPE_CHECKING:
    from nncli.inspection.gradcheck import TensorCheck, TensorChecks
    from nncli.nn.arrays import Array
    from nncli.runs import Run
    from nncli.training.experiment import Experiment


@command(
    "Check",
    1,
    {
        "nncli gradcheck xor.yaml": "check the gradients at the initial weights",
        "nncli gradcheck xor.yaml --code own.py": "find the mistake in your own backprop",
    },
)
def gradcheck(
    context: typer.Context,
    target: ConfigOrRun = None,
    run: RunOption = None,
    code: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Python file with functions forward(X, W, b) and backward(X, Y, W, b), which are checked "
            "instead of nncli's own backprop.",
            show_default=False,
        ),
    ] = None,
    directions: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Random directions to check in each tensor; 0 checks every parameter"
            " (default: 0, or 3 for more than 20,000 parameters).",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="X", help="Largest relative error allowed (default: 1e-6).", min=0.0),
    ] = None,
    set_: Overrides = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Compare backprop with finite differences and report the largest error in each tensor."""
    from nncli.inspection.gradcheck import TOLERANCE
    from nncli.training.experiment import Experiment

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    checked = experiment_or_run(target, run, set_, out)
    prepared = checked if isinstance(checked, Experiment) else checked.experiment
    limit = TOLERANCE if tolerance is None else tolerance
    if code is not None:
        _check_code(out, checked, prepared, code, limit)
    else:
        _check_backprop(out, checked, prepared, directions, limit)


def _check_backprop(
    out: Output, checked: Experiment | Run, prepared: Experiment, directions: int | None, limit: float
) -> None:
    """Check nncli's own gradients.

    Raises
    ------
    CheckFailed
        If an error is above the limit.
    """
    from nncli import api
    from nncli.messages.errors import CheckFailed
    from nncli.training.experiment import Experiment

    checks = api.gradcheck(checked, directions=directions)
    parameters = None if isinstance(checked, Experiment) else checked.model.parameters
    worst, count = checks.worst, prepared.network.parameter_count
    along = worst.shape != worst.error.shape
    _note_conditions(out, prepared)
    if along and directions is None:
        out.note(
            f"checked along {worst.error.size} random directions in each tensor, because the network has "
            f"{count:,} parameters; --directions 0 checks every one"
        )
    _show_tensors(out, checks)
    facts = {"ok": worst.worst <= limit, "tolerance": limit}
    configured = _configured(out, prepared, parameters)
    out.object("gradcheck", {**facts, "tensors": [_fields(check, out) for check in checks], **configured})
    if worst.worst > limit:
        backprop, difference = _pair(worst, "%.9g")
        raise CheckFailed(
            f"gradcheck: {_entry(worst)}: backprop {backprop}, finite differences "
            f"{difference}, relative error {worst.worst:.1e} above the limit {limit:g}"
        )
    agree = (
        f"{len(checks) * worst.error.size:,} derivatives along random directions"
        if along
        else f"{count:,} gradients"
    )
    out.result(f"ok: {agree} agree, largest relative error {worst.worst:.1e} (limit {limit:g})")


def _check_code(
    out: Output, checked: Experiment | Run, prepared: Experiment, path: Path, limit: float
) -> None:
    """Check the functions of a file.

    Raises
    ------
    CheckFailed
        With the mistakes in them.
    """
    from nncli import api
    from nncli.messages.errors import CheckFailed

    found = api.gradcheck(checked, code=path)
    if found.layout:
        out.note(f"{path} takes {found.layout}")
    if found.tensors:
        _show_tensors(out, found.tensors, own="backward")
    tensors = [_fields(check, out) for check in found.tensors or ()]
    mistakes = [asdict(each) for each in found.mistakes]
    facts = {"ok": found.ok, "tolerance": limit, "code": str(path)}
    layout = str(found.layout) if found.layout else None
    out.object("gradcheck", {**facts, "layout": layout, "mistakes": mistakes, "tensors": tensors})
    if found.mistakes:
        first, *others = found.mistakes
        more = [f"also: {each}" + (f" ({each.fix})" if each.fix else "") for each in others]
        raise CheckFailed(f"{path}: {first}", hint=first.fix, source="\n".join(more) or None)
    assert found.tensors is not None
    worst = found.tensors.worst.worst
    count = prepared.network.parameter_count
    out.result(f"ok: no mistake found; {count:,} gradients agree, largest relative error {worst:.1e}")


def _show_tensors(out: Output, checks: TensorChecks, own: str = "backprop") -> None:
    """Print the tensors by their errors, with -v every gradient, and a note on kinks."""
    out.detail(fitted_table(_tensors(checks, own), left=2, columns=out.columns))
    if out.verbose:
        out.detail(f"\n{fitted_table(_entries(checks, own), columns=out.columns)}")
    kinks = sum(int(check.kinks.sum()) for check in checks)
    if kinks:
        subject = "1 derivative is" if kinks == 1 else f"{kinks:,} derivatives are"
        out.note(
            f"{subject} taken at a kink (such as relu at 0), where any value between the one-sided "
            "derivatives is accepted"
        )


def _note_conditions(out: Output, prepared: Experiment) -> None:
    """Report how the check differs from training."""
    from nncli.inspection.gradcheck import CHECKED_ROWS

    if len(prepared.rows.training) > CHECKED_ROWS:
        out.note(f"checked on the first {CHECKED_ROWS} of {len(prepared.rows.training):,} rows")
    if prepared.network.has_dropout:
        out.note("dropout is turned off for the check")
    if prepared.config.training.dtype != "float64":
        dtype = prepared.config.training.dtype
        out.note(f"checked in float64, because {dtype} is too imprecise for finite differences")


def _configured(out: Output, prepared: Experiment, parameters: Array | None) -> dict[str, Any]:
    """Error of the finite differences that the config trains with, for --json; empty without them."""
    from nncli.inspection.gradcheck import check_method

    options = prepared.recipe.gradient.options
    if "epsilon" not in options:
        return {}
    worst = check_method(prepared, prepared.recipe.gradient, parameters).worst
    out.note(
        f"the config trains with {options['scheme']} differences, epsilon {options['epsilon']:g}: "
        f"their largest relative error against backprop is {worst.worst:.1e}, at {_entry(worst)}"
    )
    place = {"name": worst.name, "index": worst.index}
    return {"configured": {**options, "worst": worst.worst, **place}}


def _tensors(checks: TensorChecks, own: str) -> list[tuple[str, ...]]:
    """Rows that show the largest error of each tensor, the largest first, below a header."""
    rows: list[tuple[str, ...]] = [("tensor", "shape", "largest error", "at", own, "finite diff.")]
    for check in checks.sorted:
        shape = "x".join(map(str, check.shape))
        rows.append(
            (check.name, shape, f"{check.worst:.1e}", check.place(check.index).strip(), *_pair(check))
        )
    return rows


def _entries(checks: TensorChecks, own: str) -> list[tuple[str, ...]]:
    """Rows that show every gradient, sorted by error in descending order, below a header."""
    import numpy as np

    rows: list[tuple[str, ...]] = [("parameter", "error", own, "finite diff.")]
    every = [(float(error), check, index) for check in checks for index, error in np.ndenumerate(check.error)]
    for error, check, index in sorted(every, key=lambda entry: -entry[0]):
        rows.append((f"{check.name}{check.place(index)}", f"{error:.1e}", *_pair(check, index=index)))
    return rows


def _entry(check: TensorCheck) -> str:
    """Name of the entry with the largest error."""
    return f"{check.name}{check.place(check.index)}"


def _pair(check: TensorCheck, form: str = "%.6g", index: tuple[int, ...] | None = None) -> tuple[str, str]:
    at = check.index if index is None else index
    return form % check.backprop[at], form % check.finite_difference[at]


def _fields(check: TensorCheck, out: Output) -> dict[str, Any]:
    """Fields of a tensor for --json; with -v including every entry."""
    at = check.index
    arrays = {"error": check.error, "backprop": check.backprop, "finite_difference": check.finite_difference}
    return {
        "name": check.name,
        "shape": check.shape,
        "worst": check.worst,
        "index": at,
        "backprop": float(check.backprop[at]),
        "finite_difference": float(check.finite_difference[at]),
        "kinks": int(check.kinks.sum()),
        **({"entries": {name: values.tolist() for name, values in arrays.items()}} if out.verbose else {}),
    }
