"""Files as they come: in pieces of any size, compressed, and read to the end."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import BinaryIO

from nncli.messages.errors import NncliError
from nncli.tables.reading import read_parts, refuse
from nncli.tables.table import RowError, Table


class Trickle(io.RawIOBase):
    """Bytes of which a read gives at most `piece`, as a pipe may, but 16 at first."""

    def __init__(self, content: bytes, piece: int) -> None:
        self._content, self._piece = io.BytesIO(content), piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        most = self._piece if self._content.tell() else max(16, self._piece)
        got = self._content.read(min(most, len(buffer)))
        buffer[: len(got)] = got
        return len(got)


@dataclass
class Outcome:
    """What a file gives: rows with their lines, and how reading it ends."""

    names: list[str] = field(default_factory=list)
    cells: list[tuple[str, ...]] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    error: NncliError | None = None

    def take(self, table: Table) -> None:
        assert table.source is not None
        self.names = table.names
        self.cells += zip(*(table.typed[name].texts for name in table.names), strict=True)
        self.rows += table.source.rows()
        self.lines += table.source.lines

    @property
    def reported(self) -> str:
        return "" if self.error is None else self.error.message


def outcome(content: bytes, name: str, piece: int, *, skip: bool = False) -> Outcome:
    """What reading in parts gives, of a file that comes in pieces."""
    found = Outcome()

    def on_bad(error: RowError) -> None:
        if not skip:
            refuse(error)
        found.bad.append((error.line, error.text, error.message))

    file: BinaryIO = Trickle(content, piece)  # type: ignore[assignment]
    try:
        for table in read_parts(file, name, on_bad):
            found.take(table)
    except NncliError as error:
        found.error = error
    return found
