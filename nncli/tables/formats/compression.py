"""Compressed files, by their first bytes: gzip, bzip2, xz, and zip with one file in it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from typing import BinaryIO, cast

from nncli.messages.errors import DataError
from nncli.messages.wording import counted, listed
from nncli.tables.formats.chunks import peeked, reading

ZIP = b"PK\x03\x04"  # also the first bytes of an Excel workbook
WORKBOOK = "xl/workbook.xml"


def decompressed(file: BinaryIO, name: str) -> BinaryIO:
    """Return a buffered file, decompressed if its first bytes say that it is compressed.

    Raises
    ------
    DataError
        If it is damaged, or a zip archive with several files.
    """
    begin = peeked(file, name)
    opener = next((opener for mark, opener in OPENERS.items() if begin.startswith(mark)), None)
    return file if opener is None else cast(BinaryIO, io.BufferedReader(opener(file, name)))


def _member(file: BinaryIO, name: str) -> BinaryIO:
    """Return the only file of a zip archive, or a workbook as it is."""
    with reading(name):
        content = file if file.seekable() else io.BytesIO(file.read())
    try:
        archive = zipfile.ZipFile(content)
    except zipfile.BadZipFile:
        raise DataError(
            f"{name}: damaged: not a valid zip archive", hint="download or create it again"
        ) from None
    names = [member for member in archive.namelist() if not member.endswith("/") and "__MACOSX" not in member]
    if WORKBOOK in names:
        content.seek(0)
        return content
    if len(names) != 1:
        raise DataError(
            f"{name}: a zip archive of {counted(len(names), 'file')}: {listed(names)}",
            hint="extract the table, or archive it alone",
        )
    if archive.getinfo(names[0]).flag_bits & 1:
        raise DataError(f"{name}: the zip archive is encrypted", hint="extract the table first")
    return cast(BinaryIO, archive.open(names[0]))


OPENERS: dict[bytes, Callable[[BinaryIO, str], BinaryIO]] = {
    b"\x1f\x8b": lambda file, name: cast(BinaryIO, gzip.GzipFile(fileobj=file)),
    b"BZh": lambda file, name: cast(BinaryIO, bz2.BZ2File(file)),
    b"\xfd7zXZ\0": lambda file, name: cast(BinaryIO, lzma.LZMAFile(file)),  # noqa: SIM115
    ZIP: _member,
    b"PK\x05\x06": _member,  # without any file
}
