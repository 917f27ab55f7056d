"""Tables to compare generated configs with other learners: real ones and ones made by a formula."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn import datasets

from nncli.nn.arrays import Array
from nncli.storage.resources import folder
from nncli.tables import reading

Rows = Iterable[Sequence[object]]


class Sample(NamedTuple):
    """A table with its target, and how predictions are scored: r2, accuracy or auc."""

    rows: Callable[[], Rows]
    target: str
    score: str
    large: bool = False


def shipped(name: str) -> Rows:
    """Yield the rows of a table that nncli ships, header first."""
    with Path(str(folder("datasets") / f"{name}.csv")).open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def installed(package: str, path: str, without: Sequence[str] = ()) -> Rows:
    """Yield the rows of a table file that a package installs, except some columns."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"install {package} first: pip install .[bench]")
    table = reading.read(Path(spec.submodule_search_locations[0]) / path, path)
    names = [name for name in table.names if name not in without]
    yield names
    yield from zip(*(table.typed[name].texts for name in names), strict=True)


def bunch(load: Callable[[], Any], target: str) -> Rows:
    """Yield a classification table of scikit-learn, with the names of the classes."""
    data = load()
    yield [*(str(name) for name in data.feature_names), target]
    for x, y in zip(data.data.tolist(), data.target.tolist(), strict=True):
        yield [*x, data.target_names[y]]


def words_and_gaps() -> Rows:
    """Yield diabetes with sex and decade of age as words, and a twentieth of the input cells empty."""
    rng = random.Random(0)
    header, *rows = shipped("diabetes")
    yield header
    for age, sex, *others, progression in rows:
        cells = [f"{str(age)[0]}0s", {"1": "one", "2": "two"}[str(sex)], *others]
        yield [*("" if rng.random() < 0.05 else cell for cell in cells), progression]


def arrays(X: Array, y: Array) -> Rows:
    """Yield inputs (n, d) and targets (n,) as rows, header first."""
    yield [*(f"x{number}" for number in range(1, X.shape[1] + 1)), "y"]
    for x, target in zip(X.tolist(), y.tolist(), strict=True):
        yield [*x, target]


def sine(rows: int = 200) -> Rows:
    """Yield two periods of a sine, without noise."""
    x = np.linspace(-1, 1, rows)
    return arrays(x[:, None], np.sin(2 * np.pi * x))


def wave(rows: int = 300) -> Rows:
    """Yield a damped wave over two inputs, without noise."""
    X = np.random.default_rng(1).uniform(-2, 2, (rows, 2))
    radius = np.hypot(*X.T)
    return arrays(X, np.exp(-radius) * np.cos(3 * radius))


def product(rows: int = 200) -> Rows:
    """Yield the product of two of three inputs, without noise."""
    X = np.random.default_rng(2).uniform(-1, 1, (rows, 3))
    return arrays(X, X[:, 0] * X[:, 1])


def spirals(rows: int = 400) -> Rows:
    """Yield two interleaved spirals, without noise."""
    rng = np.random.default_rng(3)
    angle = np.sqrt(rng.uniform(0.02, 1, rows)) * 3 * np.pi
    turn = np.arange(rows) % 2
    X = np.column_stack([np.cos(angle + np.pi * turn), np.sin(angle + np.pi * turn)]) * angle[:, None]
    return named_classes(X, turn)


def named_classes(X: Array, y: Array) -> Rows:
    """Yield rows of two classes, `no` and `yes`."""
    header, *rows = arrays(X, y)
    yield header
    for *x, positive in rows:
        yield [*x, "yes" if positive else "no"]


def friedman(rows: int, noise: float) -> Rows:
    """Yield the first function of Friedman (1991): five useful inputs and five useless ones."""
    return arrays(*datasets.make_friedman1(rows, noise=noise, random_state=4))


def linear(rows: int, columns: int, noise: float, useful: int) -> Rows:
    """Yield a linear function of some of the columns, with noise."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(rows, columns))
    y = X[:, :useful] @ rng.uniform(0.5, 1.5, useful)
    return arrays(X, y + noise * y.std() * rng.normal(size=rows))


def wide_classes(rows: int = 150, columns: int = 200) -> Rows:
    """Yield two classes that three of two hundred columns tell apart."""
    rng = np.random.default_rng(6)
    X = rng.normal(size=(rows, columns))
    return named_classes(X, X[:, :3].sum(1) + rng.normal(size=rows) > 0)


def rare(rows: int, share: float, bent: float) -> Rows:
    """Yield a rare class among ten columns of mixed use; `bent` weighs the nonlinear part of its score."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows, 10))
    score = X[:, 0] + 0.7 * X[:, 1] - 0.5 * X[:, 2] + bent * (X[:, 3] * X[:, 4] + np.abs(X[:, 5]))
    score += 1.5 * rng.normal(size=rows)
    return named_classes(X, score > np.quantile(score, 1 - share))


def large_numbers(rows: int = 100_000) -> Rows:
    """Yield 100,000 rows of a curved function of eight columns, with noise."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(rows, 8))
    y = np.sin(X[:, 0] * 2) + X[:, 1] * X[:, 2] + X[:, 3] + np.abs(X[:, 4])
    return arrays(X.round(4), (y + 0.5 * rng.normal(size=rows)).round(4))


def large_classes(rows: int = 100_000) -> Rows:
    """Yield 100,000 rows, 5% of them of a class that depends on products of columns."""
    return rare(rows, 0.05, 0.7)


STATSMODELS, VEGA = "statsmodels", "vega_datasets"

SAMPLES: dict[str, Sample] = {
    "iris": Sample(lambda: shipped("iris"), "species", "accuracy"),
    "wine": Sample(lambda: bunch(datasets.load_wine, "cultivar"), "cultivar", "accuracy"),
    "breast cancer": Sample(lambda: bunch(datasets.load_breast_cancer, "diagnosis"), "diagnosis", "accuracy"),
    "digits": Sample(lambda: shipped("digits"), "digit", "accuracy"),
    "diabetes": Sample(lambda: shipped("diabetes"), "progression", "r2"),
    "diabetes, words and gaps": Sample(words_and_gaps, "progression", "r2"),
    "cars": Sample(lambda: installed(VEGA, "_data/cars.json", ["Name"]), "Miles_per_Gallon", "r2"),
    "statecrime": Sample(
        lambda: installed(STATSMODELS, "datasets/statecrime/statecrime.csv", ["state"]), "murder", "r2"
    ),
    "ccard": Sample(lambda: installed(STATSMODELS, "datasets/ccard/ccard.csv"), "AVGEXP", "r2"),
    "scotvote": Sample(
        lambda: installed(STATSMODELS, "datasets/scotland/scotvote.csv", ["COUNCILDIST"]), "YES", "r2"
    ),
    "engel": Sample(lambda: installed(STATSMODELS, "datasets/engel/engel.csv"), "foodexp", "r2"),
    "grunfeld": Sample(lambda: installed(STATSMODELS, "datasets/grunfeld/grunfeld.csv"), "invest", "r2"),
    "anes96": Sample(lambda: installed(STATSMODELS, "datasets/anes96/anes96.csv"), "'vote'", "accuracy"),
    "fair": Sample(lambda: installed(STATSMODELS, "datasets/fair/fair.csv"), "rate_marriage", "accuracy"),
    "modechoice": Sample(
        lambda: installed(STATSMODELS, "datasets/modechoice/modechoice.csv"), "choice", "auc"
    ),
    "linear, 50 rows": Sample(lambda: linear(50, 8, 0.7, 4), "y", "r2"),
    "linear, 500 rows": Sample(lambda: linear(500, 10, 1.0, 5), "y", "r2"),
    "wide, 150 x 200": Sample(lambda: linear(150, 200, 0.3, 10), "y", "r2"),
    "wide classes, 150 x 200": Sample(wide_classes, "y", "accuracy"),
    "sine": Sample(sine, "y", "r2"),
    "damped wave": Sample(wave, "y", "r2"),
    "product": Sample(product, "y", "r2"),
    "two spirals": Sample(spirals, "y", "accuracy"),
    "friedman": Sample(lambda: friedman(400, 0.0), "y", "r2"),
    "friedman, noisy": Sample(lambda: friedman(400, 2.0), "y", "r2"),
    "rare 2%": Sample(lambda: rare(2_000, 0.02, 0.3), "y", "auc"),
    "rare 5%": Sample(lambda: rare(1_000, 0.05, 0.7), "y", "auc"),
    "rare 9%": Sample(lambda: rare(600, 0.09, 0.5), "y", "auc"),
    "rare 10%, linear": Sample(lambda: rare(1_500, 0.10, 0.0), "y", "auc"),
    "large": Sample(large_numbers, "y", "r2", large=True),
    "large, rare 5%": Sample(large_classes, "y", "auc", large=True),
}
