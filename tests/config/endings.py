"""How anything odd that a user may give must end: read, or refused in a few plain lines."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from nncli.messages.errors import NncliError

Result = TypeVar("Result")

LONGEST_CONFIG = 12  # lines of a block
INNER = re.compile(
    r"pydantic|Traceback \(most|Input should|validation error|<class|numpy\.|Errno|object at 0x"
)
TOKEN = re.compile(r"[\w.+%-]+|\s+|.", re.DOTALL)


def read_or_refused(read: Callable[[], Result], given: object) -> Result | None:
    """What `read` returns, or None where it refuses; any other ending fails, and shows what was given."""
    try:
        return read()
    except NncliError as error:
        assert_clean(error, given)
        return None
    except Exception as error:
        error.add_note(f"given: {given!r}")
        raise


def assert_clean(error: NncliError, given: object) -> None:
    """A refusal has its exit code and short, printable blocks in the words of a user."""
    assert error.exit_code == 2, repr(given)
    for block in error.blocks():
        lines = block.split("\n")
        assert len(lines) <= LONGEST_CONFIG, (block, given)
        assert all(line.isprintable() for line in lines), (block, given)
        assert not INNER.search(block), (block, given)


def mutated(text: str, rng: random.Random, odd: Sequence[str], numbers: Sequence[str]) -> str:
    """One to three lines, words or numbers deleted, doubled, swapped, replaced or inserted."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        parts = rng.choice([text.splitlines(keepends=True), TOKEN.findall(text)])
        if not parts:
            return text
        here, there = rng.randrange(len(parts)), rng.randrange(len(parts))
        match rng.choice(["delete", "double", "swap", "replace", "insert", "number", "number", "number"]):
            case "delete":
                del parts[here]
            case "double":
                parts.insert(there, parts[here])
            case "swap":
                parts[here], parts[there] = parts[there], parts[here]
            case "replace":
                parts[here] = rng.choice([rng.choice(odd), parts[there]])
            case "insert":
                parts.insert(here, rng.choice(odd))
            case "number":
                places = [place for place, part in enumerate(parts) if re.fullmatch(r"[-+\d.e]*\d", part)]
                if places:
                    parts[rng.choice(places)] = rng.choice(numbers)
        text = "".join(parts)
    return text
