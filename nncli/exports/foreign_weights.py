"""Weights and biases in files that other programs wrote: safetensors, npz and JSON.

Every reader returns weights as (units, inputs), as PyTorch keeps them; scikit-learn's are transposed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ValidationError

from nncli.config.document import dotted
from nncli.exports import packages
from nncli.messages.errors import DataError, NncliError
from nncli.messages.wording import counted, listed, shown
from nncli.nn.arrays import Array
from nncli.nn.network import Layer, Network
from nncli.storage import files


class _JsonLayer(BaseModel):
    weights: list[list[float]]
    biases: list[float] | None = None


class _JsonNetwork(BaseModel):
    layers: list[_JsonLayer]


class LayerWeights(NamedTuple):
    """Weights (units, inputs) and biases (units,) of a layer, and the name of the weights in their file.

    Attributes
    ----------
    is_transposed : whether the file holds the weights as (inputs, units).
    """

    name: str
    W: Array
    b: Array | None
    is_transposed: bool = False

    def shape(self, shape: tuple[int, ...]) -> str:
        """Return a shape (units, inputs) in the order of the file, with its meaning."""
        if self.is_transposed:
            return f"(inputs, units) = {shape[::-1]}"
        return f"(units, inputs) = {shape}"


def read_layers(path: Path) -> list[LayerWeights]:
    """Return the weights and biases in a file, layer by layer.

    Raises
    ------
    NncliError
        If the file cannot be read, or holds no weights in a layout that is known.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise NncliError(
            f"{path}: cannot read weights from this kind of file",
            hint=f"save them as one of {', '.join(READERS)}; save a PyTorch state dict as .safetensors",
        )
    files.require_regular(path)
    try:
        layers = reader(path)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    except (ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: the weights cannot be read: {error}") from None
    for layer in layers:
        _require_usable(path, layer)
    return layers


def _require_usable(path: Path, layer: LayerWeights) -> None:
    if layer.W.ndim != 2 or (layer.b is not None and layer.b.shape != (len(layer.W),)):
        biases = "" if layer.b is None else f", its biases {layer.b.shape}"
        hint = "only fully connected layers can be imported"
        raise DataError(f"{path}: '{shown(layer.name)}' has shape {layer.W.shape}{biases}", hint=hint)
    if not (np.isfinite(layer.W).all() and (layer.b is None or np.isfinite(layer.b).all())):
        raise DataError(f"{path}: '{shown(layer.name)}' holds a number that is not finite")


def require_shapes(path: Path, layers: list[LayerWeights], network: Network) -> None:
    """Raise DataError if the weights in a file do not fit the layers of a network."""
    for index, (given, layer) in enumerate(zip_longest(layers, network.layers)):
        if given is None or layer is None:
            problem = f"{counted(len(layers), 'layer')}, but the config has {len(network.layers)}"
            raise DataError(f"{path}: {problem}", hint=_sizes(layers))
        problem = _misfit(given, layer)
        if problem:
            raise DataError(
                f"{path}: '{shown(given.name)}' {problem} of network.layers[{index}]", hint=_sizes(layers)
            )


def _misfit(given: LayerWeights, layer: Layer) -> str:
    """Return how weights do not fit a layer; empty if they do."""
    wanted = (layer.units, layer.inputs)
    if given.W.shape != wanted:
        return (
            f"has shape {given.shape(given.W.shape)}, not {wanted[::-1] if given.is_transposed else wanted}"
        )
    if given.b is not None and not layer.bias:
        return "has biases, unlike bias: false"
    return "has no biases, unlike bias: true" if given.b is None and layer.bias else ""


def _sizes(layers: list[LayerWeights]) -> str:
    """Return the layers of a file as a hint."""
    sizes = [f"{{units: {len(each.W)}{'' if each.b is not None else ', bias: false'}}}" for each in layers]
    inputs = layers[0].W.shape[1]
    return f"the file has {counted(inputs, 'input')} and layers: [{', '.join(sizes)}]"


def _safetensors(path: Path) -> list[LayerWeights]:
    package = packages.writer("safetensors")
    try:
        return _by_prefix(packages.writer("safetensors.numpy").load_file(str(path)))
    except package.SafetensorError as error:
        raise ValueError(str(error)) from None


def _npz(path: Path) -> list[LayerWeights]:
    if path.exists() and not zipfile.is_zipfile(path):
        raise ValueError("this is not an npz file")
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        arrays = {name: np.asarray(stored[name]) for name in stored.files}
    if "coefs_0" in arrays:
        return list(_of_scikit_learn(arrays))
    return _by_prefix(arrays)


def _of_scikit_learn(arrays: Mapping[str, Array]) -> Iterator[LayerWeights]:
    """Yield the layers of `coefs_0`, `intercepts_0` and so on, whose shapes are (inputs, units)."""
    index = 0
    while f"coefs_{index}" in arrays:
        W, b = arrays[f"coefs_{index}"].T, arrays.get(f"intercepts_{index}")
        yield LayerWeights(f"coefs_{index}", W, b, is_transposed=True)
        index += 1


def _by_prefix(arrays: Mapping[str, Array]) -> list[LayerWeights]:
    """Return the layers of a state dict, `NAME.weight` and `NAME.bias`, in the order of their numbers."""
    names = sorted((name for name in arrays if name.endswith(".weight")), key=_natural)
    if not names:
        raise ValueError(f"no name ends in .weight or is coefs_0, among: {listed([*arrays])}")
    return [
        LayerWeights(name, arrays[name], arrays.get(name.removesuffix("weight") + "bias")) for name in names
    ]


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which fc2 comes before fc10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _json(path: Path) -> list[LayerWeights]:
    try:
        content = _JsonNetwork.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = dotted(first["loc"])
        raise ValueError(
            f"{f'{place}: ' if place else ''}{first['msg']}; nncli export --to json writes what is expected"
        ) from None
    return [
        LayerWeights(
            f"layers[{index}].weights",
            np.array(layer.weights, np.float64),
            None if layer.biases is None else np.array(layer.biases, np.float64),
        )
        for index, layer in enumerate(content.layers)
    ]


READERS: dict[str, Callable[[Path], list[LayerWeights]]] = {
    ".safetensors": _safetensors,
    ".npz": _npz,
    ".json": _json,
}
