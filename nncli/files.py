"""Files that are whole or absent: text, JSON and arrays, written beside their place and renamed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nncli.errors import NncliError, RunError
from nncli.nn.activations import Array


def write_bytes(path: Path, content: bytes) -> None:
    """Write to a temporary file beside `path`, then rename: a reader sees the old content or the new.

    A link is followed; a device or pipe, which no file may replace, is written to as it is.

    Raises
    ------
    NncliError
        If the file cannot be written; nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            target.write_bytes(content)
        else:
            _replace(target, content)
    except OSError as error:
        raise NncliError(f"{path}: cannot be written: {error.strerror or error}") from None


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".nncli-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Text as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """JSON with non-finite numbers as null."""
    # In ASCII, for the words of a command line may hold bytes that are no text.
    write_text(path, json.dumps(finite(values), indent=1) + "\n")


def finite(value: Any) -> Any:
    """The same value with NaN and infinities, which JSON does not know, as None."""
    if isinstance(value, Mapping):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def make_folder(path: Path) -> None:
    """A directory, and those above it, unless it exists.

    Raises
    ------
    RunError
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{path}: cannot be made: {error.strerror or error}") from None


def read_bytes(path: Path) -> bytes:
    """A file's bytes; RunError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: {error.strerror or error}") from None


def read_text(path: Path) -> str:
    """A file's text, which must be UTF-8; else RunError."""
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError:
        raise RunError(f"{path}: damaged: not UTF-8 text") from None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; RunError where there is none."""
    try:
        values = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError):
        raise RunError(f"{path}: damaged: not readable as JSON") from None
    if not isinstance(values, dict):
        raise RunError(f"{path}: damaged: not a JSON object")
    return values


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Arrays and the digest of them all; equal arrays give equal bytes."""
    whole = {**arrays, "digest": np.frombuffer(_digest(arrays), dtype=np.uint8)}
    buffer = io.BytesIO()
    # Without compression, and with zip's oldest date instead of now: the bytes depend on the arrays alone.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in whole.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    write_bytes(path, buffer.getvalue())


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of a file that `write_npz` made, their digest checked.

    Raises
    ------
    RunError
        If it is missing or not what was written.
    """
    content = io.BytesIO(read_bytes(path))
    try:
        with zipfile.ZipFile(content) as archive:
            members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
            arrays = {name: _read_member(archive, member) for name, member in members.items()}
        stored = arrays.pop("digest").tobytes()
    except _DAMAGE:
        raise RunError(
            f"{path}: damaged, or no file of nncli", hint="train again, or copy the file again"
        ) from None
    if stored != _digest(arrays):
        raise RunError(f"{path}: damaged: its content does not match its digest", hint="copy the file again")
    return arrays


# What zipfile and numpy raise on bytes that are not theirs.
_DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    OverflowError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    struct.error,
)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """An array of an uncompressed npz; its header must agree with its size before memory is taken.

    numpy's own reader allocates what the header claims, and would unpack compressed members of any size.
    """
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError("a compressed member")
    stream = io.BytesIO(archive.read(member))
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an unknown version of the npy format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if fortran or dtype.hasobject:
        raise ValueError("no plain array in C order")
    return np.frombuffer(stream.read(), dtype=dtype).reshape(shape)


def _digest(arrays: Mapping[str, Array]) -> bytes:
    """SHA-256 over the sorted names, dtypes, shapes and bytes."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.tobytes())
    return total.digest()
