"""`--json`: one object on stdout, also for mistakes, failed checks and bugs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def mistaken(trained: Command) -> list[tuple[str, ...]]:
    Path("bad.yaml").write_text("dataset: xoor\nepochs: 3\n")
    return [
        ("check", "bad.yaml"),
        ("check",),
        ("train", "bad.yaml"),
        ("predict", "xro"),
        ("plot", "lose"),
        ("init", "xor"),
        ("gradcheck", "xor", "--nix"),
    ]


def test_json_tells_mistakes_as_one_object(trained: Command) -> None:
    for words in mistaken(trained):
        result = trained(*words, "--json")
        assert result.code == 2
        values = json.loads(result.out)
        assert (values["schema"], values["code"]) == ("nncli.error/1", 2)
        for mistake in values["errors"]:
            assert f"error: {mistake['message']}\n" in result.err
            assert re.sub(r"\s+", " ", mistake["hint"] or "") in re.sub(r"\s+", " ", result.err)
        assert len(values["errors"]) == result.err.count("error: ")
    assert len(json.loads(trained("check", "bad.yaml", "--json").out)["errors"]) > 1


def test_json_of_a_failed_check_is_the_result(trained: Command) -> None:
    for words in (("evaluate", "--fail-if", "mse > 0"), ("gradcheck", "--tolerance", "0")):
        result = trained(*words, "--json")
        assert result.code == 4
        assert json.loads(result.out)["schema"] == f"nncli.{words[0]}/1"


def test_json_of_a_bug_is_an_object(trained: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncli.runs.all_runs", lambda: 1 / 0)
    values = json.loads(trained("runs", "--json").out)
    assert values["code"] == 1
    assert "ZeroDivisionError" in values["errors"][0]["message"]


def test_json_wraps_text_and_the_schema(nncli: Command) -> None:
    text = nncli("init", "xor", "-o", "-").out
    values = json.loads(nncli("init", "xor", "-o", "-", "--json").out)
    assert values == {"schema": "nncli.init/1", "template": "xor", "text": text}
    values = json.loads(nncli("schema", "--json").out)
    assert values == {"schema": "nncli.schema/1", "json_schema": json.loads(nncli("schema").out)}
