"""Loading of a YAML file to a validated, immutable config: text -> nodes -> values -> Config."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr, ValidationError

from nncli.config import yaml12
from nncli.config.contradictions import contradictions
from nncli.config.document import Document, Loc, Mistake, Place, child_of
from nncli.config.mistakes import UNKNOWN_KEY, translated, with_known_names
from nncli.config.overrides import Override, lay_over
from nncli.config.schema import LONGEST_NAME, Values
from nncli.messages.errors import ConfigError
from nncli.messages.wording import counted
from nncli.tables.settings import DETECTED

__all__ = ["Config", "Mistake", "Override", "json_schema", "load_config", "parse_config"]

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"
MOST_ERRORS = 20  # mistakes shown at once


class Config(Values):
    """Validated config that knows its source file.

    Raises
    ------
    ConfigError
        From `load_config` and `Config.of`, with every mistake found in one pass.
    """

    _document: Document | None = PrivateAttr(None)
    _folder: Path = PrivateAttr(default_factory=Path)

    @classmethod
    def of(
        cls, values: dict[str, Any], *, folder: Path | None = None, document: Document | None = None
    ) -> Config:
        """Validate plain values; paths in them are relative to `folder`."""
        try:
            config = cls.model_validate(values)
        except ValidationError as error:
            mistakes = translated(values, error, document)
            further = [*_under_unknown_names(values, error, mistakes, document), *_further(values, mistakes)]
            raise _together(_located([*mistakes, *further], document)) from None
        found = _located(list(contradictions(config)), document)
        if found:
            raise _together(found)
        config._document = document
        config._folder = folder or Path()
        return config

    @property
    def folder(self) -> Path:
        """Directory that `dataset.path` is relative to."""
        return self._folder

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on what overrides changed besides their own values."""
        return self._document.notes if self._document else ()

    @property
    def run_name(self) -> str:
        """Name of its runs: `name`, or the file name without extension."""
        stem = Path(self._document.name).stem if self._document else ""
        return self.name or stem[:LONGEST_NAME] or "run"

    def error(self, *mistakes: Mistake) -> ConfigError:
        """Make an error of mistakes found later, in combination with the data, with their places."""
        return _together(_located(mistakes, self._document))

    def place(self, loc: Loc) -> str | None:
        """Place of a value, or where it would be written: `xor.yaml:14`, or a `--set` option.

        None if the config came from no file, or the file has no part of it.
        """
        document = self._document
        if document is None or child_of(document.root, loc[0])[1] is None:
            return None
        place = document.place(Mistake(loc, ""))
        return f"{place.name}:{place.line + 1}" if place.name == document.name else place.name

    def changed(self, loc: Loc, value: Any) -> Config:
        """Return the config with one value changed; `loc` has at least two steps, None removes a key."""
        first = str(loc[0])
        return self.model_copy(update={first: _replaced(getattr(self, first), loc[1:], value)})

    def overridden(self, overrides: Sequence[Override]) -> Config:
        """Return the config with overrides applied in order, as `load_config` applies them.

        Raises
        ------
        ConfigError
            If the result is invalid.
        """
        document = self._document or Document.parse(self.to_yaml(self._folder).encode(), "config")
        return _checked(document, overrides, self._folder)

    def resolved(self, relative_to: Path) -> dict[str, Any]:
        """Return every value, including defaults, with the data path relative to another directory.

        Without `sweep`, which no training depends on.
        """
        values = self.model_dump(mode="json", exclude_none=True, exclude={"sweep"})
        values = {"name": self.run_name, **{key: values[key] for key in values if key != "name"}}
        if self.dataset.read == DETECTED:
            del values["dataset"]["read"]
        if not self.network.layers:
            del values["network"]["layers"]
        if self.dataset.path is not None:
            values["dataset"]["path"] = _relative(self._folder / self.dataset.path, relative_to)
        return values

    def to_yaml(self, relative_to: Path) -> str:
        """Return the resolved config as text that loads to the same values."""
        return yaml12.dump(self.resolved(relative_to))


def load_config(path: str | os.PathLike[str], overrides: Sequence[Override] = ()) -> Config:
    """Read and validate a config file.

    Parameters
    ----------
    path : a YAML file.
    overrides : values that replace those of the file, in order.

    Raises
    ------
    ConfigError
        If the config is invalid, with every mistake, its place and a hint.
    """
    file = Path(path)
    return _checked(Document.read(file), overrides, file.parent)


def parse_config(content: bytes, name: str, overrides: Sequence[Override] = ()) -> Config:
    """Parse and validate a config from bytes; paths in it are relative to the current directory."""
    return _checked(Document.parse(content, name), overrides, Path())


def _checked(document: Document, overrides: Sequence[Override], folder: Path) -> Config:
    laid_over = lay_over(document, overrides, _shorthands())
    return Config.of(laid_over.values(), folder=folder, document=laid_over)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12), for completion and checks in editors."""
    schema = Values.model_json_schema()
    return {
        "$schema": SCHEMA_ID,
        "title": "nncli config",
        **{k: v for k, v in schema.items() if k != "title"},
    }


def _shorthands() -> dict[str, str]:
    """Default shorthands of keys that a config omits, such as sgd for `optimizer`."""
    return {
        key: field.default for key, field in Values.model_fields.items() if isinstance(field.default, str)
    }


def _under_unknown_names(
    values: dict[str, Any],
    error: ValidationError,
    mistakes: Sequence[Mistake],
    document: Document | None,
) -> list[Mistake]:
    """Find mistakes in the options of unknown names."""
    known_names = with_known_names(values, error)
    if known_names == values:
        return []
    before = {(mistake.loc, mistake.message) for mistake in mistakes}
    try:
        Values.model_validate(known_names)
    except ValidationError as another:
        return [
            found
            for found in translated(known_names, another, document)
            if (found.loc, found.message) not in before
        ]
    return []


def _further(values: dict[str, Any], mistakes: Sequence[Mistake]) -> list[Mistake]:
    """Find contradictions after unknown keys are removed."""
    rest = copy.deepcopy(values)
    for mistake in mistakes:
        if mistake.message == UNKNOWN_KEY:
            *around, key = mistake.loc
            del reduce(getitem, around, rest)[key]  # type: ignore[arg-type]
    try:
        found = list(contradictions(Values.model_validate(rest)))
        return [further for further in found if not _is_meant(further, mistakes)]
    except ValidationError:
        return []


def _is_meant(missing: Mistake, mistakes: Sequence[Mistake]) -> bool:
    """Return True for a missing key that an unknown key of the same mapping is meant as."""
    return any(
        missing.loc == mistake.loc[:-1] and missing.message == f"missing key '{key}'"
        for mistake in mistakes
        if (key := (mistake.hint or "").partition("?")[0].removeprefix("did you mean "))
    )


def _located(mistakes: Sequence[Mistake], document: Document | None) -> list[ConfigError]:
    """Convert mistakes to errors, sorted by place with overrides last, and add duplicate keys."""
    if document is None:
        return [ConfigError(mistake.words, hint=mistake.hint) for mistake in mistakes]
    once: dict[tuple[Place, str], Mistake] = {}
    for mistake in mistakes:  # a shorthand can stand for several keys, with the same mistake in each
        once.setdefault((document.place(mistake), mistake.message), mistake)
    found = [(place, document.error(mistake)) for (place, _), mistake in once.items()]
    found += document.duplicates()
    found.sort(key=lambda pair: (pair[0].name != document.name, pair[0].line, pair[0].column))
    return [error for _, error in found]


def _together(errors: Sequence[ConfigError]) -> ConfigError:
    """Combine errors to one, showing the first `MOST_ERRORS` in full."""
    few = list(errors[:MOST_ERRORS])
    if len(errors) > MOST_ERRORS:
        more = counted(len(errors) - MOST_ERRORS, "mistake")
        few.append(ConfigError(f"and {more} more", hint="fix these first, then check again"))
    return ConfigError.together(few)


def _replaced(held: Any, loc: Loc, value: Any) -> Any:
    """Return a model or list with the value at the end of `loc` replaced and validated."""
    if not loc:
        return value
    step, *rest = loc
    if isinstance(held, list):
        assert isinstance(step, int)
        return [*held[:step], _replaced(held[step], tuple(rest), value), *held[step + 1 :]]
    values = dict(held)
    values[str(step)] = _replaced(values[str(step)], tuple(rest), value)
    return type(held).model_validate(values)


def _relative(path: Path, folder: Path) -> str:
    path, folder = path.resolve(), folder.resolve()
    on_one_drive = path.drive == folder.drive  # as everywhere but on Windows
    return (Path(os.path.relpath(path, folder)) if on_one_drive else path).as_posix()
