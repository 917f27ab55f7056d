"""`nncli init` writes the JSON Schema beside the config, for editors, and replaces only its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nncli.scaffold.editor import SCHEMA_FILE, schema_text, write_schema
from nncli.scaffold.from_table import SCHEMA_LINE
from tests.cli.conftest import Command

SCHEMA = Path(SCHEMA_FILE)


def test_the_first_line_of_a_config_names_the_file(nncli: Command) -> None:
    assert SCHEMA_LINE.endswith(f"$schema={SCHEMA_FILE}")
    assert nncli("init", "xor").out == "wrote xor.yaml\nnext: nncli train xor.yaml\n"
    assert SCHEMA.read_text(encoding="utf-8") == nncli("schema").out == schema_text()


def test_it_stands_beside_the_config(nncli: Command) -> None:
    Path("configs").mkdir()
    Path("t.csv").write_text("a,b\n" + "1.5,2\n3,4.5\n5,6\n" * 5, encoding="utf-8")
    result = nncli("init", "t.csv", "--target", "b", "-o", "configs/t.yaml", "-v")
    assert result.err.splitlines()[-1] == (
        "wrote configs/nncli.schema.json, which editors use to complete and check the config"
    )
    assert sorted(os.listdir("configs")) == [SCHEMA_FILE, "t.yaml"]
    assert not SCHEMA.exists()


def test_it_is_not_written_for_stdout_or_a_device(nncli: Command) -> None:
    assert nncli("init", "xor", "-o", "-").code == 0
    assert os.listdir() == []
    assert write_schema(Path(os.devnull)) is None


def test_an_outdated_one_is_replaced(nncli: Command) -> None:
    SCHEMA.write_text(json.dumps({"title": "nncli config", "properties": {}}), encoding="utf-8")
    assert nncli("init", "xor").code == 0
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


def test_the_present_one_is_not_written_again(nncli: Command) -> None:
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    before = SCHEMA.stat()
    assert nncli("init", "xor", "-v").err == ""
    assert SCHEMA.stat() == before


@pytest.mark.parametrize("content", ["mine", "[]", '{"title": "mine"}', "[" * 100_000, "\0", ""], ids=repr)
def test_what_is_not_ours_is_left_alone(nncli: Command, content: str) -> None:
    SCHEMA.write_text(content, encoding="utf-8")
    assert nncli("init", "xor", "-v") == (0, "wrote xor.yaml\nnext: nncli train xor.yaml\n", "")
    assert SCHEMA.read_text(encoding="utf-8") == content


def test_what_is_no_text_is_left_alone(nncli: Command) -> None:
    SCHEMA.write_bytes(b"\xff")
    assert nncli("init", "xor").code == 0
    assert SCHEMA.read_bytes() == b"\xff"


@pytest.mark.parametrize("kind", ["folder", "link", "link to nothing"])
def test_nothing_is_written_through_links_or_into_folders(nncli: Command, kind: str) -> None:
    ours = json.dumps({"title": "nncli config"})
    if kind == "folder":
        SCHEMA.mkdir()
    else:
        SCHEMA.symlink_to("victim")
    if kind == "link":
        Path("victim").write_text(ours, encoding="utf-8")
    assert nncli("init", "xor").code == 0
    assert SCHEMA.is_dir() == (kind == "folder")
    assert Path("victim").exists() == (kind == "link")
    assert kind != "link" or Path("victim").read_text(encoding="utf-8") == ours


def test_a_folder_that_cannot_be_written_is_no_error(nncli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from nncli.messages.errors import NncliError
    from nncli.scaffold import editor

    def refuse(path: Path, text: str) -> None:
        raise NncliError(f"{path}: Permission denied")

    monkeypatch.setattr(editor, "write_text", refuse)
    assert nncli("init", "xor").code == 0
    assert os.listdir() == ["xor.yaml"]
