"""Arrays in a file: numpy's npz with a digest of its content, read without trusting it."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nncli.messages.errors import RunError
from nncli.nn.arrays import Array
from nncli.storage.files import replacing, require_regular

DIGEST = "digest"


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Arrays and the digest of them all; equal arrays give equal bytes.

    Raises
    ------
    NncliError
        If the file cannot be written; the old one stands.
    """
    with replacing(path) as stream:
        save_arrays(stream, arrays)


def save_arrays(stream: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write arrays and their digest to an open file, as `write_npz` does."""
    whole = {**arrays, DIGEST: np.frombuffer(digest(arrays), dtype=np.uint8)}
    # Without compression, and with zip's oldest date instead of now: the bytes depend on the arrays alone.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in whole.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.file_size = array.nbytes  # decides how sizes are stored; the true one follows
            with archive.open(member, "w") as written:
                np.lib.format.write_array(written, np.ascontiguousarray(array), allow_pickle=False)


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of a file that `write_npz` made, their digest checked.

    Nothing in it is run, and no more memory taken than the file is large.

    Raises
    ------
    RunError
        If it is missing or not what was written.
    """
    require_regular(path)
    try:
        with open(path, "rb") as stream:
            arrays = _members(stream)
    except OSError as error:
        if error.errno == errno.EINVAL:  # zipfile looked for a place before the start of the file
            raise _damaged(path) from None
        raise RunError(f"{path}: {error.strerror or error}") from None
    except _DAMAGE:
        raise _damaged(path) from None
    if arrays.pop(DIGEST, np.empty(0)).tobytes() != digest(arrays):
        raise RunError(
            f"{path}: damaged: its content does not match its digest", hint="restore the file from a copy"
        )
    return arrays


def _damaged(path: Path) -> RunError:
    return RunError(
        f"{path}: damaged, or not written by nncli", hint="restore the file from a copy, or train again"
    )


# What zipfile and numpy raise on bytes that are not theirs.
_DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    OverflowError,
    MemoryError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    struct.error,
)


def _members(stream: BinaryIO) -> dict[str, Array]:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        names = [member.filename.removesuffix(".npy") for member in members]
        if len(set(names)) < len(names):
            raise ValueError("two members with the same name")
        # Members may overlap in the file, so that a few bytes claim to be many.
        if sum(member.file_size for member in members) > stream.seek(0, os.SEEK_END):
            raise ValueError("members larger than the file")
        return {name: _array(archive, member) for name, member in zip(names, members, strict=True)}


# The one form of header that numpy writes for arrays like ours; its own reader would parse any literal.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f8|<f4|<i8|\|u1)', "
    rb"'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n",
    re.DOTALL,
)


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """An array of an uncompressed npz; its header must agree with its size.

    numpy's own reader allocates what the header claims, and would unpack compressed members of any size.
    """
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError("a member is compressed")
    content = archive.read(member)
    header = _HEADER.match(content)
    if header is None:
        raise ValueError("not an array of nncli")
    shape = [int(size) for size in header[2].decode().split(",") if size.strip()]
    return np.frombuffer(content, dtype=header[1].decode(), offset=header.end()).reshape(shape)


def digest(arrays: Mapping[str, Array]) -> bytes:
    """SHA-256 over the sorted names, dtypes, shapes and bytes: 32 bytes."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.data)
    return total.digest()
