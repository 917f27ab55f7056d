"""README and docs tell the truth: sessions, pictures, tables, links and the map."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from nncli.cli import registry
from nncli.config import json_schema
from nncli.plots import KINDS
from tests.console import PAGES, ROOT, agrees, blocks, missing_for, printed, steps

PAGE_NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
TEXTS = {name: page.read_text(encoding="utf-8") for name, page in zip(PAGE_NAMES, PAGES, strict=True)}
CHAPTERS = [name for name, text in TEXTS.items() if "```console" in text]
SCREENSHOT = "report.png"  # by docs/make_screenshot.py
HAND_WRITTEN = "\n".join(text for name, text in TEXTS.items() if name != "docs/config.md")


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKE_IMAGES, MAKE_REFERENCE = _script("make_images"), _script("make_reference")


@pytest.mark.parametrize("page", CHAPTERS)
def test_sessions_print_what_the_page_shows(page: str, tmp_path: Path) -> None:
    if missing := missing_for(TEXTS[page]):
        pytest.skip(f"needs {missing}")
    folder = tmp_path / "page"
    folder.mkdir()
    session = [step for block in blocks(TEXTS[page]) for step in steps(block)]
    outputs = printed(session, folder)
    assert len(outputs) == len(session)
    for step, output in zip(session, outputs, strict=True):
        assert agrees(step.shown if step.command else "", output), (
            f"$ {step.command}\n{output}\n(python -m tests.console brings the page up to date)"
        )


@pytest.mark.parametrize(
    ("shown", "actual", "agree"),
    [
        ("", "", True),
        ("3\n", "3\n", True),
        ("3\n", "4\n", False),
        ("3\n", "3\n4\n", False),
        ("in ... s\n", "in 0.12 s\n", True),
        ("in ... s\n", "in 0.12 s\nmore s\n", False),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\nd\n", "a\nb\n", False),
        ("1.5\n", "1x5\n", False),
        ("a\nb\n", "a\nfolds=2/4  about 1 s left\nb\n", True),  # on a slow machine
        ("a\n", "a\ntotal=2/4\n", False),
    ],
)
def test_three_dots_stand_for_anything_and_all_else_for_itself(shown: str, actual: str, agree: bool) -> None:
    assert agrees(shown, actual) is agree


@pytest.mark.parametrize("command", registry.command_names())
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"nncli {command}\b", HAND_WRITTEN)
    assert f"`nncli.{command}/1`" in HAND_WRITTEN or command == "schema"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_has_a_heading_and_a_picture(kind: str) -> None:
    page = TEXTS["docs/plots.md"]
    section = next(part for part in page.split("\n## ") if f"`{kind}`" in part.splitlines()[0])
    assert "](images/" in section


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from node.get("properties", {})
        for value in node.values():
            yield from _keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from _keys(value)


@pytest.mark.parametrize("key", sorted(set(_keys(json_schema()))))
def test_every_config_key_is_documented(key: str) -> None:
    assert any(f"`{key}`" in text for text in TEXTS.values())


def test_the_config_reference_is_up_to_date() -> None:
    assert TEXTS["docs/config.md"] == MAKE_REFERENCE.reference(json_schema()), (
        "run python docs/make_reference.py"
    )


def test_the_schema_in_the_package_is_up_to_date() -> None:
    assert MAKE_REFERENCE.SCHEMA.read_text(encoding="utf-8") == MAKE_REFERENCE.schema_file(), (
        "run python docs/make_reference.py"
    )


def test_the_readme_config_table_is_up_to_date() -> None:
    table = MAKE_REFERENCE.short_table(json_schema())
    assert TEXTS["README.md"] == MAKE_REFERENCE.with_table(TEXTS["README.md"], table), (
        "run python docs/make_reference.py"
    )


def test_the_map_of_the_readme_is_the_package() -> None:
    tree = next(text for text in re.findall(r"```\n(nncli/\n.*?)```", TEXTS["README.md"], re.DOTALL))
    root, *lines = tree.splitlines()
    entries = {entry for line in lines for entry in re.split("  +", line.strip())[0].split()}
    package = ROOT / root
    modules = {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert entries - {"__main__.py"} == modules | folders


def _links() -> Iterator[tuple[str, str]]:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not target.startswith("https://"):
                yield str(page.relative_to(ROOT)), target


@pytest.mark.parametrize(("page", "target"), sorted(set(_links())))
def test_links_lead_somewhere(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (ROOT / page).parent / path if path else ROOT / page
    assert file.is_file()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in [re.sub(r"[^\w\s-]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_every_page_is_in_the_index() -> None:
    listed = set(re.findall(r"\]\(([\w/-]+\.md)\)", TEXTS["docs/index.md"]))
    pages = {name.removeprefix("docs/") for name in PAGE_NAMES if name.startswith("docs/")}
    assert listed == pages - {"index.md"}


def _made() -> dict[str, str]:
    return {name: template for template, pictures in MAKE_IMAGES.PICTURES.items() for name in pictures}


def test_the_pictures_shown_are_those_that_are_made() -> None:
    shown = {Path(target).name for _, target in _links() if "images/" in target}
    drawn = {f"{name}.svg" for name in (*_made(), MAKE_IMAGES.COMPARISON, *MAKE_IMAGES.SWEEP)}
    assert shown == {*drawn, SCREENSHOT} == {path.name for path in MAKE_IMAGES.IMAGES.iterdir()}


@pytest.mark.parametrize("template", MAKE_IMAGES.PICTURES)
def test_the_pictures_are_up_to_date(template: str, tmp_path: Path) -> None:
    MAKE_IMAGES.draw(template, tmp_path)
    for name in MAKE_IMAGES.PICTURES[template]:
        fresh, kept = tmp_path / f"{name}.svg", MAKE_IMAGES.IMAGES / f"{name}.svg"
        assert _words(fresh) == _words(kept), "run python docs/make_images.py"


def test_the_picture_of_a_comparison_is_up_to_date(tmp_path: Path) -> None:
    MAKE_IMAGES.draw_comparison(tmp_path)
    name = f"{MAKE_IMAGES.COMPARISON}.svg"
    assert _words(tmp_path / name) == _words(MAKE_IMAGES.IMAGES / name), "run python docs/make_images.py"


def test_the_pictures_of_a_sweep_are_up_to_date(tmp_path: Path) -> None:
    MAKE_IMAGES.draw_sweep(tmp_path)
    for name in (f"{each}.svg" for each in MAKE_IMAGES.SWEEP):
        assert _words(tmp_path / name) == _words(MAKE_IMAGES.IMAGES / name), "run python docs/make_images.py"


def _words(picture: Path) -> list[str]:
    """Title and description without their numbers, whose last digits differ between processors."""
    words = re.findall(r"<(?:title|desc) id.*", picture.read_text(encoding="utf-8"))
    assert len(words) == 2
    return [re.sub(r"[\d.,]*\d(?:e[−-]?\d+)?", "#", text) for text in words]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (name, block.text)
        for name, text in TEXTS.items()
        for block in blocks(text)
        if block.language == "yaml" and block.text.startswith("# configs/")
    ],
)
def test_excerpts_stand_in_the_configs(page: str, text: str) -> None:
    name = text.splitlines()[0].removeprefix("# ")
    config = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert _within(yaml.safe_load(text), config)


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _within(value, whole[key]) for key, value in part.items())
    return bool(part == whole)


def test_installation_is_two_lines_that_stand_alone() -> None:
    lines = [block.text for block in blocks(TEXTS["README.md"]) if block.language == "sh"]
    assert lines == [
        "python -m pip install . && nncli train configs/xor.yaml\n",
        'python -m pip install ".[test]" && python -m pytest\n',
    ]


FAQ = TEXTS["docs/faq.md"].split("\n## ")[1:]


@pytest.mark.parametrize("answer", FAQ, ids=lambda answer: answer.splitlines()[0])
def test_every_answer_of_the_faq_has_something_to_run(answer: str) -> None:
    question, _, body = answer.partition("\n")
    assert question.endswith("?")
    assert body.lstrip().startswith("**"), "the short answer comes first"
    assert any(step.command for block in blocks(body) for step in steps(block))
