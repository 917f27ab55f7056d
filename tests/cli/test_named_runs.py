"""A run by position or with --run, in every command, and files that stand in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nncli.cli import registry
from tests.cli.conftest import Command

BY_POSITION = ["predict", "evaluate", "plot", "gradcheck", "trace", "reproduce", "resume", "runs", "export"]


def test_every_command_with_run_in_its_arguments_has_the_option() -> None:
    commands = registry.LazyCommands({})
    for name in registry.command_names():
        parameters = commands[name].params
        by_position = any(
            each.param_type_name == "argument" and "RUN" in each.metavar.split("|") for each in parameters
        )
        has_option = any("--run" in each.opts for each in parameters)
        assert by_position == has_option == (name in (*BY_POSITION, "compare", "report"))


@pytest.mark.parametrize("command", BY_POSITION)
@pytest.mark.parametrize("reference", ["xor", "runs/xor", "runs/xor/weights.npz"])
def test_a_run_is_found_by_position_and_by_option(trained: Command, command: str, reference: str) -> None:
    if command == "resume" and reference.endswith(".npz"):
        pytest.skip("weights alone cannot be resumed")
    kinds = {"plot": ["loss"], "export": ["--to", "json"]}.get(command, [])
    by_position = trained(command, *kinds, reference, "-q", "--json")
    by_option = trained(command, *kinds, "--run", reference, "-q", "--json")
    assert by_position.code == by_option.code == 0
    first, second = (json.loads(result.out) for result in (by_position, by_option))
    assert first == second


def test_runs_to_compare_are_found_by_position_and_by_option(trained: Command) -> None:
    assert trained("train", "xor.yaml", "-q", "--seed", "1").code == 0
    both = [["xor", "xor-2"], ["xor", "--run", "xor-2"], ["--run", "xor", "--run", "runs/xor-2"]]
    first, *others = (json.loads(trained("compare", *words, "-q", "--json").out) for words in both)
    assert all(found == first for found in others)


@pytest.mark.parametrize("command", ["predict", "evaluate", "gradcheck", "reproduce", "resume"])
def test_two_runs_are_refused_where_one_is_used(trained: Command, command: str) -> None:
    assert trained(command, "xor", "--run", "other") == (
        2,
        "",
        "error: run 'xor' and --run other cannot be combined\nhint: remove one of the two\n",
    )


# The pictures that fit it are drawn in a moment.
FEW = """
dataset: {columns: [x, y], rows: [[1, 2], [2, 4]], targets: [y]}
network: {layers: [{units: 1, bias: false}]}
training: {epochs: 30}
"""


def test_plot_takes_kinds_and_runs_in_any_order(trained: Command) -> None:
    for words in (["loss", "xor"], ["xor", "loss"]):
        assert trained("plot", *words, "-q").out == "runs/xor/plots/loss.svg\n"
    Path("few.yaml").write_text(FEW)
    trained("train", "few.yaml", "-q")
    everything = trained("plot", "few", "-q").out.split()
    assert len(everything) > 5
    assert everything == trained("plot", "-q").out.split()


def test_plot_takes_several_runs(trained: Command) -> None:
    trained("train", "xor.yaml", "--epochs", "3", "-q")
    by_position = trained("plot", "loss", "xor", "xor-2", "--json")
    assert by_position.code == 0
    by_option = trained("plot", "loss", "--run", "xor", "--run", "xor-2", "--json")
    assert by_position.out == by_option.out


def test_a_kind_has_priority_over_a_run_of_its_name(trained: Command) -> None:
    Path("runs/xor").rename("runs/loss")
    assert trained("plot", "loss", "-q").out == "runs/loss/plots/loss.svg\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            "plot loss.png",
            "loss.png is an output file, not a kind of plot\nhint: type: nncli plot loss -o loss.png",
        ),
        (
            "plot my.pdf",
            "my.pdf is an output file, not a kind of plot\nhint: type: nncli plot loss -o my.pdf",
        ),
        ("plot xro", "no run or kind of plot named 'xro'\nhint: type: nncli plot xor"),
        ("predict new.csv", "new.csv is a table, not a run\nhint: type: nncli predict -i new.csv"),
        ("evaluate new.csv.gz", "new.csv.gz is a table, not a run\nhint: type: nncli evaluate -i new.csv.gz"),
        (
            "predict new.csv --run xor",
            "new.csv is a table, not a run\nhint: type: nncli predict xor -i new.csv",
        ),
        ("resume new.csv", "new.csv is a table, not a run\nhint: give the name of a run instead"),
        ("predict xor.yaml", "xor.yaml is a config, not a run\nhint: type: nncli predict xor"),
        ("evaluate --run xor.yaml", "xor.yaml is a config, not a run\nhint: type: nncli evaluate xor"),
        ("reproduce xor.yaml", "xor.yaml is a config, not a run\nhint: type: nncli reproduce xor"),
        ("resume xor.yaml", "xor.yaml is a config, not a run\nhint: type: nncli resume xor"),
        ("resume b.yaml", "b.yaml is a config, not a run\nhint: train it first: nncli train b.yaml"),
        ("train --resume xor", "xor is a run, not a config\nhint: resume it with: nncli resume xor"),
        ("train seed=1", "seed=1 is a setting, not a config\nhint: type: nncli train CONFIG --set seed=1"),
        ("predict 1,0", "1,0 is a row, not a run\nhint: type: nncli predict --values 1,0"),
        ("runs xro", "xro: no such run\nhint: choose from the runs here: xor"),
    ],
)
def test_another_word_is_answered_with_the_line_to_type(trained: Command, words: str, error: str) -> None:
    assert trained(*words.split()) == (2, "", f"error: {error}\n")


@pytest.mark.parametrize("command", ["train", "check"])
def test_a_run_in_place_of_a_config_is_answered_with_its_config(trained: Command, command: str) -> None:
    Path("xor.yaml").unlink()
    result = trained(command, "xor")
    assert result.err == (
        f"error: xor is a run, not a config\nhint: type: nncli {command} runs/xor/config.yaml\n"
    )
