"""`nncli evaluate`: metrics of a trained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nncli.cli.app import AsJson, Debug, Quiet, Verbose, switched
from nncli.cli.misplaced import one_run
from nncli.cli.options import (
    FailIf,
    Input,
    OnError,
    RunOption,
    Threshold,
    WholeRunReference,
    find_whole_run,
    input_parts,
    note_skipped,
    read_input,
    remarked,
    threshold_or_stored,
    warn_of_changed_data,
    warn_of_divergence,
)
from nncli.cli.output import USUAL_COLUMNS, Output
from nncli.cli.registry import command
from nncli.messages.layout import aligned, fitted_table
from nncli.messages.wording import counted, measured, shortened, shown, width

if TYPE_CHECKING:
    from nncli.inference.best_threshold import BestThreshold
    from nncli.inference.classes import Confusion, LabelCounts
    from nncli.inference.evaluation import Evaluation
    from nncli.inference.worst import WorstRow
    from nncli.nn.arrays import Array
    from nncli.runs import Run

LONGEST_CLASS = 30  # characters of a class name in a table
MOST_CLASSES = 20  # listed individually
MOST_MISTAKES = 10  # listed when the confusion matrix is too wide
COUNTS = "TP true positives, FP false positives, FN false negatives, TN true negatives"
LARGEST_MATRIX = 100  # most classes of a confusion matrix in --json
SET_NAMES = {"train": "training", "validation": "validation", "test": "test"}


@command(
    "Use",
    2,
    {
        "nncli evaluate iris": "measure the run on its test set",
        "nncli evaluate iris -i new.csv --fail-if 'accuracy < 0.9'": "fail a script if accuracy is low",
    },
)
def evaluate(
    context: typer.Context,
    run: WholeRunReference = None,
    run_: RunOption = None,
    input: Input = None,
    part: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option(
            metavar="train|validation|test",
            help="Which set to evaluate (default: test, else validation, else train).",
            show_default=False,
        ),
    ] = None,
    threshold: Threshold = None,
    best_threshold: Annotated[
        str | None,
        typer.Option(
            "--best-threshold",
            metavar="METRIC",
            help="Choose the threshold with the best accuracy, precision, recall or f1 on the validation set "
            "(without one, the training set), and store it in the run for predict and evaluate.",
        ),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="List the N rows with the largest loss, with their line in the file and their id.",
        ),
    ] = None,
    fail_if: FailIf = None,
    on_error: OnError = "stop",
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
    as_json: AsJson = False,
) -> None:
    """Compute a run's metrics on its own held-out data or on another table."""
    from nncli import api
    from nncli.inference.conditions import PREFIXES, Condition

    out = switched(context, quiet=quiet, verbose=verbose, debug=debug, as_json=as_json)
    found = find_whole_run(one_run(run, run_, out.command), out)
    found.require_own_weights()
    warn_of_divergence(found, out)
    if input is None or best_threshold:
        warn_of_changed_data(found, out)
    best = _best_threshold(found, threshold, best_threshold, out)
    threshold = best.threshold if best else threshold_or_stored(found, threshold, out)
    if input is None:
        evaluation, skipped = api.evaluate(found, part=part, threshold=threshold), dict[str, object]()
    else:
        evaluation, skipped = _of_input(found, input, part, on_error, threshold, worst, out)
    results = {**evaluation.metrics}
    prefix = PREFIXES[evaluation.part] if evaluation.part else ""
    results |= {prefix + name: value for name, value in results.items()}
    conditions = [Condition.parse(text, [*results]) for text in fail_if or ()]
    if evaluation.part:
        none = "" if found.experiment.rows.held_out else "; no rows are held out"
        out.note(f"evaluated on the {SET_NAMES[evaluation.part]} set{none}")
    for warning in (evaluation.without.warning, evaluation.unseen.warning):
        if warning:
            out.warning(warning)
    out.result(_metrics(evaluation, out))
    for block in _details(evaluation, out.columns):
        out.detail(f"\n{block}")
    found_worst = evaluation.worst(worst) if worst else []
    if found_worst:
        out.result(f"\n{_worst(evaluation, found_worst, out.columns)}")
    chosen = {"best_threshold": vars(best)} if best else {}
    listed = {"worst": [asdict(row) for row in found_worst]} if worst else {}
    if out.json:  # the baselines and the intervals take a moment
        out.object("evaluate", _object(found, evaluation) | listed | chosen | skipped)
    if not conditions:
        return
    baselines = {
        model: {**values, **{prefix + name: value for name, value in values.items()}}
        for model, values in evaluation.baselines.items()
    }
    for condition in conditions:
        condition.check(results, evaluation.roles.named, baselines)


def _metrics(evaluation: Evaluation, out: Output) -> str:
    """Table of the loss and the metrics, unless -q is given beside those of the baselines."""
    models = {} if out.quiet else evaluation.baselines
    intervals = {} if out.quiet else evaluation.intervals
    rows = []
    for name, value in evaluation.metrics.items():
        interval = [" to ".join(map(measured, intervals.get(name, ()))) or "-"] if intervals else []
        compared = [measured(each[name], 6) for each in models.values()]
        rows.append([evaluation.roles.named(name), measured(value, 6), *interval, *compared])
    header = ["", "network", *(["95% interval"] if intervals else []), *models]
    blanks = [""] * (len(header) - 2)
    rows += [["rows", f"{evaluation.rows:,}", *blanks]]
    return fitted_table(rows if out.quiet else [header, *rows], columns=out.columns)


def _best_threshold(
    run: Run, threshold: float | None, metric: str | None, out: Output
) -> BestThreshold | None:
    """Choose the best threshold for a metric, store it in the run and print it; None without a metric."""
    from nncli.inference.best_threshold import choose_threshold
    from nncli.messages.errors import NncliError
    from nncli.runs import THRESHOLD

    if metric is None:
        return None
    if threshold is not None:
        raise NncliError(
            f"--threshold {threshold:g} and --best-threshold {shown(metric)} cannot be combined",
            hint="remove one of the two",
        )
    best = choose_threshold(run, metric)
    moved = best.threshold != type(run.model.columns).threshold
    compared = f"{measured(best.value)}, compared with {measured(best.value_at_half)} at 0.5"
    out.result(
        f"threshold {best.threshold:g} gives the best {run.model.columns.named(metric)} on the"
        f" {SET_NAMES[best.part]} set ({counted(best.rows, 'row')}):"
        f" {compared if moved else measured(best.value)}"
    )
    out.note(f"wrote {run.path / THRESHOLD}; predict and evaluate use this threshold")
    return best


def _worst(evaluation: Evaluation, rows: Sequence[WorstRow], columns: int | None) -> str:
    """Table of the rows with the largest losses."""
    roles = evaluation.roles
    id_ = [shown(roles.id)] if roles.id and any(row.id for row in rows) else []
    shares = ["probability"] if rows[0].probability is not None else []
    targets = [shown(name) for name in roles.targets]
    header = ["line", *id_, *targets, *(f"pred_{name}" for name in targets), *shares, "loss"]
    table = [header]
    for row in rows:
        values = roles.task == "regression"
        predicted = [measured(float(cell)) if values else shown(cell) for cell in row.predicted]
        cells = [*map(shown, row.expected), *predicted]
        share = [measured(row.probability)] if shares else []
        table.append([f"{row.line}", *([shown(row.id)] if id_ else []), *cells, *share, measured(row.loss)])
    return fitted_table(table, columns=columns, last=1)


def _of_input(
    run: Run,
    input: str,
    part: str | None,
    on_error: str,
    threshold: float | None,
    worst: int | None,
    out: Output,
) -> tuple[Evaluation, dict[str, object]]:
    """Evaluate the table of --input; return also the fields of --json about skipped rows."""
    from nncli.inference.evaluation import evaluate_tables
    from nncli.inference.rejects import rejects
    from nncli.messages.errors import NncliError

    if worst and on_error == "skip":
        raise NncliError("--worst and --on-error skip cannot be combined", hint="remove one of the two")
    if part:
        raise NncliError(
            f"--input {shown(input)} and --part {part} cannot be combined",
            hint="remove --part, which selects a set of the run's own data",
        )
    read = run.model.columns.read
    if on_error == "stop":
        return evaluate_tables(run, remarked([read_input(input, read)], out), threshold=threshold), {}
    with rejects(Path("rejected.csv")) as rejected, input_parts(input, read, rejected.add) as tables:
        evaluation = evaluate_tables(run, remarked(tables, out), rejected, threshold)
    return evaluation, note_skipped(rejected, evaluation.rows + evaluation.without.rows, out)


def _details(evaluation: Evaluation, columns: int | None) -> list[str]:
    """Tables shown below the metrics: by class, by label or by target."""
    if evaluation.confusion is not None:
        return [_by_class(evaluation, columns), _confusion(evaluation.confusion, columns)]
    if evaluation.labels is not None:
        return [_by_label(evaluation.labels, columns), _label_counts(evaluation.labels, columns)]
    return [_by_target(evaluation.targets, columns)] if evaluation.targets else []


def _by_target(targets: Mapping[str, Mapping[str, float]], columns: int | None) -> str:
    header = ["target", *next(iter(targets.values()))]
    rows = [
        [shown(target), *(measured(value, 6) for value in metrics.values())]
        for target, metrics in targets.items()
    ]
    return fitted_table([header, *rows], columns=columns)


def _by_class(evaluation: Evaluation, columns: int | None) -> str:
    """Table of precision, recall, F1 and rows per class; of many classes, those with the lowest F1."""
    confusion, roles = evaluation.confusion, evaluation.roles
    assert confusion is not None
    moved = roles.threshold != type(roles).threshold
    caption = f"{shown(str(roles.positive))} from a probability of {roles.threshold:g}\n" if moved else ""
    names, chosen = _names(confusion.classes), _chosen(confusion.shares["f1"])
    header = ["class", *confusion.shares, "rows"]
    return (
        caption
        + fitted_table([header, *_share_rows(confusion, names, chosen)], columns=columns)
        + _left_out(chosen, names, "classes")
    )


def _by_label(labels: LabelCounts, columns: int | None) -> str:
    """Table of precision, recall, F1 and rows per label; of many labels, those with the lowest F1."""
    names, chosen = _names(labels.labels), _chosen(labels.shares["f1"])
    header = ["label", *labels.shares, "rows with label"]
    return fitted_table([header, *_share_rows(labels, names, chosen)], columns=columns) + _left_out(
        chosen, names, "labels"
    )


def _label_counts(labels: LabelCounts, columns: int | None) -> str:
    """Table of true and false positives and negatives of the labels that `_by_label` shows."""
    names, chosen = _names(labels.labels), _chosen(labels.shares["f1"])
    rows = [[names[k], *(str(count[k]) for count in labels.counts.values())] for k in chosen]
    header = ["label", "TP", "FP", "FN", "TN"]
    return f"{COUNTS}\n{fitted_table([header, *rows], columns=columns)}"


def _chosen(f1: Array) -> Sequence[int]:
    """Positions of the classes to show: all of them, or of many those with the lowest F1."""
    few = len(f1) <= MOST_CLASSES
    chosen: list[int] = f1.argsort(kind="stable")[:MOST_CLASSES].tolist()
    return range(len(f1)) if few else chosen


def _share_rows(
    counts: Confusion | LabelCounts, names: Sequence[str], chosen: Sequence[int]
) -> list[list[str]]:
    """Table rows: one for each chosen class or label, and one for each average."""
    rows = [
        [names[k], *(_share(share[k]) for share in counts.shares.values()), str(counts.support[k])]
        for k in chosen
    ]
    averages = counts.averages.items()
    total = str(counts.support.sum())
    return rows + [[average, *map(_share, values.values()), total] for average, values in averages]


def _left_out(chosen: Sequence[int], names: Sequence[str], kind: str) -> str:
    return (
        f"\nshowing the {len(chosen)} of {len(names):,} {kind} with the lowest f1"
        if len(chosen) < len(names)
        else ""
    )


def _confusion(confusion: Confusion, columns: int | None) -> str:
    """Confusion matrix, with numbers as headers if names are too wide; else the most frequent mistakes."""
    names, counts = (
        _names(confusion.classes),
        [[str(count) for count in row] for row in confusion.counts.tolist()],
    )
    numbers = [str(number) for number, _ in enumerate(names, start=1)]
    numbered = [f"{number} {name}" for number, name in zip(numbers, names, strict=True)]
    for across, down in ((names, names), (numbers, numbered)):
        rows = [[name, *cells] for name, cells in zip(down, counts, strict=True)]
        matrix = aligned([["", *across], *rows])
        if max(map(width, matrix.split("\n"))) <= (columns or USUAL_COLUMNS):
            return f"true class in rows, predicted in columns\n{matrix}"
    return _mistakes(confusion, names, columns)


def _mistakes(confusion: Confusion, names: Sequence[str], columns: int | None) -> str:
    mistakes = confusion.mistakes
    rows = [
        [names[true], names[predicted], str(confusion.counts[true, predicted])]
        for true, predicted in mistakes
    ]
    kinds = "kind" if len(rows) - MOST_MISTAKES == 1 else "kinds"
    more = f"\nand {len(rows) - MOST_MISTAKES:,} more {kinds} of mistake" if len(rows) > MOST_MISTAKES else ""
    header = ["true", "predicted", "rows"]
    return fitted_table([header, *rows[:MOST_MISTAKES]], left=2, columns=columns) + more


def _names(classes: Sequence[str]) -> list[str]:
    """Names of classes or labels, shortened to fit a table."""
    return [shortened(shown(name), LONGEST_CLASS) for name in classes]


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"


def _object(run: Run, evaluation: Evaluation) -> dict[str, Any]:
    """Evaluation as the object of --json."""
    values: dict[str, Any] = {
        "run": str(run.path),
        "part": evaluation.part,
        "rows": evaluation.rows,
        "without_target": evaluation.without.rows,
        "unseen": evaluation.unseen.rows,
        "metrics": evaluation.metrics,
        **evaluation.baselines,
        "intervals": evaluation.intervals,
    }
    if evaluation.roles.positive is not None:
        values |= {"positive": evaluation.roles.positive, "threshold": evaluation.roles.threshold}
    if evaluation.unseen.rows:
        values["unseen_categories"] = evaluation.unseen.examples
    if evaluation.targets:
        values["targets"] = evaluation.targets
    if evaluation.confusion is not None:
        values |= _classes_object(evaluation.confusion)
    if evaluation.labels is not None:
        values |= _labels_object(evaluation.labels)
    return values


def _labels_object(labels: LabelCounts) -> dict[str, Any]:
    columns = {
        "label": list(labels.labels),
        **{name: share.tolist() for name, share in labels.shares.items()},
        "support": labels.support.tolist(),
        **{name: count.tolist() for name, count in labels.counts.items()},
    }
    rows = zip(*columns.values(), strict=True)
    return {"labels": [dict(zip(columns, row, strict=True)) for row in rows], "averages": labels.averages}


def _classes_object(confusion: Confusion) -> dict[str, Any]:
    columns = {
        "class": list(confusion.classes),
        **{name: share.tolist() for name, share in confusion.shares.items()},
        "support": confusion.support.tolist(),
    }
    small = len(confusion.classes) <= LARGEST_MATRIX
    return {
        "classes": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        "averages": confusion.averages,
        "confusion": confusion.counts.tolist() if small else None,
    }
