"""An unknown command is answered by the one that is meant."""

from __future__ import annotations

import pytest
import typer

from nncli.cli.app import app
from nncli.cli.registry import command_names
from nncli.messages.errors import NncliError
from nncli.messages.suggestions import nearest
from nncli.messages.synonyms import SYNONYMS
from nncli.plots import KINDS, require_known


@pytest.mark.parametrize(
    ("other", "own"),
    [(other, own) for own, others in SYNONYMS["command"].items() for other in others.split()],
)
def test_a_command_of_another_tool_leads_to_its_own_name(other: str, own: str) -> None:
    assert nearest(other, command_names(), "command") == own


@pytest.mark.parametrize(
    ("other", "own"),
    [(other, own) for own, others in SYNONYMS["plot"].items() for other in others.split()],
)
def test_a_plot_of_another_tool_leads_to_its_kind(other: str, own: str) -> None:
    assert own in KINDS
    assert other not in KINDS
    with pytest.raises(NncliError, match="unknown kind of plot") as caught:
        require_known([other])
    assert str(caught.value.hint).startswith(f"did you mean {own}? kinds (nncli plot --list): loss, ")


def test_the_program_suggests_a_command() -> None:
    context = typer.Context(typer.main.get_command(app), info_name="nncli")
    with pytest.raises(NncliError, match="no command 'fit'") as caught:
        context.command.resolve_command(context, ["fit"])  # type: ignore[attr-defined]
    assert caught.value.hint == "run nncli train; nncli --help lists all commands"
