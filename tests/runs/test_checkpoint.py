"""A checkpoint from anywhere: it is read as it was written, or refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.config import Config
from nncli.messages.errors import RunError
from nncli.runs import CHECKPOINT, Run, record
from nncli.runs.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nncli.storage.npz import read_npz, write_npz
from nncli.training.experiment import Experiment, build

PARTS = 8  # of the bits, so that several processes can share them


def tiny() -> Experiment:
    """The smallest training there is."""
    table = {"columns": ["x", "y"], "rows": [[1.0, 2.0]], "targets": ["y"]}
    network = {"layers": [{"units": 1, "bias": False}]}
    training = {"epochs": 1, "early_stopping": {}}
    return build(Config.of({"dataset": table, "network": network, "training": training}))


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return tiny()


@pytest.fixture
def file(tmp_path: Path, experiment: Experiment) -> Path:
    list(record(experiment, Run(tmp_path)))
    return tmp_path / CHECKPOINT


def same(first: Checkpoint, second: Checkpoint) -> bool:
    pairs = zip(first.record.arrays().values(), second.record.arrays().values(), strict=True)
    states = zip(
        (first.progress.state, *first.progress.reported),
        (second.progress.state, *second.progress.reported),
        strict=True,
    )
    best = first.progress.best, second.progress.best
    assert best[0] is not None
    assert best[1] is not None
    if not np.array_equal(best[0].parameters, best[1].parameters):
        return False
    if replace(best[0], parameters=best[1].parameters) != best[1]:
        return False
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs) and all(
        np.array_equal(a.parameters, b.parameters)
        and np.array_equal(a.slots, b.slots)
        and (a.update, a.partial_loss) == (b.update, b.partial_loss)
        for a, b in states
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_every_flipped_bit_is_noticed_or_harmless(
    part: int,
    long: bool,
    file: Path,
    experiment: Experiment,
    tally: Callable[[str, Counter[str]], None],
) -> None:
    content, truth = file.read_bytes(), read_checkpoint(file, experiment)
    counts: Counter[str] = Counter()
    bits = range(part, 8 * len(content), PARTS if long else 11 * PARTS)
    for bit in bits:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        try:
            assert same(read_checkpoint(file, experiment), truth)
            counts["harmless"] += 1
        except RunError:
            counts["refused"] += 1
    assert counts["refused"] > counts["harmless"]
    tally("flipped bits of a checkpoint", counts)


def test_every_truncation_is_refused(file: Path, experiment: Experiment) -> None:
    content = file.read_bytes()
    for length in range(len(content)):
        file.write_bytes(content[:length])
        with pytest.raises(RunError):
            read_checkpoint(file, experiment)


def test_what_was_written_is_read(file: Path, experiment: Experiment) -> None:
    before = file.read_bytes()
    write_checkpoint(file, read_checkpoint(file, experiment))
    assert file.read_bytes() == before


FORGED: dict[str, Any] = {
    "another network": {"parameters": np.zeros((3, 2))},
    "one state": {"parameters": np.zeros((1, 1))},
    "a weight that is no number": {"parameters": np.full((3, 1), np.nan)},
    "slots of another optimiser": {"slots": np.zeros((3, 2, 1))},
    "updates as floats": {"updates": np.zeros(3)},
    "updates before the start": {"updates": np.array([-1, 0, 0])},
    "rows of another history": {"history": np.zeros((2, 9))},
    "more epochs than rows": {"history_epochs": np.arange(5)},
    "epochs as floats": {"history_epochs": np.zeros(2)},
    "a flat history": {"history": np.zeros(2)},
    "an array too many": {"more": np.zeros(1)},
    "the best of another network": {"best": np.zeros(2)},
    "a best weight that is no number": {"best": np.full(1, np.inf)},
}


@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED)
def test_forged_arrays_are_refused(
    changes: dict[str, np.ndarray], file: Path, experiment: Experiment
) -> None:
    write_npz(file, {**read_npz(file), **changes})
    with pytest.raises(RunError, match="its arrays do not fit the network"):
        read_checkpoint(file, experiment)


@pytest.mark.parametrize(
    "missing", ["parameters", "slots", "updates", "partial_losses", "best", "history", "errors"]
)
def test_missing_arrays_are_refused(missing: str, file: Path, experiment: Experiment) -> None:
    arrays = read_npz(file)
    del arrays[missing]
    write_npz(file, arrays)
    with pytest.raises(RunError, match="its arrays do not fit the network"):
        read_checkpoint(file, experiment)


@pytest.mark.parametrize("header", [b"", b"\xff", b"{}", b'{"format": 1}'])
def test_damaged_header_is_refused(header: bytes, file: Path, experiment: Experiment) -> None:
    write_npz(file, {**read_npz(file), "header": np.frombuffer(header, dtype=np.uint8)})
    with pytest.raises(RunError, match="its header cannot be read"):
        read_checkpoint(file, experiment)


def test_header_without_what_early_stopping_knows_is_refused(file: Path, experiment: Experiment) -> None:
    arrays = read_npz(file)
    header = json.loads(arrays["header"].tobytes())
    header["best"] = None
    del arrays["best"]
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    write_npz(file, arrays)
    with pytest.raises(RunError, match="its arrays do not fit the network"):
        read_checkpoint(file, experiment)


def test_checkpoint_of_a_later_format_asks_for_an_update(file: Path, experiment: Experiment) -> None:
    arrays = read_npz(file)
    header = {**json.loads(arrays["header"].tobytes()), "format": 2}
    write_npz(file, {**arrays, "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)})
    with pytest.raises(RunError, match="newer than this version of nncli supports"):
        read_checkpoint(file, experiment)


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array)
    return buffer.getvalue()


def claiming(shape: str, dtype: str = "<f8") -> bytes:
    """An npy file whose header claims what it does not hold."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(8)


MEMBERS = {
    "enormous shape": claiming("(1000000000000,)"),
    "shapes that overflow": claiming(f"({2**62}, {2**62})"),
    "negative shape": claiming("(-1,)"),
    "negative shapes": claiming("(-1, -1)"),
    "objects": claiming("(1,)", "|O"),
    "records": claiming("(1,)", "<f4,<f4"),
    "another dtype": npy(np.zeros(1, dtype=np.complex128)),
    "Fortran's order": npy(np.asfortranarray(np.zeros((2, 2)))),
    "another version of npy": b"\x93NUMPY\x03\x00" + npy(np.zeros(1))[8:],
    "a header that is code": b"\x93NUMPY\x01\x00\x30\x00" + b"__import__('os').abort()".ljust(48),
    "a header of Python 2": claiming("(1L,)"),
    "a header without end": b"\x93NUMPY\x01\x00\xff\xff{",
    "a deep header": b"\x93NUMPY\x01\x00\x10\x27" + b"[" * 10_000,
    "nothing": b"",
    "no npy": b"PK\x03\x04",
}


@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
def test_forged_members_are_refused(member: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("parameters.npy", member)
    with pytest.raises(RunError, match="damaged, or not written by nncli"):
        read_npz(tmp_path / "a.npz")


def test_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("parameters.npy", npy(np.zeros(10_000_000)))
    with pytest.raises(RunError, match="damaged, or not written by nncli"):
        read_npz(tmp_path / "a.npz")


def test_members_that_overlap_are_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", npy(np.zeros(1000)))
        first = archive.infolist()[0]
        for name in "bcdefgh":  # seven more that claim the same bytes
            copy = zipfile.ZipInfo(f"{name}.npy")
            copy.header_offset, copy.CRC = first.header_offset, first.CRC
            copy.file_size = copy.compress_size = first.file_size
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
        archive._didModify = True  # type: ignore[attr-defined]
    with pytest.raises(RunError, match="damaged, or not written by nncli"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_members_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", npy(np.zeros(1)))
        archive.writestr("a.npy", npy(np.ones(1)))
    with pytest.raises(RunError, match="damaged, or not written by nncli"):
        read_npz(tmp_path / "a.npz")


def test_member_with_a_path_writes_nowhere(tmp_path: Path, experiment: Experiment) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    list(record(experiment, Run(folder)))
    write_npz(folder / CHECKPOINT, {**read_npz(folder / CHECKPOINT), "../evil": np.zeros(1)})
    with pytest.raises(RunError):
        read_checkpoint(folder / CHECKPOINT, experiment)
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/"])
def test_what_is_no_file_is_not_read(path: str) -> None:
    if not Path(path).exists():
        pytest.skip(f"no {path} here")
    with pytest.raises(RunError, match="not a file"):
        read_npz(Path(path))


def test_truncated_directory_of_the_archive_is_refused(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-30] + content[-22:])
    with pytest.raises(RunError, match="damaged"):
        read_npz(file)
