"""The commands as functions, for Python users: check, train, predict, evaluate, plot, gradcheck, trace ...

A config is a path, a mapping of the same keys, or a `Config`. A run is a `Run`, its directory or its name.
Rows are a path, a mapping of columns, an array of inputs, or a data frame. What a user can fix is an
`NncliError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from nncli.config import Config, Override, load_config
from nncli.config.yaml12 import LONGEST_CONFIG
from nncli.messages.errors import CheckFailed, ConfigError, DataError, DivergedError, NncliError, RunError
from nncli.messages.wording import counted
from nncli.storage.lookup import CONFIGS, TABLES, require_file
from nncli.training import experiment
from nncli.training.experiment import Experiment

# What one function needs is imported in it: `nncli check` should not wait for runs, nor `train` for pictures.
if TYPE_CHECKING:
    from nncli.data.columns import Columns, Task
    from nncli.exports import Exported
    from nncli.inference.best_threshold import BestThreshold
    from nncli.inference.evaluation import Evaluation
    from nncli.inspection.compare.side_by_side import RunComparison
    from nncli.inspection.gradcheck import TensorChecks
    from nncli.inspection.reproduction import Repetition, Reproduction
    from nncli.inspection.student.code_check import CodeCheck
    from nncli.inspection.traced import Trace
    from nncli.many.cluster import Cluster
    from nncli.many.cross_validation import CrossValidation, FoldPlan
    from nncli.many.seeds import SeedPlan, SeedStudy
    from nncli.many.sweeps.plan import Sweep
    from nncli.many.sweeps.search import SearchName
    from nncli.nn.arrays import Array
    from nncli.plots import SavedPictures
    from nncli.reports import WrittenReport
    from nncli.runs import EnsembleRun, Recording, Run
    from nncli.tables.table import RowError, Table
    from nncli.tables.writing import Predictions

__all__ = [
    "CheckFailed",
    "Config",
    "ConfigError",
    "DataError",
    "DivergedError",
    "NncliError",
    "Run",
    "RunError",
    "check",
    "compare",
    "cv",
    "evaluate",
    "export",
    "gradcheck",
    "import_weights",
    "init",
    "list_runs",
    "load_config",
    "open_run",
    "plot",
    "predict",
    "report",
    "reproduce",
    "resume",
    "seeds",
    "sweep",
    "trace",
    "train",
]

Configured: TypeAlias = "Config | Mapping[str, Any] | str | os.PathLike[str]"
Reference: TypeAlias = "Run | str | os.PathLike[str] | None"


def init(
    template: str = "xor",
    *,
    table: str | os.PathLike[str] | None = None,
    target: str | Sequence[str] = (),
    id: str | None = None,
    task: Task | None = None,
) -> str:
    """Return a config whose comments explain every key, as YAML text: a template, or one for your own table.

    Parameters
    ----------
    table : a CSV, TSV, NDJSON or Parquet file; the next three say what its columns are.
    target : the column to learn, or several.
    id : a column that identifies rows (default: detected).
    task : the kind of target (default: detected).

    Raises
    ------
    NncliError
        If there is no such template, or no config can be written for the table.

    Examples
    --------
    >>> print(nncli.init("xor").splitlines()[4])
    seed: 0  # random seed; the same seed gives the same result
    """
    from nncli.scaffold import from_table, templates
    from nncli.scaffold.proposal import require_target

    if table is None:
        return templates.text(templates.canonical(template))
    targets = [target] if isinstance(target, str) else target
    require_file(Path(table), TABLES)
    require_target(Path(table), targets)
    return from_table.draft(Path(table), targets, id, task).text


def check(config: Configured, data: Any = None) -> Experiment:
    """Validate a config and its data, and return the experiment they describe. Writes no files.

    Parameters
    ----------
    data : rows for a config whose `dataset` names roles alone, such as `targets`: a mapping of columns or a
        data frame.

    Raises
    ------
    ConfigError
        With every mistake at once.
    DataError
        If the data cannot be used.

    Examples
    --------
    >>> experiment = nncli.check("xor.yaml")
    >>> experiment.network.parameter_count, len(experiment.rows.training)
    (17, 4)
    """
    return experiment.build(_config(config, data))


def train(
    config: Configured,
    data: Any = None,
    *,
    target: str | Sequence[str] = (),
    id: str | None = None,
    task: Task | None = None,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
) -> Run:
    """Train a network into a new run directory.

    Parameters
    ----------
    config : as for `check`; or a table file, for which a config is generated as `init` does.
    data : as for `check`.
    target, id, task : as for `init`; only with a table file.
    output : the directory, which must be empty or new (default: runs/NAME, runs/NAME-2 ...).
    overwrite : replace the run in `output`.
    resume : resume the run in `output`, or start it if there is none; a finished one is left unchanged.

    Raises
    ------
    NncliError
        If config or data cannot be used; nothing is written then.
    nncli.training.divergence.Diverged
        If training diverged; its history and last good weights are in the run.

    Examples
    --------
    >>> run = nncli.train("xor.yaml")
    >>> print(run.path, run.epoch)
    runs/xor 1000
    """
    from nncli.runs import Run

    if target or id or task or _is_table(config):
        config = _generated(config, target, id, task)
    with started(check(config, data), output=output, overwrite=overwrite, resume=resume) as recording:
        recording.finish()
    return Run(recording.run.path)


@contextmanager
def started(
    prepared: Experiment,
    *,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    command: Sequence[str] = (),
) -> Iterator[Recording]:
    """Open the directory of a training, whose `reports()` train; the other arguments are those of `train`.

    Parameters
    ----------
    command : the words of the command line, which run.json keeps.
    """
    from nncli import runs

    if resume and output is None:
        raise NncliError(
            "resume requires output, the directory of the run",
            hint="add output (-o DIR), or resume a run by its name: nncli resume RUN",
        )
    if resume and overwrite:
        raise NncliError("resume and overwrite cannot be combined", hint="remove one of the two")
    _require_short(prepared.config)
    if output is None:
        opened = runs.create(prepared.config.run_name)
    elif resume:
        opened = runs.reopen(Path(output))
    else:
        opened = runs.create_at(Path(output), overwrite=overwrite)
    with opened as run:
        goes_on = resume and run.begun
        if goes_on:
            yield runs.Recording.resumed(prepared, run, command)
        else:
            yield runs.Recording(prepared, run, command)


def resume(run: Reference = None, *, epochs: int | None = None) -> Run:
    """Resume a run from its checkpoint; the result is byte-identical to an uninterrupted run.

    Parameters
    ----------
    run : the run (default: the latest under ./runs). A finished one is left unchanged.
    epochs : the new total (default: as many as its config says).

    Raises
    ------
    RunError
        If there is no checkpoint, or config or data have changed since.
    nncli.training.divergence.Diverged
        If training diverged.

    Examples
    --------
    >>> nncli.resume("xor", epochs=1500).epoch
    1500
    """
    from nncli.runs import Run

    with resumed(run, epochs=epochs) as recording:
        recording.finish()
    return Run(recording.run.path)


@contextmanager
def resumed(
    run: Reference = None, *, epochs: int | str | None = None, command: Sequence[str] = ()
) -> Iterator[Recording]:
    """Open a run where its checkpoint stands; `reports()` go on from there. Arguments as for `resume`."""
    from nncli import runs

    path = run.path if isinstance(run, runs.Run) else runs.find(_name(run), runs.CHECKPOINT).path
    with runs.reopen(path) as owned:
        total = [] if epochs is None else [Override("training.epochs", str(epochs), "--epochs")]
        prepared = experiment.build(load_config(owned.path / runs.CONFIG, total))
        yield runs.Recording.resumed(prepared, owned, command)


def open_run(run: Reference = None) -> Run:
    """Return the run of a directory, a name under ./runs or a weights.npz (default: the latest).

    Raises
    ------
    RunError
        If there is none.

    Examples
    --------
    >>> run = nncli.open_run("xor")
    >>> run.model.network.layers[0].units
    4
    """
    from nncli import runs

    return run if isinstance(run, runs.Run) else runs.find(_name(run))


def list_runs() -> list[Run]:
    """Return the runs under ./runs, newest first.

    Examples
    --------
    >>> sorted(str(run.path) for run in nncli.list_runs())
    ['runs/imported', 'runs/xor']
    """
    from nncli import runs

    return runs.all_runs()


def predict(
    run: Reference = None,
    data: Any = None,
    *,
    proba: bool = False,
    epoch: int | None = None,
    threshold: float | None = None,
) -> dict[str, list[str] | Array]:
    """Predict rows, or a run's own rows if no data are given.

    Returns
    -------
    `pred_<target>` for each target, and `proba_<class>` for classes; one entry per row. Of an ensemble, the
    means over its networks, and the standard deviation of each number as `std_<target>` or `std_<class>`.

    Parameters
    ----------
    run : a run (default: the latest), or the `output` of `seeds`.
    data : a path, a mapping of columns, an array of inputs (rows, inputs) in their order, or a data frame.
    proba : with the probability of every class.
    epoch : with the weights recorded at this epoch (default: the trained ones).
    threshold : probability from which the positive of two classes is predicted (default: that stored in the
        run by `evaluate` with `best_threshold`, else 0.5; with an epoch 0.5).

    Raises
    ------
    NncliError
        If a column is missing, a cell cannot be used, or no weights were recorded at the epoch.

    Examples
    --------
    >>> nncli.predict("xor", {"x1": [0, 1], "x2": [1, 1]})["pred_y"]
    ['1', '0']
    """
    found = _predictor(run)
    threshold = threshold if epoch is not None else _or_stored(found, threshold)
    model = (found.model if epoch is None else found.model_at(epoch)).with_threshold(threshold)
    table = found.experiment.rows.whole.table if data is None else _table(data, model.columns)
    return model.predict(table, proba=proba)


def _predictor(run: Reference) -> Run:
    """Return the run or the ensemble that is meant."""
    from nncli import runs

    if run is None or isinstance(run, runs.Run):
        return open_run(run)
    return runs.find_ensemble(os.fspath(run)) or open_run(run)


def predictions(
    run: Run,
    tables: Iterable[Table],
    *,
    proba: bool = False,
    epoch: int | None = None,
    threshold: float | None = None,
    on_bad: Callable[[RowError], None] | None = None,
) -> Iterator[Predictions]:
    """Predict one table after another, in constant memory; arguments as for `predict`.

    Parameters
    ----------
    on_bad : called with each row that cannot be used, which is left out (default: raise an error).
    """
    from nncli.inference import prediction

    threshold = threshold if epoch is not None else _or_stored(run, threshold)
    model = (run.model if epoch is None else run.model_at(epoch)).with_threshold(threshold)
    return prediction.in_parts(model, tables, proba=proba, on_bad=on_bad)


def evaluate(
    run: Reference = None,
    data: Any = None,
    *,
    part: Literal["train", "validation", "test"] | None = None,
    threshold: float | None = None,
    best_threshold: str | None = None,
) -> Evaluation:
    """Compute a run's metrics on its own held-out data, or on other rows that hold the targets.

    Parameters
    ----------
    data : as for `predict`.
    part : which of the run's own rows (default: test, else validation, else train).
    threshold : as for `predict`.
    best_threshold : metric (accuracy, precision, recall or f1) for which the best threshold is chosen on the
        run's validation set, else its training set. It is stored in the run, and later calls use it.

    Raises
    ------
    NncliError
        If a column is missing, a cell cannot be used, the run has no such part, or the metric or the task has
        no best threshold.

    Examples
    --------
    >>> nncli.evaluate("xor").metrics["accuracy"]
    1.0
    """
    from nncli.inference import evaluation

    found = open_run(run)
    if data is not None and part is not None:
        raise NncliError(
            f"data and part {part} cannot be combined",
            hint="remove part, which selects a set of the run's own data",
        )
    best = _best_threshold(found, threshold, best_threshold)
    threshold = best.threshold if best else _or_stored(found, threshold)
    if data is None:
        measured = evaluation.evaluate_part(found, part, threshold)
    else:
        measured = evaluation.evaluate_rows(found, _table(data, found.model.columns), threshold)
    return replace(measured, best_threshold=best)


def _best_threshold(run: Run, threshold: float | None, metric: str | None) -> BestThreshold | None:
    """Choose the best threshold for a metric and store it in the run; None without a metric."""
    from nncli.inference import best_threshold

    if metric is None:
        return None
    if threshold is not None:
        raise NncliError(
            f"threshold {threshold:g} and best_threshold {metric} cannot be combined",
            hint="remove one of the two",
        )
    return best_threshold.choose_threshold(run, metric)


def _or_stored(run: Run, threshold: float | None) -> float | None:
    """Return the threshold that is given, else the one stored in the run for its weights, if any."""
    from nncli.runs import read_threshold

    stored = read_threshold(run) if threshold is None else None
    return stored.threshold if stored and stored.fits(run.model) else threshold


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


def plot(
    run: Reference | Sequence[Run] = None,
    kinds: Sequence[str] = (),
    *,
    output: str | os.PathLike[str] | None = None,
    format: Literal["svg", "png", "pdf", "html"] | None = None,
    features: tuple[str, str] | None = None,
    at: Mapping[str, str | float] | None = None,
    weights: tuple[str, str] | None = None,
    directions: Literal["pca", "random"] = "pca",
    grid: bool = False,
    angle: tuple[float, float] = (-55.0, 28.0),
    theme: Literal["light", "dark", "print"] = "light",
    dpi: int = 150,
    size: tuple[float, float] | None = None,
    title: str | None = None,
) -> SavedPictures:
    """Draw pictures of a run, or of several, into files. A notebook shows the pictures that this returns.

    Parameters
    ----------
    run : run or runs (default: the latest), or the directory of a sweep or of `seeds`, whose pictures are
        drawn again in it as PNG files.
    kinds : kinds of picture (default: all that fit).
    output : a file for one picture, or a directory (default: plots/ in the run). The loss of several runs is
        drawn into one file.
    format : the file format (default: that of `output`, else svg); html is a page like that of `report`.
    features : the two inputs of a surface or boundary, or of `dependence` (default: chosen automatically).
    at : values of the inputs that are not drawn (default: their medians).
    weights : two parameters that span the weight surface, such as `layers.0.weight[0,1]`.
    directions : the directions that span it otherwise.
    grid : draw the boundary over each pair of the four most important inputs.
    angle : azimuth and elevation of the camera in 3-D pictures, in degrees.
    theme : light, dark, or print: black ink and thicker lines.
    dpi : dots per inch of PNG files.
    size : width and height in inches (default: those of the kind).
    title : title of the pictures (default: that of the kind).

    Raises
    ------
    NncliError
        If there is no such kind or format, a grid is combined with named inputs, a kind does not fit the run,
        or a file cannot be written.

    Examples
    --------
    >>> [str(picture.path) for picture in nncli.plot("xor", ["loss"])]
    ['runs/xor/plots/loss.svg']
    """
    from nncli import plots

    plots.require_known(kinds)
    fixed = {name: str(value) for name, value in (at or {}).items()}
    view = plots.View(features, fixed, weights, directions, grid, angle)
    plots.require_possible(view, kinds)
    place = None if output is None else Path(output)
    if isinstance(run, str | os.PathLike) and plots.is_study(Path(run)):
        return plots.draw_study(Path(run), kinds, view, place, format, plots.Look(theme, dpi, size, title))
    runs = list(run) if isinstance(run, Sequence) and not isinstance(run, str) else [open_run(run)]
    if format == "html" or (place is not None and place.suffix.lower() in (".html", ".htm")):
        from nncli.reports.views import saved_views

        return saved_views(runs, kinds, view, place)
    look = plots.Look(theme, dpi, size, title)
    return plots.saved(runs, kinds, view, place, format, look)


def report(
    run: Reference | Sequence[Run] = None, *, output: str | os.PathLike[str] | None = None
) -> WrittenReport:
    """Write one HTML page that shows a run, or several, in any browser and without a network.

    Parameters
    ----------
    output : the file (default: report.html in the run; for several runs, report-RUN-RUN.html beside the
        first).

    Raises
    ------
    NncliError
        If a run cannot be read, or the file cannot be written.

    Examples
    --------
    >>> print(nncli.report("xor"))
    runs/xor/report.html
    """
    from nncli.reports import write_report

    runs = list(run) if isinstance(run, Sequence) and not isinstance(run, str) else [open_run(run)]
    return write_report(runs, None if output is None else Path(output), Path.cwd())


def export(
    run: Reference = None,
    to: str | None = None,
    output: str | os.PathLike[str] | None = None,
) -> Exported:
    """Write a run's network in another form, after checking that it gives the same outputs.

    Parameters
    ----------
    to : the target, such as onnx or python (default: by the suffix of `output`).
    output : the file (default: in the directory exports/TARGET/ of the run).

    Raises
    ------
    NncliError
        If there is no such target, it cannot express the network, or the file cannot be written.
    CheckFailed
        If the outputs differ on the run's own rows; no file is written then.

    Examples
    --------
    >>> exported = nncli.export("xor", "c")
    >>> print(exported.files[0], exported.difference < 1e-12)
    runs/xor/exports/c/xor.c True
    """
    from nncli import exports

    found = open_run(run)
    name = to or exports.target_of(None if output is None else Path(output))
    place = found.path / "exports" / name / f"{found.path.name}{exports.find_target(name).suffix}"
    table = found.experiment.rows.whole.table
    return exports.write_export(found.model, table, name, place if output is None else Path(output))


def import_weights(
    file: str | os.PathLike[str],
    config: Configured,
    data: Any = None,
    *,
    output: str | os.PathLike[str] | None = None,
    command: Sequence[str] = (),
) -> Run:
    """Make a run of weights that another program trained.

    Parameters
    ----------
    file : a PyTorch state dict as safetensors, `coefs_0`, `intercepts_0` ... of scikit-learn as npz, a
        `weights.npz`, or an export as JSON.
    config, data, output, command : as for `train` and `started`; the config's layers must have these shapes.

    Raises
    ------
    NncliError
        If a file cannot be read, or the weights do not fit the layers.

    Examples
    --------
    >>> run = nncli.import_weights("runs/xor/weights.npz", "xor.yaml", output="runs/imported")
    >>> nncli.evaluate(run).metrics == nncli.evaluate("xor").metrics
    True
    """
    from nncli.exports.foreign_weights import read_layers, require_shapes
    from nncli.runs import Run

    path, prepared = Path(file), check(config, data)
    layers = read_layers(path)
    require_shapes(path, layers, prepared.network)
    changed = prepared.config.changed(("training", "epochs"), 0)
    for index, (_, W, b, _) in enumerate(layers):
        changed = changed.changed(("network", "layers", index, "weights"), W.tolist())
        changed = changed.changed(("network", "layers", index, "biases"), None if b is None else b.tolist())
    with started(experiment.build(changed), output=output, command=command) as recording:
        recording.finish()
    return Run(recording.run.path)


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
    """Train a config from several start seeds, and summarize how the trainings end.

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
    loaded = _config(config, data)
    axes = [Axis.given(*axis) for axis in (grid or {}).items()]
    plan = SweepPlan.of(loaded, axes, SweepOptions(search, trials, metric, prune))
    path = sweep_path(loaded.run_name) if output is None else Path(output)
    with opened_sweep(path, plan.identity) as folder:
        found = plan.outcome(list(plan.trained(folder, where, limit)), folder)
        plots.saved_sweep(path)
        return found


def __getattr__(name: str) -> Any:
    """Return `Run`, which is loaded when it is first used."""
    if name != "Run":
        raise AttributeError(f"module 'nncli.api' has no attribute {name!r}")
    from nncli.runs import Run

    return Run


def _config(config: Configured, data: Any) -> Config:
    if isinstance(config, Config):
        if data is not None:
            raise DataError("data cannot be combined with a Config object; pass a mapping of keys")
        return config
    if not isinstance(config, Mapping):
        if data is not None:
            raise DataError(
                "data cannot be combined with a config file, which names its own; pass a mapping of keys"
            )
        require_file(Path(config), CONFIGS)
        return load_config(config)
    if data is None:
        return Config.of(dict(config))
    from nncli.tables import memory

    names, rows = memory.rows(data)
    dataset = {**config.get("dataset", {}), "columns": names, "rows": rows}
    return Config.of({**config, "dataset": dataset})


def _require_short(config: Config) -> None:
    """Raise DataError if rows in memory are too many for the config of a run, which keeps them."""
    if config.dataset.rows is None or len(config.to_yaml(Path())) <= LONGEST_CONFIG:
        return
    rows = counted(len(config.dataset.rows), "row")
    raise DataError(
        f"data: {rows} are too many for the config of a run, which keeps them",
        hint="write them to a CSV or Parquet file, and name it in dataset.path",
    )


def _is_table(config: Configured) -> bool:
    return isinstance(config, str | os.PathLike) and TABLES.includes(os.fspath(config))


def _generated(config: Configured, target: str | Sequence[str], id: str | None, task: Task | None) -> Config:
    """Return the config that `init` writes for a table."""
    from nncli.scaffold import from_table, generated
    from nncli.scaffold.proposal import require_target

    if not isinstance(config, str | os.PathLike) or not _is_table(config):
        raise ConfigError("target, id and task require a table file", hint="set them under dataset instead")
    table, targets = Path(config), [target] if isinstance(target, str) else target
    require_file(table, TABLES)
    require_target(table, targets, ["train"])
    return generated.config_of(from_table.draft(table, targets, id, task), table)


def _table(data: Any, columns: Columns) -> Table:
    from nncli.tables import memory

    if isinstance(data, str | os.PathLike):
        require_file(Path(data), TABLES)
    return memory.table(data, columns.inputs, columns.read)


def _name(run: str | os.PathLike[str] | None) -> str | None:
    return None if run is None else os.fspath(run)
