"""A config written for somebody's own table: every key is explained, and it trains as it comes."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.config import Override, load_config, parse_config
from nncli.messages.errors import DataError
from nncli.scaffold.choice import NetworkChoice
from nncli.scaffold.defaults import BY_ROWS, COMPARED, Candidate, by_rows, defaults_for
from nncli.scaffold.from_table import SCHEMA_LINE, config_text, guesses
from nncli.scaffold.profile import Profile, profile
from nncli.storage.resources import folder
from nncli.tables import reading
from nncli.training.experiment import build
from tests import stepwise

DATASETS = Path(str(folder("datasets")))
CASES = 400
REAL = {"iris": "species", "diabetes": "progression", "digits": "digit"}


def profile_of(text: str, *targets: str) -> Profile:
    return profile(reading.parse_csv(text, "t.csv"), targets)


def written(folder: Path, text: str, *targets: str) -> Path:
    """The path of the config for a table."""
    table, config = folder / "t.csv", folder / "t.yaml"
    table.write_text(text, encoding="utf-8", newline="")
    found = profile(reading.read(table, "t.csv"), targets)
    config.write_text(config_text(found, table, config), encoding="utf-8")
    return config


def rows(count: int, **columns: Sequence[Any]) -> str:
    """A table of `count` rows, each column repeating its cells."""
    lines = [columns, *([cells[row % len(cells)] for cells in columns.values()] for row in range(count))]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
MIXED = rows(
    60,
    person=[f"P{number}" for number in range(60)],
    age=["", *PRIMES],
    smoker=["yes", "no", "no"],
    city=["Rome", "Oslo", "São Paulo", ""],
    grade=[1, 2, 3, 2],
    joined=["2020-01-02"],
    country=["FR"],
    income=[f"{prime * prime}.5" for prime in [*PRIMES, 41]],
)


def test_what_was_guessed_is_reported_with_how_to_change_it() -> None:
    table = rows(30, order_id=range(30), size=[1, 2, 3], width=PRIMES, kind=[4.5, "", 3.25, 2.75, 8.5, 9.25])
    assert guesses(profile_of(table, "kind")) == [
        "detected task regression (the target has 5 different numbers); use --task to change it",
        "detected identifier column 'order_id' (named like an id, unique values); "
        "use --id to choose another column",
        "the numbers in column 'size' may be codes of categories; if so, set kind: category in "
        "dataset.preprocessing.columns",
        "5 rows without a target value will be dropped",
    ]


def test_the_text_is_stable() -> None:
    assert config_text(profile_of(MIXED, "income"), Path("data/t.csv"), Path("t.yaml")) == EXPECTED


EXPECTED = """\
# yaml-language-server: $schema=nncli.schema.json
# Predict income from the other columns of t.csv.
# Try:  nncli train t.yaml    nncli evaluate    nncli predict --input NEW_ROWS    nncli plot

seed: 0  # random seed; the same seed gives the same result

dataset:
  path: data/t.csv   # 60 rows; relative to the directory of this file
  targets: [income]  # what to predict
  task: regression   # predict numbers: the target has 13 different numbers
  id: person         # identifier, copied to the predictions, not an input: unique text in every row
  # columns that are not inputs: joined ('2020-01-02' in every row), country ('FR' in every row)
  exclude: [joined, country]
  # Read as numbers: age, grade. Read as true or false: smoker. Read as categories, with one input (0 or
  # 1) for each category: city.
  # If numbers are category codes, as grade may be, add a line to preprocessing:
  #   columns: {grade: {kind: category}}
  split:
    validation: 0  # no validation set; a fraction such as 0.1 would be evaluated after every epoch
    test: 0.2      # fraction of rows held out as the test set; nncli evaluate reports on them
  preprocessing:  # fitted on the training set only, and saved with the weights
    scale: standard          # scale numbers to mean 0 and standard deviation 1; minmax: to the range 0 to 1
    # missing values in age, city become the median or most frequent value of the training set
    missing: median
    unseen: ignore           # encode a category that is not in the training set as unknown; error: reject it
    scale_targets: standard  # scale targets for training; predictions and metrics stay in their own unit

network:
  # units: number of neurons; activation: function of each neuron's weighted sum
  layers:  # from the first hidden layer to the output layer; inputs come from the dataset
    - {units: 64, activation: relu}     # hidden layer; try tanh, or more or fewer units
    - {units: 1, activation: identity}  # output layer: one unit per target, any value
  weight_init: he_uniform  # random initial weights, in a range that suits relu

loss: mse  # loss to minimize: mean squared error; mae is less sensitive to outliers

# r2: 1 is perfect, 0 equals predicting the mean; rmse and mae: in the target's unit
metrics: [r2, rmse, mae]

optimizer:  # how weights are updated
  name: adamw          # gradient descent with an adaptive step per weight
  learning_rate: 0.01  # step size
  weight_decay: 0.3    # shrinks the weights, which reduces overfitting
  # learning rate decays to 0 over this many epochs; keep equal to epochs
  schedule: {name: cosine, over: 200}

training:
  epochs: 200     # passes over the training set
  batch_size: 32  # rows per update; full: all rows at once

# Other keys: name, gradient, record, network.bias_init, training.early_stopping. See: nncli schema
"""


@pytest.mark.parametrize("name", REAL)
def test_the_templates_of_real_tables_are_what_their_tables_ask_for(name: str) -> None:
    table = DATASETS / f"{name}.csv"
    found = profile(reading.read(table, table.name), [REAL[name]])
    own = parse_config(config_text(found, table, None).encode(), "own.yaml")
    template = load_config(Path(str(folder("configs"))) / f"{name}.yaml")
    for key in ("seed", "network", "loss", "metrics", "gradient", "optimizer", "training", "record"):
        assert getattr(own, key) == getattr(template, key)
    for key in ("split", "preprocessing"):
        assert getattr(own.dataset, key) == getattr(template.dataset, key)


def keys_of(text: str) -> list[tuple[str, bool]]:
    """Each line that has a key, and whether a comment stands beside it or above."""
    found, above = [], False
    for line in text.splitlines():
        comment = re.match(r" *# *\S", line) is not None
        if re.match(r" *(- )?[\w{]", line):
            found.append((line, above or re.search(r" # \w", line) is not None))
        above = comment
    return found


@pytest.mark.parametrize("task", ["amount", "two", "three"])
@pytest.mark.parametrize("count", [6, 60, 1200])
def test_every_key_is_explained(task: str, count: int) -> None:
    targets = {"amount": PRIMES, "two": ["a", "b"], "three": ["a", "b", "a", "c", "b", "c"]}
    text = rows(
        count,
        x=["0.5", "", "2.5", "0", "7"],
        flag=["yes", "no"],
        city=["Rome", "Oslo", ""],
        empty=[5],
        y=targets[task],
    )
    made = config_text(profile_of(text, "y"), Path("t.csv"), Path("t.yaml"))
    unexplained = [line for line, explained in keys_of(made) if not explained]
    # A mapping's head is explained by the keys below it.
    assert [line.strip() for line in unexplained if not line.endswith(":")] == []
    assert made.startswith(f"{SCHEMA_LINE}\n# Predict y from the other columns of t.csv.\n")
    assert max(map(len, made.splitlines())) <= 120


@pytest.mark.parametrize("count", [4, 19, 20, 999, 1000, 9_999, 10_000, 100_000, 10_000_000])
def test_sizes_follow_the_rows_alone(count: int) -> None:
    small = profile_of(rows(60, x=[*PRIMES, 4], y=["0.5", "1.5", "7"]), "y")
    large = Profile(**{**vars(small), "rows": count})
    candidate = by_rows(large)
    values = defaults_for(large, candidate)
    training_rows = count * (1 - values.test - values.validation)
    assert (values.test > 0) == (count >= 20)
    assert (values.validation > 0) == (count >= 1000)
    assert candidate in BY_ROWS.values()
    assert values.epochs * training_rows / min(training_rows, candidate.batch_size) >= candidate.updates * 0.9
    needed = candidate.updates * candidate.batch_size / training_rows
    assert values.epochs == candidate.epochs or needed > candidate.epochs


@pytest.mark.parametrize("candidate", COMPARED)
@pytest.mark.parametrize("target", ["amount", "two", "three"])
def test_every_network_that_is_compared_makes_a_config_that_explains_every_key(
    candidate: Candidate, target: str
) -> None:
    text = rows(60, x=PRIMES, amount=["0.5", "1.5", "7"], two=["a", "b"], three=["a", "b", "c"])
    losses = dict.fromkeys(COMPARED, 0.5)
    made = config_text(profile_of(text, target), Path("t.csv"), None, choice=NetworkChoice(candidate, losses))
    assert [line for line, explained in keys_of(made) if not explained and not line.endswith(":")] == []
    config = parse_config(made.encode(), "t.yaml")
    assert tuple(layer.units for layer in config.network.layers[:-1]) == candidate.hidden
    assert max(map(len, made.splitlines())) <= 120


CELLS = {
    "whole": [str(number) for number in range(-4, 30)],
    "decimal": ["0.5", "-1.25", "3e2", "+7", ".5", "1e-3", "12.", "100", "0", "-0.0"],
    "few": ["0", "1", "2"],
    "truth": ["true", "false", "TRUE"],
    "category": ["red", "green", "dark blue", "a, b", 'say "x"', "ß", "#1", "- x", "~", "null", "a: b"],
    "day": ["2020-01-02", "2021-03-04"],
}
EMPTY = ["", "", "NA", "?", "none"]
HEADERS = [
    "x", "y", "id", "Id", "no", "off", "null", "true", "1e3", "12:30", "a b", "a: b", "a #b", "#a", "- a",
    "[a]", "{a}", "&a", "*a", "!a", "%a", "@a", "`a", "?", "~", "|", ">", "'a'", "a, b", "größe", "漢字",
    "a\\b", "🙂", "x" * 150, "\u00a0", "a\u2028b", "=1+1", "<<", "...", "---", "path", "a\tb",
]  # fmt: skip


def random_table(rng: random.Random) -> tuple[str, str]:
    """The text of a table, and its target."""
    header = rng.sample(HEADERS, rng.randint(2, 8))
    count = rng.choice([3, 4, 5, 8, 19, 20, 21, 40, 100])
    columns = {}
    for name in header:
        cells, gaps = CELLS[rng.choice([*CELLS])], rng.choice([0, 0, 0.1, 0.6])
        cells = cells[: rng.randint(1, len(cells))]
        columns[name] = [
            rng.choice(EMPTY) if rng.random() < gaps else rng.choice(cells) for _ in range(count)
        ]
    return rows(count, **columns), rng.choice(header)


@pytest.mark.parametrize("start", range(4))
def test_a_random_table_trains_as_it_comes_or_is_refused_in_words(start: int, tmp_path: Path) -> None:
    refused, losses = [], []
    for seed in range(start, CASES, 4):
        text, target = random_table(random.Random(seed))
        try:
            config = written(tmp_path, text, target)
        except DataError as error:
            refused.append(error.message)
        else:
            *_, last = stepwise.train(build(load_config(config, [Override("training.epochs", "2")])))
            losses.append(last.loss)
    assert all(message.startswith("t.csv:") for message in refused)
    assert np.isfinite(losses).all()
    assert min(len(refused), len(losses)) > CASES / 4 / 10
