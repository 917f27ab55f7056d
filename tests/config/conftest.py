from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from nncli.config import Override, load_config
from nncli.messages.errors import NncliError
from nncli.training.experiment import build

Refused = Callable[..., Sequence[NncliError]]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refused:
    """The mistakes for which a config is refused, by the loader or against its data."""
    monkeypatch.chdir(tmp_path)

    def mistakes(
        content: str | bytes, *settings: str, files: dict[str, str | bytes] | None = None
    ) -> Sequence[NncliError]:
        for name, text in {"c.yaml": content, **(files or {})}.items():
            Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(NncliError) as caught:
            build(load_config("c.yaml", [Override.parse(setting) for setting in settings]))
        assert caught.value.exit_code == 2
        return [caught.value, *getattr(caught.value, "others", ())]

    return mistakes
