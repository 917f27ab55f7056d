"""Pages of runs that are unlike the examples: hostile names, one row, no number, ten thousand columns."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli import api
from nncli.runs import Run
from tests.reports.browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Pages = Callable[..., Path]

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "{{script}}",
    "اسم ‮olleh",
    "🙂👩‍👩‍👧",
    "n" * 200,
    'quote " and \\',
    "a&b;--x",
]


def _train(folder: Path, data: dict[str, Any], targets: list[str], **others: Any) -> Run:
    network = others.pop("network", {"hidden": [3], "activation": "tanh"})
    given = {"training": {"epochs": 20}, **others}
    table = folder / "table.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(data)
        writer.writerows(zip(*data.values(), strict=True))
    dataset = {"path": str(table), "targets": targets, **given.pop("dataset", {})}
    return api.train({"dataset": dataset, "network": network, **given}, output=folder / "odd")


def _rows(count: int, columns: list[str], seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=count).tolist() for name in columns}


def test_hostile_names_are_shown_as_text(browser: Browser, page_of: Pages, tmp_path: Path) -> None:
    data = _rows(30, HOSTILE)
    labels = ["<b>no</b>", "</style><script>alert(2)</script>"]
    data["<i>class</i>"] = [labels[value > 0] for value in data[HOSTILE[0]]]
    run = _train(tmp_path, data, ["<i>class</i>"], name="</title><script>alert(3)</script>")
    with opened(browser, page_of(run), "#open=0.0") as page:
        text = page.page.inner_text("body")
        assert page.complaints == []
        assert page.requests == []
        assert page.page.locator("img, i, b").count() == 0
        assert page.page.locator("script").count() == 2
        assert "<b>no</b>" in text
        assert [*page.value("run.encoded")] == HOSTILE
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 1280


def _one_row() -> dict[str, Any]:
    return {"data": {"a": [1.0], "b": [2.0], "y": [3.0]}, "targets": ["y"]}


def _no_number() -> dict[str, Any]:
    return {"data": {"color": ["red", "blue"] * 6, "y": ["yes", "no", "no"] * 4}, "targets": ["y"]}


def _one_input() -> dict[str, Any]:
    return {"data": _rows(20, ["x", "y"]), "targets": ["y"]}


def _no_hidden_layer() -> dict[str, Any]:
    return {"data": _rows(20, ["a", "b", "y"]), "targets": ["y"], "network": {"layers": [{"units": 1}]}}


def _no_snapshots() -> dict[str, Any]:
    return {
        "data": _rows(20, ["a", "b", "y"]),
        "targets": ["y"],
        "record": {"weights": "none", "errors": "none"},
    }


def _no_epochs() -> dict[str, Any]:
    return {"data": _rows(20, ["a", "b", "y"]), "targets": ["y"], "training": {"epochs": 0}}


def _many_columns() -> dict[str, Any]:
    names = [f"c{number}" for number in range(10_000)]
    return {"data": _rows(12, [*names, "y"]), "targets": ["y"], "training": {"epochs": 2}}


def _many_rows() -> dict[str, Any]:
    return {"data": _rows(20_000, ["a", "b", "y"]), "targets": ["y"], "training": {"epochs": 2}}


def _constant() -> dict[str, Any]:
    return {"data": {**_rows(12, ["a"]), "b": [5.0] * 12, "y": [7.0] * 12}, "targets": ["y"]}


def _mixed() -> dict[str, Any]:
    data = {**_rows(24, ["a"]), "on": [True, False] * 12, "kind": ["x", "y", "z"] * 8}
    dates = {"day": [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 15)]}
    kinds = {"dataset": {"preprocessing": {"columns": {"day": {"kind": "date"}}}}}
    return {"data": {**data, **dates, "y": data["a"]}, "targets": ["y"], **kinds}


def _multilabel() -> dict[str, Any]:
    flags = {"p": [0, 1, 1, 0] * 5, "q": [0, 0, 1, 1] * 5}
    layers = [{"units": 4, "activation": "tanh"}, {"units": 2, "activation": "sigmoid"}]
    task = {"dataset": {"task": "multilabel"}}
    return {
        "data": {**_rows(20, ["a", "b"]), **flags},
        "targets": ["p", "q"],
        "network": {"layers": layers},
        **task,
    }


def _single_precision() -> dict[str, Any]:
    return {
        "data": _rows(20, ["a", "b", "y"]),
        "targets": ["y"],
        "training": {"epochs": 20, "dtype": "float32"},
    }


ODD = {
    "one row": (_one_row, ""),
    "no number": (_no_number, "no input is a number"),
    "one input": (_one_input, ""),
    "no hidden layer": (_no_hidden_layer, ""),
    "no snapshots": (_no_snapshots, "only one epoch"),
    "no epochs": (_no_epochs, ""),
    "many columns": (_many_columns, "12 shown"),
    "many rows": (_many_rows, "5,000 of 20,000 rows"),
    "constant": (_constant, ""),
    "mixed": (_mixed, ""),
    "multilabel": (_multilabel, ""),
    "single precision": (_single_precision, "trained in float32"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_runs_have_a_page_without_blanks(
    browser: Browser, page_of: Pages, tmp_path: Path, name: str
) -> None:
    make, note = ODD[name]
    given = make()
    run = _train(tmp_path, given.pop("data"), given.pop("targets"), **given)
    with opened(browser, page_of(run), "#open=0.0") as page:
        if page.value("run.epochs.length") > 1:
            page.show(0)
        page.section("Continue here").get_by_role("button", name="One epoch").click()
        page.settle()
        assert page.complaints == []
        words = page.page.locator("canvas[aria-label]").evaluate_all(
            "(all) => all.map((each) => each.ariaLabel)"
        )
        shown = page.page.inner_text("body") + " ".join(words)
        assert note in shown
        assert "NaN" not in shown
        assert "undefined" not in shown
        for title in ("Loss", "Output over the inputs", "Surface", "Errors of rows"):
            assert page.color_count(title) > 1, title


def test_a_history_with_infinite_losses_is_drawn(browser: Browser, page_of: Pages, tmp_path: Path) -> None:
    data = {"x": [1e3, -2e3, 3e3], "y": [1.0, 2.0, 3.0]}
    with pytest.raises(api.DivergedError):
        _train(tmp_path, data, ["y"], optimizer={"name": "sgd", "learning_rate": 1e3})
    with opened(browser, page_of(Run(tmp_path / "odd"))) as page:
        assert page.complaints == []
        assert "diverged" in page.page.inner_text("header")
