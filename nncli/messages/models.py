"""Checked mappings: the base of every config model, and unions whose mistakes are reported once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema


class Strict(BaseModel):
    """A mapping whose keys and types are exactly those declared."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, validate_default=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _names_in_any_case(cls, values: Any) -> Any:
        """Give the names of choices their own case: `Standard` is `standard`."""
        if not isinstance(values, dict):
            return values
        names = _choices(cls)
        found = {key: _in_case(values[key], names[key]) for key in values if key in names}
        return {**values, **found} if found else values


def in_case(text: str, names: Iterable[str]) -> str:
    """Return the name that equals a text in any case, or the text itself."""
    return next((name for name in names if name.lower() == text.lower()), text)


def _in_case(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_in_case(entry, names) for entry in value]
    return in_case(value, names) if isinstance(value, str) else value


@cache
def _choices(model: type[BaseModel]) -> dict[str, list[str]]:
    """Names that each field accepts, for the fields that accept names."""
    found = {key: list(_literals(field.annotation)) for key, field in model.model_fields.items()}
    return {key: names for key, names in found.items() if names}


def _literals(annotation: Any) -> Iterator[str]:
    """Find the names in an annotation, but not those in a mapping."""
    if get_origin(annotation) is Literal:
        yield from (name for name in get_args(annotation) if isinstance(name, str))
    elif get_origin(annotation) is not dict:
        for part in get_args(annotation):
            yield from _literals(part)


@dataclass(frozen=True)
class Either:
    """Marks a plain union, whose mistakes are reported once, as `expected WORDS`."""

    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The union's own schema with one error for all its branches."""
        schema = {**handler(source), "custom_error_type": "either", "custom_error_message": self.words}
        return cast(CoreSchema, schema)
