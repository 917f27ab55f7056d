from __future__ import annotations

import csv
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from copy import copy
from dataclasses import replace
from pathlib import Path

import matplotlib.text
import numpy as np
import pytest

from nncli import plots
from nncli.inspection.inputs import importance
from nncli.inspection.inputs.dependence import most_important, partial_dependence
from nncli.inspection.inputs.importance import permutation_importance
from nncli.messages.errors import NncliError, RunError
from nncli.nn.metrics import LABEL_METRICS, METRICS
from nncli.plots import KINDS, PICTURE_FORMATS, View, default_kinds, fitting, save, style
from nncli.plots.scale import AxisScale, number
from nncli.runs import Run
from tests.golden import Golden
from tests.plots.conftest import HOSTILE, OF_OUTCOMES, SHAPES

SVG = "{http://www.w3.org/2000/svg}"


OF_VALUES = {"parity", "residuals"}
OF_CLASSES = {"confusion", "roc", "precision-recall", "calibration"}
OF_INPUTS = {"importance", "dependence"}
OF_ONE_INPUT = {"fit"}
OF_FORMULAS = {"error-surface", "error-surface-3d"}


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (kind, shape)
        for kind in KINDS
        for shape in SHAPES
        if shape not in OF_OUTCOMES or kind in OF_VALUES | OF_CLASSES | OF_INPUTS | OF_ONE_INPUT | {"loss"}
    ],
)
def test_every_kind_draws_every_run_or_says_why_not(
    kind: str,
    shape: str,
    trained: dict[str, Run],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    long: bool,
) -> None:
    run, view = trained[shape], View()
    reason = KINDS[kind].unfit(run, view)
    if reason is not None:
        assert "\n" not in reason
        return
    if not long and (list(KINDS).index(kind) + list(SHAPES).index(shape)) % 2:
        assert "\n" not in KINDS[kind].numbers(run, view).caption  # every second pair is drawn
        return
    picture = plots.draw(kind, run, view)
    assert len({len(column) for column in picture.numbers.columns.values()}) == 1
    assert "\n" not in picture.caption
    save(picture, tmp_path / f"{kind}.svg")
    root = ElementTree.parse(tmp_path / f"{kind}.svg").getroot()
    assert root.find(f"{SVG}title").text  # type: ignore[union-attr]
    assert root.find(f"{SVG}desc").text  # type: ignore[union-attr]
    with (tmp_path / f"{kind}.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert len(rows) == len(next(iter(picture.numbers.columns.values())))
    assert len(set(header)) == len(header)
    sizes = [text.get_fontsize() for text in picture.figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert min(sizes) >= 8
    assert capfd.readouterr() == ("", "")


def test_a_run_with_two_inputs_gets_every_kind_of_its_task(trained: dict[str, Run]) -> None:
    assert fitting(trained["xor"], View()) == [
        name for name in KINDS if name not in OF_VALUES | OF_INPUTS | OF_ONE_INPUT | OF_FORMULAS
    ]
    assert fitting(trained["formula"], View()) == [
        name for name in KINDS if name not in OF_CLASSES | OF_ONE_INPUT | {"boundary"}
    ]


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [("xor", {"output-3d"}), ("formula", OF_FORMULAS), ("30 inputs", {"output", "output-3d"})],
)
def test_one_picture_over_the_inputs_is_drawn_by_default(
    shape: str, drawn: set[str], trained: dict[str, Run]
) -> None:
    over_inputs = {"output", "output-3d", *OF_FORMULAS}
    assert over_inputs & {*default_kinds(trained[shape], View())} == drawn


def test_the_output_is_that_of_the_network_and_names_the_largest_error(trained: dict[str, Run]) -> None:
    run = trained["formula"]
    picture = plots.draw("output", run, View())
    data = run.experiment.rows.training
    errors = np.abs(run.model.outputs(data.X) - data.expected)
    worst = int(np.square(errors).mean(axis=0).argmax())
    assert picture.caption.endswith(f"; largest row error {number(errors[:, worst].max())}")
    triangles = [each for each in picture.figure.axes[0].collections if each.get_gid() == "rows"]
    assert sum(len(each.get_offsets()) for each in triangles) == len(data)


@pytest.mark.parametrize("shape", ["xor", "not", "perceptron", "height weight"])
def test_inputs_of_a_teaching_example_with_few_rows_are_not_compared(
    shape: str, trained: dict[str, Run]
) -> None:
    assert not {*fitting(trained[shape], View())} & OF_INPUTS


@pytest.mark.parametrize("suffix", PICTURE_FORMATS)
def test_the_same_run_gives_the_same_bytes(suffix: str, trained: dict[str, Run], tmp_path: Path) -> None:
    for name in ("first", "second"):
        save(plots.draw("boundary", trained["xor"], View()), tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"first{suffix}").read_bytes() == (tmp_path / f"second{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["first.csv", f"first{suffix}", "second.csv", f"second{suffix}"]
    )


def test_another_suffix_is_refused_and_nothing_written(trained: dict[str, Run], tmp_path: Path) -> None:
    with pytest.raises(NncliError, match=r"\.gif") as error:
        save(plots.draw("loss", trained["xor"], View()), tmp_path / "loss.gif")
    assert ".svg, .png, .pdf" in (error.value.hint or "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "drawn"), [("π ≥ ½", "π ≥ ½"), ("目標", "□□"), ("a\n\tb", "a b"), ("x" * 40, None)]
)
def test_names_are_drawn_in_one_line_in_characters_of_the_font(text: str, drawn: str | None) -> None:
    assert style.plain(text) == (drawn or f"{'x' * 11}...{'x' * 14}")


def test_captions_keep_the_characters_that_the_font_lacks(trained: dict[str, Run]) -> None:
    run = trained["hostile $^{ <&> 😀"]
    picture = plots.draw("parity", run, View())
    assert picture.numbers.columns["target"][0] == HOSTILE[-1]
    assert HOSTILE[-1] in plots.draw("residuals", run, View()).caption
    assert picture.figure.axes[0].get_xlabel() == "true □□$^{"


def test_numbers_of_every_kind_need_no_matplotlib(trained: dict[str, Run]) -> None:
    shapes = ("xor", "formula", "scaled targets", "labels held out", "classes held out")
    code = """
import sys
from pathlib import Path
sys.modules["matplotlib"] = None
from nncli.plots import KINDS, View, fitting
from nncli.runs import Run
for run in map(Run, map(Path, sys.argv[1:])):
    for name in fitting(run, View()):
        numbers = KINDS[name].numbers(run, View())
        assert numbers.caption and len({*map(len, numbers.columns.values())}) == 1
        print(name)
"""
    paths = [str(trained[shape].path) for shape in shapes]
    ended = subprocess.run([sys.executable, "-c", code, *paths], check=False, capture_output=True, text=True)
    assert ended.stderr == ""
    assert {*ended.stdout.split()} == KINDS.keys()


def test_numbers_agree_with_the_file_beside_the_picture(trained: dict[str, Run], tmp_path: Path) -> None:
    run = trained["formula"]
    for kind in fitting(run, View()):
        save(plots.draw(kind, run, View()), tmp_path / f"{kind}.svg")
        columns = KINDS[kind].numbers(run, View()).columns
        with (tmp_path / f"{kind}.csv").open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        assert header == list(columns)
        for cells, column in zip(zip(*rows, strict=True), columns.values(), strict=True):
            if isinstance(column, np.ndarray):
                np.testing.assert_array_equal([float(cell or "nan") for cell in cells], column)
            else:
                assert list(cells) == list(column)


def test_drawing_never_imports_pyplot() -> None:
    modules = [f"nncli.plots.kinds.{kind.replace('-', '_')}" for kind in KINDS]
    code = f"import sys, {', '.join(modules)}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_loss_is_logarithmic_where_it_spans_decades_and_the_title_says_so(
    trained: dict[str, Run],
) -> None:
    figure = plots.draw("loss", trained["xor"], View()).figure
    history = trained["xor"].history["loss"]
    spans = history.max() / history.min() > 30
    assert (figure.axes[0].get_yscale() == "log") == spans == ("log scale" in figure.get_suptitle())


def test_the_worst_rows_are_those_with_the_largest_last_error(trained: dict[str, Run]) -> None:
    run = trained["formula"]
    picture = plots.draw("errors", run, View())
    last = run.snapshots.errors[-1].ravel()
    worst = sorted(np.abs(last))[-5:]
    drawn = [line.get_ydata()[-1] for line in picture.figure.axes[0].get_lines() if line.get_gid() == "worst"]
    assert np.allclose(sorted(np.abs(drawn)), worst)


def test_misclassified_rows_are_ringed_and_counted(trained: dict[str, Run]) -> None:
    run = trained["no epoch"]
    data = run.experiment.rows.training
    wrong = int(((run.model.outputs(data.X) >= 0.5) != (data.Y >= 0.5)).sum())
    assert wrong > 0
    picture = plots.draw("boundary", run, View())
    rings = [artist for artist in picture.figure.axes[0].collections if artist.get_gid() == "misclassified"]
    assert len(rings[0].get_offsets()) == wrong
    assert f"{wrong} misclassified" in picture.caption


def test_every_weight_of_a_small_network_is_an_edge(trained: dict[str, Run]) -> None:
    figure = plots.draw("network", trained["xor"], View()).figure
    edges = [artist for artist in figure.axes[0].collections if artist.get_gid() == "edges"]
    assert sum(len(artist.get_paths()) for artist in edges) == 12


def test_an_unknown_input_is_named_with_those_that_exist(trained: dict[str, Run]) -> None:
    with pytest.raises(RunError, match="no input named 'x9'; the inputs are x1, x2"):
        fitting(trained["xor"], View(features=("x1", "x9")))


def test_confusion_counts_the_rows_of_the_last_part_and_frames_those_that_are_right(
    trained: dict[str, Run],
) -> None:
    run = trained["classes held out"]
    data = run.experiment.rows.held_out["test"]
    right = int((run.model.outputs(data.X).argmax(axis=1) == data.Y.argmax(axis=1)).sum())
    picture = plots.draw("confusion", run, View())
    assert "6 test rows" in picture.figure.get_suptitle()
    assert f"6 test rows, {right} correct" in picture.caption
    cells = list(zip(*picture.numbers.columns.values(), strict=True))
    assert len(cells) == 9
    assert sum(rows for true, predicted, rows, _ in cells if true == predicted) == right
    frames = [patch for patch in picture.figure.axes[0].patches if patch.get_gid() == "correct"]
    assert len(frames) == 3


def test_confusion_of_labels_counts_each_of_them(trained: dict[str, Run]) -> None:
    run = trained["labels held out"]
    data = run.experiment.rows.held_out["test"]
    predicted, true = run.model.outputs(data.X) >= 0.5, data.Y == 1.0
    picture = plots.draw("confusion", run, View())
    assert (
        f"6 test rows, {(predicted == true).all(axis=1).sum()} of 6 with all labels correct"
        in picture.caption
    )
    assert picture.numbers.columns["label"] == list(run.model.columns.targets)
    assert np.array_equal(picture.numbers.columns["true_positives"], (predicted & true).sum(axis=0))
    assert np.array_equal(picture.numbers.columns["false_positives"], (predicted & ~true).sum(axis=0))
    assert np.array_equal(picture.numbers.columns["false_negatives"], (~predicted & true).sum(axis=0))
    assert np.array_equal(picture.numbers.columns["true_negatives"], (~predicted & ~true).sum(axis=0))


def test_confusion_of_many_labels_draws_the_lowest_and_keeps_the_numbers_of_all(
    trained: dict[str, Run],
) -> None:
    picture = plots.draw("confusion", trained["many labels"], View())
    assert len(picture.figure.axes[0].get_yticks()) == 30
    assert len(picture.numbers.columns["label"]) == 40
    assert "Shows the 30 of 40 labels with the lowest F1." in picture.figure._supxlabel.get_text()


def test_roc_and_calibration_are_of_every_label(trained: dict[str, Run]) -> None:
    run = trained["many labels"]
    A, Y = run.model.outputs(run.experiment.rows.training.X), run.experiment.rows.training.Y
    mean = plots.draw("roc", run, View()).caption.partition("mean AUC ")[2][:5]
    assert float(mean) == pytest.approx(LABEL_METRICS["auc"](A, Y), abs=5e-4)
    assert plots.draw("calibration", run, View()).numbers.columns["rows"].sum() == A.size


def test_confusion_of_many_classes_is_described_in_words_and_colors(trained: dict[str, Run]) -> None:
    picture = plots.draw("confusion", trained["many classes"], View())
    assert not picture.figure.axes[0].texts
    assert "Most frequent mistakes: kind " in picture.caption
    assert 0 not in picture.numbers.columns["rows"]


def test_roc_is_of_the_positive_class_or_of_each_class_and_their_mean(trained: dict[str, Run]) -> None:
    def labels(shape: str) -> list[str]:
        axes = plots.draw("roc", trained[shape], View()).figure.axes[0]
        return [line.get_label().partition(":")[0] for line in axes.get_lines()]

    assert labels("xor") == ["random guessing", "1"]
    assert labels("classes") == ["random guessing", "x", "y", "z", "mean"]
    assert len(labels("many classes")) == 8


def test_roc_says_which_classes_are_left_out(trained: dict[str, Run]) -> None:
    figure = plots.draw("roc", trained["two of three classes held out"], View()).figure
    labels = [line.get_label().partition(":")[0] for line in figure.axes[0].get_lines()]
    assert labels == ["random guessing", "y", "z", "mean"]
    assert figure._supxlabel.get_text() == "Omitted: 1 class with no rows or with all rows."


def test_panel_without_a_target_is_not_drawn(trained: dict[str, Run]) -> None:
    assert len(plots.draw("parity", trained["four targets"], View()).figure.axes) == 4


def test_roc_and_its_mean_have_the_area_of_the_metric(trained: dict[str, Run]) -> None:
    for shape in ("classes", "many classes", "classes held out"):
        run = trained[shape]
        data = list(run.experiment.rows.by_part.values())[-1]
        mean = plots.draw("roc", run, View()).figure.axes[0].get_lines()[-1]
        area = np.trapezoid(np.asarray(mean.get_ydata()), np.asarray(mean.get_xdata()))
        assert area == pytest.approx(METRICS["auc"](run.model.outputs(data.X), data.Y), rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("confusion", "formula"),
        ("calibration", "not probabilities"),
        ("roc", "one class held out"),
        ("residuals", "beyond all floats"),
        ("parity", "xor"),
        ("roc", "labels on all rows or none held out"),
        ("parity", "many labels"),
        ("boundary", "many labels"),
        ("error-surface", "held out"),
        ("residuals", "classes"),
        ("importance", "xor"),
        ("importance", "scaled targets"),
        ("dependence", "held out"),
    ],
)
def test_kind_of_another_task_says_why_it_does_not_fit(
    kind: str, shape: str, trained: dict[str, Run], golden: Golden
) -> None:
    reason = KINDS[kind].unfit(trained[shape], View())
    assert reason is not None
    golden.check(reason)


@pytest.mark.parametrize("shape", ["values held out", "formula"])
@pytest.mark.parametrize("kind", sorted(OF_VALUES))
def test_parts_are_distinguished_by_marker_and_color_in_a_panel_for_each_target(
    kind: str, shape: str, trained: dict[str, Run]
) -> None:
    run = trained[shape]
    figure = plots.draw(kind, run, View()).figure
    drawn = [
        axes
        for axes in figure.axes
        if [artist.get_gid() for artist in axes.collections] == list(run.experiment.rows.by_part)
    ]
    assert len(drawn) == 2
    for axes in drawn:
        shapes = [artist.get_paths()[0].vertices.shape for artist in axes.collections]
        colors = [tuple(artist.get_edgecolor()[0]) for artist in axes.collections]
        assert len(set(shapes)) == len(set(colors)) == len(run.experiment.rows.by_part)


@pytest.mark.parametrize("kind", sorted(OF_VALUES))
def test_of_many_targets_those_with_the_lowest_r2_are_drawn(kind: str, trained: dict[str, Run]) -> None:
    run = trained["eight targets"]
    data = run.experiment.rows.held_out["test"]
    A = run.model.outputs(data.X)
    scores = [METRICS["r2"](A[:, [k]], data.expected[:, [k]]) for k in range(8)]
    worst = sorted(range(8), key=scores.__getitem__)[:6]
    picture = plots.draw(kind, run, View())
    assert set(picture.numbers.columns["target"]) == {f"column {k + 1}" for k in worst}
    assert "Shows the 6 of 8 targets with the lowest R²." in picture.figure._supxlabel.get_text()


@pytest.mark.parametrize("kind", sorted(OF_VALUES))
def test_scaled_targets_are_drawn_in_their_own_units(kind: str, trained: dict[str, Run]) -> None:
    data = trained["scaled targets"].experiment.rows.training
    columns = plots.draw(kind, trained["scaled targets"], View()).numbers.columns
    np.testing.assert_array_equal(np.asarray(columns["true"]), data.expected[:, 0])
    np.testing.assert_allclose(columns["predicted"], data.expected[:, 0], atol=100)


def test_of_many_rows_some_are_drawn_including_those_with_the_largest_errors(trained: dict[str, Run]) -> None:
    run = trained["formula"]
    data = run.experiment.rows.training
    residuals = np.abs(run.model.outputs(data.X) - data.expected)
    for kind in OF_VALUES:
        picture = plots.draw(kind, run, View())
        drawn = np.abs(np.asarray(picture.numbers.columns["residual"]))
        assert 2 * 600 <= len(drawn) <= 2 * 620 < 2 * len(data)
        assert drawn.max() == residuals.max()
        assert "600 evenly spaced rows of each set" in picture.figure._supxlabel.get_text()


def test_validation_shares_the_panel_of_the_training_values(trained: dict[str, Run]) -> None:
    run = trained["values held out"]
    picture = plots.draw("loss", run, View())
    upper = picture.figure.axes[0]
    curves = [line for line in upper.get_lines() if line.get_gid() == "curve"]
    assert [line.get_ydata()[-1] for line in curves] == [
        run.history[name][-1] for name in ("loss", "val_loss")
    ]
    assert len({line.get_linestyle() for line in curves}) == len({line.get_color() for line in curves}) == 2
    assert {text.get_text() for text in upper.texts} == {"training", "validation"}
    assert not any("val" in axes.get_title(loc="left") for axes in picture.figure.axes)
    best = int(run.history["val_loss"].argmin())
    assert f"lowest validation loss {run.history['val_loss'][best]:.3g} (epoch {best})" in upper.get_title(
        "right"
    )
    gap = run.history["val_loss"][-1] - run.history["loss"][-1]
    assert f"{gap:.3g} above the training loss" in picture.caption


def test_validation_rows_that_are_measured_now_and_then_are_joined_by_a_line(trained: dict[str, Run]) -> None:
    run = Run(trained["values held out"].path)
    seldom = run.history["epoch"] % 7 != 0
    held_out = np.where(seldom, np.nan, run.history["val_loss"])
    vars(run)["history"] = {**run.history, "val_loss": held_out}
    picture = plots.draw("loss", run, View())
    curve = [line for line in picture.figure.axes[0].get_lines() if line.get_gid() == "curve"][1]
    assert list(curve.get_xdata()) == [0, 7, 14, 21, 28]
    assert f"validation loss {held_out[28]:.3g}," in picture.caption


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([1.0, 31.0], True),
        ([1.0, 29.0], False),
        ([0.0, 100.0], False),
        ([-1.0, 100.0], False),
        ([np.nan, np.inf], False),
    ],
)
def test_a_scale_is_logarithmic_above_a_factor_of_30_of_positive_values(
    values: list[float], log: bool
) -> None:
    assert AxisScale.of(np.array(values)).log == log


@pytest.mark.parametrize(
    ("low", "high"), [(0.1, 4.0), (1e-28, 1e3), (1e-300, 1e280), (-3.0, 7.0), (5.0, 5.0), (0.0, 0.0)]
)
def test_a_scale_has_few_distinct_ticks_within_its_range(low: float, high: float) -> None:
    scale = AxisScale.of(np.array([low, high]), deepest=np.inf)
    positions, labels = scale.ticks()
    assert 1 <= len(positions) <= 10
    assert len(set(labels)) == len(labels)
    span = scale.high - scale.low
    assert all(scale.low - 1e-6 * span <= position <= scale.high + 1e-6 * span for position in positions)


def test_the_most_important_inputs_are_drawn_and_the_numbers_of_all_are_kept(trained: dict[str, Run]) -> None:
    picture = plots.draw("importance", trained["30 inputs"], View())
    found = permutation_importance(trained["30 inputs"])
    axes = picture.figure.axes[0]
    bars = [patch.get_width() for patch in axes.patches]
    assert bars == sorted(found.means, reverse=True)[:20]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [found.inputs[position] for position in found.order[:20]]
    assert len(picture.numbers.columns["input"]) == 30
    assert picture.caption.endswith("(30 training rows); 10 less important inputs not drawn")
    note = " ".join(picture.figure._supxlabel.get_text().split())
    assert "Shows the 20 most important of 30 inputs." in note


def test_importance_names_the_score_with_its_values_before_and_after(trained: dict[str, Run]) -> None:
    run = trained["classes"]
    found = permutation_importance(run)
    first = found.order[0]
    picture = plots.draw("importance", run, View())
    assert picture.caption == (
        f"{found.inputs[first]} matters most: shuffling it lowers accuracy from {number(found.intact)} to "
        f"{number(found.shuffled[first].mean())} (30 training rows)"
    )
    assert picture.figure.axes[0].get_xlabel() == "drop in accuracy when the input is shuffled"
    dots = [line for line in picture.figure.axes[0].get_lines() if line.get_gid() == "repeats"]
    assert [*dots[0].get_xdata()] == found.drops[found.order].ravel().tolist()
    rises = plots.draw("importance", trained["formula"], View())
    assert " matters most: shuffling it raises the loss from " in rises.caption
    label = "rise of the loss (mse, mean) when the input is shuffled"
    assert rises.figure.axes[0].get_xlabel() == label


def test_importance_of_inputs_that_change_nothing_says_so(trained: dict[str, Run]) -> None:
    run = trained["constant outputs of two inputs"]
    assert plots.draw("importance", run, View()).caption == (
        "no input matters: shuffling one of them does not raise the loss, which is 0 (30 training rows)"
    )
    assert plots.draw("dependence", run, View()).caption == (
        "the mean predictions depend on none of the plotted inputs (30 training rows)"
    )


def test_dependence_has_a_panel_for_each_of_the_most_important_inputs(trained: dict[str, Run]) -> None:
    run = trained["200 inputs"]
    picture = plots.draw("dependence", run, View())
    panels = [axes for axes in picture.figure.axes if axes.get_ylim() == (-0.05, 1.05)]
    found = partial_dependence(run, most_important(run, 4))
    assert len(panels) == 4
    for axes, each in zip(panels, found, strict=True):
        (mean,) = [line for line in axes.get_lines() if line.get_gid() == "mean"]
        assert [*mean.get_ydata()] == each.means[:, 0].tolist()
        assert len([line for line in axes.get_lines() if line.get_gid() == "rows"]) == 24
    names = [axes.get_xlabel() for axes in picture.figure.axes if axes.get_xlabel()]
    assert names == most_important(run, 4)
    assert "Dependence on the 4 most important of 200 inputs" in picture.figure.get_suptitle()


def test_dependence_of_classes_has_a_line_for_each_and_their_probabilities_sum_to_one(
    trained: dict[str, Run],
) -> None:
    figure = plots.draw("dependence", trained["classes"], View()).figure
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["x", "y", "z"]
    lines = [line for line in figure.axes[0].get_lines() if line.get_gid() == "mean"]
    np.testing.assert_allclose(np.sum([line.get_ydata() for line in lines], axis=0), 1.0)
    named = [str(line._dash_pattern) for line in figure.legends[0].get_lines()]
    assert named == [str(line._dash_pattern) for line in lines]
    assert len({str(line._dash_pattern) for line in lines}) == len({line.get_color() for line in lines}) == 3


def test_dependence_of_several_targets_has_panels_for_each(trained: dict[str, Run]) -> None:
    figure = plots.draw("dependence", trained["formula"], View()).figure
    names = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    assert names == ["predicted X1", "predicted X2"]
    means = [axes for axes in figure.axes if any(line.get_gid() == "mean" for line in axes.get_lines())]
    assert len(means) == 4


def test_dependence_on_named_inputs_has_their_panels_in_that_order(trained: dict[str, Run]) -> None:
    run = trained["200 inputs"]
    picture = plots.draw("dependence", run, View(features=("x7", "x3")))
    assert [axes.get_xlabel() for axes in picture.figure.axes if axes.get_xlabel()] == ["x7", "x3"]
    assert list(dict.fromkeys(picture.numbers.columns["input"])) == ["x7", "x3"]
    with pytest.raises(RunError, match="no input named 'x777'"):
        KINDS["dependence"].unfit(run, View(features=("x777", "x3")))
    with pytest.raises(RunError, match="the two inputs must differ"):
        KINDS["dependence"].unfit(run, View(features=("x3", "x3")))


def test_dependence_draws_the_most_frequent_of_many_categories_and_keeps_the_numbers_of_all(
    trained: dict[str, Run],
) -> None:
    picture = plots.draw("dependence", trained["many categories"], View(features=("kind", "day")))
    drawn = [label.get_text() for label in picture.figure.axes[2].get_xticklabels()]
    assert drawn == [f"kind {code}" for code in "0123456789"]
    columns = picture.numbers.columns
    values = [v for v, name in zip(columns["value"], columns["input"], strict=True) if name == "kind"]
    assert len(values) == 15
    days = [v for v, name in zip(columns["value"], columns["input"], strict=True) if name == "day"]
    assert days[0] == "2024-01-01"
    assert "Shows the 10 most frequent categories." in picture.figure._supxlabel.get_text()


@pytest.mark.parametrize("kind", sorted(OF_INPUTS))
def test_of_very_many_rows_some_are_used_and_the_note_says_so(
    kind: str, trained: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance, "affordable_rows", lambda network, count, passes: np.arange(0, count, 2))
    run = copy(trained["formula"])
    vars(run).pop(importance.CACHED, None)  # other tests have computed it from all rows
    figure = plots.draw(kind, run, View()).figure
    assert "1,000 training rows" in figure.get_suptitle()
    assert "Uses 500 evenly spaced rows." in " ".join(figure._supxlabel.get_text().split())


def test_the_camera_of_a_3d_picture_can_be_turned(trained: dict[str, Run]) -> None:
    axes = plots.draw("output-3d", trained["xor"], View(angle=(30.0, 40.0))).figure.axes[0]
    assert (axes.azim, axes.elev) == (30.0, 40.0)


def test_weights_have_the_color_of_their_neuron_and_the_dashes_of_their_input(
    trained: dict[str, Run],
) -> None:
    axes = plots.draw("weights", trained["xor"], View()).figure.axes[0]
    looks = {line.get_gid(): (line.get_color(), str(line._dash_pattern)) for line in axes.get_lines()}
    first, second, other = (looks[f"layers.0.weight[{place}]"] for place in ("0,0", "0,1", "1,0"))
    assert first[0] == second[0] != other[0]
    assert first[1] == other[1] != second[1]
    for text in axes.texts:
        assert text.arrow_patch is not None
        assert text.get_color() in {color for color, _ in looks.values()}


def test_errors_of_the_beginning_do_not_set_the_linear_axis(trained: dict[str, Run]) -> None:
    run = Run(trained["xor"].path)
    errors = run.snapshots.errors.copy()
    errors[0] = 100.0
    vars(run)["snapshots"] = replace(run.snapshots, errors=errors)
    figure = plots.draw("errors", run, View()).figure
    assert figure.axes[0].get_ylim()[1] < 2.0
    assert "Larger errors up to epoch 0 are beyond the linear axis." in figure._supxlabel.get_text()
