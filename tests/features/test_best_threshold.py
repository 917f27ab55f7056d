"""The best threshold of a binary task: chosen by evaluate, kept in the run, used by predict and evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nncli import api
from nncli.messages.errors import DataError, NncliError, RunError

from ..cli.conftest import Command, nncli
from .test_positive import table

__all__ = ["nncli"]

CONFIG = """\
dataset: {{path: t.csv, targets: y, task: binary, positive: fraud, split: {split}}}
network: {{hidden: [4], activation: tanh}}
optimizer: {{learning_rate: 0.5}}
metrics: [accuracy, f1]
training: {{epochs: 100}}
record: {{weights: all}}
"""
FILE = Path("runs/t/threshold.json")
USED = "(from threshold.json; --threshold overrides it)"


@pytest.fixture
def trained(nncli: Command) -> Command:
    """The command line in a folder that holds t.csv, t.yaml and runs/t, whose best threshold is not 0.5."""
    Path("t.csv").write_text(table("ok", "fraud"))
    Path("t.yaml").write_text(CONFIG.format(split="{validation: 0.3, test: 0.2}"))
    assert nncli("train", "t.yaml", "-q", "--progress", "none").code == 0
    return nncli


def labels(csv: str) -> list[str]:
    return [line.split(",")[2] for line in csv.splitlines()[1:]]


def test_threshold_is_the_best_on_the_validation_set(trained: Command) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    evaluation = api.evaluate("t", best_threshold="f1")
    best = evaluation.best_threshold
    assert best is not None
    run = api.open_run("t")
    rows = run.experiment.rows.held_out["validation"].table
    true = [label == "fraud" for label in rows.typed["y"].texts]
    proba = np.asarray(api.predict(run, rows)["proba_fraud"])
    scores = {t: metrics.f1_score(true, proba >= t, zero_division=0) for t in np.linspace(0, 1, 2001)}
    assert best.value == pytest.approx(max(scores.values()), abs=1e-12)
    assert best.value_at_half == pytest.approx(scores[0.5], abs=1e-12)
    assert best.value > best.value_at_half
    assert (best.metric, best.part, best.rows) == ("f1", "validation", 60)
    assert evaluation.part == "test"
    assert evaluation.roles.threshold == best.threshold
    assert api.evaluate("t", part="validation").metrics["f1"] == best.value


def test_without_a_validation_set_the_training_set_decides(nncli: Command) -> None:
    Path("t.csv").write_text(table("ok", "fraud"))
    Path("t.yaml").write_text(CONFIG.format(split="{test: 0.2}"))
    assert nncli("train", "t.yaml", "-q", "--progress", "none").code == 0
    result = nncli("evaluate", "t", "--best-threshold", "recall")
    assert "gives the best recall (fraud) on the training set (160 rows): 1, compared with" in result.out
    assert json.loads(FILE.read_text())["part"] == "train"


def test_choice_is_printed_before_the_evaluation_at_it(trained: Command) -> None:
    result = trained("evaluate", "t", "--best-threshold", "f1")
    stored = json.loads(FILE.read_text())
    first, *others = result.out.splitlines()
    assert first.startswith(
        f"threshold {stored['threshold']:g} gives the best f1 (fraud) on the validation set"
    )
    assert first.endswith(" at 0.5")
    assert f"fraud from a probability of {stored['threshold']:g}" in others
    assert "wrote runs/t/threshold.json" in result.err
    assert USED not in result.err
    quiet = trained("evaluate", "t", "--best-threshold", "f1", "-q")
    assert quiet.out.splitlines()[0] == first
    assert quiet.err == ""


def test_half_that_is_best_is_not_compared_with_itself(nncli: Command) -> None:
    Path("t.csv").write_text("x,y\n" + "".join(f"{x},{'fraud' if x > 0 else 'ok'}\n" for x in range(-20, 21)))
    Path("t.yaml").write_text(CONFIG.format(split="{}"))
    assert nncli("train", "t.yaml", "-q", "--progress", "none").code == 0
    first = nncli("evaluate", "t", "--best-threshold", "accuracy").out.splitlines()[0]
    assert first == "threshold 0.5 gives the best accuracy on the training set (41 rows): 1"


def test_json_holds_the_choice(trained: Command) -> None:
    found = json.loads(trained("evaluate", "t", "--best-threshold", "f1", "--json").out)
    best, stored = found["best_threshold"], json.loads(FILE.read_text())
    assert best.keys() == {"metric", "threshold", "value", "value_at_half", "part", "rows"}
    assert {**best, "weights": stored["weights"]} == {
        **stored, "value_at_half": best["value_at_half"], "rows": 60,
    }  # fmt: skip
    assert found["threshold"] == best["threshold"]
    assert "best_threshold" not in json.loads(trained("evaluate", "t", "--json").out)


def test_predict_and_evaluate_use_the_stored_threshold_unless_another_is_given(trained: Command) -> None:
    usual, usual_metrics = trained("predict", "t", "-i", "t.csv"), trained("evaluate", "t", "--json").out
    chosen = json.loads(trained("evaluate", "t", "--best-threshold", "f1", "--json").out)
    threshold = chosen["threshold"]
    stored, given = (trained("predict", "t", "-i", "t.csv", *words) for words in ([], ["--threshold", "0.5"]))
    assert f"predicting 'fraud' if its probability is at least {threshold:g} {USED}" in stored.err
    assert labels(stored.out) != labels(usual.out)
    proba = np.asarray(api.predict("t", "t.csv")["proba_fraud"])
    expected = ["fraud" if p >= threshold else "ok" for p in proba]
    assert labels(stored.out) == api.predict("t", "t.csv")["pred_y"] == expected
    assert given.out == usual.out
    assert USED not in given.err + usual.err
    evaluated = trained("evaluate", "t", "--json")
    assert USED in evaluated.err
    assert json.loads(evaluated.out)["metrics"] == chosen["metrics"] == api.evaluate("t").metrics
    assert trained("evaluate", "t", "--threshold", "0.5", "--json").out == usual_metrics
    table_given = json.loads(trained("evaluate", "t", "-i", "t.csv", "--json").out)
    assert (table_given["threshold"], table_given["part"]) == (threshold, None)


def test_table_is_evaluated_at_the_threshold_of_the_validation_set(trained: Command) -> None:
    found = json.loads(trained("evaluate", "t", "-i", "t.csv", "--best-threshold", "f1", "--json").out)
    assert (found["best_threshold"]["part"], found["rows"]) == ("validation", 200)
    assert found["threshold"] == found["best_threshold"]["threshold"]
    assert api.evaluate("t", "t.csv", best_threshold="f1").metrics == found["metrics"]


def test_weights_of_an_epoch_have_no_stored_threshold(trained: Command) -> None:
    words = ["predict", "t", "-i", "t.csv", "--epoch", "50"]
    before = trained(*words)
    trained("evaluate", "t", "--best-threshold", "f1")
    after = trained(*words)
    assert after.out == before.out
    assert "threshold.json is not used: it was chosen for weights other than those of epoch 50" in after.err
    assert "threshold.json" not in before.err
    assert labels(before.out) == api.predict("t", "t.csv", epoch=50)["pred_y"]


def test_threshold_of_other_weights_is_ignored_with_a_warning(trained: Command) -> None:
    usual = trained("predict", "t", "-i", "t.csv")
    trained("evaluate", "t", "--best-threshold", "f1")
    trained("train", "t.yaml", "-q", "--epochs", "90", "-o", "other")
    assert not Path("other/threshold.json").exists()
    Path("other/threshold.json").write_bytes(FILE.read_bytes())
    result = trained("predict", "other", "-i", "t.csv")
    assert "warning: other/threshold.json is ignored, because it was chosen for other weights" in result.err
    assert "nncli evaluate other --best-threshold f1" in result.err
    assert labels(result.out) == labels(usual.out) == api.predict("other", "t.csv")["pred_y"]


def test_retraining_forgets_the_threshold(trained: Command) -> None:
    trained("evaluate", "t", "--best-threshold", "f1")
    assert trained("resume", "t", "-q").code == 0  # already complete
    assert FILE.exists()
    assert trained("resume", "t", "--epochs", "110", "-q").code == 0
    assert not FILE.exists()
    trained("evaluate", "t", "--best-threshold", "f1")
    assert trained("train", "t.yaml", "-o", "runs/t", "--overwrite", "-q").code == 0
    assert not FILE.exists()
    assert USED not in trained("predict", "t", "-i", "t.csv").err


@pytest.mark.parametrize("content", ["{", "[]", '{"threshold": 0.3}', ""])
def test_damaged_file_gets_one_message(trained: Command, content: str) -> None:
    FILE.write_text(content)
    for words in (["predict", "t", "-i", "t.csv"], ["evaluate", "t"], ["evaluate", "t", "-i", "t.csv"]):
        result = trained(*words)
        assert (result.code, result.out) == (2, "")
        assert result.err.splitlines()[-2].startswith("error: runs/t/threshold.json: damaged: ")
        assert "Traceback" not in result.err
        assert trained(*words, "--threshold", "0.4").code == 0
    with pytest.raises(RunError, match=r"threshold\.json: damaged"):
        api.predict("t", "t.csv")
    assert trained("evaluate", "t", "--best-threshold", "f1").code == 0
    assert trained("predict", "t", "-i", "t.csv").code == 0


@pytest.mark.parametrize(
    ("metric", "problem", "hint"),
    [
        ("auc", "auc does not depend on the threshold", "choose from: accuracy, precision, recall, f1"),
        ("loss", "loss does not depend on the threshold", "choose from: accuracy, precision, recall, f1"),
        ("accurracy", "no metric named 'accurracy'", "did you mean accuracy?"),
    ],
)
def test_metric_without_a_best_threshold_is_refused(
    trained: Command, metric: str, problem: str, hint: str
) -> None:
    result = trained("evaluate", "t", "--best-threshold", metric)
    assert (result.code, result.out) == (2, "")
    assert f"error: {problem}\nhint: {hint}" in result.err
    assert not FILE.exists()


def test_two_thresholds_are_refused(trained: Command) -> None:
    result = trained("evaluate", "t", "--best-threshold", "f1", "--threshold", "0.3")
    assert result.code == 2
    assert "error: --threshold 0.3 and --best-threshold f1 cannot be combined\nhint: remove one" in result.err
    with pytest.raises(NncliError, match="cannot be combined"):
        api.evaluate("t", threshold=0.3, best_threshold="f1")
    assert not FILE.exists()


def test_only_two_classes_have_a_best_threshold(nncli: Command) -> None:
    Path("t.csv").write_text("x,y\n" + "".join(f"{row},{row * row}\n" for row in range(30)))
    assert nncli("train", "t.csv", "--target", "y", "-q", "--epochs", "2").code == 0
    result = nncli("evaluate", "t", "--best-threshold", "f1")
    assert result.code == 2
    assert "error: a regression task has no threshold to choose\nhint: remove --best-threshold" in result.err
    with pytest.raises(DataError, match="no threshold"):
        api.evaluate("t", best_threshold="f1")


def test_changed_data_are_reported_before_a_threshold_is_chosen_on_them(trained: Command) -> None:
    lines = Path("t.csv").read_text().splitlines()
    Path("new.csv").write_text("\n".join(lines) + "\n")
    Path("t.csv").write_text("\n".join(["x,y", "9.5,ok", *lines[2:]]) + "\n")
    result = trained("evaluate", "t", "-i", "new.csv", "--best-threshold", "f1")
    assert "the data have changed since training" in result.err


def test_no_output_replaces_the_file(trained: Command) -> None:
    trained("evaluate", "t", "--best-threshold", "f1")
    before = FILE.read_bytes()
    result = trained("predict", "t", "-i", "t.csv", "--format", "csv", "-o", str(FILE))
    assert (result.code, "belongs to the run" in result.err) == (2, True)
    assert FILE.read_bytes() == before
