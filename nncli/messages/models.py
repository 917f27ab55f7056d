"""Checked mappings: the base of every config model, and unions whose mistakes are reported once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema


class Strict(BaseModel):
    """A mapping whose keys and types are exactly those declared."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, validate_default=True, allow_inf_nan=False
    )


@dataclass(frozen=True)
class Either:
    """Marks a plain union, whose mistakes are reported once, as `expected WORDS`."""

    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The union's own schema with one error for all its branches."""
        schema = {**handler(source), "custom_error_type": "either", "custom_error_message": self.words}
        return cast(CoreSchema, schema)
