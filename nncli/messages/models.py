"""Checked mappings: the base of every config model, and unions whose mistakes are reported once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

LIST_KEYS = ("type", "items", "minItems", "maxItems")  # of JSON Schema


class Strict(BaseModel):
    """A mapping whose keys and types are exactly those declared."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, validate_default=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _one_value_as_a_list(cls, values: Any) -> Any:
        """Take one value where a list of them is meant: `price` is `[price]`."""
        if not isinstance(values, dict):
            return values
        found = {key: [values[key]] for key in _lists(cls) if is_single(values.get(key))}
        return {**values, **found} if found else values

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add the single values to the lists that they can stand for."""
        found = handler(core_schema)
        keys = handler.resolve_ref_schema(found).get("properties", {})
        keys.update({key: _list_or_one(keys[key]) for key in _lists(cls) if key in keys})
        return found

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


def is_single(value: Any) -> bool:
    """Return True for a number or a text; a text with a comma may be several."""
    if isinstance(value, str):
        return "," not in value
    return isinstance(value, int | float) and not isinstance(value, bool)


@cache
def _lists(model: type[BaseModel]) -> list[str]:
    """Names of the fields that hold a list of single values."""
    return [key for key, field in model.model_fields.items() if _is_list(field.annotation)]


def _is_list(annotation: Any) -> bool:
    parts = get_args(annotation)
    if get_origin(annotation) is list:
        return not any(map(_is_compound, parts))
    return get_origin(annotation) in (Annotated, Union, UnionType) and any(map(_is_list, parts))


def _is_compound(annotation: Any) -> bool:
    """Return True for a list or a mapping, alone or in a union."""
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel | list | dict):
        return True
    return kind is not Literal and any(map(_is_compound, get_args(annotation)))


def _list_or_one(node: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a list that a single entry can stand for."""
    options = node.get("anyOf", [{key: node[key] for key in LIST_KEYS if key in node}])
    single = [option["items"] for option in options if "items" in option]
    rest = {key: value for key, value in node.items() if key not in LIST_KEYS}
    return {**rest, "anyOf": [*options, *single]}


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
