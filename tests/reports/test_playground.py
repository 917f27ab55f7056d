"""Training in the page: what it copies as YAML trains to the same weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli import api
from nncli.runs import Run
from tests.reports.browser import Opened, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Pages = Callable[..., Path]
Runs = Callable[[str], Run]

EPOCHS = 12

CHANGES: dict[str, tuple[str, dict[str, str]]] = {
    "as it is": ("xor", {}),
    "another learning rate": ("xor", {"learning rate": "0.5"}),
    "momentum": ("xor", {"optimizer": "sgd momentum=0.9"}),
    "adam": ("xor", {"optimizer": "adam", "learning rate": "0.01"}),
    "other layers": ("xor", {"hidden layers": "5, 3", "hidden activation": "tanh"}),
    "no hidden layer": ("xor", {"hidden layers": ""}),
    "another activation": ("xor", {"hidden activation": "leaky_relu"}),
    "batches": ("xor", {"batch size": "3"}),
    "noise": ("xor", {"noise": "0.2"}),
    "several classes": ("iris", {}),
    "several classes with noise": ("iris", {"noise": "0.1", "optimizer": "rmsprop"}),
    "a formula by finite differences": ("linear_map", {}),
    "one row at a time": ("height_weight", {"optimizer": "adagrad"}),
}


def _set(page: Opened, label: str, value: str) -> None:
    control = page.section("Continue here").get_by_label(label)
    if control.evaluate("(control) => control.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)
        control.press("Enter")
    page.settle()


@pytest.mark.parametrize("change", CHANGES)
def test_copied_yaml_trains_to_the_weights_of_the_page(
    browser: Browser,
    template_run: Runs,
    page_of: Pages,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    template, settings = CHANGES[change]
    run = template_run(template)
    with opened(browser, page_of(run)) as page:
        page.show(3)
        for label, value in settings.items():
            _set(page, label, value)
        step = page.section("Continue here").get_by_role("button", name="One epoch")
        for _ in range(EPOCHS):
            step.click()
        page.settle()
        assert page.value("view.live.epoch") == EPOCHS
        weights = np.array(page.value("Array.from(view.live.W)"))
        losses = page.value("view.live.losses")
        page.section("Continue here").get_by_role("button", name="Copy as YAML").click()
        text = page.section("Continue here").locator("textarea").input_value()
        assert page.complaints == []
    config = tmp_path / "copied.yaml"
    config.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    trained = api.train(config, output=tmp_path / "again")
    np.testing.assert_allclose(trained.model.parameters, weights, rtol=1e-9, atol=1e-9)
    assert trained.epoch == EPOCHS
    np.testing.assert_allclose(trained.history["loss"][1:], losses[1:], rtol=1e-9, atol=1e-12)


def test_training_runs_pauses_and_resets(browser: Browser, run: Run, page_of: Pages) -> None:
    with opened(browser, page_of(run)) as page:
        section = page.section("Continue here")
        before = page.picture("Output over the inputs")
        section.get_by_role("button", name="Train").click()
        page.until("view.live?.epoch > 100")
        section.get_by_role("button", name="Pause").click()
        page.settle()
        assert page.picture("Output over the inputs") != before
        assert page.value("view.losses.train") < page.value("view.live.losses[0]")
        epoch = page.value("view.live.epoch")
        page.page.wait_for_timeout(100)
        assert page.value("view.live.epoch") == epoch
        section.get_by_role("button", name="Reset").click()
        page.settle()
        assert page.picture("Output over the inputs") == before
        assert page.value("view.live") is None


@pytest.mark.parametrize(
    ("label", "value"),
    [("learning rate", "-1"), ("batch size", "0"), ("hidden layers", "4, x"), ("hidden layers", "999")],
)
def test_a_wrong_setting_is_named(browser: Browser, run: Run, page_of: Pages, label: str, value: str) -> None:
    with opened(browser, page_of(run)) as page:
        _set(page, label, value)
        page.section("Continue here").get_by_role("button", name="Train").click()
        assert "must be" in page.section("Continue here").inner_text()
        assert page.complaints == []


def test_a_training_that_diverges_stops_and_says_so(
    browser: Browser, template_run: Runs, page_of: Pages
) -> None:
    with opened(browser, page_of(template_run("linear_map"))) as page:
        _set(page, "learning rate", "10")
        page.section("Continue here").get_by_role("button", name="Train").click()
        page.until("page.view.live && !page.view.live.isFinite")
        page.settle()
        assert "not finite" in page.section("Continue here").inner_text()
        assert page.complaints == []
