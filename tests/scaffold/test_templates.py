"""The configs that ship with nncli are found under any spelling, and each says what it is for."""

from __future__ import annotations

import pytest

from nncli.config import parse_config
from nncli.messages.errors import NncliError
from nncli.scaffold import templates


def test_every_template_is_a_config_with_a_summary() -> None:
    working = [name for name in templates.names() if not templates.is_broken(name)]
    broken = [name for name in templates.names() if templates.is_broken(name)]
    assert templates.names() == sorted(working) + sorted(broken)
    for name in templates.names():
        assert parse_config(templates.text(name).encode(), f"{name}.yaml").run_name == name
        assert templates.summary(name).endswith((".", ":", ";"))
        assert "yaml-language-server" not in templates.summary(name)


@pytest.mark.parametrize("name", ["linear_map", "linear-map", "linear-map.yaml"])
def test_a_template_is_found_under_any_spelling(name: str) -> None:
    assert templates.canonical(name) == "linear_map"


@pytest.mark.parametrize(("name", "hint"), [("xorr", "did you mean xor? templates: "), ("?", "templates: ")])
def test_an_unknown_template_is_refused_with_those_there_are(name: str, hint: str) -> None:
    with pytest.raises(NncliError) as caught:
        templates.text(name)
    assert caught.value.message == f"no template named '{name}'"
    assert caught.value.hint == hint + ", ".join(templates.names())
