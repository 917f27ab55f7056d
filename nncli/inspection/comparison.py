"""Two records of a training compared, number by number: where they differ, and by how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nncli.nn.arrays import Array
from nncli.nn.network import Network

EntryPlace = tuple[str, tuple[int, ...]]  # a tensor or column, and the index into it


@dataclass(frozen=True)
class Difference:
    """A number that differs: the one furthest off in its file and epoch.

    Attributes
    ----------
    tensor : as in weights.npz; or a column of history.csv; or `errors`.
    index : into the tensor; row and output of errors; none in the history.
    relative : |now - before| / the scale of the series.
    """

    epoch: int
    file: str
    tensor: str
    index: tuple[int, ...]
    before: float
    now: float
    relative: float

    @property
    def difference(self) -> float:
        """|now - before|."""
        return abs(self.now - self.before)

    def __str__(self) -> str:
        index = f"[{','.join(map(str, self.index))}]" if self.index else ""
        return (
            f"epoch {self.epoch}, {self.file}: {self.tensor}{index} was {self.before!r}, is {self.now!r}, "
            f"off by {self.difference:.1e}, relative {self.relative:.1e}"
        )


@dataclass(frozen=True)
class Series:
    """Numbers recorded at some epochs of a training.

    Attributes
    ----------
    file : their file.
    epochs : (s,), ascending unless the file is damaged.
    values : what was recorded at each, (s, ...).
    scale : what a difference is relative to; broadcasts with `values`.
    place : from a position in the flattened values of an epoch to a tensor or column, and the index into it.
    """

    file: str
    epochs: Array
    values: Array
    scale: Array
    place: Callable[[int], EntryPlace]


def weights(file: str, epochs: Array, values: Array, network: Network) -> Series:
    """Parameters (s, P), relative to the largest |weight| of each epoch."""

    def place(position: int) -> EntryPlace:
        tensors = network.tensors(np.arange(network.parameter_count)).items()
        name, found = next((name, tensor == position) for name, tensor in tensors if position in tensor)
        return name, _index(int(found.argmax()), found.shape)

    return Series(file, epochs, values, _largest(values), place)


def errors(file: str, epochs: Array, values: Array, largest_target: float) -> Series:
    """Errors (s, rows, outputs), relative to the largest |error| of each epoch or |target|."""

    def place(position: int) -> EntryPlace:
        return "errors", _index(position, values.shape[1:])

    return Series(file, epochs, values, np.maximum(_largest(values), largest_target), place)


def history(file: str, epochs: Array, values: Array, columns: list[str]) -> Series:
    """Rows of a history (s, columns), relative to the largest value of each column so far.

    So far, because a loss that explodes later does not excuse what came before.
    """
    scale = np.maximum.accumulate(np.where(np.isfinite(values), np.abs(values), 0.0))
    return Series(file, epochs, values, scale, lambda position: (columns[position], ()))


def differences(before: Series, now: Series) -> list[Difference]:
    """The number furthest off at each epoch that both series have, where a bit differs."""
    _, rows, others = np.intersect1d(before.epochs, now.epochs, return_indices=True)
    then, new = before.values[rows], now.values[others]
    same = (then == new) & (np.signbit(then) == np.signbit(new)) | np.isnan(then) & np.isnan(new)
    scale = np.broadcast_to(before.scale, before.values.shape)
    changed = np.flatnonzero(~same.all(axis=tuple(range(1, same.ndim))))
    return [
        _difference(before, int(before.epochs[rows[k]]), then[k], new[k], same[k], scale[rows[k]])
        for k in changed
    ]


def mismatch(before: Series, now: Series) -> tuple[float, str] | None:
    """The first epoch that one series has and the other has not, and that in words.

    Epochs that are left over come last: infinity stands for their epoch.
    """
    for then, new in zip(before.epochs, now.epochs, strict=False):
        if then != new:
            return int(new), f"{before.file}: epoch {then:g} instead of epoch {new}"
    if len(before.epochs) < len(now.epochs):
        epoch = int(now.epochs[len(before.epochs)])
        return epoch, f"{before.file}: nothing instead of epoch {epoch}"
    if len(before.epochs) > len(now.epochs):
        epoch = int(before.epochs[len(now.epochs)])
        return np.inf, f"{before.file}: epoch {epoch:g}, which training does not give"
    return None


def _difference(series: Series, epoch: int, then: Array, new: Array, same: Array, scale: Array) -> Difference:
    with np.errstate(all="ignore"):
        off = np.nan_to_num(np.abs(new - then), nan=np.inf)
        relative = np.where(same, -1.0, np.where(off > 0, off / scale, 0.0))
    position = int(relative.argmax())
    tensor, index = series.place(position)
    numbers = (float(each.flat[position]) for each in (then, new, relative))
    return Difference(epoch, series.file, tensor, index, *numbers)


def _largest(values: Array) -> Array:
    """The largest finite size at each epoch, to broadcast with the values."""
    sizes = np.where(np.isfinite(values), np.abs(values), 0.0)
    return np.asarray(sizes.max(axis=tuple(range(1, values.ndim)), keepdims=True, initial=0.0))


def _index(position: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(index) for index in np.unravel_index(position, shape))
