"""Gradient checks, traces, reproductions and comparisons of runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from nncli.api.arguments import Configured, Reference
from nncli.api.training import check, list_runs, open_run
from nncli.messages.errors import NncliError
from nncli.training.experiment import Experiment

if TYPE_CHECKING:
    from nncli.inspection.compare.side_by_side import RunComparison
    from nncli.inspection.gradcheck import TensorChecks
    from nncli.inspection.reproduction import Repetition, Reproduction
    from nncli.inspection.student.code_check import CodeCheck
    from nncli.inspection.traced import Trace
    from nncli.runs import Run


@overload
def gradcheck(
    target: Configured | Experiment | Run, *, code: None = None, directions: int | None = None
) -> TensorChecks: ...


@overload
def gradcheck(
    target: Configured | Experiment | Run, *, code: str | os.PathLike[str], directions: int | None = None
) -> CodeCheck: ...


def gradcheck(
    target: Configured | Experiment | Run,
    *,
    code: str | os.PathLike[str] | None = None,
    directions: int | None = None,
) -> TensorChecks | CodeCheck:
    """Compare backprop with finite differences, for a config as it starts or for a run as trained.

    Returns
    -------
    One entry for each weight matrix and bias vector; `worst` is the one with the largest relative error. With
    `code` the result of the check of that file.

    Parameters
    ----------
    code : a Python file with functions `forward(X, W, b)` and `backward(X, Y, W, b)`, which are checked
        instead of nncli's; mistakes in them are named.
    directions : random directions to check in each tensor; 0 checks every parameter (default: 0, above 20,000
        parameters 3).

    Raises
    ------
    NncliError
        If config, data, weights or code cannot be used.

    Examples
    --------
    >>> nncli.gradcheck("xor.yaml").worst.worst < 1e-6
    True
    """
    from nncli.inspection.directions import check_all_or_directions
    from nncli.inspection.student.code_check import check_code
    from nncli.runs import Run

    parameters = None
    if isinstance(target, Run):
        target.require_own_weights()
        prepared, parameters = target.experiment, target.model.parameters
    else:
        prepared = target if isinstance(target, Experiment) else check(target)
    if code is not None:
        return check_code(prepared, Path(code), parameters)
    return check_all_or_directions(prepared, parameters, directions)


def trace(
    target: Configured | Experiment | Run,
    row: int = 1,
    *,
    epoch: int | None = None,
    layer: int | None = None,
    unit: int | None = None,
) -> Trace:
    """Trace a training row: every number of its forward and backward pass and of the update, with formulas.

    The weights are those that a config starts from, or those of a run.

    Parameters
    ----------
    row : from 1, in the order of the training rows.
    epoch : one at which a run recorded its weights (default: those that it saved).
    layer, unit : what to show, from 0 (default: everything, but of a network of more than 40 weights in each
        layer the unit with the largest error).

    Raises
    ------
    NncliError
        If there is no such row, epoch, layer or unit, or config or data cannot be used.

    Examples
    --------
    >>> trace = nncli.trace(nncli.open_run("xor"), row=2)
    >>> trace.values
    'x1 = 0, x2 = 1 -> y = 1'
    """
    from nncli.inspection import trace as tracing
    from nncli.runs import Run

    if isinstance(target, Run):
        prepared = target.experiment
        model = target.model if epoch is None else target.model_at(epoch)
        parameters = model.parameters
    else:
        prepared = target if isinstance(target, Experiment) else check(target)
        parameters = prepared.initial
        if epoch:
            raise NncliError(f"epoch {epoch}: a config has the weights of epoch 0 alone", hint="give a run")
    tracing.require_place(prepared, row, layer, unit)
    return tracing.trace(prepared, parameters, row - 1, layer, unit)


def reproduce(run: Reference = None) -> Reproduction:
    """Train a run again from its own config, writing nothing, and compare every number that it recorded.

    Raises
    ------
    NncliError
        If the data are no longer those of the run, or a file is damaged.

    Examples
    --------
    >>> nncli.reproduce("xor").identical
    True
    """
    repetition = repeated(run)
    for _ in repetition.reports():
        pass
    return repetition.outcome()


def repeated(run: Reference = None) -> Repetition:
    """Prepare to train a run again; its `reports()` train, and its `outcome()` then compares."""
    from nncli.inspection.reproduction import Repetition

    return Repetition(open_run(run))


def compare(
    runs: Sequence[Reference] = (), *, target: str | None = None, output: str | os.PathLike[str] | None = None
) -> RunComparison:
    """Compare runs: the keys in which their configs differ, their results, and their learning curves.

    Runs that differ by their seed alone are summarized by their median.

    Parameters
    ----------
    runs : two or more (default: the two latest).
    target : a value to reach, such as `mse=0.05`; the comparison tells the first epoch that does.
    output : a file for a picture of the learning curves on one axis (default: no picture).

    Raises
    ------
    NncliError
        If there are fewer than two runs, or the target was not recorded.

    Examples
    --------
    >>> comparison = nncli.compare(["xor", "imported"])
    >>> [key for key in comparison.differing if key.startswith("training")]
    ['training.epochs']
    """
    from nncli import plots
    from nncli.inspection.compare.side_by_side import Target, compare_runs

    found = [open_run(run) for run in runs] or list_runs()[1::-1]
    comparison = compare_runs(found, Target.parse(target) if target else None)
    if output is not None:
        plots.saved_overlay(comparison, Path(output))
    return comparison
