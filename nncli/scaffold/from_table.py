"""The text of a first config for somebody's own table, with a comment for every key."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from nncli.config import yaml12
from nncli.data.columns import Task
from nncli.messages.errors import NncliError
from nncli.messages.wording import counted, listed, shown
from nncli.scaffold.defaults import WEIGHT_DECAY, Suited, suited
from nncli.scaffold.profile import Profile, profile
from nncli.tables import reading
from nncli.tables.column import ValueKind

SCHEMA_LINE = "# yaml-language-server: $schema=nncli.schema.json"
OTHER_KEYS = (
    "# Other keys: name, gradient, record, network.bias_init, training.early_stopping. See: nncli schema"
)
TEXT_WIDTH = 106  # characters of a line before it is indented
MOST_LISTED = 8  # reasons or classes listed in a comment


FILL: dict[ValueKind, str] = {"number": "median", "boolean": "most_frequent", "category": "most_frequent"}


class Line(NamedTuple):
    """A key with its value, which a long list lets fill several lines, and what it means."""

    code: str
    comment: str


class OutputLayer(NamedTuple):
    """What a task asks of the last layer, the loss and the metrics: a value with its meaning each."""

    activation: tuple[str, str]
    loss: tuple[str, str]
    metrics: tuple[list[str], str]


SHRINKING = "steps shrink to nothing over so many epochs; keep equal to epochs"
SURPRISE = "what training makes small: the mean of -log of the probability of each row's true class"
OUTPUT_LAYERS: dict[Task, OutputLayer] = {
    "regression": OutputLayer(
        ("identity", "the output, a unit for each target, of any value"),
        ("mse", "what training makes small: the mean squared error; with mae, rows far off count less"),
        (["r2", "rmse", "mae"], "r2: 1 is perfect, 0 as good as the mean; the others in the target's unit"),
    ),
    "binary": OutputLayer(
        ("sigmoid", "the output: the probability of the second class"),
        ("binary_cross_entropy", SURPRISE),
        (["accuracy", "f1", "auc"], "accuracy: share of rows classed right; f1, auc: more of a rare class"),
    ),
    "multiclass": OutputLayer(
        ("softmax", "the output, a unit for each class: their probabilities"),
        ("cross_entropy", SURPRISE),
        (["accuracy", "f1"], "accuracy: share of rows classed right; f1: every class counts alike"),
    ),
    "multilabel": OutputLayer(
        ("sigmoid", "the output, a unit for each label: the probability that a row has it"),
        (
            "binary_cross_entropy",
            "what training makes small: the mean of -log of the probability of the truth",
        ),
        (
            ["accuracy", "f1", "auc"],
            "accuracy: share of rows with every label right; f1, auc: averages over the labels",
        ),
    ),
}

KIND_NAMES: dict[ValueKind, str] = {
    "number": "numbers",
    "boolean": "true or false",
    "category": "categories, with an input of 0 or 1 for each",
}


@dataclass(frozen=True)
class Draft:
    """A config for a table.

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
    source: Path, targets: Sequence[str], id: str | None, task: Task | None, path: Path | None = None
) -> Draft:
    """Draft a config for a table in a file.

    Parameters
    ----------
    targets : the columns to learn, at least one.
    id, task : default: detected.
    path : where the text will be saved (default: the current directory), from where the table is looked for.

    Raises
    ------
    NncliError
        If the table cannot be read, no target is named, or no config can be written for it.
    """
    table = reading.read(source, str(source))
    if not targets:
        names = f"columns: {listed(table.names)}"
        raise NncliError("--from-csv needs --target, the column to learn", hint=names)
    found = profile(table, targets, id, task)
    notes = (*([table.remark] if table.remark else []), *guesses(found))
    return Draft(config_text(found, source, path), found.task, notes)


def config_text(profile: Profile, table: Path, config: Path | None) -> str:
    """The config as YAML.

    Parameters
    ----------
    table : the file of rows.
    config : where the text will be saved, from where the table is looked for; None for the current directory.
    """
    values, output = suited(profile), OUTPUT_LAYERS[profile.task]
    path = Path(os.path.relpath(table, config.parent if config else Path())).as_posix()
    dataset = [*_columns(profile, path), *_split(profile, values), *_preprocessing(profile)]
    blocks = [
        _head(profile, table.name, config.name if config else "CONFIG"),
        ["seed: 0  # start of all randomness; the same seed gives the same numbers, another one others"],
        ["dataset:", *_indented(dataset)],
        _network(profile, values),
        [*_beside([_line("loss", *output.loss)]), "", *_beside([_line("metrics", *output.metrics)])],
        _optimizer(values),
        _training(values),
        [OTHER_KEYS],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def guesses(profile: Profile) -> list[str]:
    """What was guessed and why, for people to check."""
    found = []
    if profile.why_task:
        found.append(f"task {profile.task}: {profile.why_task}; --task says otherwise")
    if profile.why_id:
        found.append(f"id {shown(str(profile.id))}: {profile.why_id}; --id names another column")
    found += [f"left out {reason}" for reason in _reasons(profile)]
    if codes := _codes(profile):
        found.append(f"read as numbers, though perhaps codes of categories: {listed(codes)}")
    if profile.without_target:
        found.append(f"{counted(profile.without_target, 'row')} without a target will be dropped")
    return found


def _reasons(profile: Profile) -> list[str]:
    """Why columns were left out."""
    found = [f"{shown(name)} ({why})" for name, why in profile.left_out.items()]
    return _at_most(found)


def _at_most(found: list[str]) -> list[str]:
    return (
        found if len(found) <= MOST_LISTED else [*found[:MOST_LISTED], f"{len(found) - MOST_LISTED:,} more"]
    )


def _codes(profile: Profile) -> list[str]:
    return [name for name, column in profile.inputs.items() if column.codes]


def _head(profile: Profile, table: str, config: str) -> list[str]:
    sentence = f"Learn {listed(profile.targets)} from the other columns of {shown(table)}."
    words = (f"train {shown(config)}", "evaluate", "predict --input NEW_ROWS", "plot")
    return [SCHEMA_LINE, *_comment(sentence), f"# Try:  {'    '.join(f'nncli {word}' for word in words)}"]


def _columns(profile: Profile, path: str) -> list[str]:
    rows = counted(profile.rows + profile.without_target, "row")
    lines = [
        _line("path", path, f"{rows}; the path starts at this file's folder"),
        _line("targets", list(profile.targets), "what is learnt, and later predicted"),
        _line("task", profile.task, _meaning(profile)),
    ]
    if profile.id:
        words = f"stays beside its row, is not learnt from: {profile.why_id or 'as told'}"
        lines.append(_line("id", profile.id, words))
    if profile.left_out:
        words = f"what is learnt from; left out: {', '.join(_reasons(profile))}"
        lines.append(_line("inputs", list(profile.inputs), words))
    return [*_beside(lines), *_kinds(profile)]


def _meaning(profile: Profile) -> str:
    """Of the task."""
    if not profile.classes:
        return f"amounts are learnt: {profile.why_task or 'as told'}"
    rows = _at_most([f"{shown(label)} ({count:,})" for label, count in profile.classes.items()])
    why, counts = profile.why_task or "as told", ", ".join(rows)
    if profile.task == "multilabel":
        return f"labels, any number per row: {why}; rows with each: {counts}"
    return f"classes are learnt: {why}; rows of each: {counts}"


def _kinds(profile: Profile) -> list[str]:
    """How inputs are read, and how to change that."""
    found = []
    for kind, words in KIND_NAMES.items():
        names = [name for name, column in profile.inputs.items() if column.kind == kind]
        if names:
            found.append(f"as {words}: {listed(names)}")
    lines = _comment(f"Inputs are read {'; '.join(found)}.")
    if codes := _codes(profile):
        setting = yaml12.dump_flow({codes[0]: {"kind": "category"}})
        words = (
            f"Numbers that are codes of categories, perhaps {listed(codes)}, want a line in preprocessing:"
        )
        lines += [*_comment(words), f"#   columns: {setting}"]
    return lines


def _split(profile: Profile, values: Suited) -> list[str]:
    if not values.test:
        words = "too few rows to hold some out; {test: 0.2} would keep a fifth for a test"
        return _beside([_line("split", {}, words)])
    lines = []
    if values.validation:
        words = "share of the rows measured after every epoch, to see whether training goes too far"
        lines.append(_line("validation", values.validation, words))
    else:
        words = "all other rows are learnt from; a share such as 0.1 would be measured after every epoch"
        lines.append(_line("validation", 0, words))
    words = "share of the rows never learnt from: nncli evaluate measures them"
    lines.append(_line("test", values.test, words))
    if not values.stratify:
        lines.append(_line("stratify", False, "some class has too few rows to be in every part"))
    return ["split:", *_indented(_beside(lines))]


def _preprocessing(profile: Profile) -> list[str]:
    kinds = {column.kind for column in profile.inputs.values()}
    lines = []
    if "number" in kinds:
        words = "numbers get mean 0 and standard deviation 1; minmax: from 0 to 1"
        lines.append(_line("scale", "standard", words))
    lines += _missing(profile)
    if "category" in kinds:
        words = "a category that training never saw is none of the known; or error"
        lines.append(_line("unseen", "ignore", words))
    if profile.task == "regression":
        words = "targets likewise, to learn them; predictions and metrics are in their own unit"
        lines.append(_line("scale_targets", "standard", words))
    head = "preprocessing:  # fitted on the training rows alone, and kept with the weights"
    return [head, *_indented(_beside(lines))]


def _missing(profile: Profile) -> list[Line]:
    gaps = {name: column for name, column in profile.inputs.items() if column.missing}
    if not gaps and not profile.without_target:
        return [_line("missing", "error", "no input cell is empty; median would fill gaps in later rows")]
    words = f"gaps in {listed(gaps)} get the training rows' median, or most frequent category"
    if not profile.without_target:
        return [_line("missing", "median", words)]
    rows = counted(profile.without_target, "row")
    lines = [_line("missing", "drop", f"rows that miss a value are left out, as {rows} without a target")]
    own = {name: {"missing": FILL[gap.kind]} for name, gap in gaps.items()}
    return [*lines, _line("columns", own, words)] if own else lines


def _network(profile: Profile, values: Suited) -> list[str]:
    output = OUTPUT_LAYERS[profile.task]
    units = len(profile.classes) if profile.task == "multiclass" else len(profile.targets)
    lines = [
        Line(f"- {_layer(size, 'relu')}", "a hidden layer; try tanh, or more or fewer units")
        for size in values.size.hidden
    ]
    lines.append(Line(f"- {_layer(units, output.activation[0])}", output.activation[1]))
    return [
        "network:",
        "  # units: how many neurons; activation: what each does with its weighted sum",
        "  layers:  # from the first hidden layer to the output; the inputs follow from the dataset",
        *_indented(_indented(_beside(lines))),
        "  weight_init: he_uniform  # where weights start: at random, in a range that suits relu",
    ]


def _layer(units: int, activation: str) -> str:
    return yaml12.dump_flow({"units": units, "activation": activation})


def _optimizer(values: Suited) -> list[str]:
    schedule = {"name": "cosine", "over": values.epochs}
    lines = [
        _line("name", "adamw", "gradient descent with a step of its own for each weight"),
        _line("learning_rate", values.size.learning_rate, "how far each step goes"),
        _line("weight_decay", WEIGHT_DECAY, "pulls weights to 0, against learning noise by heart"),
        Line(f"schedule: {yaml12.dump_flow(schedule)}", SHRINKING),
    ]
    return ["optimizer:  # how the gradient moves the weights", *_indented(_beside(lines))]


def _training(values: Suited) -> list[str]:
    lines = [
        _line("epochs", values.epochs, "passes over the training rows"),
        _line("batch_size", values.size.batch_size, "rows per update; full takes all together"),
    ]
    return ["training:", *_indented(_beside(lines))]


def _line(key: str, value: Any, comment: str) -> Line:
    return Line(yaml12.dump({key: value}).rstrip("\n"), comment)


def _beside(lines: Sequence[Line]) -> list[str]:
    """Each line with its comment beside it, all in one column; above it where there is no room."""
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
