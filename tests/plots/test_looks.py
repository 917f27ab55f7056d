"""Themes, resolution, size and title of pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.image import imread

from nncli import plots
from nncli.messages.errors import NncliError
from nncli.plots import KINDS, Look, View, style
from nncli.plots.looks import DARK_PAPER
from nncli.runs import Run


def test_size_and_resolution_set_the_pixels_of_a_png(trained: dict[str, Run], tmp_path: Path) -> None:
    picture = plots.draw("loss", trained["xor"], View(), Look(size=(8.0, 5.0), dpi=50))
    plots.save(picture, tmp_path / "loss.png")
    assert imread(tmp_path / "loss.png").shape[:2] == (250, 400)


def test_a_title_replaces_that_of_the_kind(trained: dict[str, Run]) -> None:
    figure = plots.draw("loss", trained["xor"], View(), Look(title="My own title")).figure
    assert figure.get_suptitle() == "My own title"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("fit", "parity", "residuals")])
def test_dark_paper_has_light_text_and_keeps_the_numbers(kind: str, trained: dict[str, Run]) -> None:
    run = trained["classes" if kind in ("importance", "dependence") else "xor"]
    run = trained["formula"] if "error-surface" in kind else run
    light, dark = (plots.draw(kind, run, View(), Look(theme=theme)) for theme in ("light", "dark"))
    assert dark.caption == light.caption
    assert to_rgb(dark.figure.get_facecolor()) == pytest.approx(to_rgb(DARK_PAPER))
    title = dark.figure._suptitle  # type: ignore[attr-defined]
    assert min(to_rgb(title.get_color())) > 0.7


def test_print_has_black_text_and_thicker_lines(trained: dict[str, Run]) -> None:
    figures = [
        plots.draw("loss", trained["xor"], View(), Look(theme=theme)).figure for theme in ("light", "print")
    ]
    light, printed = (figure.axes[0].get_lines()[0].get_linewidth() for figure in figures)
    assert printed > light
    assert to_rgb(figures[1]._suptitle.get_color()) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("dpi", "size"),
    [
        (1, None),
        (-5, None),
        (10**20, None),
        (150, (0.5, 4.0)),
        (150, (4.0, 400.0)),
        (150, (math.nan, 4.0)),
        (150, (4.0, math.inf)),
    ],
)
def test_an_unusable_size_or_resolution_is_refused(dpi: int, size: tuple[float, float] | None) -> None:
    with pytest.raises(NncliError, match="must be from") as caught:
        Look(dpi=dpi, size=size)
    assert caught.value.hint


@pytest.mark.parametrize("angle", [(math.nan, 28.0), (1e30, 28.0), (-55.0, math.inf), (-55.0, -91.0)])
def test_an_unusable_camera_is_refused(angle: tuple[float, float]) -> None:
    with pytest.raises(NncliError, match="of the camera must be from") as caught:
        View(angle=angle)
    assert caught.value.hint


def test_the_walls_of_a_3d_picture_are_dark_on_dark_paper(trained: dict[str, Run]) -> None:
    axes = plots.draw("output-3d", trained["xor"], View(), Look(theme="dark")).figure.axes[0]
    assert max(to_rgb(axes.xaxis.pane.get_facecolor())) < 0.3


def test_the_frames_of_a_matrix_stay_black_on_dark_paper(trained: dict[str, Run]) -> None:
    axes = plots.draw("confusion", trained["xor"], View(), Look(theme="dark")).figure.axes[0]
    assert {to_rgb(frame.get_edgecolor()) for frame in axes.patches} == {(0.0, 0.0, 0.0)}


def test_print_has_a_heat_map_of_grays_and_the_same_ticks(trained: dict[str, Run]) -> None:
    light, printed = (
        plots.draw("boundary", trained["xor"], View(), Look(theme=theme)).figure
        for theme in ("light", "print")
    )
    colors = printed.axes[0].images[0].get_cmap()(np.linspace(0.0, 1.0, 9))[:, 0]
    assert (np.diff(colors) < 0).all()
    texts = [[text.get_text() for text in figure.axes[1].get_yticklabels()] for figure in (light, printed)]
    assert texts[0] == texts[1]


def test_the_text_of_an_svg_stays_text_in_a_font_that_every_viewer_has(
    trained: dict[str, Run], tmp_path: Path
) -> None:
    plots.save(plots.draw("loss", trained["xor"], View()), tmp_path / "loss.svg")
    svg = (tmp_path / "loss.svg").read_text(encoding="utf-8")
    assert ">epoch</text>" in svg
    assert "'DejaVu Sans', sans-serif" in svg


def test_black_text_is_readable_on_every_color_of_a_decision_map() -> None:
    colors = style.signed()(np.linspace(0.0, 1.0, 33))[:, :3]
    assert {style.ink_on(color) for color in colors} == {style.BLACK}


def test_contour_lines_are_white_on_dark_colors_and_black_on_bright_ones(trained: dict[str, Run]) -> None:
    axes = plots.draw("output", trained["formula"], View()).figure.axes[0]
    drawn = {to_hex(color) for each in axes.collections for color in each.get_edgecolor()}
    assert {style.BLACK, style.PAPER} <= drawn
