"""A model in a file: arrays by layer and a header, checked before use."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nncli.data.columns import Columns, Task
from nncli.data.preprocessing import Preprocessing
from nncli.messages.errors import RunError
from nncli.messages.wording import counted
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.network import Layer, Network
from nncli.storage.npz import read_npz, write_npz
from nncli.tables.notation import Notation
from nncli.tables.settings import DETECTED, ReadConfig
from nncli.training.model import Model

FORMAT = 1  # of files of weights and runs; raised when a reader of the last one could no longer read them


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _ActivationHeader(_Strict):
    name: str
    options: dict[str, float]


class _LayerHeader(_Strict):
    inputs: int = Field(ge=1, le=10**9)
    units: int = Field(ge=1, le=10**9)
    bias: bool
    activation: _ActivationHeader


class _ColumnsHeader(_Strict):
    inputs: list[str]
    targets: list[str]
    task: Task
    classes: list[str]
    id: str | None
    formulas: dict[str, str]
    preprocessing: Preprocessing | None = None  # runs of before there was any have plain numbers
    notations: dict[str, Notation] = {}
    read: ReadConfig = DETECTED


class _Header(_Strict):
    format: int
    layers: list[_LayerHeader] = Field(min_length=1)
    columns: _ColumnsHeader


def write_model(path: Path, model: Model) -> None:
    """Weights by layer and a header: weights.npz."""
    write_npz(path, as_arrays(model))


def as_arrays(model: Model) -> dict[str, Array]:
    """The header of a model and its weights by layer, as a file holds them; stacked ones of an ensemble."""
    columns = model.columns
    header = _Header(
        format=FORMAT,
        layers=[
            _LayerHeader(
                inputs=layer.inputs,
                units=layer.units,
                bias=layer.bias,
                activation=_ActivationHeader(
                    name=layer.activation.name, options=dict(layer.activation.options)
                ),
            )
            for layer in model.network.layers
        ],
        columns=_ColumnsHeader(
            inputs=list(columns.inputs),
            targets=list(columns.targets),
            task=columns.task,
            classes=list(columns.classes),
            id=columns.id,
            formulas=dict(columns.formulas),
            preprocessing=columns.preprocessing,
            notations=dict(columns.notations),
            read=columns.read,
        ),
    )
    defaults = {"notations": {}, "read": DETECTED}  # not written, as in runs of before there were any
    absent = {name for name, default in defaults.items() if getattr(columns, name) == default}
    stored = np.frombuffer(header.model_dump_json(exclude={"columns": absent}).encode(), dtype=np.uint8)
    return {"header": stored, **model.network.tensors(model.parameters)}


def read_model(path: Path) -> Model:
    """The network in a weights.npz, checked: digest, header, names, shapes, finiteness.

    Raises
    ------
    RunError
        If it is missing, damaged, or was written by a later version.
    """
    return from_arrays(path, read_npz(path))


def from_arrays(path: Path, arrays: dict[str, Array], stacked: tuple[int, ...] = ()) -> Model:
    """The network in the arrays of a file; `stacked` is the shape before P of the parameters of several."""
    try:
        header = _Header.model_validate_json(arrays.pop("header").tobytes())
    except (KeyError, ValidationError):
        raise RunError(
            f"{path}: its header cannot be read", hint="restore the file from a copy, or train again"
        ) from None
    if header.format > FORMAT:
        raise RunError(
            f"{path}: format {header.format} is newer than this version of nncli supports ({FORMAT})",
            hint="update nncli",
        )
    try:
        network = _network(header)
    except (KeyError, TypeError, ValueError):
        raise RunError(f"{path}: its header does not describe a supported network") from None
    # Compared before memory is taken: a header may claim any size.
    count = prod(stacked) * network.parameter_count
    fits = count == sum(array.size for array in arrays.values())
    try:
        columns = _columns(header.columns, network)
    except ValueError as error:
        raise RunError(
            f"{path}: its header contradicts itself: {error}", hint="restore the file from a copy"
        ) from None
    preprocessing = columns.preprocessing
    parameters = np.zeros((*stacked, network.parameter_count) if fits else 0, preprocessing.dtype)
    tensors = network.tensors(parameters) if fits else {}
    if _forms(arrays) != _forms(tensors):
        raise RunError(f"{path}: the shapes or dtype of its arrays do not match its header")
    for name, tensor in tensors.items():
        tensor[...] = arrays[name]
    if not np.isfinite(parameters).all():
        raise RunError(f"{path}: a weight is not finite")
    return Model(network, parameters, columns)


def _columns(given: _ColumnsHeader, network: Network) -> Columns:
    """The roles of columns, if they fit together and the network; else ValueError."""
    inputs, targets, classes = tuple(given.inputs), tuple(given.targets), tuple(given.classes)
    if not inputs or not targets or len({*inputs, *targets}) < len(inputs) + len(targets):
        raise ValueError("a column name is missing or duplicated")
    columns = Columns(
        inputs=inputs,
        targets=targets,
        task=given.task,
        classes=classes,
        id=given.id,
        formulas=given.formulas,
        notations=given.notations,
        read=given.read,
        preprocessing=given.preprocessing or Preprocessing.plain(inputs),
    )
    preprocessing = columns.preprocessing
    if tuple(column.name for column in preprocessing.columns) != inputs:
        raise ValueError("the preprocessing does not match the inputs")
    if len(preprocessing.encoded) != network.inputs or columns.outputs != network.outputs:
        raise ValueError("the columns do not match the network")
    if len(set(classes)) < len(classes) or not _suit(columns):
        raise ValueError(f"{counted(len(classes), 'class')} with task {given.task}")
    if len(preprocessing.targets) not in (0, columns.outputs if given.task == "regression" else 0):
        raise ValueError("a target has no scaling")
    if not given.notations.keys() <= {*inputs, *targets}:
        raise ValueError("a notation belongs to no column")
    if given.formulas and given.formulas.keys() != set(targets):
        raise ValueError("a target has no formula")
    return columns


def _suit(columns: Columns) -> bool:
    """Tell whether task, classes and targets go together."""
    classes, targets = columns.classes, columns.targets
    if columns.task == "regression":
        return not classes
    if columns.task == "binary":
        return len(classes) == 2 and len(targets) == 1
    return classes == targets or (columns.task == "multiclass" and len(targets) == 1 and bool(classes))


def _forms(tensors: Mapping[str, Array]) -> dict[str, tuple[tuple[int, ...], str]]:
    return {name: (tensor.shape, tensor.dtype.name) for name, tensor in tensors.items()}


def _network(header: _Header) -> Network:
    layers = []
    for layer in header.layers:
        activation = ACTIVATIONS[layer.activation.name](**layer.activation.options)
        layers.append(Layer(layer.inputs, layer.units, activation, layer.bias))
    return Network(tuple(layers))
