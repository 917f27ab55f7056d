"""Unknown options and superfluous words: answered with the line to type, by meaning before spelling."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import typer

from nncli.cli.misplaced import NUMBERS, PICTURES, SETTING
from nncli.messages.errors import NncliError
from nncli.messages.suggestions import nearest
from nncli.messages.wording import shown

# typer exports only the last of its error classes.
UsageError: Any = typer.BadParameter.__base__

# Names that other tools use -> options, config keys (with =) or arguments (in capitals) of nncli, best first.
SYNONYMS_OF_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "activation": ("network.activation=",),
    "batch": ("training.batch_size=",),
    "batch-size": ("training.batch_size=",),
    "c": ("CONFIG",),
    "cfg": ("CONFIG",),
    "checkpoint": ("--run",),
    "clobber": ("--overwrite",),
    "column": ("--target",),
    "config": ("CONFIG",),
    "config-file": ("CONFIG",),
    "continue": ("--resume",),
    "count": ("-n", "--trials"),
    "csv": ("--input", "--from-csv", "dataset.path="),
    "data": ("--input", "--from-csv", "dataset.path="),
    "dataset": ("--input", "--from-csv", "dataset.path="),
    "dest": ("--output",),
    "dir": ("--output", "--run"),
    "dry-run": ("--smoke",),
    "dtype": ("training.dtype=",),
    "e": ("--epochs", "--epoch"),
    "early-stopping": ("training.early_stopping=",),
    "engine": ("training.engine=",),
    "epoch": ("--epochs",),
    "epochs": ("--epoch",),
    "eta": ("--learning-rate",),
    "ext": ("--format",),
    "f": ("--overwrite", "--format"),
    "fail": ("--fail-if",),
    "file": ("--input", "--from-csv", "CONFIG"),
    "force": ("--overwrite",),
    "from": ("--from-csv", "--input"),
    "hidden": ("network.hidden=",),
    "id-column": ("--id",),
    "in": ("--input", "--from-csv"),
    "info": ("--verbose",),
    "kind": ("KIND", "--task"),
    "label": ("--target",),
    "loss": ("loss=",),
    "lr": ("--learning-rate",),
    "max-epochs": ("--epochs",),
    "max-iter": ("--epochs",),
    "model": ("--run",),
    "momentum": ("optimizer.momentum=",),
    "n": ("-n", "--trials"),
    "n-epochs": ("--epochs",),
    "n-jobs": ("--workers",),
    "n-seeds": ("-n",),
    "n-splits": ("--folds",),
    "n-trials": ("--trials",),
    "name": ("--run", "name="),
    "num-epochs": ("--epochs",),
    "num-seeds": ("-n",),
    "optim": ("optimizer=",),
    "optimizer": ("optimizer=",),
    "out": ("--output",),
    "outdir": ("--output",),
    "output-dir": ("--output",),
    "override": ("--set",),
    "param": ("--set",),
    "patience": ("training.early_stopping.patience=",),
    "probabilities": ("--proba",),
    "probs": ("--proba",),
    "random-seed": ("--seed",),
    "random-state": ("--seed",),
    "rate": ("--learning-rate",),
    "replace": ("--overwrite",),
    "restart": ("--resume", "--overwrite"),
    "row": ("--values",),
    "s": ("--seed", "--set"),
    "save": ("--output",),
    "seeds": ("-n", "--seed"),
    "set": ("--part",),
    "silent": ("--quiet",),
    "split": ("--part",),
    "subset": ("--part",),
    "t": ("--target",),
    "table": ("--input", "--from-csv"),
    "template": ("TEMPLATE",),
    "test": ("--part", "--smoke"),
    "test-size": ("dataset.split.test=",),
    "to": ("--output",),
    "tol": ("--tolerance",),
    "trace": ("--debug",),
    "traceback": ("--debug",),
    "type": ("--format", "--task"),
    "v": ("--version",),
    "validation": ("dataset.split.validation=",),
    "validation-split": ("dataset.split.validation=",),
    "verbosity": ("--verbose",),
    "weight-decay": ("optimizer.weight_decay=",),
    "weights": ("--run",),
    "x": ("--input", "--values"),
    "y": ("--target", "--overwrite"),
    "yes": ("--overwrite",),
}

# Words of pydantic about a value -> ours.
EXPECTED: Mapping[str, str] = {
    "Input should be a valid integer": "expected a whole number",
    "Input should be a valid number": "expected a number",
}

# Messages of typer -> ours.
PROBLEMS: Mapping[str, str] = {
    r"Missing argument '(.+)'\.": r"missing argument \1",
    r"Option '(.+)' requires an argument\.": r"\1: missing value",
    r"Option '(.+)' does not take a value\.": r"\1 takes no value",
}

# Words that belong to an option: their form -> options, best first.
WORDS_OF_OPTIONS: Mapping[str, tuple[str, ...]] = {
    SETTING: ("--set", "--at"),
    NUMBERS: ("--values",),
    r".+\.(csv|tsv|txt|tab|data|dat|ndjson|jsonl|json|parquet|xlsx|arff)(\.(gz|bz2|xz|zip))?": (
        "--input",
        "--from-csv",
    ),
    rf".+({'|'.join(map(re.escape, PICTURES))})": ("--output",),
}


def explained(error: Any, command: Any, context: Any, typed: Sequence[str]) -> Any:
    """Return an error with the line to type in place of one about the words of a command; else the same.

    Parameters
    ----------
    error : raised by typer.
    typed : the words after the name of the command.
    """
    error.ctx = error.ctx or context
    lines = _Lines(command, context, typed)
    if hasattr(error, "possibilities"):
        return lines.without_option(error.option_name)
    extra = command.make_parser(context).parse_args(args=[*typed])[1] if "extra arg" in str(error) else []
    return lines.without_word(extra[0]) if extra else error


def misplaced_option(typed: Sequence[str], commands: Collection[str]) -> NncliError | None:
    """Return an error for an option before the name of a command; None if no command follows it."""
    if len(typed) < 2 or typed[1] not in commands:
        return None
    option, *rest = typed
    hint = f"type: {shlex.join(['nncli', *rest, option])}"
    return NncliError(f"option {shown(option)} must follow the command", hint=hint)


def wrong_value(error: Any, typed: Sequence[str]) -> NncliError:
    """Return the error of an option's value, in the words that config keys have too."""
    problem = _wrong(error, typed)
    command = error.ctx.command_path if error.ctx else "nncli"
    given = re.fullmatch(r"(-\S+) (.+): expected one of: (.+)", problem)
    near = nearest(given[2], given[3].split(", ")) if given else None
    hint = f"did you mean {given[1]} {near}?" if given and near else f"run {command} --help"
    return NncliError(problem, hint=hint)


def _wrong(error: Any, typed: Sequence[str]) -> str:
    words = str(error.format_message()).replace("Value error, ", "")  # pydantic's, about a choice
    for theirs, ours in PROBLEMS.items():
        if found := re.fullmatch(theirs, words):
            return found.expand(ours).replace("'", "")
    expected = next((ours for theirs, ours in EXPECTED.items() if theirs in words), None)
    if limit := re.search(r"Input should be (less|greater) than or equal to (\S+)", words):
        expected = f"must be {'<=' if limit[1] == 'less' else '>='} {limit[2]}"
    elif choices := re.search(r" is not one of (.+)\.$", words):
        expected = f"expected one of: {choices[1]}".replace("'", "")
    spellings = getattr(getattr(error, "param", None), "opts", ())
    option = next((spelling for spelling in spellings if spelling in words), None)
    if expected is None or option is None:
        return words
    values = [value for word, value in pairwise(typed) if word == option]
    values += [word.partition("=")[2] for word in typed if word.startswith(f"{option}=")]
    return f"{option} {shown(values[-1])}: {expected}" if values else f"{option}: {expected}"


class _Lines:
    """Lines to type instead of one that was typed."""

    def __init__(self, command: Any, context: Any, typed: Sequence[str]) -> None:
        parameters = command.get_params(context)
        self.path = context.command_path
        self.typed = list(typed)
        self.options = {spelling: each for each in parameters for spelling in each.opts if each.opts}
        self.arguments = {
            name
            for each in parameters
            if each.param_type_name == "argument"
            for name in str(each.metavar).split("|")
        }

    def without_option(self, name: str) -> NncliError:
        """Return the error of an option that the command does not have."""
        place = next((k for k, word in enumerate(self.typed) if word.startswith(name)), None)
        if place is None:  # one letter of several, such as the z of -vz
            flag = next((word[:2] for word in self.typed if re.match("-[^-]=", word)), None)
            if flag and name == "-=":  # a letter that takes a value takes all that follows it
                return self._error(f"{flag} takes no value", None, "")
            return self._error(f"unknown option {shown(name)}", None, "")
        if re.fullmatch(NUMBERS, self.typed[place]):  # the first is negative
            return self.without_word(self.typed[place])
        bare, _, value = self.typed[place].partition("=")
        if bare == "--set" and re.fullmatch(SETTING, " ".join([value, *self.typed[place + 1 :]][-1:])):
            problem = f"{self.path.split()[-1]} has no --set: it uses the settings of the run"
            return NncliError(problem, hint="train another run: nncli train CONFIG --set KEY=VALUE")
        before, after = self.typed[:place], self.typed[place + 1 :]
        meant = next(self._meant(bare), None)
        if meant is None:
            return self._error(f"unknown option {shown(bare)}", None, "")
        if meant.startswith("-"):
            flag = self.options[meant].is_flag
            words = [meant] if flag or not value else [meant, value]
            return self._error(f"unknown option {shown(bare)}", [*before, *words, *after], meant)
        values = [value] if value else after[:1]
        rest = after if value else after[1:]
        words = values if meant.isupper() else ["--set", meant + (values[0] if values else "VALUE")]
        return self._error(f"unknown option {shown(bare)}", [*before, *words, *rest], "")

    def without_word(self, word: str) -> NncliError:
        """Return the error of a word for which the command has no place."""
        place = len(self.typed) - 1 - self.typed[::-1].index(word)
        meant = self._option_of(word)
        if meant is None:  # another word may have taken its place
            places = [k for k in range(place) if not set(self.typed[max(0, k - 1) : k + 1]) & {*self.options}]
            found = ((k, self._option_of(self.typed[k])) for k in places)
            place, meant = next(((k, option) for k, option in found if option), (place, None))
        words = [*self.typed[:place], meant, *self.typed[place:]] if meant else None
        return self._error(f"unexpected argument '{shown(self.typed[place])}'", words, "")

    def _option_of(self, word: str) -> str | None:
        """Return the option of this command that a word belongs to by its form, if any."""
        fitting = (names for form, names in WORDS_OF_OPTIONS.items() if re.fullmatch(form, word))
        return next((each for names in fitting for each in names if each in self.options), None)

    def _meant(self, bare: str) -> Iterator[str]:
        """Yield what an unknown option may stand for, best first."""
        key = bare.lstrip("-").replace("_", "-").lower()
        if f"--{key}" in self.options:
            yield f"--{key}"
        for synonym in SYNONYMS_OF_OPTIONS.get(key, ()):
            keys = synonym.endswith("=") and "--set" in self.options
            if keys or synonym in self.options or synonym in self.arguments:
                yield synonym
        # A name of another tool is no misspelling.
        long = [each[2:] for each in self.options if each.startswith("--") and each != "--help"]
        if key not in SYNONYMS_OF_OPTIONS and (near := nearest(key, long)):
            yield f"--{near}"

    def _error(self, problem: str, words: Sequence[str] | None, option: str) -> NncliError:
        if words is None:
            return NncliError(problem, hint=f"run {self.path} --help")
        question = f"did you mean {option}? " if option else ""
        return NncliError(problem, hint=f"{question}type: {shlex.join([*self.path.split(), *words])}")
