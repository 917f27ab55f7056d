"""The positive class of a binary task: chosen in the config, else the second in sorted order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from nncli import api
from nncli.messages.errors import ConfigError
from nncli.scaffold import from_table

CASES: list[tuple[list[Any], Any, tuple[str, str]]] = [
    (["ok", "fraud"], "fraud", ("ok", "fraud")),
    (["ok", "fraud"], "ok", ("fraud", "ok")),
    (["ok", "fraud"], None, ("fraud", "ok")),
    ([0, 1], 0, ("1", "0")),
    ([0, 1], 1, ("0", "1")),
    ([0, 1], "1.0", ("0", "1")),
    ([1, 2], 1, ("2", "1")),
    ([1, 2], None, ("1", "2")),
    (["true", "false"], False, ("true", "false")),
    (["True", "False"], True, ("False", "True")),
    (["yes", "no"], "no", ("yes", "no")),
]


def config(labels: list[Any], positive: Any, **dataset: Any) -> dict[str, Any]:
    rows = [[float(row), labels[row * row % 3 % 2]] for row in range(12)]
    given = {"columns": ["x", "y"], "rows": rows, "targets": "y", "task": "binary", **dataset}
    if positive is not None:
        given["positive"] = positive
    return {
        "dataset": given,
        "network": {"layers": [{"units": 1, "activation": "sigmoid", "weights": [[0.3]], "biases": [-1.0]}]},
        "metrics": ["precision", "recall", "f1", "auc"],
        "training": {"epochs": 0},
    }


@pytest.mark.parametrize(("labels", "positive", "classes"), CASES)
def test_output_is_the_probability_of_the_positive_class(
    tmp_path: Path, labels: list[Any], positive: Any, classes: tuple[str, str]
) -> None:
    run = api.train(config(labels, positive), output=tmp_path / "run")
    assert (run.model.columns.classes, run.model.columns.positive) == (classes, classes[1])
    table = run.experiment.rows.whole.table
    predicted = api.predict(run)
    assert list(predicted) == ["pred_y", f"proba_{classes[1]}"]
    true = run.model.columns.labels(table)
    scores = predicted[f"proba_{classes[1]}"]
    is_positive = np.array(true) == classes[1]
    assert run.results["auc"] == pytest.approx(sklearn_metrics.roc_auc_score(is_positive, scores))
    for name in ("precision", "recall", "f1"):
        oracle = getattr(sklearn_metrics, f"{name}_score")
        expected = oracle(true, predicted["pred_y"], pos_label=classes[1], zero_division=0)
        assert run.results[name] == pytest.approx(expected)


def test_positive_class_must_be_one_of_the_two() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.positive: no class named 'fruad'") as caught:
        api.check(config(["ok", "fraud"], "fruad"))
    assert "did you mean fraud?" in (caught.value.hint or "")


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_positive_class_needs_two_classes(task: str) -> None:
    given = config([1, 2], 1, task=task)
    given["network"]["layers"] = [{"units": 1}]
    with pytest.raises(ConfigError, match=f"two classes, but the task is {task}"):
        api.check(given)


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        (["ok"] * 9 + ["fraud"] * 3, "positive: fraud"),
        (["bad"] * 9 + ["good"] * 3, "positive: good"),
        (["bad"] * 6 + ["good"] * 6, "positive: good"),
        (["true"] * 9 + ["false"] * 3, "positive: false"),
        (["0"] * 3 + ["1"] * 9, ""),
        (["1"] * 3 + ["2"] * 9, ""),
    ],
)
def test_generated_config_names_the_rarer_class(tmp_path: Path, labels: list[str], line: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{row % 5}.5,{label}\n" for row, label in enumerate(labels)))
    text = from_table.draft(table, ["y"], None, None, tmp_path / "t.yaml").text
    found = [
        written.strip().partition("#")[0].strip() for written in text.splitlines() if "positive:" in written
    ]
    assert found == ([line] if line else [])
    (tmp_path / "t.yaml").write_text(text)
    api.check(tmp_path / "t.yaml")
