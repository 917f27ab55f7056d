"""Values of the wrong type are answered by an example that the schema accepts, commas by the number meant."""

from __future__ import annotations

import pytest

from nncli.config import parse_config
from nncli.config.document import Loc, dotted
from nncli.config.numerals import meant_numbers
from nncli.config.overrides import Override
from nncli.config.remedies import EXAMPLES
from nncli.config.schema_tree import places_of_keys, whole_schema
from nncli.messages.errors import ConfigError

SOUND = """\
dataset: {path: t.csv, targets: [y]}
network: {layers: [{units: 1}]}
"""
PLACES = [
    (around, key, entries[0] if entries else None)
    for key, places in places_of_keys().items()
    for around, entries in places.items()
]
WRONG = ["null", "qqq", "true", "3.5", "[[[]]]", "[]", "{qqq: 1}"]


def parsed(text: str, *overrides: Override) -> list[ConfigError]:
    try:
        parse_config(text.encode(), "c.yaml", overrides)
    except ConfigError as error:
        return [error, *error.others]
    return []


def errors_at(around: Loc, key: str, entry: str | None, value: str) -> list[ConfigError]:
    given = [Override(dotted((*around, "name")), entry)] if entry else []
    place = dotted((*around, key))
    found = parsed(SOUND, *given, Override(place, value))
    return [error for error in found if f"{place}: expected" in error.message]


@pytest.mark.parametrize(("around", "key", "entry"), PLACES)
def test_an_example_for_every_key_is_accepted(around: Loc, key: str, entry: str | None) -> None:
    for wrong in WRONG:
        for error in errors_at(around, key, entry, wrong):
            assert error.hint is not None or "expected text" in error.message or "[low" in error.message
            hint = (error.hint or "").removesuffix(", or remove the key")
            for lead in (" such as ", "write, for example, "):
                if lead in hint:
                    assert not errors_at(around, key, entry, hint.partition(lead)[2])


def test_there_is_an_example_for_every_mapping() -> None:
    models = {name for name, node in whole_schema()["$defs"].items() if "name" not in node["properties"]}
    assert EXAMPLES.keys() == models | {"DatasetConfig"}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("seed: random", "write a whole number such as 0"),
        ("seed: null", "write a whole number such as 0, or remove the key"),
        ("metrics: mae, mse", "write [mae, mse]"),
        ("training: null", "write a mapping such as {epochs: 1000}, or remove the key"),
        ("name: 5", "write '5'"),
        ("training: {epochs: 1.5}", "write a whole number such as 1000"),
        ('training: {epochs: "1,000"}', "write 1000"),
        ("training: {batch_size: all}", "did you mean full?"),
        ("optimizer: {name: sgd, learning_rate: '0,01'}", "write 0.01"),
        ("optimizer: {name: sgd, learning_rate: 0,01}", "write 0.01"),
        ("optimizer: {name: sgd, learning_rate: 0,1e-3, momentum: 0}", "write 0.1e-3"),
        ("optimizer: {name: sgd, learning_rate: 1.000,5}", "write 1000.5"),
        ("optimizer: {name: Adamm, learning_rate: 0,01}", "write 0.01"),
        ("network: {layers: [{units: 1, bias_init: {name: normal, mean: -0,5}}]}", "write -0.5"),
        ("network: {layers: [null]}", "write a layer such as {units: 8, activation: tanh}"),
        ("dataset: {path: t.csv, targets: 'price, tax'}", "write [price, tax]"),
        ("training: {early_stopping: soon}", "write a mapping such as {patience: 10}"),
        ("training: {stop_when: soon}", "write a mapping such as {loss_below: 0.01}"),
    ],
)
def test_the_value_found_is_written_out_where_it_is_clear(line: str, hint: str) -> None:
    top = line.partition(":")[0]
    text = "".join(f"{own}\n" for own in SOUND.splitlines() if not own.startswith(f"{top}:")) + line
    assert hint in [error.hint for error in parsed(text)]
    assert len(parsed(text)) == (2 if "Adamm" in line else 1)


@pytest.mark.parametrize("flag", ["--set", "--learning-rate"])
def test_a_decimal_comma_in_an_option(flag: str) -> None:
    [error] = parsed(SOUND, Override("optimizer.learning_rate", "0,01", flag))
    assert error.hint == "write 0.01"


@pytest.mark.parametrize(
    ("text", "numbers", "whole"),
    [
        ("0,01", ["0.01"], []),
        ("-0,5", ["-0.5"], []),
        ("1.000,5", ["1000.5"], []),
        ("1,000.5", ["1000.5"], []),
        ("0,1e-3", ["0.1e-3"], []),
        ("1E3", ["1e3"], ["1e3"]),
        ("1,000", ["1000", "1.000"], ["1000"]),
        ("1,000,000", ["1000000"], ["1000000"]),
        ("1.000.000", ["1000000"], ["1000000"]),
        ("1 000", ["1000"], ["1000"]),
        ("1_000", ["1000"], ["1000"]),
        ("1,2,3", [], []),
        ("12.34,5", [], []),
        ("1 2", [], []),
        ("fast", [], []),
        ("", [], []),
    ],
)
def test_readings_of_a_number(text: str, numbers: list[str], whole: list[str]) -> None:
    assert meant_numbers(text, whole=False) == numbers
    assert meant_numbers(text, whole=True) == whole


@pytest.mark.parametrize("optimizer", ["{01, name: sgd}", "{name: sgd, 01}", "{name: sgd, 01: 5}"])
def test_a_key_of_digits_without_a_number_before_it_is_no_decimal_comma(optimizer: str) -> None:
    text = f"dataset: xor\nnetwork: {{layers: [1]}}\noptimizer: {optimizer}\n"
    with pytest.raises(ConfigError, match="unknown key") as caught:
        parse_config(text.encode(), "c.yaml")
    assert "decimal comma" not in str(caught.value)
