"""Text of a generated config for a table, with a comment for every key."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from nncli.config import parse_config, yaml12
from nncli.data.columns import Task
from nncli.messages.errors import NncliError
from nncli.messages.wording import counted, listed, shown
from nncli.scaffold.choice import NetworkChoice, choose_network
from nncli.scaffold.cross_validation import FOLDS, LEFT_OUT
from nncli.scaffold.defaults import Candidate, Defaults, by_rows, defaults_for
from nncli.scaffold.profile import Profile, profile
from nncli.tables import reading
from nncli.tables.column import ValueKind
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.tables.table import NO_HEADER

SCHEMA_LINE = "# yaml-language-server: $schema=nncli.schema.json"
OTHER_KEYS = (
    "# Other keys: name, gradient, record, network.bias_init, training.early_stopping. See: nncli schema"
)
TEXT_WIDTH = 106  # characters of a line before it is indented
MOST_LISTED = 8  # reasons or classes listed in a comment


class Line(NamedTuple):
    """Code of a key with its value, possibly over several lines, and a comment."""

    code: str
    comment: str


class OutputLayer(NamedTuple):
    """Output activation, loss and metrics that suit a task, each with a comment."""

    activation: tuple[str, str]
    loss: tuple[str, str]
    metrics: tuple[list[str], str]


SHRINKING = "learning rate decays to 0 over this many epochs; keep equal to epochs"
PENALTY = "shrinks the weights, which reduces overfitting"
INITIAL_WEIGHTS = {
    "he_uniform": "random initial weights, in a range that suits {}",
    "glorot_uniform": "random initial weights, in a range that suits {}",
    "zeros": "initial weights; hidden layers would need random ones, such as he_uniform",
}
SURPRISE = "loss to minimize: the mean of -log(probability of the true class)"
OUTPUT_LAYERS: dict[Task, OutputLayer] = {
    "regression": OutputLayer(
        ("identity", "output layer: one unit per target, any value"),
        ("mse", "loss to minimize: mean squared error; mae is less sensitive to outliers"),
        (
            ["r2", "rmse", "mae"],
            "r2: 1 is perfect, 0 equals predicting the mean; rmse and mae: in the target's unit",
        ),
    ),
    "binary": OutputLayer(
        ("sigmoid", "output layer: probability of the positive class"),
        ("binary_cross_entropy", SURPRISE),
        (
            ["accuracy", "f1", "auc"],
            "accuracy: fraction of rows classified correctly; f1 and auc: better for rare classes",
        ),
    ),
    "multiclass": OutputLayer(
        ("softmax", "output layer: one unit per class, its probability"),
        ("cross_entropy", SURPRISE),
        (
            ["accuracy", "f1"],
            "accuracy: fraction of rows classified correctly; f1: every class has equal weight",
        ),
    ),
    "multilabel": OutputLayer(
        ("sigmoid", "output layer: one unit per label, the probability that a row has it"),
        (
            "binary_cross_entropy",
            "loss to minimize: the mean of -log(probability of the true answer for each label)",
        ),
        (
            ["accuracy", "f1", "auc"],
            "accuracy: fraction of rows with every label correct; f1 and auc: averages over the labels",
        ),
    ),
}

KIND_NAMES: dict[ValueKind, str] = {
    "number": "numbers",
    "boolean": "true or false",
    "category": "categories, with one input (0 or 1) for each category",
    "date": "dates, with the days, and the month, weekday and hour if they differ",
}


@dataclass(frozen=True)
class Draft:
    """Generated config for a table.

    Attributes
    ----------
    text : the config as YAML.
    task : the task it sets.
    notes : what was guessed about the table.
    """

    text: str
    task: Task
    notes: tuple[str, ...]


def draft(
    source: Path,
    targets: Sequence[str],
    id: str | None,
    task: Task | None,
    path: Path | None = None,
    read: ReadConfig = DETECTED,
    seed: int = 0,
) -> Draft:
    """Draft a config for a table in a file.

    Parameters
    ----------
    targets : the target columns, at least one.
    id, task : default: detected.
    path : where the text will be saved (default: the current directory), the base of the table's path.
    read : settings of the format of the file; what they leave open is detected.
    seed : random seed of the config, and so of the split whose training set is used to choose the network.

    Raises
    ------
    NncliError
        If the table cannot be read, no target is named, or the table is not suitable for training.
    """
    table = reading.read(source, str(source), read).detected(read)
    if not targets:
        names = f"add --target with one of: {listed(table.names)}"
        raise NncliError("--from-csv requires --target, the target column", hint=names)
    if NO_HEADER in table.remark:  # later rows, which may be few, have none either
        read = read.model_copy(update={"header": False})
    found = profile(table, targets, id, task)
    remarks = table.remarks
    lines = _read(read, remarks)
    choice = choose_network(
        found,
        lambda candidate: parse_config(
            config_text(found, source, None, lines, NetworkChoice(candidate), seed).encode(), source.name
        ),
    )
    text = config_text(found, source, path, lines, choice, seed)
    return Draft(text, found.task, (*remarks, *guesses(found)))


def _read(read: ReadConfig, remarks: Sequence[str]) -> list[str]:
    """Return how the file is read: what was detected as a comment, and what was set."""
    lines = _comment(f"Read as detected: {'; '.join(_at_most(list(remarks)))}.") if remarks else []
    given = read.model_dump(exclude_defaults=True)
    return [*lines, *(_beside([_line("read", given, "format of the file")]) if given else [])]


def config_text(
    profile: Profile,
    table: Path,
    config: Path | None,
    read: Sequence[str] = (),
    choice: NetworkChoice | None = None,
    seed: int = 0,
) -> str:
    """Return the config as YAML.

    Parameters
    ----------
    table : the file of rows.
    config : where the text will be saved, the base of the table's path; None for the current directory.
    read : lines on how the file is read.
    choice : the network (default: by the number of rows).
    """
    choice = choice or NetworkChoice(by_rows(profile))
    values, output = defaults_for(profile, choice.candidate), OUTPUT_LAYERS[profile.task]
    path = Path(os.path.relpath(table, config.parent if config else Path())).as_posix()
    dataset = [*_columns(profile, path), *read, *_split(profile, values), *_preprocessing(profile)]
    blocks = [
        _head(profile, table.name, config.name if config else "CONFIG"),
        [f"seed: {seed}  # random seed; the same seed gives the same result"],
        ["dataset:", *_indented(dataset)],
        _network(profile, choice),
        [*_beside([_line("loss", *output.loss)]), "", *_beside([_line("metrics", *output.metrics)])],
        _optimizer(values),
        _training(values),
        [OTHER_KEYS],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def guesses(profile: Profile) -> list[str]:
    """Return the guesses and their reasons, for users to check."""
    found = []
    if profile.why_task:
        found.append(f"detected task {profile.task} ({profile.why_task}); use --task to change it")
    if profile.why_id:
        name = shown(str(profile.id))
        found.append(
            f"detected identifier column '{name}' ({profile.why_id}); use --id to choose another column"
        )
    found += [f"left out {reason}" for reason in _reasons(profile)]
    if profile.split:
        found.append(f"split by column {shown(profile.split)}, which names the training and other sets")
    found += profile.notes
    if codes := _codes(profile):
        columns = "column" if len(codes) == 1 else "columns"
        quoted = listed(f"'{shown(name)}'" for name in codes)
        found.append(
            f"the numbers in {columns} {quoted} may be codes of categories; if so, set kind: category in "
            "dataset.preprocessing.columns"
        )
    if profile.without_target:
        found.append(f"{counted(profile.without_target, 'row')} without a target value will be dropped")
    return found


def _reasons(profile: Profile) -> list[str]:
    """Return the columns left out, with reasons."""
    found = [f"{shown(name)} ({why})" for name, why in profile.left_out.items()]
    return _at_most(found)


def _at_most(found: list[str]) -> list[str]:
    return (
        found if len(found) <= MOST_LISTED else [*found[:MOST_LISTED], f"{len(found) - MOST_LISTED:,} more"]
    )


def _codes(profile: Profile) -> list[str]:
    return [name for name, column in profile.inputs.items() if column.codes]


def _head(profile: Profile, table: str, config: str) -> list[str]:
    sentence = f"Predict {listed(profile.targets)} from the other columns of {shown(table)}."
    words = (f"train {shown(config)}", "evaluate", "predict --input NEW_ROWS", "plot")
    return [SCHEMA_LINE, *_comment(sentence), f"# Try:  {'    '.join(f'nncli {word}' for word in words)}"]


def _columns(profile: Profile, path: str) -> list[str]:
    rows = counted(profile.rows + profile.without_target, "row")
    lines = [
        _line("path", path, f"{rows}; relative to the directory of this file"),
        _line("targets", list(profile.targets), "what to predict"),
        _line("task", profile.task, _meaning(profile)),
        *_positive(profile),
    ]
    if profile.id:
        words = f"identifier, copied to the predictions, not an input: {profile.why_id or 'set by --id'}"
        lines.append(_line("id", profile.id, words))
    if profile.left_out:
        reasons = ", ".join(_reasons(profile))
        if len(profile.left_out) < len(profile.inputs):
            lines.append(_line("exclude", list(profile.left_out), f"columns that are not inputs: {reasons}"))
        else:
            lines.append(_line("inputs", list(profile.inputs), f"input columns; left out: {reasons}"))
    return [*_beside(lines), *_kinds(profile)]


def _meaning(profile: Profile) -> str:
    """Return the comment of the task."""
    if not profile.classes:
        return f"predict numbers: {profile.why_task or 'set by --task'}"
    rows = _at_most([f"{shown(label)} ({count:,})" for label, count in profile.classes.items()])
    why, counts = profile.why_task or "set by --task", ", ".join(rows)
    if profile.task == "multilabel":
        return f"predict labels, any number per row: {why}; rows per label: {counts}"
    return f"predict classes: {why}; rows per class: {counts}"


def _positive(profile: Profile) -> list[Line]:
    """Return the setting of the positive class, if the target has two classes that are not numbers."""
    if profile.positive is None:
        return []
    label, share = profile.positive, profile.classes[profile.positive] / profile.rows
    value = {"true": True, "false": False}.get(label.lower(), label)
    words = f"class that f1, auc and the probability are about: {share:.1%} of the rows"
    return [_line("positive", value, words)]


def _kinds(profile: Profile) -> list[str]:
    """Return a comment on how inputs are read, and how to change that."""
    found = []
    for kind, words in KIND_NAMES.items():
        names = [name for name, column in profile.inputs.items() if column.kind == kind]
        if names:
            found.append(f"Read as {words}: {listed(names)}.")
    lines = _comment(" ".join(found))
    if codes := _codes(profile):
        setting = yaml12.dump_flow({codes[0]: {"kind": "category"}})
        words = f"If numbers are category codes, as {listed(codes)} may be, add a line to preprocessing:"
        lines += [*_comment(words), f"#   columns: {setting}"]
    return lines


def _split(profile: Profile, values: Defaults) -> list[str]:
    if profile.split:
        words = f"column {shown(profile.split)} says which rows are for training, validation and test"
        return _beside([_line("split", {"column": profile.split}, words)])
    if not values.test:
        words = "too few rows to hold any out; {test: 0.2} would hold out a fifth as the test set"
        return _beside([_line("split", {}, words)])
    lines = []
    if values.validation:
        words = "fraction of rows evaluated after every epoch, to detect overfitting"
        lines.append(_line("validation", values.validation, words))
    else:
        words = "no validation set; a fraction such as 0.1 would be evaluated after every epoch"
        lines.append(_line("validation", 0, words))
    words = "fraction of rows held out as the test set; nncli evaluate reports on them"
    lines.append(_line("test", values.test, words))
    if not values.stratify:
        lines.append(_line("stratify", False, "a class has too few rows to be in every set"))
    return ["split:", *_indented(_beside(lines))]


def _preprocessing(profile: Profile) -> list[str]:
    kinds = {column.kind for column in profile.inputs.values()}
    lines = []
    if kinds & {"number", "date"}:
        words = "scale numbers to mean 0 and standard deviation 1; minmax: to the range 0 to 1"
        lines.append(_line("scale", "standard", words))
    lines += _missing(profile)
    if "category" in kinds:
        words = "encode a category that is not in the training set as unknown; error: reject it"
        lines.append(_line("unseen", "ignore", words))
    lines += _own_kinds(profile)
    if profile.task == "regression":
        words = "scale targets for training; predictions and metrics stay in their own unit"
        lines.append(_line("scale_targets", "standard", words))
    head = "preprocessing:  # fitted on the training set only, and saved with the weights"
    return [head, *_indented(_beside(lines))]


def _missing(profile: Profile) -> list[Line]:
    gaps = [name for name, column in profile.inputs.items() if column.missing]
    if gaps:
        fill = "the median or most frequent value of the training set"
        words = f"missing values in {listed(gaps)} become {fill}"
        return [_line("missing", "median", words)]
    words = "no input value is missing; median would fill missing values in later rows"
    return [_line("missing", "error", words)]


def _own_kinds(profile: Profile) -> list[Line]:
    """Return the setting of the columns whose kind is not the one that training would detect."""
    own = {name: {"kind": column.kind} for name, column in profile.inputs.items() if not column.guessed}
    return [_line("columns", own, "how these columns are read")] if own else []


def _network(profile: Profile, choice: NetworkChoice) -> list[str]:
    candidate, output = choice.candidate, OUTPUT_LAYERS[profile.task]
    units = len(profile.classes) if profile.task == "multiclass" else len(profile.targets)
    others = "try tanh" if candidate.activation == "relu" else "try relu"
    lines = [
        Line(f"- {_layer(size, candidate.activation)}", f"hidden layer; {others}, or more or fewer units")
        for size in candidate.hidden
    ]
    last, penalty = output.activation[1], f"; l2: {PENALTY}" if candidate.l2 else ""
    lines.append(Line(f"- {_layer(units, output.activation[0], l2=candidate.l2)}", f"{last}{penalty}"))
    first = "from the first hidden layer to the output layer; inputs come from the dataset"
    if not candidate.hidden:
        first = "only the output layer, so a linear model; insert a hidden layer above it"
    start = INITIAL_WEIGHTS[candidate.weight_init].format(candidate.activation)
    return [
        "network:",
        *_indented(_comment(_comparison(choice))),
        "  # units: number of neurons; activation: function of each neuron's weighted sum",
        f"  layers:  # {first}",
        *_indented(_indented(_beside(lines))),
        f"  weight_init: {candidate.weight_init}  # {start}",
    ]


def _comparison(choice: NetworkChoice) -> str:
    """Return the comment on how the network was chosen; empty if none were compared."""
    if not choice.losses:
        return ""
    tried = "; ".join(f"{_named(candidate)} {loss:.3g}" for candidate, loss in choice.losses.items())
    rule = f"Chosen by cross-validation on the training set: {_named(choice.candidate)}, the simplest network"
    rows = f"the mean loss on {LEFT_OUT} of {FOLDS} folds, after training on the others"
    return f"{rule} with a loss close to the lowest. Compared by {rows}: {tried}."


def _named(candidate: Candidate) -> str:
    """Return a short name of a network, with its regularization."""
    if not candidate.hidden:
        return f"linear (l2 {candidate.l2:g})"
    units = "-".join(map(str, candidate.hidden))
    return f"{units} {candidate.activation} (weight_decay {candidate.weight_decay:g})"


def _layer(units: int, activation: str, l2: float = 0.0) -> str:
    penalty = {"l2": l2} if l2 else {}
    return yaml12.dump_flow({"units": units, "activation": activation, **penalty})


def _optimizer(values: Defaults) -> list[str]:
    schedule, decay = {"name": "cosine", "over": values.epochs}, values.candidate.weight_decay
    lines = [
        _line("name", "adamw" if decay else "adam", "gradient descent with an adaptive step per weight"),
        _line("learning_rate", values.candidate.learning_rate, "step size"),
        *([_line("weight_decay", decay, PENALTY)] if decay else []),
        Line(f"schedule: {yaml12.dump_flow(schedule)}", SHRINKING),
    ]
    return ["optimizer:  # how weights are updated", *_indented(_beside(lines))]


def _training(values: Defaults) -> list[str]:
    lines = [
        _line("epochs", values.epochs, "passes over the training set"),
        _line("batch_size", values.candidate.batch_size, "rows per update; full: all rows at once"),
    ]
    return ["training:", *_indented(_beside(lines))]


def _line(key: str, value: Any, comment: str) -> Line:
    return Line(yaml12.dump({key: value}).rstrip("\n"), comment)


def _beside(lines: Sequence[Line]) -> list[str]:
    """Return lines with aligned comments beside them, or above a line that is too long."""
    short = [
        code for code, comment in lines if "\n" not in code and len(f"{code}  # {comment}") <= TEXT_WIDTH
    ]
    column = max(map(len, short), default=0) + 2
    written = []
    for code, comment in lines:
        if code in short:
            written.append(f"{code.ljust(column)}# {comment}")
        else:
            written += [*_comment(comment), *code.split("\n")]
    return written


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, TEXT_WIDTH - 4, break_on_hyphens=False)]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" if line else line for line in lines]
