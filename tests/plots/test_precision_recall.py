from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import plots
from nncli.inference.classes import RankedRows
from nncli.inference.evaluation import part
from nncli.plots import KINDS, View, default_kinds, fitting
from nncli.runs import Run
from tests.golden import Golden
from tests.plots.conftest import SIGMOID, train


def _average_precision(scores: list[float], positive: list[bool]) -> float:
    """The definition as a loop over thresholds."""
    total, before = 0.0, 0.0
    for threshold in sorted({*scores}, reverse=True):
        found = [y for score, y in zip(scores, positive, strict=True) if score >= threshold]
        recall = sum(found) / sum(positive)
        total += (recall - before) * sum(found) / len(found)
        before = recall
    return total


@pytest.mark.parametrize("decimals", [0, 1, 8])  # with many ties, some, and none
def test_average_precision_is_that_of_a_loop_over_thresholds(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    scores, positive = rng.normal(size=50).round(decimals), rng.random(50) < 0.3
    found = RankedRows.of(scores, positive)
    assert found.average_precision == pytest.approx(
        _average_precision(scores.tolist(), positive.tolist()), rel=1e-12
    )
    assert found.share == positive.mean()
    for threshold, precision, recall in zip(found.thresholds, found.precision, found.recall, strict=True):
        reached = scores >= threshold
        assert precision == pytest.approx(positive[reached].mean(), rel=1e-12)
        assert recall == pytest.approx(positive[reached].sum() / positive.sum(), rel=1e-12)


@pytest.fixture(scope="module")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Run:
    rng = np.random.default_rng(3)
    rows = [[x, "yes" if x + rng.normal() > 0.7 else "no"] for x in rng.normal(size=40).round(3).tolist()]
    data: dict[str, Any] = {"columns": ["x", "y"], "rows": rows, "targets": ["y"]}
    values = {"dataset": data, "network": {"layers": [SIGMOID]}, "training": {"epochs": 200}}
    return train(tmp_path_factory.mktemp("precision") / "two", values)


def test_the_threshold_is_marked_at_its_precision_and_recall(two_classes: Run) -> None:
    data = two_classes.experiment.rows.training
    A, y = two_classes.model.outputs(data.X)[:, 0], data.Y[:, 0] == 1.0
    predicted = A >= 0.5
    precision, recall = y[predicted].mean(), predicted[y].mean()
    picture = plots.draw("precision-recall", two_classes, View())
    assert picture.caption == (
        f"40 training rows, average precision {_average_precision(A.tolist(), y.tolist()):.3f} "
        f"(baseline {y.mean():.3f}); precision {precision:.3f} and recall {recall:.3f} at threshold 0.5"
    )
    lines = {line.get_gid(): line for line in picture.figure.axes[0].get_lines()}
    marked = lines["threshold"]
    assert (marked.get_xdata()[0], marked.get_ydata()[0]) == pytest.approx((recall, precision))
    assert lines["baseline"].get_ydata()[0] == y.mean()


def test_the_area_below_the_steps_is_the_average_precision(two_classes: Run) -> None:
    picture = plots.draw("precision-recall", two_classes, View())
    (curve,) = [line for line in picture.figure.axes[0].get_lines() if line.get_gid() == "curve"]
    assert curve.get_drawstyle() == "steps-pre"
    area = float(np.diff(curve.get_xdata()) @ np.asarray(curve.get_ydata())[1:])
    assert f"average precision {area:.3f} " in picture.caption


def test_each_class_has_a_curve_and_a_baseline(trained: dict[str, Run]) -> None:
    run = trained["classes"]
    data = part(run)[1]
    A, Y = run.model.outputs(data.X), data.Y == 1.0
    each = [_average_precision(a.tolist(), y.tolist()) for a, y in zip(A.T, Y.T, strict=True)]
    picture = plots.draw("precision-recall", run, View())
    assert f"mean average precision {np.mean(each):.3f}, lowest {min(each):.3f} (" in picture.caption
    lines = picture.figure.axes[0].get_lines()
    shares = [line.get_ydata()[0] for line in lines if line.get_gid() == "baseline"]
    assert shares == pytest.approx(Y.mean(axis=0))
    curves = [line for line in lines if line.get_gid() == "curve"]
    names = [line.get_label() for line in curves]
    assert names == [
        f"{name}: {ap:.3f} ({share:.3f})" for name, ap, share in zip("xyz", each, shares, strict=True)
    ]
    assert len({str(line._dash_pattern) for line in curves}) == len({line.get_color() for line in curves})


def test_of_many_classes_those_with_the_smallest_average_precision_are_drawn(trained: dict[str, Run]) -> None:
    picture = plots.draw("precision-recall", trained["many labels"], View())
    assert len({*picture.numbers.columns["class"]}) == 6
    note = " ".join(picture.figure._supxlabel.get_text().split())
    assert note.startswith("Shows the 6 of 40 labels with the smallest average precision.")


def test_a_threshold_that_no_row_reaches_has_no_mark(tmp_path: Path) -> None:
    rows = [[k / 10, int(k > 17)] for k in range(20)]
    data: dict[str, Any] = {"columns": ["x", "y"], "rows": rows, "targets": ["y"]}
    layer = {**SIGMOID, "weights": [[0.1]], "biases": [-3.0]}
    values = {"dataset": data, "network": {"layers": [layer]}, "training": {"epochs": 0}}
    picture = plots.draw("precision-recall", train(tmp_path / "never", values), View())
    assert picture.caption.endswith("; no row reaches the threshold 0.5")
    assert "threshold" not in [line.get_gid() for line in picture.figure.axes[0].get_lines()]


@pytest.mark.parametrize("kind", ["precision-recall", "roc", "calibration", "confusion"])
def test_below_20_rows_the_picture_is_drawn_only_when_named(kind: str, trained: dict[str, Run]) -> None:
    for shape, drawn in (("xor", False), ("classes held out", False), ("classes", True)):
        assert kind in fitting(trained[shape], View())
        assert (kind in default_kinds(trained[shape], View())) is drawn


@pytest.mark.parametrize("shape", ["formula", "one class held out", "labels on all rows or none held out"])
def test_rows_without_a_curve_say_why(shape: str, trained: dict[str, Run], golden: Golden) -> None:
    golden.check(KINDS["precision-recall"].unfit(trained[shape], View()) or "")
