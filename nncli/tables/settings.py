"""Config of how a table file is read."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from nncli.messages.models import Either, Strict

# Words for separators that are hard to see or to type.
SEPARATOR_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "pipe": "|", "space": " "}


def _separator(text: str) -> str:
    mark = SEPARATOR_NAMES.get(text, text)
    if text != "auto" and (len(mark) != 1 or mark in '"\r\n'):
        raise PydanticCustomError("either", "auto, one character, or tab, space, comma, semicolon or bar")
    return text


def _comment(text: str) -> str:
    if text != "auto" and (len(text) != 1 or text in '"\r\n'):
        raise PydanticCustomError("either", "auto or one character, such as '#'")
    return text


def _text(value: object) -> object:
    """Return a number as text: -999 may stand for a missing value."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _encoding(text: str) -> str:
    try:
        known = text == "auto" or codecs.lookup(text)._is_text_encoding
    except (LookupError, ValueError):
        known = False
    if not known:
        raise PydanticCustomError("either", "auto or an encoding such as utf-8, cp1252 or utf-16")
    return text


class ReadConfig(Strict):
    """Format of a table file, detected unless it is set."""

    separator: Annotated[str, AfterValidator(_separator)] = Field(
        "auto",
        description="field separator: a character, or one of the words tab, space, comma, semicolon and bar",
    )
    decimal: Literal["auto", ".", ","] = Field("auto", description="decimal mark of numbers")
    thousands: Literal["auto", "none", ",", ".", " ", "'"] = Field(
        "auto", description="character that separates thousands, as in 1,000"
    )
    header: Annotated[Literal["auto"] | bool, Either("auto, true or false")] = Field(
        "auto", description="whether the first line holds the column names; if not, they are column_1, ..."
    )
    skip_rows: Annotated[
        Literal["auto"] | Annotated[int, Field(ge=0)], Either("'auto' or a whole number of at least 0")
    ] = Field("auto", description="lines above the header, such as a title")
    comment: Annotated[str, AfterValidator(_comment)] = Field(
        "auto",
        description="first character of comment lines, which are skipped; auto: # in lines above the header",
    )
    missing_values: list[Annotated[str, BeforeValidator(_text), Field(min_length=1)]] = Field(
        [], description="additional strings that mark a missing value"
    )
    encoding: Annotated[str, AfterValidator(_encoding)] = Field(
        "auto", description="text encoding; auto: UTF-8, or UTF-16 with a byte order mark"
    )

    @property
    def separator_mark(self) -> str | None:
        """The separator, None to detect it."""
        return None if self.separator == "auto" else SEPARATOR_NAMES.get(self.separator, self.separator)

    @property
    def detects_layout(self) -> bool:
        """True if nothing about lines and separators is set."""
        return (self.separator, self.header, self.skip_rows, self.comment) == ("auto",) * 4


DETECTED = ReadConfig.model_validate({})
