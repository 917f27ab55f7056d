"""The threshold of a run's positive class, chosen by `evaluate --best-threshold` and used from then on."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nncli.data.split import Part
from nncli.messages.errors import RunError
from nncli.messages.wording import shown
from nncli.runs.owner import owned
from nncli.runs.run import THRESHOLD, WEIGHTS, Run
from nncli.storage.files import read_json, write_json
from nncli.storage.npz import digest
from nncli.training.model import Model


class StoredThreshold(BaseModel):
    """Content of threshold.json.

    Attributes
    ----------
    threshold : probability from which the positive class is predicted.
    metric, value : the metric that is best at the threshold, and its value there.
    part : the rows that it was measured on.
    weights : SHA-256 of the weights that the threshold was chosen for.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    threshold: float = Field(ge=0.0, le=1.0)
    metric: str
    part: Part
    value: float
    weights: str

    def fits(self, model: Model) -> bool:
        """Tell whether the threshold was chosen for the weights of a model."""
        return self.weights == _digest_of(model)


def read_threshold(run: Run) -> StoredThreshold | None:
    """Return the threshold that is stored in a run, perhaps for other weights; None if there is none.

    Raises
    ------
    RunError
        If the file is damaged.
    """
    file = run.path / THRESHOLD
    if run.weights != WEIGHTS or not os.path.lexists(file):
        return None
    hint = "delete the file, or choose the threshold again with nncli evaluate --best-threshold"
    try:
        return StoredThreshold.model_validate(read_json(file))
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        problem = f"{shown(key)} is missing, unknown or has an invalid value"
        raise RunError(f"{file}: damaged: {problem}", hint=hint) from None
    except RunError as error:
        raise RunError(error.message, hint=hint) from None


def store_threshold(run: Run, threshold: float, *, metric: str, part: Part, value: float) -> None:
    """Write the threshold of a run's weights into its directory.

    Raises
    ------
    NncliError
        If the file cannot be written, or another process writes to the run.
    """
    stored = StoredThreshold(
        threshold=threshold, metric=metric, part=part, value=value, weights=_digest_of(run.model)
    )
    with owned(run.path):
        write_json(run.path / THRESHOLD, stored.model_dump())


def _digest_of(model: Model) -> str:
    return digest(model.network.tensors(model.parameters)).hex()
