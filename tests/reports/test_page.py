"""The page of a run in a real browser: offline, exact, and moved by slider, keys, mouse and clicks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli import api
from nncli.inspection.formulas import digits
from nncli.inspection.trace import trace
from nncli.messages.errors import NncliError
from nncli.reports.views import VIEWS
from nncli.runs import Run
from nncli.scaffold import templates
from tests.reports.browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Pages = Callable[..., Path]
Runs = Callable[[str], Run]

FULL_BATCH = ["xor", "not", "linear_map", "perceptron", "worked_example", "linear_map_nonlinear"]
FIGURES = ["Loss", "Output over the inputs", "Surface", "Weights over the epochs", "Errors of rows"]


@pytest.mark.parametrize("name", templates.names())
def test_every_template_has_a_page_that_opens_offline(
    browser: Browser, template_run: Runs, page_of: Pages, name: str
) -> None:
    file = page_of(template_run(name))
    with opened(browser, file) as page:
        page.show(0)
        page.show(int(page.value("run.epochs.length - 1")))
        page.page.emulate_media(color_scheme="dark")
        page.settle()
        assert page.complaints == []
        assert page.requests == []
        blank = [title for title in FIGURES if page.color_count(title) < 8]
        assert blank == [] or name == "broken_learning_rate", blank
    assert file.stat().st_size < 400_000 or name in ("iris", "digits", "diabetes", "broken_leaking_split")


def _is_full_batch(run: Run) -> bool:
    return run.experiment.recipe.batch_size == len(run.experiment.rows.training)


@pytest.mark.parametrize("name", FULL_BATCH)
def test_losses_from_snapshots_are_those_of_the_history(
    browser: Browser, template_run: Runs, page_of: Pages, name: str
) -> None:
    run = template_run(name)
    assert _is_full_batch(run)
    with opened(browser, page_of(run)) as page:
        loss = "run.network.lossOf(run.weightsAt(place), given.X, given.Y, given.n)"
        script = f"((given) => run.epochs.map((_, place) => {loss}))(run.part('train'))"
        found = dict(zip(page.value("run.epochs"), page.value(script), strict=True))
    # An epoch's loss is measured before its update: it is that of the weights after the epoch before.
    history = dict(zip(run.history["epoch"].astype(int).tolist(), run.history["loss"], strict=True))
    compared = [(found[epoch], history[epoch + 1]) for epoch in found if epoch + 1 in history]
    assert len(compared) > 4
    np.testing.assert_allclose(*np.array(compared).T, rtol=1e-9, atol=1e-13)


def test_slider_play_and_keys_move_through_the_epochs(browser: Browser, run: Run, page_of: Pages) -> None:
    with opened(browser, page_of(run)) as page:
        last = page.value("view.epoch")
        page.show(0)
        first_map, first_status = page.picture("Output over the inputs"), page.page.inner_text(".bar output")
        assert page.value("view.epoch") == 0
        page.page.focus(".bar input")
        page.page.keyboard.press("ArrowRight")
        page.settle()
        assert page.value("page.state.place") == 1
        page.page.keyboard.press("End")
        page.settle()
        assert page.value("view.epoch") == last
        assert page.picture("Output over the inputs") != first_map
        assert page.page.inner_text(".bar output") != first_status
        page.page.get_by_role("button", name="Play").click()
        page.until("page.state.place > 2 && page.state.place < run.epochs.length - 2")
        page.page.get_by_role("button", name="Pause").click()
        stopped = page.value("page.state.place")
        page.page.wait_for_timeout(150)
        assert 2 < page.value("page.state.place") == stopped


def test_boundary_has_the_classes_at_the_corners(
    browser: Browser, template_run: Runs, page_of: Pages
) -> None:
    with opened(browser, page_of(template_run("xor"))) as page:
        for x1, x2 in ((0, 0), (0, 1), (1, 0), (1, 1)):
            script = """(() => {
              const [x, y] = view.axes;
              const {size} = view.grid;
              const share = (axis, value) => (value - axis.low) / (axis.high - axis.low);
              const at = (axis, value) => Math.round(share(axis, value) * (size - 1));
              return view.field[at(y, given[1]) * size + at(x, given[0])];
            })()"""
            assert (page.value(script, [x1, x2]) > 0.5) == (x1 != x2)


def test_surface_turns_by_drag_keys_and_wheel(browser: Browser, run: Run, page_of: Pages) -> None:
    with opened(browser, page_of(run)) as page:
        canvas = page.section("Surface").locator("canvas")
        pictures = [page.picture("Surface")]
        canvas.focus()
        page.page.keyboard.press("ArrowRight")
        page.settle()
        pictures.append(page.picture("Surface"))
        page.page.keyboard.press("ArrowUp")
        page.settle()
        pictures.append(page.picture("Surface"))
        box = canvas.bounding_box()
        page.page.mouse.move(box["x"] + 100, box["y"] + 100)
        page.page.mouse.down()
        page.page.mouse.move(box["x"] + 160, box["y"] + 120, steps=4)
        page.page.mouse.up()
        page.settle()
        pictures.append(page.picture("Surface"))
        page.page.mouse.wheel(0, -200)
        page.settle()
        pictures.append(page.picture("Surface"))
        assert all(before != after for before, after in pairwise(pictures))


def test_a_click_opens_the_lines_of_trace(browser: Browser, template_run: Runs, page_of: Pages) -> None:
    run = template_run("xor")
    expected = trace(run.experiment, run.model.parameters, 0)
    with opened(browser, page_of(run)) as page:
        page.page.locator('.unit[title="layers.0, unit 2"]').click()
        page.settle()
        shown = page.section("Arithmetic").inner_text()
        for line in [*expected.forward[2].lines, *expected.backward[3].lines[:3]]:
            for text in (line.formula, line.numbers, digits(line.value)):
                assert text in shown, text
        page.page.locator(".network line").nth(3).dispatch_event("click")
        page.settle()
        opened_place = page.value("page.state.opened")
        assert opened_place == [0, 1, 1]
        shown = page.section("Arithmetic").inner_text()
        for line in expected.update[1].lines[1:2]:
            assert line.numbers in shown
            assert line.name in shown


def test_input_sliders_move_the_prediction(browser: Browser, template_run: Runs, page_of: Pages) -> None:
    run = template_run("iris")
    with opened(browser, page_of(run)) as page:
        section = page.section("One row")
        section.get_by_label("petal_length").fill("5.6")
        section.get_by_label("petal_width").fill("2.1")
        page.settle()
        values = page.value("run.inputs.map((input) => view.x[input.at] * input.unit + input.zero)")
        table = api.predict(
            run, {name: [value] for name, value in zip(run.model.columns.inputs, values, strict=True)}
        )
        assert f"predicted {table['pred_species'][0]}" in section.inner_text()
        assert "its inputs changed" in section.inner_text()
        section.get_by_role("button", name="Reset its inputs").click()
        page.settle()
        assert "its inputs changed" not in section.inner_text()
        section.get_by_label("row", exact=True).fill("140")
        section.get_by_label("row", exact=True).press("Enter")
        page.settle()
        assert "of the test set" in section.inner_text()


def test_the_address_keeps_the_state(browser: Browser, run: Run, page_of: Pages) -> None:
    file = page_of(run)
    with opened(browser, file) as page:
        page.show(5)
        page.page.locator('.unit[title="layers.0, unit 1"]').click()
        page.page.get_by_label("learning rate").fill("0.7")
        page.page.get_by_label("learning rate").press("Enter")
        page.until("location.hash.includes('rate=0.7')")
        fragment = page.page.evaluate("location.hash")
    with opened(browser, file, fragment) as page:
        assert page.value("page.state.place") == 5
        assert page.value("page.state.opened") == [0, 1]
        assert page.page.get_by_label("learning rate").input_value() == "0.7"
    for wrong in ("#epoch=x&row=-3&open=9.9.9&x=nothing&run=7", "#row=1e99&output=a", "#%%%"):
        with opened(browser, file, wrong) as page:
            assert page.complaints == []
            assert page.value("page.state.row") == 0


def test_several_runs_are_on_one_page(browser: Browser, template_run: Runs, page_of: Pages) -> None:
    file = page_of(template_run("xor"), template_run("not"), template_run("iris"))
    with opened(browser, file) as page:
        cards = page.section("All runs at this epoch").locator("canvas")
        assert cards.count() == 3
        page.page.locator("header select").select_option(label="iris")
        page.settle()
        assert page.page.inner_text("h1") == "iris"
        page.section("All runs at this epoch").get_by_role("button", name="not").click()
        page.settle()
        assert page.page.inner_text("h1") == "not"
        assert page.complaints == []


@pytest.mark.parametrize("width", [320, 768, 3840])
@pytest.mark.parametrize("name", ["xor", "iris", "linear_map"])
def test_nothing_is_wider_than_the_window(
    browser: Browser, template_run: Runs, page_of: Pages, name: str, width: int
) -> None:
    with opened(
        browser, page_of(template_run(name)), "#open=0.0", viewport={"width": width, "height": 800}
    ) as page:
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["xor", "iris", "height_weight"])
def test_page_is_accessible(
    browser: Browser, template_run: Runs, page_of: Pages, name: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, page_of(template_run(name)), "#open=0.0", color_scheme=scheme) as page:
        found = axe.run(page.page)
        assert found.violations_count == 0, found.generate_report()


def test_keyboard_alone_reaches_everything(browser: Browser, run: Run, page_of: Pages) -> None:
    with opened(browser, page_of(run)) as page:
        reached = set()
        for _ in range(80):
            page.page.keyboard.press("Tab")
            focus = "(document.activeElement.closest('section') ?? document.activeElement.closest('.bar'))"
            title = page.page.evaluate(f"{focus}?.querySelector('h2, button')?.textContent ?? ''")
            outline = page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none" or title == ""
            reached.add(title)
        assert {
            "Play",
            "Surface",
            "Network",
            "Continue here",
            "One row",
            "Dependence on one input",
        } <= reached


def test_reduced_motion_does_not_start_anything(browser: Browser, run: Run, page_of: Pages) -> None:
    with opened(browser, page_of(run), reduced_motion="reduce") as page:
        before = page.value("page.state.place")
        page.page.wait_for_timeout(100)
        assert page.value("page.state.place") == before


def test_page_is_printable(browser: Browser, run: Run, page_of: Pages) -> None:
    with opened(browser, page_of(run)) as page:
        assert page.page.pdf().startswith(b"%PDF")
        assert page.complaints == []


def test_a_report_is_refused_where_it_cannot_be(run: Run, tmp_path: Path) -> None:
    with pytest.raises(NncliError, match="a report is an HTML page"):
        api.report(run, output=tmp_path / "page.pdf")


@pytest.mark.parametrize("kind", VIEWS)
def test_a_single_picture_is_a_page_of_its_figures(
    browser: Browser, template_run: Runs, tmp_path: Path, kind: str
) -> None:
    names = {"parity": "linear_map", "residuals": "linear_map", "fit": "one input", "confusion": "iris"}
    name = "linear_map" if kind.startswith("error-") else names.get(kind, "iris")
    run = _one_input(tmp_path) if name == "one input" else template_run(name)
    (picture,) = api.plot(run, [kind], output=tmp_path / f"{kind}.html")
    with opened(browser, picture.path) as page:
        assert tuple(page.page.locator("section h2").all_inner_texts()) == VIEWS[kind].titles
        assert page.complaints == []
        assert VIEWS[kind].shown in (None, page.value("page.state.shown"))
        words = page.page.inner_text("section")
        assert len(words) > 40


def _one_input(folder: Path) -> Run:
    data = {"x": np.linspace(-1, 1, 12).tolist(), "y": np.linspace(0, 2, 12).tolist()}
    config = {"dataset": {"targets": ["y"]}, "network": {"hidden": [2]}, "training": {"epochs": 5}}
    return api.train(config, data, output=folder / "run")


def test_pages_of_single_pictures_are_refused_in_words(run: Run, tmp_path: Path) -> None:
    for kinds, problem in (([], "which kind"), (["roc"], "roc has no page"), (["parity"], "no parity plot")):
        with pytest.raises(NncliError, match=problem):
            api.plot(run, kinds, format="html")
    with pytest.raises(NncliError, match="cannot hold 2 plots"):
        api.plot(run, ["loss", "weights"], output=tmp_path / "a.html")
    assert not [*run.path.rglob("*.html"), *tmp_path.glob("*.html")]


def test_axes_of_a_single_picture_are_those_that_are_named(
    browser: Browser, template_run: Runs, tmp_path: Path
) -> None:
    run = template_run("iris")
    (picture,) = api.plot(
        run, ["boundary"], features=("sepal_width", "petal_length"), output=tmp_path / "a.html"
    )
    with opened(browser, picture.path) as page:
        assert page.value("view.axes.map((axis) => axis.name)") == ["sepal_width", "petal_length"]
