"""From a YAML file to a checked, immutable config: text -> nodes with places -> values -> Config."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr, ValidationError

from nncli.config import yaml12
from nncli.config.document import Document, Loc, Override
from nncli.config.mistakes import Mistake, contradictions, translated
from nncli.config.schema import Values
from nncli.errors import ConfigError

__all__ = ["Config", "Override", "json_schema", "load_config"]

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


class Config(Values):
    """A checked config that knows where it came from.

    Raises
    ------
    ConfigError
        From `load_config` and `Config.of`, with every mistake found in one pass.
    """

    _document: Document | None = PrivateAttr(None)
    _folder: Path = PrivateAttr(default_factory=Path)

    @classmethod
    def of(cls, values: dict[str, Any], *, folder: Path | None = None, document: Document | None = None) -> Config:
        """Check plain values; `folder` is what paths in them are relative to."""
        try:
            config = cls.model_validate(values)
            mistakes = list(contradictions(config))
        except ValidationError as error:
            config, mistakes = None, translated(error)
        if mistakes:
            raise ConfigError.together([_located(mistake, document) for mistake in mistakes])
        assert config is not None
        config._document = document
        config._folder = folder or Path()
        return config

    @property
    def folder(self) -> Path:
        """What `dataset.path` is relative to."""
        return self._folder

    @property
    def run_name(self) -> str:
        """The name of its runs: `name`, or the file's stem."""
        return self.name or (Path(self._document.name).stem if self._document else "run")

    def error(self, mistake: Mistake) -> ConfigError:
        """A mistake found later, against the data, at its place in the file."""
        return _located(mistake, self._document)

    def resolved(self, relative_to: Path) -> dict[str, Any]:
        """Every value, defaults included, with the data's path made to hold from another folder."""
        values = self.model_dump(mode="json", exclude_none=True)
        values["name"] = self.run_name
        if self.dataset.path is not None:
            values["dataset"]["path"] = _relative(self._folder / self.dataset.path, relative_to)
        return values

    def to_yaml(self, relative_to: Path) -> str:
        """The resolved config as text that loads to the same values."""
        return yaml12.dump(self.resolved(relative_to))


def load_config(path: str | os.PathLike[str], overrides: Sequence[Override] = ()) -> Config:
    """Read and check a config file.

    Parameters
    ----------
    path : a YAML file, or a run directory, whose resolved config is read.
    overrides : values laid over the file's, in order.

    Raises
    ------
    ConfigError
        With every mistake, its place in the file and what to do.
    """
    file = Path(path)
    document = Document.read(file, overrides)
    return Config.of(document.values(), folder=file.parent, document=document)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that editors complete and check configs with."""
    schema = Values.model_json_schema()
    return {"$schema": SCHEMA_ID, "title": "nncli config", **{k: v for k, v in schema.items() if k != "title"}}


def _located(mistake: Mistake, document: Document | None) -> ConfigError:
    loc: Loc = mistake.loc
    if document is not None:
        return document.error(
            loc, mistake.message, mistake.hint, at_key=mistake.at_key, column=mistake.column
        )
    from nncli.config.document import dotted

    return ConfigError(f"{dotted(loc) or 'config'}: {mistake.message}", hint=mistake.hint)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive on Windows
        return path.resolve().as_posix()
