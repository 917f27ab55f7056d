"""How well `nncli init --from-csv`, as it comes, predicts rows held out, beside scikit-learn's defaults.

For every table a config is written and trained with ten seeds, each with a split and a start of its own.
The same layers go to MLPClassifier or MLPRegressor with scikit-learn's defaults after a StandardScaler, for
the same training rows, inputs encoded and gaps filled alike; the score is accuracy or R2 of the same test
rows. Beside it, for information: scikit-learn with the validation rows to learn from as well, with early
stopping, and with scaled targets. It fails where nncli's median is more than 0.01 below scikit-learn's.

    python -m benchmarks.tables [--seeds 10]
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nncli.config import Override, load_config
from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.scaffold.from_table import config_text
from nncli.scaffold.profile import profile
from nncli.storage.resources import folder
from nncli.tables import reading
from nncli.training import loop
from nncli.training.experiment import Experiment, build

ALLOWED = 0.01  # below scikit-learn
AS_THEY_ARE = [Override(f"dataset.preprocessing.{key}", "none") for key in ("scale", "scale_targets")]

Rows = Iterable[Sequence[object]]


@dataclass
class Scores:
    """Of one table, a number for each seed."""

    name: str
    rows: int = 0
    layers: str = ""
    found: dict[str, list[float]] = field(default_factory=dict)

    def add(self, learner: str, score: float) -> None:
        """Note the score of a seed."""
        self.found.setdefault(learner, []).append(score)

    @property
    def difference(self) -> float:
        """How far nncli's median is above scikit-learn's."""
        return median(self.found["nncli"]) - median(self.found[SKLEARN])


SKLEARN, AND_VALIDATION = "scikit-learn", "and validation rows"
STOPPED, SCALED = "early stopping", "scaled targets"
LEARNERS = ["nncli", SKLEARN, AND_VALIDATION, STOPPED, SCALED]


def builtin(name: str) -> Rows:
    with Path(str(folder("datasets") / f"{name}.csv")).open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def bunch(load: Callable[[], Any], target: str, numbered: bool) -> Rows:
    """A table that comes with scikit-learn, classes by name."""
    data = load()
    yield [*(str(name) for name in data.feature_names), target]
    for x, y in zip(data.data.tolist(), data.target.tolist(), strict=True):
        yield [*x, y if numbered else data.target_names[y]]


def with_words_and_gaps() -> Rows:
    """Diabetes with sex and tens of years as words, and a twentieth of the inputs' cells emptied."""
    rng = random.Random(0)
    header, *rows = builtin("diabetes")
    yield header
    for age, sex, *others, progression in rows:
        cells = [f"{str(age)[0]}0s", {"1": "one", "2": "two"}[str(sex)], *others]
        yield [*("" if rng.random() < 0.05 else cell for cell in cells), progression]


TABLES: dict[str, tuple[Callable[[], Rows], str]] = {
    "iris": (lambda: builtin("iris"), "species"),
    "diabetes": (lambda: builtin("diabetes"), "progression"),
    "digits": (lambda: builtin("digits"), "digit"),
    "wine": (lambda: bunch(datasets.load_wine, "cultivar", False), "cultivar"),
    "breast cancer": (lambda: bunch(datasets.load_breast_cancer, "diagnosis", False), "diagnosis"),
    "diabetes, words and gaps": (with_words_and_gaps, "progression"),
}


def written(rows: Rows, target: str, place: Path) -> Path:
    """The config that `init --from-csv` writes for a table, with the table beside it."""
    table, config = place / "table.csv", place / "table.yaml"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    found = profile(reading.read(table, table.name), [target])
    config.write_text(config_text(found, table, config), encoding="utf-8")
    return config


def trained(experiment: Experiment) -> Array:
    """What nncli predicts for the test rows: codes of classes, or values."""
    *_, last = loop.train(experiment)
    test = experiment.rows.held_out["test"]
    outputs = experiment.network.predict(last.state.parameters, test.X)
    return answers(experiment.rows.training.columns.unscaled(outputs), test)


def answers(outputs: Array, rows: Dataset) -> Array:
    """(n,) of outputs or targets (n, outputs)."""
    if rows.columns.task == "regression":
        return outputs[:, 0]
    return outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] >= 0.5).astype(int)


def measured(scores: Scores, config: Path, seed: int) -> None:
    """Add what every learner scores with one seed."""
    as_it_comes = load_config(config, [Override("seed", str(seed))])
    experiment = build(as_it_comes)
    plain = build(load_config(config, [Override("seed", str(seed)), *AS_THEY_ARE]))
    test = plain.rows.held_out["test"]
    regression = plain.rows.training.columns.task == "regression"
    score = r2_score if regression else accuracy_score
    truth = answers(test.expected, test)
    learner = MLPRegressor if regression else MLPClassifier
    hidden = tuple(layer.units for layer in as_it_comes.network.layers[:-1])
    X, y = plain.rows.training.X, answers(plain.rows.training.expected, plain.rows.training)

    def beside(name: str, X: Array, y: Array, **options: Any) -> None:
        network = learner(hidden_layer_sizes=hidden, random_state=seed, **options)
        pipeline = make_pipeline(StandardScaler(), network)
        if name == SCALED:
            pipeline = TransformedTargetRegressor(pipeline, transformer=StandardScaler())
        scores.add(name, score(truth, pipeline.fit(X, y).predict(test.X)))

    scores.rows, scores.layers = len(plain.rows.whole), "-".join(map(str, hidden))
    scores.add("nncli", score(truth, trained(experiment)))
    beside(SKLEARN, X, y)
    beside(STOPPED, X, y, early_stopping=True)
    if validation := plain.rows.held_out.get("validation"):
        both = np.vstack([X, validation.X]), np.append(y, answers(validation.expected, validation))
        beside(AND_VALIDATION, *both)
    if regression:
        beside(SCALED, X, y)


def printed(every: Sequence[Scores]) -> None:
    """The medians as a table in Markdown."""
    print(f"| table | rows | hidden | {' | '.join(LEARNERS[:2])} | difference | {' | '.join(LEARNERS[2:])} |")
    print(f"|---|{'---:|' * (len(LEARNERS) + 3)}")
    for one in every:
        cells = [f"{median(one.found[name]):.4f}" if name in one.found else "" for name in LEARNERS]
        cells.insert(2, f"{one.difference:+.4f}")
        print(f"| {one.name} | {one.rows:,} | {one.layers} | {' | '.join(cells)} |")


def main() -> None:
    """Measure every table and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore", ConvergenceWarning)  # its defaults, as they come
    every = []
    began = time.perf_counter()
    for name, (rows, target) in TABLES.items():
        scores = Scores(name)
        with tempfile.TemporaryDirectory() as place:
            config = written(rows(), target, Path(place))
            for seed in range(seeds):
                measured(scores, config, seed)
        every.append(scores)
    printed(every)
    print(f"\nmedians of {seeds} seeds, in {time.perf_counter() - began:.0f} s")
    below = [one.name for one in every if one.difference < -ALLOWED]
    if below:
        sys.exit(f"more than {ALLOWED} below scikit-learn: {', '.join(below)}")


if __name__ == "__main__":
    main()
