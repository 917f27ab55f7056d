"""Trials for other machines: each is sent as plain values, and the table that several need is sent once."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any, NamedTuple

from nncli.many.sweeps.trial import TrialTask


class Parcel(NamedTuple):
    """The data of a config: its `dataset` section, and the table file that this names, if it does.

    Attributes
    ----------
    dataset : the section, with a path in the folder where the file is unpacked.
    content : the bytes of the file; None if the section names none.
    """

    dataset: dict[str, Any]
    content: bytes | None

    @classmethod
    def of(cls, task: TrialTask) -> Parcel:
        """Pack the data of a trial."""
        dataset = task.config["dataset"]
        if dataset.get("path") is None:
            return cls(dataset, None)
        file = Path(task.folder) / dataset["path"]
        return cls({**dataset, "path": file.name}, file.read_bytes())

    def unpacked(self, folder: Path, task: TrialTask) -> TrialTask:
        """Return a trial that was sent without its data, on these data in a folder of this machine.

        Several processes and threads may unpack in the same folder at the same time.
        """
        if self.content is not None:
            place = folder / hashlib.sha256(self.content).hexdigest()
            place.mkdir(exist_ok=True)
            _write_once(place / self.dataset["path"], self.content)
            folder = place
        return task._replace(config={**task.config, "dataset": self.dataset}, folder=str(folder))


def without_data(task: TrialTask) -> TrialTask:
    """Return a trial without its data."""
    config = {key: value for key, value in task.config.items() if key != "dataset"}
    return task._replace(config=config, folder="")


def data_key(task: TrialTask) -> bytes:
    """Return what two trials have in common if they have the same data."""
    return pickle.dumps((task.config["dataset"], task.folder))


def _write_once(file: Path, content: bytes) -> None:
    if not file.exists():
        draft = file.with_name(f"{file.name}.{os.urandom(8).hex()}")
        draft.write_bytes(content)
        draft.replace(file)
