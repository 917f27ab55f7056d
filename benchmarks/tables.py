"""Compare configs that `nncli init --from-csv` generates with other learners, on held-out rows.

For every table and seed, a config is generated and trained. The learners beside it get the same training rows
(and the validation rows, if the config holds some out), with inputs encoded and missing values filled alike:

- scikit-learn's MLPClassifier or MLPRegressor with its defaults, inputs and targets scaled;
- a linear model: RidgeCV or LogisticRegression, inputs scaled;
- gradient boosting: HistGradientBoostingClassifier or HistGradientBoostingRegressor.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m benchmarks.tables [--seeds 10] [--tables NAME ...]
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.sample_tables import SAMPLES, Sample
from nncli.config import Override, load_config
from nncli.data.columns import Dataset
from nncli.nn.arrays import Array
from nncli.scaffold.from_table import draft
from nncli.training import loop
from nncli.training.experiment import Experiment, build

NNCLI, MLP, LINEAR, BOOSTING = "nncli", "MLP", "linear", "boosting"
LEARNERS = (NNCLI, MLP, LINEAR, BOOSTING)
ALPHAS = np.logspace(-3, 4, 22)
SEEDS_OF_LARGE = 3
UNSCALED = [Override(f"dataset.preprocessing.{key}", "none") for key in ("scale", "scale_targets")]

Found = Mapping[str, Array]  # learner -> its score for each seed


def written(sample: Sample, place: Path) -> Path:
    """Write a sample as a CSV file."""
    table = place / "table.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(sample.rows())
    return table


def generated(table: Path, target: str, seed: int) -> Path:
    """Write the config that `init` generates for a table."""
    config = table.with_suffix(".yaml")
    config.write_text(draft(table, [target], None, None, config, seed=seed).text, encoding="utf-8")
    return config


def outputs_of_nncli(experiment: Experiment) -> Array:
    """Train, and return the outputs for the test rows (n, outputs), in the unit of the targets."""
    *_, last = loop.train(experiment)
    parameters = last.progress.parameters(experiment)
    outputs = experiment.network.predict(parameters, experiment.rows.held_out["test"].X)
    return experiment.rows.training.columns.unscaled(outputs)


def codes(targets: Array, task: str) -> Array:
    """Return targets (n, outputs) as one number per row: a value, or the number of a class."""
    if task == "regression" or targets.shape[1] == 1:
        return targets[:, 0]
    return targets.argmax(axis=1)


def scored(score: str, truth: Array, outputs: Array) -> float:
    """Score outputs: values or probabilities (n, outputs)."""
    if score == "r2":
        return float(r2_score(truth, outputs[:, 0]))
    positive = outputs[:, -1]
    if score == "auc":
        return float(roc_auc_score(truth, positive))
    predicted = outputs.argmax(axis=1) if outputs.shape[1] > 1 else positive >= 0.5
    return float(accuracy_score(truth, predicted))


def learning_rows(experiment: Experiment) -> tuple[Array, Array]:
    """Return inputs and targets of every row that is not held out for the test."""
    parts = [experiment.rows.training]
    if validation := experiment.rows.held_out.get("validation"):
        parts.append(validation)
    X, Y = np.vstack([part.X for part in parts]), np.vstack([part.expected for part in parts])
    return X, Y


def regressors(seed: int) -> dict[str, Any]:
    """Return the learners of numbers."""
    network = make_pipeline(StandardScaler(), MLPRegressor(random_state=seed))
    return {
        MLP: TransformedTargetRegressor(network, transformer=StandardScaler()),
        LINEAR: make_pipeline(StandardScaler(), RidgeCV(ALPHAS)),
        BOOSTING: HistGradientBoostingRegressor(random_state=seed),
    }


def classifiers(seed: int) -> dict[str, Any]:
    """Return the learners of classes."""
    return {
        MLP: make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)),
        LINEAR: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
        BOOSTING: HistGradientBoostingClassifier(random_state=seed),
    }


def outputs_of(learner: Any, X: Array, task: str) -> Array:
    """Return predicted values or probabilities (n, outputs) of a learner of scikit-learn."""
    if task == "regression":
        return np.asarray(learner.predict(X)).reshape(len(X), -1)
    return np.asarray(learner.predict_proba(X))


def measured(table: Path, sample: Sample, seed: int) -> dict[str, float]:
    """Return the score of every learner with one seed."""
    config = generated(table, sample.target, seed)
    experiment = build(load_config(config))
    plain = build(load_config(config, UNSCALED))
    test: Dataset = plain.rows.held_out["test"]
    task = plain.rows.training.columns.task
    truth = codes(test.expected, task)
    found = {NNCLI: scored(sample.score, truth, outputs_of_nncli(experiment))}
    X, Y = learning_rows(plain)
    learners: Callable[[int], dict[str, Any]] = regressors if task == "regression" else classifiers
    for name, learner in learners(seed).items():
        learner.fit(X, codes(Y, task))
        found[name] = scored(sample.score, truth, outputs_of(learner, test.X, task))
    return found


def of_all_seeds(sample: Sample, seeds: int) -> tuple[int, Found]:
    """Return the number of rows, and the scores of every learner."""
    with tempfile.TemporaryDirectory() as place:
        table = written(sample, Path(place))
        used = min(seeds, SEEDS_OF_LARGE) if sample.large else seeds
        found = [measured(table, sample, seed) for seed in range(used)]
        with table.open(encoding="utf-8") as file:
            rows = sum(1 for _ in file) - 1
    return rows, {name: np.array([one[name] for one in found]) for name in LEARNERS}


def difference(found: Found, others: Sequence[str]) -> tuple[float, float]:
    """Return how far nncli's score is above the best of other learners, and the standard error.

    The best is the learner with the highest median. The difference is the median over the seeds, each
    with the same rows for both learners.
    """
    best = max(others, key=lambda name: float(np.median(found[name])))
    differences = found[NNCLI] - found[best]
    return float(np.median(differences)), float(differences.std(ddof=1) / np.sqrt(len(differences)))


def spread(scores: Array) -> str:
    """Return a median with its quartiles."""
    low, middle, high = np.quantile(scores, [0.25, 0.5, 0.75])
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


HEAD = f"| table | rows | score | {' | '.join(LEARNERS)} | to linear | to the better of linear and MLP |"


def line(name: str, sample: Sample, rows: int, found: Found) -> str:
    """Return a line of the Markdown table."""
    cells = [f"{rows:,}", sample.score, *(spread(found[learner]) for learner in LEARNERS)]
    for others in ((LINEAR,), (LINEAR, MLP)):
        middle, error = difference(found, others)
        cells.append(f"{middle:+.3f} ± {error:.3f}")
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Measure the tables and print the scores."""
    parser = argparse.ArgumentParser(description="Compare generated configs with other learners.")
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds, at least 2 (default: 10)")
    parser.add_argument("--tables", nargs="+", choices=SAMPLES, default=list(SAMPLES), metavar="NAME")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # scikit-learn's defaults are kept
    began, every = time.perf_counter(), []
    print(f"{HEAD}\n|---|---:|---|{'---:|' * (len(LEARNERS) + 2)}")
    for name in arguments.tables:
        rows, found = of_all_seeds(SAMPLES[name], arguments.seeds)
        every.append(found)
        print(line(name, SAMPLES[name], rows, found), flush=True)
    seconds = time.perf_counter() - began
    medians = [difference(found, (LINEAR, MLP))[0] for found in every]
    worst = [name for name, found in zip(arguments.tables, every, strict=True) if is_below_linear(found)]
    print(f"\n{arguments.seeds} seeds ({SEEDS_OF_LARGE} for large tables), {seconds:.0f} s")
    print(f"median difference to the better of linear and MLP: {np.median(medians):+.3f}")
    print(f"more than 0.02 and a standard error below linear: {', '.join(worst) or 'none'}")


def is_below_linear(found: Found) -> bool:
    """Tell whether nncli is more than 0.02 and a standard error below the linear model."""
    middle, error = difference(found, (LINEAR,))
    return middle + error < -0.02


if __name__ == "__main__":
    main()
