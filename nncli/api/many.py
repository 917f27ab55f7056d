"""Cross-validation, many start seeds, and sweeps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.api.arguments import Configured, as_config
from nncli.api.training import check
from nncli.messages.errors import NncliError
from nncli.training.experiment import Experiment

if TYPE_CHECKING:
    from nncli.many.cluster import Cluster
    from nncli.many.cross_validation import CrossValidation, FoldPlan
    from nncli.many.seeds import SeedPlan, SeedStudy
    from nncli.many.sweeps.plan import Sweep
    from nncli.many.sweeps.search import SearchName
    from nncli.runs import EnsembleRun


def cv(
    config: Configured,
    data: Any = None,
    *,
    folds: int | None = None,
    leave_out: int | None = None,
) -> CrossValidation:
    """Cross-validate a config: train once for each fold without its rows, and measure on them.

    The folds divide the training and validation sets together; the test set of the config stays out.
    Preprocessing is fitted again in each fold. Writes no files.

    Parameters
    ----------
    config, data : as for `check`.
    folds : number of folds, with every class spread evenly (default: 5).
    leave_out : leave out every combination of this many rows instead; 1 is leave-one-out.

    Raises
    ------
    NncliError
        If config or data cannot be used, or the rows cannot be divided like that.

    Examples
    --------
    >>> result = nncli.cv("xor.yaml", leave_out=1)
    >>> [(row.targets, row.predictions) for fold in result.folds[:2] for row in fold.left_out]
    [(('0',), ('1',)), (('1',), ('0',))]
    """
    plan = planned_folds(check(config, data), folds=folds, leave_out=leave_out)
    return plan.outcome(list(plan.trained()))


def planned_folds(
    prepared: Experiment, *, folds: int | None = None, leave_out: int | None = None
) -> FoldPlan:
    """Prepare a cross-validation; its `trained()` trains the folds, and its `outcome()` sums them up."""
    from nncli.many.cross_validation import FoldPlan

    if folds is not None and leave_out is not None:
        raise NncliError(
            f"{folds} folds and leaving out {leave_out} cannot be combined", hint="remove one of the two"
        )
    return FoldPlan.of(prepared, folds, leave_out)


def seeds(
    config: Configured,
    data: Any = None,
    *,
    n: int = 50,
    target: str | None = None,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> SeedStudy:
    """Train a config from several start seeds, and summarize the final results.

    The first seed is `seed.training` of the config, and each other is one more than the last. The data and
    their split stay the same.

    Parameters
    ----------
    config, data : as for `check`.
    n : number of seeds.
    target : a condition on a result, such as `loss < 0.01`, as for `--fail-if`.
    output : a directory, empty or new, that keeps the trained networks as an ensemble for `predict` (default:
        write no files). Diverged trainings are not kept; if all diverge, nothing is written.
    overwrite : replace the networks in `output`.

    Raises
    ------
    NncliError
        If config, data, target or output cannot be used.

    Examples
    --------
    >>> study = nncli.seeds("xor.yaml", n=3, target="accuracy >= 1")
    >>> study.share, study.missed
    (1.0, [])
    """
    plan = planned_seeds(check(config, data), n=n, target=target)
    with seeds_folder(output, overwrite=overwrite) as keep:
        study = plan.outcome(list(plan.trained()))
        keep(plan, study)
    return study


@contextmanager
def seeds_folder(
    output: str | os.PathLike[str] | None, *, overwrite: bool = False
) -> Iterator[Callable[[SeedPlan, SeedStudy], EnsembleRun | None]]:
    """Open the directory for trainings from several seeds; the function that is given keeps them there.

    It returns None where nothing is kept: without an output, or if every training diverged.
    """
    from nncli import plots, runs

    if output is None:
        yield lambda _plan, _study: None
        return
    with runs.create_ensemble_at(Path(output), overwrite=overwrite) as folder:

        def keep(plan: SeedPlan, study: SeedStudy) -> EnsembleRun | None:
            members = {result.seed: result.model for result in study.finished}
            if not members:
                return None
            config, fields = plan.experiment.config, study.fields
            pictures = plots.seeds_picture(fields, config.run_name)
            folder.write(config.to_yaml(folder.path), fields, members, pictures)
            return folder

        yield keep


def planned_seeds(prepared: Experiment, *, n: int = 50, target: str | None = None) -> SeedPlan:
    """Prepare trainings from several seeds; `trained()` trains them, and `outcome()` sums them up."""
    from nncli.many.seeds import SeedPlan

    return SeedPlan.of(prepared, n, target)


def sweep(
    config: Configured,
    data: Any = None,
    *,
    grid: Mapping[str, str | Sequence[Any]] | None = None,
    search: SearchName | None = None,
    trials: int | None = None,
    metric: str | None = None,
    prune: bool = False,
    timeout: float | None = None,
    budget: int | None = None,
    workers: int | None = None,
    cluster: str | Cluster | None = None,
    output: str | os.PathLike[str] | None = None,
) -> Sweep:
    """Train a config with many combinations of values, and choose the best by the validation set.

    Each finished trial is kept in `output` at once, so that a repeated call continues a stopped one. Pictures
    of all trials are drawn there at the end.

    Parameters
    ----------
    config, data : as for `check`; the config must hold out a validation set.
    grid : for each key of the config a list of values, or a range such as `0..1` or `log:0.001..0.1`; they
        replace those of the same key in `sweep` of the config.
    search : `grid` for every combination, `random`, or `tpe` to learn from earlier trials, which needs
        Optuna (default: grid; with a range or `trials` random).
    trials : number of trials of random and tpe (default: 20).
    metric : a metric of the config (default: the loss).
    prune : end a trial early if it does worse than the median of earlier ones.
    timeout : seconds after which no further trial begins.
    budget : epochs of all trials together after which no further trial begins.
    workers : number of processes (default: 1). With several, a script must protect its start by
        `if __name__ == "__main__":`.
    cluster : address of a Dask scheduler whose workers train instead, such as `tcp://127.0.0.1:8786`; with
        certificates, an `nncli.many.cluster.Cluster`.
    output : the directory (default: sweeps/NAME).

    Raises
    ------
    NncliError
        If config, data, values or directory cannot be used.

    Examples
    --------
    >>> config = {"dataset": {"name": "iris", "split": {"validation": 30}}, "network": {"hidden": [8]}}
    >>> result = nncli.sweep(config, grid={"optimizer.learning_rate": [0.001, 0.1]})
    >>> result.best.values
    {'optimizer.learning_rate': '0.1'}
    """
    from nncli import plots
    from nncli.many.cluster import chosen_backend
    from nncli.many.sweeps.folder import opened_sweep, sweep_path
    from nncli.many.sweeps.plan import SweepOptions, SweepPlan
    from nncli.many.sweeps.queue import Budget
    from nncli.many.sweeps.space import Axis

    where, limit = chosen_backend(workers, cluster), Budget(timeout, budget)
    loaded = as_config(config, data)
    axes = [Axis.given(*axis) for axis in (grid or {}).items()]
    plan = SweepPlan.of(loaded, axes, SweepOptions(search, trials, metric, prune))
    path = sweep_path(loaded.run_name) if output is None else Path(output)
    with opened_sweep(path, plan.identity) as folder:
        found = plan.outcome(list(plan.trained(folder, where, limit)), folder)
        plots.saved_sweep(path)
        return found
