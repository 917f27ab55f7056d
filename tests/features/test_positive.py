"""The positive class of two: named in the config and beside every number about it, and its threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli import api
from nncli.config import load_config
from nncli.messages.errors import ConfigError

from ..cli.conftest import Command, nncli

__all__ = ["nncli"]

# Labels of the common and of the rare class, and the value of `positive` for the rare one.
LABELS = {
    "text": ("ok", "fraud", "fraud"),
    "text, rare one last": ("fine", "zero", "zero"),
    "yes and no": ("yes", "no", "'no'"),
    "booleans": ("true", "false", "false"),
    "numbers": ("2", "1", "1"),
    "0 and 1": ("1", "0", "0"),
}


def table(common: str, rare: str) -> str:
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    y = np.where(x + rng.normal(scale=0.8, size=200) > 1.2, rare, common)
    return "x,y\n" + "".join(f"{cell:.4f},{label}\n" for cell, label in zip(x, y, strict=True))


CONFIG = """\
dataset: {{path: t.csv, targets: y, task: binary, split: {{test: 0.4}}{positive}}}
network: {{hidden: [4], activation: tanh}}
optimizer: {{learning_rate: 0.5}}
metrics: [accuracy, precision, recall, f1, auc]
training: {{epochs: 200}}
"""


def trained(labels: str, *, positive: bool) -> api.Run:
    common, rare, value = LABELS[labels]
    Path("t.csv").write_text(table(common, rare))
    Path("t.yaml").write_text(CONFIG.format(positive=f", positive: {value}" if positive else ""))
    return api.train("t.yaml", output="run", overwrite=True)


@pytest.mark.parametrize("labels", LABELS)
def test_metrics_are_those_of_the_positive_class(
    labels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    monkeypatch.chdir(tmp_path)
    run = trained(labels, positive=True)
    common, rare, _ = LABELS[labels]
    assert run.model.columns.classes == (common, rare)
    found = api.evaluate(run, part="train")
    data = run.experiment.rows.training.table
    true = list(data.typed["y"].texts)
    for threshold in (None, 0.2, 0.7):
        found = api.evaluate(run, part="train", threshold=threshold)
        predicted = api.predict(run, data, threshold=threshold)
        proba = np.asarray(predicted[f"proba_{rare}"])
        assert list(predicted["pred_y"]) == [rare if p >= (threshold or 0.5) else common for p in proba]
        scores = {"pos_label": rare, "zero_division": 0}
        expected = {
            "accuracy": metrics.accuracy_score(true, predicted["pred_y"]),
            "precision": metrics.precision_score(true, predicted["pred_y"], **scores),
            "recall": metrics.recall_score(true, predicted["pred_y"], **scores),
            "f1": metrics.f1_score(true, predicted["pred_y"], **scores),
            "auc": metrics.roc_auc_score([label == rare for label in true], proba),
        }
        assert {name: found.metrics[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_a_run_without_the_key_is_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert trained("text", positive=False).model.columns.classes == ("fraud", "ok")
    assert b"positive" not in Path("run/weights.npz").read_bytes()
    assert "positive" not in Path("run/config.yaml").read_text()


@pytest.mark.parametrize(
    ("positive", "problem"),
    [
        ("frad", r"no class named 'frad'"),
        ("[fraud]", r"dataset\.positive: expected text, a number, true or false"),
    ],
)
def test_a_class_that_is_not_there_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, positive: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(table("ok", "fraud"))
    Path("t.yaml").write_text(CONFIG.format(positive=f", positive: {positive}"))
    with pytest.raises(ConfigError, match=problem):
        api.check("t.yaml")


def test_the_class_is_named_beside_every_number_about_it(nncli: Command) -> None:
    Path("t.csv").write_text(table("ok", "fraud"))
    assert nncli("init", "t.csv", "--target", "y").code == 0
    assert load_config("t.yaml").dataset.positive == "fraud"
    result = nncli("train", "t.yaml", "--epochs", "20", "--fail-if", "f1 >= 0")
    assert result.code == 4
    assert "f1 (fraud) is" in result.err
    assert "val_f1" not in result.out
    for name in ("f1 (fraud)", "auc (fraud)"):
        assert name in result.out
    evaluated = nncli("evaluate", "t", "--threshold", "0.3", "--fail-if", "f1 >= 0")
    assert "f1 (fraud)" in evaluated.out
    assert "fraud from a probability of 0.3\n" in evaluated.out
    assert "f1 (fraud) is" in evaluated.err
    assert (
        '"positive": "fraud", "threshold": 0.3' in nncli("evaluate", "t", "--threshold", "0.3", "--json").out
    )
    assert nncli("predict", "t", "-i", "t.csv", "--threshold", "0").out.count(",fraud,") == 200


def test_a_threshold_is_for_two_classes(nncli: Command) -> None:
    Path("t.csv").write_text("x,y\n" + "".join(f"{row},{row * row}\n" for row in range(30)))
    assert nncli("train", "t.csv", "--target", "y", "-q", "--epochs", "2").code == 0
    for words in (["predict", "t", "-i", "t.csv"], ["evaluate", "t"]):
        result = nncli(*words, "--threshold", "0.3")
        assert (
            result.code,
            "a threshold (0.3) cannot be used, because the task is regression" in result.err,
        ) == (2, True)
