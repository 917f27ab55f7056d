"""Unknown options and superfluous words: the line to type, with options that the command has."""

from __future__ import annotations

import shlex
from itertools import cycle, product
from pathlib import Path

import pytest

from nncli.cli import registry
from nncli.cli.misplaced import PICTURES
from nncli.cli.mistyped import SYNONYMS_OF_OPTIONS, WORDS_OF_OPTIONS
from nncli.storage.lookup import TABLES
from tests.cli.conftest import Command

LEARNING_RATE = "did you mean --learning-rate? type: nncli train x.yaml --learning-rate"


def spellings(command: str) -> set[str]:
    """Every option of a command as it can be typed."""
    parameters = registry.LazyCommands({"help_option_names": ["-h", "--help"]})[command].params
    return {spelling for each in parameters if each.param_type_name == "option" for spelling in each.opts}


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("train x.yaml --lr 0.1", f"{LEARNING_RATE} 0.1"),
        ("train x.yaml --lr=0.1", f"{LEARNING_RATE} 0.1"),
        ("train x.yaml -lr 0.1", f"{LEARNING_RATE} 0.1"),
        ("train x.yaml --learning_rate 0.1", f"{LEARNING_RATE} 0.1"),
        ("train x.yaml --epoch 5 -q", "did you mean --epochs? type: nncli train x.yaml --epochs 5 -q"),
        ("train x.yaml --batch 8 -q", "type: nncli train x.yaml --set training.batch_size=8 -q"),
        ("train x.yaml --batch-size=8", "type: nncli train x.yaml --set training.batch_size=8"),
        ("train x.yaml --momentum", "type: nncli train x.yaml --set optimizer.momentum=VALUE"),
        ("train x.yaml --out a", "did you mean --output? type: nncli train x.yaml --output a"),
        ("train --config x.yaml", "type: nncli train x.yaml"),
        ("check --config=x.yaml -q", "type: nncli check x.yaml -q"),
        ("gradcheck --config x.yaml", "type: nncli gradcheck x.yaml"),
        ("init xor --force", "did you mean --overwrite? type: nncli init xor --overwrite"),
        ("init --data t.csv", "did you mean --from-csv? type: nncli init --from-csv t.csv"),
        ("init xor --kind binary", "did you mean --task? type: nncli init xor --task binary"),
        ("predict --data t.csv", "did you mean --input? type: nncli predict --input t.csv"),
        ("evaluate --csv=t.csv", "did you mean --input? type: nncli evaluate --input t.csv"),
        ("evaluate --set test", "did you mean --part? type: nncli evaluate --part test"),
        ("predict --model xor", "did you mean --run? type: nncli predict --run xor"),
        ("predict --epochs 3", "did you mean --epoch? type: nncli predict --epoch 3"),
        ("plot --kind loss", "type: nncli plot loss"),
        ("runs --verbosity", "did you mean --verbose? type: nncli runs --verbose"),
        ("plot --loss", "run nncli plot --help"),
        ("train x.yaml --sed 3", "did you mean --seed? type: nncli train x.yaml --seed 3"),
        ("train x.yaml --zzz", "run nncli train --help"),
        ("train x.yaml -vz", "run nncli train --help"),
    ],
)
def test_an_unknown_option_is_answered_by_meaning_before_spelling(
    nncli: Command, typed: str, hint: str
) -> None:
    result = nncli(*typed.split())
    assert (result.code, result.out) == (2, "")
    problem, answer = result.err.splitlines()
    assert problem.startswith("error: unknown option -")
    assert answer == f"hint: {hint}"


@pytest.mark.parametrize(
    ("typed", "problem", "hint"),
    [
        ("predict --on-error skp", "expected one of: stop, skip", "did you mean --on-error skip?"),
        ("evaluate --part tset", "expected one of: train, validation, test", "did you mean --part test?"),
        ("plot --theme drak", "expected one of: light, dark, print", "did you mean --theme dark?"),
        ("plot --theme x", "expected one of: light, dark, print", "run nncli plot --help"),
        ("predict --threshold 2", "must be <= 1", "run nncli predict --help"),
    ],
)
def test_a_wrong_choice_is_answered_by_the_one_meant(
    nncli: Command, typed: str, problem: str, hint: str
) -> None:
    result = nncli(*typed.split())
    option = typed.partition(" ")[2]
    assert (result.code, result.out, result.err) == (2, "", f"error: {option}: {problem}\nhint: {hint}\n")


FLAGS = ["--{}", "--{}=1", "--{} 1"]


@pytest.mark.parametrize("command", registry.command_names())
def test_a_suggested_option_exists(nncli: Command, command: str, long: bool) -> None:
    known = spellings(command)
    synonyms = [each for each in SYNONYMS_OF_OPTIONS if f"--{each}" not in known]
    # A third of the synonyms, a different third for the next command, each in one of the three ways to type
    # it; with --long all of them in all three ways.
    third = synonyms[registry.command_names().index(command) % 3 :: 3]
    tried = product(synonyms, FLAGS) if long else zip(third, cycle(FLAGS), strict=False)
    for synonym, flag in tried:
        result = nncli(command, *flag.format(synonym).split())
        assert result.code == 2
        assert result.err.startswith(f"error: unknown option --{synonym}\nhint: ")
        _, found, line = result.err.partition("type: ")
        words = shlex.split(line) if found else []
        assert {word for word in words if word.startswith("--")} <= known


NUMBERS_OF_OPTIONS = [
    ("seeds", "-n", "a whole number"),
    ("cv", "--folds", "a whole number"),
    ("sweep", "--workers", "a whole number"),
    ("plot", "--dpi", "a whole number"),
    ("reproduce", "--tolerance", "a number"),
]


@pytest.mark.parametrize(("command", "option", "expected"), NUMBERS_OF_OPTIONS)
def test_a_wrong_number_is_named_as_in_a_config(
    nncli: Command, command: str, option: str, expected: str
) -> None:
    for typed in ([option, "many"], [f"{option}=many"])[: 2 if option.startswith("--") else 1]:
        result = nncli(command, *typed)
        assert result.code == 2
        assert result.err.startswith(f"error: {option} many: expected {expected}\nhint: run nncli {command}")


@pytest.mark.parametrize("command", registry.command_names())
def test_no_option_answers_in_the_words_of_a_library(nncli: Command, command: str) -> None:
    for option in sorted(spellings(command) - {"--help", "-h", "--debug"}):
        result = nncli(command, option, "-1.5x")
        assert "Input should" not in result.err
        assert "unable to parse" not in result.err


def test_every_synonym_leads_somewhere() -> None:
    options = {each for command in registry.command_names() for each in spellings(command)} | {"--version"}
    arguments = {"CONFIG", "RUN", "KIND", "TEMPLATE"}
    for meant in SYNONYMS_OF_OPTIONS.values():
        assert all(each in options | arguments or each.endswith("=") for each in meant)
    for meant in WORDS_OF_OPTIONS.values():
        assert options.issuperset(meant)


def test_the_forms_of_files_are_those_of_the_program() -> None:
    (tables,) = (form for form in WORDS_OF_OPTIONS if "parquet" in form)
    assert all(ending.removeprefix(".") in tables for ending in TABLES.endings)
    (pictures,) = (form for form in WORDS_OF_OPTIONS if "png" in form)
    assert all(ending.removeprefix(".") in pictures for ending in PICTURES)


@pytest.mark.parametrize(
    ("typed", "word", "hint"),
    [
        (
            "train x.yaml optimizer.learning_rate=0.1 -q",
            "optimizer.learning_rate=0.1",
            "type: nncli train x.yaml --set optimizer.learning_rate=0.1 -q",
        ),
        (
            "train optimizer.learning_rate=0.1 x.yaml -q",
            "optimizer.learning_rate=0.1",
            "type: nncli train --set optimizer.learning_rate=0.1 x.yaml -q",
        ),
        ("predict -1,0 -q", "-1,0", "type: nncli predict --values -1,0 -q"),
        ("check x.yaml seed=1", "seed=1", "type: nncli check x.yaml --set seed=1"),
        ("gradcheck x.yaml seed=1", "seed=1", "type: nncli gradcheck x.yaml --set seed=1"),
        ("predict xor t.csv", "t.csv", "type: nncli predict xor --input t.csv"),
        ("evaluate xor t.csv.gz", "t.csv.gz", "type: nncli evaluate xor --input t.csv.gz"),
        ("predict xor 1,0", "1,0", "type: nncli predict xor --values 1,0"),
        ("init xor t.csv", "t.csv", "type: nncli init xor --from-csv t.csv"),
        ("resume xor t.csv", "t.csv", "run nncli resume --help"),
        ("schema more", "more", "run nncli schema --help"),
    ],
)
def test_a_superfluous_word_is_answered_with_its_option(
    nncli: Command, typed: str, word: str, hint: str
) -> None:
    assert nncli(*typed.split()) == (2, "", f"error: unexpected argument '{word}'\nhint: {hint}\n")


def test_an_option_before_the_command_is_moved(nncli: Command) -> None:
    assert nncli("--quiet", "train", "xor.yaml").err == (
        "error: option --quiet must follow the command\nhint: type: nncli train xor.yaml --quiet\n"
    )
    assert (
        nncli("-V").err == "error: unknown option -V\nhint: did you mean --version? type: nncli --version\n"
    )


def test_a_table_in_place_of_a_template_is_taken_as_the_table(nncli: Command) -> None:
    Path("t.csv").write_text("x,y\n" + "1.5,2\n3,4.5\n5,6\n" * 5)
    by_option = nncli("init", "--from-csv", "t.csv", "--target", "y", "-o", "-")
    assert nncli("init", "t.csv", "--target", "y", "-o", "-") == by_option
    assert by_option.code == 0


@pytest.mark.parametrize("command", registry.command_names())
@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_help_shows_plain_options_and_two_examples(
    nncli: Command, monkeypatch: pytest.MonkeyPatch, command: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = nncli(command, "--help").out
    assert "<" not in text.replace("accuracy < 0.9", "").replace("mse <", "")
    assert "[[" not in text
    examples = text.partition("\nExamples\n")[2]
    assert sum(line.startswith("  nncli") for line in examples.splitlines()) == 2


def test_short_flag_with_a_value_is_named(nncli: Command) -> None:
    result = nncli("check", "xor.yaml", "-q=1")
    assert result.code == 2
    assert result.err == "error: -q takes no value\nhint: run nncli check --help\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["seeds", "xor.yaml", "--count", "2"], "nncli seeds xor.yaml -n 2"),
        (["sweep", "xor.yaml", "--n-jobs", "2"], "nncli sweep xor.yaml --workers 2"),
        (["cv", "xor.yaml", "--n-splits=3"], "nncli cv xor.yaml --folds 3"),
    ],
)
def test_option_of_many_runs_by_its_name_elsewhere(nncli: Command, words: list[str], line: str) -> None:
    assert line in nncli(*words).err


def test_an_unrelated_option_is_not_suggested(nncli: Command) -> None:
    assert "did you mean" not in nncli("train", "xor.yaml", "--count", "2").err
