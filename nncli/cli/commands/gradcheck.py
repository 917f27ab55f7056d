"""`nncli gradcheck`: comparison of backprop with finite differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.options import ConfigOrRun, Overrides, RunOption, experiment_or_run
from nncli.cli.output import Output
from nncli.cli.registry import command
from nncli.messages.layout import fitted_table

if TYPE_CHECKING:
    from nncli.inspection.gradcheck import TensorCheck
    from nncli.nn.arrays import Array
    from nncli.training.experiment import Experiment


@command(
    "Check",
    1,
    {
        "nncli gradcheck xor.yaml": "check the gradients at the initial weights",
        "nncli gradcheck xor -v": "check a trained run, and list every gradient",
    },
)
def gradcheck(
    context: typer.Context,
    target: ConfigOrRun = None,
    run: RunOption = None,
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
    from nncli import api
    from nncli.inspection.gradcheck import TOLERANCE
    from nncli.messages.errors import CheckFailed
    from nncli.training.experiment import Experiment

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    limit = TOLERANCE if tolerance is None else tolerance
    checked = experiment_or_run(target, run, set_, out)
    prepared = checked if isinstance(checked, Experiment) else checked.experiment
    parameters = None if isinstance(checked, Experiment) else checked.model.parameters
    checks = api.gradcheck(checked)
    _note_conditions(out, prepared)
    out.detail(fitted_table(_tensors(checks), left=2, columns=out.columns))
    if out.verbose:
        out.detail(f"\n{fitted_table(_entries(checks), columns=out.columns)}")
    kinks = sum(int(check.kinks.sum()) for check in checks)
    if kinks:
        subject = "1 parameter sits" if kinks == 1 else f"{kinks:,} parameters sit"
        out.note(
            f"{subject} at a kink (such as relu at 0), where any value between the one-sided derivatives "
            "is accepted"
        )
    worst = checks.worst
    facts = {"ok": worst.worst <= limit, "tolerance": limit}
    configured = _configured(out, prepared, parameters)
    out.object("gradcheck", {**facts, "tensors": [_fields(check, out) for check in checks], **configured})
    if worst.worst > limit:
        backprop, difference = _pair(worst, "%.9g")
        raise CheckFailed(
            f"gradcheck: {worst.name}{_at(worst.index)}: backprop {backprop}, finite differences "
            f"{difference}, relative error {worst.worst:.1e} above the limit {limit:g}"
        )
    count = prepared.network.parameter_count
    out.result(f"ok: {count:,} gradients agree, largest relative error {worst.worst:.1e} (limit {limit:g})")


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
        f"training uses {options['scheme']} differences with epsilon {options['epsilon']:g}: "
        f"largest relative error {worst.worst:.1e}, at {worst.name}{_at(worst.index)}"
    )
    place = {"name": worst.name, "index": worst.index}
    return {"configured": {**options, "worst": worst.worst, **place}}


def _tensors(checks: Sequence[TensorCheck]) -> list[tuple[str, ...]]:
    """Rows that show the largest error of each tensor, below a header."""
    rows: list[tuple[str, ...]] = [("tensor", "shape", "largest error", "at", "backprop", "finite diff.")]
    for check in checks:
        shape = "x".join(map(str, check.shape))
        rows.append((check.name, shape, f"{check.worst:.1e}", _at(check.index), *_pair(check)))
    return rows


def _entries(checks: Sequence[TensorCheck]) -> list[tuple[str, ...]]:
    """Rows that show every gradient, sorted by error in descending order, below a header."""
    import numpy as np

    rows: list[tuple[str, ...]] = [("parameter", "error", "backprop", "finite diff.")]
    every = [(float(error), check, index) for check in checks for index, error in np.ndenumerate(check.error)]
    for error, check, index in sorted(every, key=lambda entry: -entry[0]):
        rows.append((f"{check.name}{_at(index)}", f"{error:.1e}", *_pair(check, index=index)))
    return rows


def _pair(check: TensorCheck, form: str = "%.6g", index: tuple[int, ...] | None = None) -> tuple[str, str]:
    at = check.index if index is None else index
    return form % check.backprop[at], form % check.finite_difference[at]


def _at(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]"


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
