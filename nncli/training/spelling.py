"""Parts of a config that follow from its data: the layers behind `hidden`, and the loss behind `auto`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from nncli.config import Config
from nncli.config.contradictions import in_loss
from nncli.config.document import Mistake
from nncli.config.schema import AUTO, LossChoice, NetworkConfig
from nncli.data.columns import Dataset, Roles, Task

LOSS: TypeAdapter[LossChoice] = TypeAdapter(LossChoice)
OUTPUTS: Mapping[Task, str] = {
    "regression": "identity",
    "binary": "sigmoid",
    "multiclass": "softmax",
    "multilabel": "sigmoid",
}


def spelled_out(config: Config, data: Dataset) -> Config:
    """Return the config with every layer, the loss, and the task behind `hidden`, as a run records it.

    Raises
    ------
    ConfigError
        If the loss does not fit the last layer.
    """
    short, roles = config.network.hidden is not None, data.columns
    network = _with_layers(config.network, roles) if short else config.network
    task = roles.task if short else config.dataset.task  # with layers, it could be guessed differently
    natural = _loss_for(network.layers[-1].activation.name, data)
    changes: dict[str, Any] = {
        "network": network,
        "dataset": config.dataset.model_copy(update={"task": task}),
    }
    if config.loss.name == AUTO:
        given = {**config.loss.model_dump(), "name": natural}
        changes["loss"] = LOSS.validate_python(given)
    found = config.model_copy(update=changes)
    if mistakes := list(in_loss(found)):
        raise config.error(
            *(_for_hidden(each, natural, data.columns) if short else each for each in mistakes)
        )
    return found


def _with_layers(network: NetworkConfig, roles: Roles) -> NetworkConfig:
    activation = "relu" if network.activation is None else network.activation.model_dump()
    hidden = [{"units": units, "activation": activation} for units in network.hidden or ()]
    output = {"units": roles.outputs, "activation": OUTPUTS[roles.task]}
    kept = {"weight_init": network.weight_init, "bias_init": network.bias_init}
    return NetworkConfig.model_validate({**kept, "layers": [*hidden, output]})


def _loss_for(activation: str, data: Dataset) -> str:
    """Return the loss that suits the last activation and the targets."""
    if activation == "softmax":
        return "cross_entropy"
    is_flags = activation == "sigmoid" and bool(np.isin(data.Y, (0.0, 1.0)).all())
    return "binary_cross_entropy" if is_flags else "mse"


def _for_hidden(mistake: Mistake, natural: str, roles: Roles) -> Mistake:
    """Return the mistake with a hint for a network whose last layer follows from the targets."""
    if mistake.loc != ("loss",):
        return mistake
    hint = f"set loss: {natural}, which suits the task {roles.task}"
    if roles.task == "regression" and len(roles.targets) == 1:
        hint += "; if the target is a class, set dataset.task: multiclass"
    return mistake._replace(hint=hint)
