"""Intervals of metrics: how far they could be off because only some rows were measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nncli.nn.arrays import Array

FEWEST_MEASURED = 20  # of fewer, an interval would promise too much
RESAMPLES = 1000
MOST_DRAWN = 5000  # rows of a resample; 1,000 of them take about half a second
CONFIDENCE = 0.95
DEVIATIONS = 1.959964  # standard deviations of a normal distribution on each side that hold CONFIDENCE of it

Measure = Callable[[Array], Mapping[str, float]]


def bootstrap(measure: Measure, rows: int) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of each metric by the percentile bootstrap; none of fewer than 20 rows.

    The rows are drawn with replacement 1,000 times, and the interval leaves out the lowest and the highest
    2.5 % of the metrics (Efron & Tibshirani 1993, An Introduction to the Bootstrap, section 13.3). Of more
    than 5,000 rows so many are drawn, and deviations shrink by the root of drawn / rows (Bickel, Götze & van
    Zwet 1997, Resampling fewer than n observations, Statistica Sinica 7). The draws are the same every time.

    Parameters
    ----------
    measure : positions of rows (d,), repeated ones too, to metrics by name.
    """
    if rows < FEWEST_MEASURED:
        return {}
    rng = np.random.default_rng(0)
    drawn = min(rows, MOST_DRAWN)
    whole = measure(np.arange(rows))
    found = [measure(rng.integers(rows, size=drawn)) for _ in range(RESAMPLES)]
    intervals = {}
    for name, value in whole.items():
        values = np.array([each[name] for each in found])
        deviations = (values[np.isfinite(values)] - value) * np.sqrt(drawn / rows)
        if len(deviations) and np.isfinite(value):
            low, high = np.quantile(deviations, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]).tolist()
            intervals[name] = (value + low, value + high)
    return intervals


def share_interval(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of rows, such as the accuracy, by Wilson's score.

    Unlike the bootstrap, it also tells how far a share of 0 or 1 could be off (Wilson 1927, Probable
    inference, the law of succession, and statistical inference, Journal of the American Statistical
    Association 22).
    """
    squared = DEVIATIONS**2 / rows
    middle = (share + squared / 2) / (1 + squared)
    half = np.sqrt(share * (1 - share) * squared + squared**2 / 4) / (1 + squared)
    # Rounding must not leave 0 or 1 just outside.
    return float(min(middle - half, share)), float(max(middle + half, share))
