"""Different seeds: how often training reaches a target, and how many minima it ends in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isclose
from typing import Any

import numpy as np

from nncli.inference.conditions import Condition, baselines_by_name, by_name, measured_names
from nncli.many.trainings import Trained, train_each
from nncli.messages.errors import NncliError
from nncli.messages.notebook import html_table
from nncli.messages.wording import measured
from nncli.nn.arrays import Array
from nncli.training.baselines import Baselines
from nncli.training.experiment import Experiment
from nncli.training.model import Model

SAME_MINIMUM = 1e-3  # relative difference of losses up to which they are of one minimum
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class SeedResult:
    """The training from one seed.

    Attributes
    ----------
    seed : `seed.training` of the config.
    epochs : complete epochs.
    loss : on the training set, of the weights that a run would save.
    metrics : loss and metrics by name, as in `--fail-if`.
    reached : True if the target is met; None without a target.
    model : the trained network.
    divergence : message of the error if training diverged; else None.
    """

    seed: int
    epochs: int
    loss: float
    metrics: dict[str, float]
    reached: bool | None
    model: Model
    divergence: str | None


@dataclass(frozen=True)
class Minimum:
    """Trainings that end at the same loss.

    Attributes
    ----------
    loss : the lowest of theirs.
    seeds : their seeds.
    """

    loss: float
    seeds: list[int]


@dataclass(frozen=True)
class SeedStudy:
    """The trainings of one config from several random seeds, in the order of the seeds."""

    results: list[SeedResult]
    target: Condition | None

    @property
    def finished(self) -> list[SeedResult]:
        """The trainings that did not diverge."""
        return [result for result in self.results if result.divergence is None]

    @property
    def diverged(self) -> list[int]:
        """The seeds whose training diverged."""
        return [result.seed for result in self.results if result.divergence is not None]

    @property
    def missed(self) -> list[int]:
        """The seeds whose training did not diverge, but misses the target; none without a target."""
        return [result.seed for result in self.finished if result.reached is False]

    @property
    def share(self) -> float | None:
        """The fraction of all trainings that reach the target; None without a target."""
        if self.target is None:
            return None
        return sum(result.reached is True for result in self.results) / len(self.results)

    def quartiles(self, name: str = "train_loss") -> Array:
        """Return lowest value, lower quartile, median, upper quartile and highest value of a result (5,).

        Diverged trainings do not count; without any other, all are NaN.
        """
        values = [result.metrics[name] for result in self.finished]
        return np.quantile(values, [0, 0.25, 0.5, 0.75, 1]) if values else np.full(5, np.nan)

    @cached_property
    def minima(self) -> list[Minimum]:
        """The distinct final training losses, lowest first.

        Losses within 0.1 % of the lowest of a group belong to it.
        """
        found: list[Minimum] = []
        for result in sorted(self.finished, key=lambda each: each.loss):
            if found and isclose(found[-1].loss, result.loss, rel_tol=SAME_MINIMUM):
                found[-1].seeds.append(result.seed)
            else:
                found.append(Minimum(result.loss, [result.seed]))
        return found

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of `--json`, and of seeds.json."""
        names = ("lowest", "lower_quartile", "median", "upper_quartile", "highest")
        return {
            "target": str(self.target) if self.target else None,
            "share": self.share,
            "loss": dict(zip(names, self.quartiles().tolist(), strict=True)),
            "minima": [{"loss": minimum.loss, "seeds": minimum.seeds} for minimum in self.minima],
            "missed": self.missed,
            "diverged": self.diverged,
            "seeds": [
                {
                    "seed": result.seed,
                    "epochs": result.epochs,
                    "reached": result.reached,
                    "diverged": result.divergence,
                    "metrics": result.metrics,
                }
                for result in self.results
            ],
        }

    def _repr_html_(self) -> str:
        names = [name for name in ("train_loss", self.target and self.target.name) if name]
        rows = [(name, *map(measured, self.quartiles(name).tolist())) for name in dict.fromkeys(names)]
        return html_table(rows, ("", "lowest", "lower quartile", "median", "upper quartile", "highest"))


@dataclass(frozen=True)
class SeedPlan:
    """The trainings from several random seeds before they begin."""

    experiment: Experiment
    seeds: Sequence[int]
    target: Condition | None
    baselines: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, experiment: Experiment, count: int, target: str | None) -> SeedPlan:
        """Plan to train `count` times, with `seed.training` of the config as the first seed.

        Raises
        ------
        NncliError
            If the count or the target cannot be used.
        """
        first = experiment.config.seed.training
        if first + count - 1 > LARGEST_SEED:
            problem = f"{count:,} seeds from {first} exceed the largest, {LARGEST_SEED}"
            raise NncliError(problem, hint="set a smaller seed.training")
        if count < 1:
            raise NncliError(f"expected at least 1 seed, found n = {count}", hint="use -n 50")
        condition, baselines = None, {}
        if target is not None:
            condition = Condition.parse(target, measured_names(experiment), "--target")
        if condition and condition.reference:
            baselines = baselines_by_name(Baselines(experiment).results_by_part)
            if condition.reference not in baselines:
                problem = f"--target '{condition}': no {condition.reference} result was computed"
                raise NncliError(problem, hint="compare with a number")
        return cls(experiment, range(first, first + count), condition, baselines)

    def seeded(self, seed: int) -> Experiment:
        """Return the experiment from another start seed, on the same rows."""
        return self.experiment.changed(self.experiment.config.changed(("seed", "training"), seed))

    @property
    def starts_alike(self) -> bool:
        """True if every seed gives the same initial weights, because the config sets them as numbers."""
        others = self.seeds[1:2]
        return any(np.array_equal(self.experiment.initial, self.seeded(seed).initial) for seed in others)

    def trained(self) -> Iterator[SeedResult]:
        """Train from the seeds one by one."""
        results = train_each(map(self.seeded, self.seeds))
        for seed, result in zip(self.seeds, results, strict=True):
            yield self._result(seed, result)

    def _result(self, seed: int, result: Trained) -> SeedResult:
        metrics, reached = by_name(result.results), None
        if self.target:
            reached = result.divergence is None and self.target.holds(metrics, self.baselines)
        return SeedResult(
            seed=seed,
            epochs=result.epochs,
            loss=metrics["train_loss"],
            metrics=metrics,
            reached=reached,
            model=result.model,
            divergence=result.divergence,
        )

    def outcome(self, results: Sequence[SeedResult]) -> SeedStudy:
        """Return the results of all seeds together."""
        return SeedStudy(list(results), self.target)
