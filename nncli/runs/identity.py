"""Identities of trainings: whether a training may be resumed, and what changed if not."""

from __future__ import annotations

import copy
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from nncli.config import Config
from nncli.config.document import Loc, dotted
from nncli.messages.errors import ConfigError
from nncli.messages.wording import counted, shown
from nncli.nn.arrays import Array
from nncli.training.experiment import Experiment

BLOCKS = 1000  # rows are told apart to one in a thousand of them

ANYWHERE = Path("/")  # paths of data do not count, and the current directory may be gone

# Keys that a resumed run may change without changing a number; the data are identified by their content.
FREE = (
    ("name",),
    ("dataset", "path"),
    ("training", "epochs"),
    ("training", "log_every"),
    ("training", "checkpoint_every"),
)


class Data(BaseModel):
    """The numbers a network is trained on, by digest.

    Attributes
    ----------
    columns : SHA-256 of each column, inputs first, as the network gets them; targets as float64; class
        labels with their order.
    blocks : CRC-32 of the rows in at most `BLOCKS` parts of equal size.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    rows: int
    columns: dict[str, str]
    blocks: list[int]

    @classmethod
    def of(cls, experiment: Experiment) -> Data:
        """The data of an experiment."""
        dataset, columns = experiment.rows.whole, experiment.rows.whole.columns
        targets = {f"target {name}": dataset.expected[:, k : k + 1] for k, name in enumerate(columns.targets)}
        if columns.labelled:
            targets = {f"target {columns.targets[0]}": dataset.expected}
        named = {f"input {name}": dataset.X[:, k : k + 1] for k, name in enumerate(columns.encoded)} | targets
        digests = {name: _sha256(values) for name, values in named.items()}
        if columns.classes:
            digests["classes"] = hashlib.sha256("\n".join(columns.classes).encode()).hexdigest()
        size = _block_size(len(dataset))
        spans = [slice(start, start + size) for start in range(0, len(dataset), size)]
        # Views of columns and rows part by part: copies of all took twice the memory of the numbers.
        parts = (np.hstack([dataset.X[span], dataset.Y[span]]) for span in spans)
        blocks = [zlib.crc32(part.tobytes()) for part in parts]
        return cls(rows=len(dataset), columns=digests, blocks=blocks)

    def difference(self, before: Data) -> str | None:
        """The first thing that is no longer as it was, or None."""
        if list(self.columns) != list(before.columns):
            names = [set(each.columns) for each in (self, before)]
            other = sorted(names[0] ^ names[1])
            return (
                f"the columns changed: {', '.join(map(shown, other))}"
                if other
                else "the order of the columns changed"
            )
        if self.rows != before.rows:
            return f"{counted(self.rows, 'row')}, trained on {before.rows}"
        changed = [name for name, digest in self.columns.items() if digest != before.columns[name]]
        if not changed:
            return None
        pairs = enumerate(zip(self.blocks, before.blocks, strict=False))
        block = next((k for k, (now, then) in pairs if now != then), None)
        return f"{shown(changed[0])} has changed" + ("" if block is None else f", first {self._rows(block)}")

    def _rows(self, block: int) -> str:
        size = _block_size(self.rows)
        first, last = block * size + 1, min((block + 1) * size, self.rows)
        return f"in row {first}" if first == last else f"in rows {first} to {last}"


class Identity(BaseModel):
    """Config, engine and data: equal for two trainings that give the same numbers.

    Attributes
    ----------
    config : the resolved config without what is `FREE`; of a path the file's name.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    config: dict[str, Any]
    engine: str
    data: Data

    @classmethod
    def of(cls, experiment: Experiment) -> Identity:
        """The identity of an experiment."""
        config = _without_free(experiment.config.resolved(ANYWHERE))
        if experiment.config.dataset.path is not None:
            config["dataset"]["path"] = Path(experiment.config.dataset.path).name
        return cls(config=config, engine=experiment.engine_name, data=Data.of(experiment))

    @property
    def digest(self) -> str:
        """SHA-256 of it without what is `FREE`: how other files of a run name their training."""
        same = {**self.model_dump(), "config": _without_free(copy.deepcopy(self.config))}
        return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()

    def difference(self, before: Identity) -> str | None:
        """The first key of the config, or part of the data, that is no longer as it was; None if all is."""
        for loc, now, then in _differences(_completed(self.config), _completed(before.config), ()):
            return f"{dotted(loc)} changed from {_value(then)} to {_value(now)} since the checkpoint"
        if self.engine != before.engine:
            return f"the engine changed from {before.engine} to {self.engine} since the checkpoint"
        difference = self.data.difference(before.data)
        return f"the data: {difference}" if difference else None


def _completed(config: dict[str, Any]) -> dict[str, Any]:
    """With the defaults of keys that a later nncli has added, and without what is free."""
    with suppress(ConfigError):  # of a later nncli, or forged: compared as it stands
        config = Config.of(copy.deepcopy(config), folder=ANYWHERE).resolved(ANYWHERE)
    return _without_free(copy.deepcopy(config))


def _without_free(config: dict[str, Any]) -> dict[str, Any]:
    for *sections, key in FREE:
        inner: Any = config
        for section in sections:
            inner = inner.get(section) if isinstance(inner, dict) else None
        if isinstance(inner, dict):  # else forged: compared as it stands
            inner.pop(key, None)
    return config


def _differences(now: Any, then: Any, loc: Loc) -> Iterator[tuple[Loc, Any, Any]]:
    if isinstance(now, dict) and isinstance(then, dict):
        for key in {**now, **then}:
            yield from _differences(now.get(key), then.get(key), (*loc, key))
    elif isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        for position, pair in enumerate(zip(now, then, strict=True)):
            yield from _differences(*pair, (*loc, position))
    elif now != then:
        yield loc, now, then


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, Mapping | list):
        return f"{counted(len(value), 'entry')}"
    return shown(str(value))


def _sha256(values: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def _block_size(rows: int) -> int:
    return -(-rows // BLOCKS)
