"""What the scikit-learn estimator adds to the time of the training loop, on the digits.

The loop trains an experiment that is already built; `fit` checks the arrays, builds the experiment and runs
the same loop. They take turns in one process, on one thread.

    python -m benchmarks.estimator [--turns 15] [--epochs 100]

Measured 2026-11-28 on one core shared with other work, with Python 3.11 and scikit-learn 1.9: medians of the
processor time.

    1,797 rows, 100 epochs, engine numpy, 15 turns
    loop 0.457 s  fit 0.462 s  median of the differences in a turn +0.8%

    1,797 rows, 20 epochs, engine numpy, 15 turns
    loop 0.104 s  fit 0.105 s  median of the differences in a turn +4.2%
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

from sklearn.datasets import load_digits

from nncli.engines import threads
from nncli.sklearn import NetworkClassifier
from nncli.training import loop
from nncli.training.experiment import Experiment
from nncli.training.loop import Progress, Report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--epochs", type=int, default=100)
    asked = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    X /= 16.0
    model = NetworkClassifier(epochs=asked.epochs, random_state=0)
    built = built_by(lambda: model.fit(X, y))
    pairs = [(seconds(lambda: train(built)), seconds(lambda: model.fit(X, y))) for _ in range(asked.turns)]
    by_loop, by_fit = (statistics.median(each) for each in zip(*pairs, strict=True))
    more = statistics.median(fit / alone - 1 for alone, fit in pairs)
    print(f"{len(X):,} rows, {asked.epochs} epochs, engine {built.engine_name}, {asked.turns} turns")
    print(f"loop {by_loop:.3f} s  fit {by_fit:.3f} s  median of the differences in a turn {more:+.1%}")


def built_by(fit: Callable[[], object]) -> Experiment:
    """The experiment that a fit trains."""
    found: list[Experiment] = []

    def noted(built: Experiment, since: Progress) -> Iterator[Report]:
        found.append(built)
        yield from original(built, since)

    original, loop.train = loop.train, noted
    fit()
    loop.train = original
    return found[0]


def train(built: Experiment) -> None:
    with threads.limited(built.threads):
        for _ in loop.train(built):
            pass


def seconds(work: Callable[[], object]) -> float:
    """Processor time, which other work on the machine disturbs less."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
