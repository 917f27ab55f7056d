"""Searches that learn, values in the config, pruning, and the limits of a sweep."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nncli
from nncli.config import Config, Override, load_config
from nncli.many.pool import Processes
from nncli.many.sweeps.folder import opened_sweep
from nncli.many.sweeps.plan import SweepOptions, SweepPlan
from nncli.many.sweeps.pruning import FIRST_STEP, STEPS, Limits
from nncli.many.sweeps.queue import NO_LIMIT, Budget
from nncli.many.sweeps.search import ParzenSearch
from nncli.many.sweeps.space import Axis, Space
from nncli.many.sweeps.trial import SweepTrial
from nncli.messages.errors import ConfigError

IRIS: dict[str, Any] = {
    "dataset": {"name": "iris", "split": {"validation": 0.2}},
    "network": {"hidden": [8]},
    "metrics": ["accuracy"],
    "optimizer": "adam",
    "training": {"epochs": 20},
    "sweep": {
        "optimizer.learning_rate": {"log": [1e-4, 1]},
        "network.hidden": [[4], [8], [8, 4]],
        "training.batch_size": {"uniform": [8, 32]},
    },
}
TPE = SweepOptions(search="tpe", trials=16)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained(
    folder: str, options: SweepOptions, workers: int = 1, budget: Budget = NO_LIMIT
) -> list[SweepTrial]:
    plan = SweepPlan.of(Config.of(IRIS), [], options)
    with opened_sweep(Path(folder), plan.identity) as opened:
        return sorted(plan.trained(opened, Processes(workers), budget), key=lambda trial: trial.number)


def test_values_of_the_config_are_those_of_the_same_text() -> None:
    texts = [
        "optimizer.learning_rate=log:0.0001..1",
        "network.hidden=[4],[8],[8, 4]",
        "training.batch_size=8..32",
    ]
    assert Space.of(Config.of(IRIS), []) == Space(tuple(map(Axis.parse, texts)))


def test_the_command_line_replaces_a_key_of_the_config_and_adds_others() -> None:
    given = [Axis.parse("network.hidden=[5]"), Axis.parse("seed.training=1,2")]
    space = Space.of(Config.of(IRIS), given)
    assert [axis.key for axis in space.axes] == [
        "optimizer.learning_rate",
        "training.batch_size",
        "network.hidden",
        "seed.training",
    ]
    assert space.axes[2].values == ("[5]",)


def test_text_that_looks_like_something_else_stays_text() -> None:
    config = {**IRIS, "sweep": {"name": ["1", "true", "no", "a b", None, "0x1F"]}}
    plan = SweepPlan.of(Config.of(config), [], SweepOptions())
    assert [each.name for each in plan.configs] == ["1", "true", "no", "a b", None, "0x1F"]


def test_a_config_with_a_sweep_trains_as_without_it() -> None:
    alone = {key: value for key, value in IRIS.items() if key != "sweep"}
    run, other = nncli.train(IRIS, output="a"), nncli.train(alone, output="b")
    assert (run.path / "config.yaml").read_text() == (other.path / "config.yaml").read_text()
    assert (run.path / "weights.npz").read_bytes() == (other.path / "weights.npz").read_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{log: [1, 0.1]}", "the range is empty"),
        ("{log: [0, 0.1]}", "must start above 0"),
        ("{uniform: [1, 1]}", "the range is empty"),
        ("{uniform: [1, x]}", "expected a number, found text 'x'"),
        ("{uniform: [1]}", r"expected a list \[low, high\]"),
        ("{uniform: [0, 1], log: [1, 2]}", "expected a list of values"),
        ("{}", "expected a list of values"),
        ("{logg: [1, 2]}", "unknown key"),
        ("0.1", "expected a list of values"),
        ("[]", "must not be empty"),
        ("[0.1, 0.1]", "0.1 is listed twice"),
    ],
)
def test_bad_values_in_a_config_are_named_with_their_place(text: str, words: str) -> None:
    head = "dataset: {name: iris, split: {validation: 0.2}}\nnetwork: {hidden: [8]}\nsweep:\n"
    Path("c.yaml").write_text(f"{head}  optimizer.learning_rate: {text}\n")
    with pytest.raises(ConfigError, match=rf"^c\.yaml:4:\d+: sweep\.optimizer\.learning_rate.*{words}"):
        Space.of(load_config("c.yaml"), [])


def test_an_unknown_key_of_the_space_is_found_before_training() -> None:
    config = {**IRIS, "sweep": {"optimizer.learning_rte": {"log": [0.1, 1]}}}
    for search in ("random", "tpe"):
        with pytest.raises(ConfigError, match=r"sweep optimizer\.learning_rte=0\.\d+: .*unknown key"):
            SweepPlan.of(Config.of(config), [], SweepOptions(search=search))  # type: ignore[arg-type]


def test_every_end_of_a_range_is_checked_before_a_search_that_learns() -> None:
    with pytest.raises(ConfigError, match="learning_rate"):
        nncli.sweep(IRIS, grid={"optimizer.learning_rate": "-1..1"}, search="tpe")


def test_a_search_that_learns_comes_near_the_best_value() -> None:
    search = ParzenSearch(Space((Axis.parse("x=log:0.0001..1"),)), 0, higher_is_better=False)
    drawn = []
    for number in range(1, 41):
        drawn.append(np.log10(float(search.propose(number)["x"])))
        search.learn(number, (drawn[-1] + 1) ** 2)
    assert abs(np.array(drawn[20:]) + 1).mean() < 0.8  # of uniform draws it is 1.25


def test_a_search_that_learns_avoids_what_diverged() -> None:
    search = ParzenSearch(Space((Axis.parse("x=0.0..1.0"),)), 0, higher_is_better=True)
    drawn = []
    for number in range(1, 61):
        drawn.append(float(search.propose(number)["x"]))
        search.learn(number, float("nan") if drawn[-1] > 0.5 else 1 - drawn[-1])
    assert np.mean(np.array(drawn[30:]) > 0.5) < 0.2


@pytest.mark.parametrize(
    "choice", [TPE, SweepOptions("random", 16, "accuracy", True), SweepOptions("tpe", 16, None, True)]
)
def test_a_sweep_that_is_stopped_resumes_as_if_it_had_not_been(choice: SweepOptions) -> None:
    whole = trained("whole", choice)
    trained("parts", choice, budget=Budget(epochs=100))
    lines = Path("parts/trials.jsonl").read_text().splitlines()
    assert 5 <= len(lines) < 16
    assert trained("parts", choice) == whole
    assert Path("parts/trials.jsonl").read_bytes() == Path("whole/trials.jsonl").read_bytes()


def test_trials_do_not_depend_on_which_worker_is_faster() -> None:
    choice = SweepOptions("tpe", 12, prune=True)
    first = trained("a", choice, workers=2)
    assert trained("b", choice, workers=2) == first
    assert {trial.status for trial in first} <= {"finished", "pruned"}


def test_limits_are_those_of_a_median_pruner() -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    random = np.random.default_rng(0)
    curves = random.normal(size=(12, STEPS - 1)).tolist()
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=FIRST_STEP)
    for finished in (0, 4, 5, 11):
        study = optuna.create_study(pruner=pruner)
        for curve in curves[:finished]:
            values = dict(enumerate(curve, 1))
            study.add_trial(optuna.trial.create_trial(value=curve[-1], intermediate_values=values))
        limits = Limits.of("loss", curves[:finished], higher_is_better=False).values
        trial, best = study.ask(), np.inf
        for step, value in enumerate(random.normal(size=STEPS - 1).tolist(), 1):
            trial.report(value, step)
            best = min(best, value)
            assert trial.should_prune() == (best > limits[step - 1])


def test_a_pruned_trial_is_a_shorter_training_and_never_the_best() -> None:
    found = nncli.sweep(IRIS, search="random", trials=16, prune=True)
    pruned = [trial for trial in found.trials if trial.status == "pruned"]
    assert len(pruned) >= 3
    assert found.best
    assert found.best.status == "finished"
    assert all(trial.status == "finished" for trial in found.trials[:5])
    for trial in pruned[:3]:
        assert FIRST_STEP <= trial.epochs < 20
        values = {**trial.values, "training.epochs": str(trial.epochs), "training.threads": "1"}
        config = Config.of(IRIS).overridden([Override(*pair) for pair in values.items()])
        run = nncli.train(config, output=f"p{trial.number}")
        assert run.results_by_part["validation"]["loss"] == trial.metrics["val_loss"]
        assert trial.curve[-1] == trial.metrics["val_loss"]


def test_no_trial_begins_after_the_time_or_the_epochs_are_spent() -> None:
    assert len(trained("a", SweepOptions(trials=16), budget=Budget(epochs=45))) == 3
    assert trained("b", SweepOptions(trials=16), budget=Budget(seconds=1e-9))[1:] == []
    assert len(trained("a", SweepOptions(trials=16), budget=Budget(epochs=45))) == 3
    assert len(trained("a", SweepOptions(trials=16))) == 16


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"search": "grid"}, "a range has no end of values"),
        ({"search": "bayes"}, "there is no such search"),
        ({"search": "tpe", "trials": 0}, "expected at least 1 trial"),
        ({"search": "tpe", "trials": 10_001}, "10,001 trials are more than"),
    ],
)
def test_a_search_that_does_not_fit_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        nncli.sweep(IRIS, **options)


def test_a_missing_optuna_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(nncli.NncliError, match="tpe needs optuna, which is not installed") as raised:
        nncli.sweep(IRIS, search="tpe", trials=3)
    assert "python -m pip install optuna" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"timeout": 0}, "expected a timeout of more than 0 s, found 0"),
        ({"timeout": float("nan")}, "expected a timeout of more than 0 s, found nan"),
        ({"budget": 0}, "expected a budget of at least 1 epoch, found 0"),
    ],
)
def test_a_limit_that_allows_nothing_is_refused(limits: dict[str, Any], words: str) -> None:
    with pytest.raises(nncli.NncliError, match=words):
        nncli.sweep(IRIS, **limits)
