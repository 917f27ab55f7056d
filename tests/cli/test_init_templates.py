"""`nncli init TEMPLATE`: every template is written whole, and no file is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nncli.scaffold import templates
from tests.cli.conftest import Command


@pytest.mark.parametrize("name", templates.names())
def test_every_template_is_written_checked_and_carries_the_schema_line(nncli: Command, name: str) -> None:
    assert nncli("init", name.replace("_", "-")).code == 0
    text = Path(f"{name}.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=nncli.schema.json\n")
    result = nncli("check", f"{name}.yaml")
    assert result.code == 0
    assert sorted(os.listdir()) == sorted(["nncli.schema.json", f"{name}.yaml"])


def test_init_lists_templates_with_what_they_teach(nncli: Command) -> None:
    lines = nncli("init", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == templates.names()
    assert all(len(line.split()) > 3 for line in lines)


def test_init_never_overwrites_unasked(nncli: Command) -> None:
    Path("xor.yaml").write_text("mine")
    result = nncli("init", "xor")
    assert result.code == 2
    assert "xor.yaml: already exists" in result.err
    assert Path("xor.yaml").read_text() == "mine"
    assert nncli("init", "xor", "--overwrite").code == 0


def test_init_suggests_a_template(nncli: Command) -> None:
    assert "did you mean perceptron?" in nncli("init", "perceptro").err


def test_next_line_can_be_pasted(nncli: Command) -> None:
    *_, line = nncli("init", "xor", "-o", "my first.yaml").out.splitlines()
    assert line == "next: nncli train 'my first.yaml'"
