"""An unknown command is answered by the one that is meant."""

from __future__ import annotations

import pytest
import typer

from nncli.cli.app import app
from nncli.cli.registry import command_names
from nncli.messages.errors import NncliError
from nncli.messages.suggestions import nearest
from nncli.messages.synonyms import SYNONYMS


@pytest.mark.parametrize(
    ("other", "own"),
    [(other, own) for own, others in SYNONYMS["command"].items() for other in others.split()],
)
def test_a_command_of_another_tool_leads_to_its_own_name(other: str, own: str) -> None:
    assert nearest(other, command_names(), "command") == own


def test_the_program_suggests_a_command() -> None:
    context = typer.Context(typer.main.get_command(app), info_name="nncli")
    with pytest.raises(NncliError, match="no command 'fit'") as caught:
        context.command.resolve_command(context, ["fit"])  # type: ignore[attr-defined]
    assert caught.value.hint == "run nncli train; nncli --help lists all commands"
